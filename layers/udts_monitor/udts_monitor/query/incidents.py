"""The incidents in a history, with how long they lasted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from udts_monitor.decision.event import Action, Severity
from udts_monitor.query.stored import HistoryEvent

_GRAVITY = {Severity.INFO: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView:
    """An incident from its beginning to its end.

    Attributes:
        task: key of its task, the monitor's for an outage.
        since: when the trouble began, as far as it was noticed.
        ended_at: when its end was noticed, None while it is open, and where it ended without a word.
        lasted: until its end or until now; None where it ended without a word: the task is no longer watched.
        severity: the worst of its events.
        kinds: of its events, in order.
        summary: of its first event that was read, in English.
        tasks: keys of the tasks of an outage.
        published_at: when SNS accepted its first event, by topic.
    """

    id: str
    task: str
    aspect: str
    since: datetime
    ended_at: datetime | None
    is_open: bool
    lasted: timedelta | None
    severity: str
    kinds: tuple[str, ...]
    summary: str
    tasks: tuple[str, ...] = ()
    published_at: Mapping[str, datetime]


def incidents_of(
    task: str, events: Iterable[HistoryEvent], open_now: Iterable[str], now: datetime
) -> tuple[IncidentView, ...]:
    """The incidents that the events of one task speak of, the latest beginning first.

    Args:
        task: its key.
        events: oldest first.
        open_now: ids of those that its state says are open.
        now: the moment of asking.
    """
    ended: dict[str, datetime] = {}
    by_id: dict[str, list[HistoryEvent]] = {}
    for event in events:
        if event.incident_id:
            by_id.setdefault(event.incident_id, []).append(event)
        closing = (event.incident_id,) if event.incident_action is Action.CLOSE else ()
        ended |= dict.fromkeys((*closing, *event.closes), event.at)
    still = set(open_now)
    found = [
        _incident(task, name, told, ended.get(name), now, is_open=name in still)
        for name, told in by_id.items()
    ]
    return tuple(sorted(found, key=lambda incident: incident.since, reverse=True))


def _incident(  # noqa: PLR0913 - an incident, and what is known of its end
    task: str, name: str, told: list[HistoryEvent], ended: datetime | None, now: datetime, *, is_open: bool
) -> IncidentView:
    first = told[0]
    since = first.incident_since or first.since or first.at
    until = now if is_open else ended
    return IncidentView(
        id=name,
        task=task,
        aspect=first.aspect,
        since=since,
        ended_at=None if is_open else ended,
        is_open=is_open,
        lasted=until - since if until else None,
        severity=max((event.severity for event in told), key=lambda one: _GRAVITY.get(Severity(one), 0)),
        kinds=tuple(event.kind for event in told),
        summary=first.summary,
        tasks=tuple(sorted({key for event in told for key in event.tasks})),
        published_at=first.published_at,
    )
