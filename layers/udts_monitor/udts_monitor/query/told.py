"""Where an event was told, and where not, with the reason."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from udts_monitor.query.overview import Overview
from udts_monitor.query.stored import HistoryEvent


class Why(StrEnum):
    """Why an event is not told, or not yet."""

    HELD = "held"  # a silence holds it back until its end
    WAITS = "waits"  # SNS has not accepted it yet
    WITHHELD = (
        "withheld"  # a silence held it back and something later replaced it, or its topic was turned off
    )
    KEPT_BACK = "kept back"  # NOTIFY_ON leaves its kind out


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of an event on one topic.

    Attributes:
        topic: empty where the event was never meant for any.
        at: when SNS accepted it, or when it was withheld; None before that.
        why: it was not told, or not yet; None where SNS accepted it.
        attempts: how often SNS did not accept it.
    """

    topic: str
    at: datetime | None = None
    why: Why | None = None
    attempts: int = 0


def told(event: HistoryEvent, seen: Overview) -> tuple[Told, ...]:
    """What became of an event, topic by topic; a topic it was not meant for is left out.

    Args:
        event: as the history keeps it.
        seen: the present, with what still waits and the kinds that are published.
    """
    found = {topic: Told(topic=topic, at=at) for topic, at in event.published_at.items()}
    found |= {topic: Told(topic=topic, at=at, why=Why.WITHHELD) for topic, at in event.withheld_at.items()}
    for pending in seen.pending:
        if pending.event_id == event.event_id:
            why = Why.HELD if pending.held else Why.WAITS
            found[pending.topic] = Told(topic=pending.topic, why=why, attempts=pending.attempts)
    policy = seen.last_run.policy if seen.last_run else None
    if not found and policy and not policy.lets_through(event.kind):
        return (Told(topic="", why=Why.KEPT_BACK),)
    return tuple(found[topic] for topic in sorted(found))
