"""Events of the monitor itself, with no state behind them: tests, roll calls, silences."""

from datetime import datetime
from typing import Any

from udts_monitor.decision.event import SEVERITIES, Event, Kind, event_id
from udts_monitor.outbox.notification import Notification, Topic
from udts_monitor.outbox.silence import Silence
from udts_monitor.run.render import notifications
from udts_monitor.run.settings import RunSettings
from udts_monitor.task import MONITOR


def monitor_event(kind: Kind, occasion: str, now: datetime, **more: Any) -> Event:  # noqa: ANN401 - fields of Event
    """An event of the monitor.

    Args:
        kind: of it.
        occasion: what makes its id another one than that of the kind's other events.
        now: when.
        more: further fields of the event.
    """
    values = {"since": now, **more}
    return Event(
        id=event_id(MONITOR.key, occasion, kind),
        kind=kind,
        severity=SEVERITIES[kind],
        time=now,
        task=MONITOR,
        **values,
    )


def silence_event(kind: Kind, silence: Silence, now: datetime) -> Event:
    """That a silence was set, changed, or has ended: who held what back, until when and why."""
    why = f": {silence.why}" if silence.why else ""
    # The same in every language.
    reason = f"{silence.scope} -> {silence.until:%Y-%m-%dT%H:%MZ} ({silence.by}{why})"
    occasion = f"{now:%Y%m%dT%H%M%S.%fZ}/{silence.scope}"
    return monitor_event(kind, occasion, now, since=silence.since, reason=reason, tasks=(silence.scope,))


def silence_notifications(event: Event, settings: RunSettings) -> tuple[Notification, ...]:
    """Programs are told of silences; people asked for them."""
    topics = [topic for topic in settings.topics if topic is Topic.EVENTS]
    return notifications([event], topics, settings)
