"""The model of incidents, once for all aspects: opening, ids, severity, reminders and ends.

                 begins                     begins or worsens, reminder
    (no incident) ------> open, id of its first event ------+
          ^                     |        ^                  |
          +---------------------+        +------------------+
             ends, or the task finished (told), or is no longer watched (silent)

An event that NOTIFY_ON keeps back opens nothing: the incident has no id until one of its events is let
through, and what updates or ends it is told only then. A rule says what happened; what that does is decided
here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from udts_monitor.decision.event import SEVERITIES, Action, Event, Kind, Severity, event_id
from udts_monitor.decision.rule import Aspect, CheckContext, Effect, EventDraft, Wait
from udts_monitor.decision.state import Incident, TaskState


def settle(
    state: TaskState,
    drafts: Iterable[EventDraft],
    at: CheckContext,
    aspects: Mapping[str, Aspect],
    facts: Mapping[str, Any],
) -> tuple[TaskState, tuple[Event, ...]]:
    """Open, update and close incidents as the drafts say.

    Events lie a microsecond apart, after the transition: sorted by time they keep the order of telling.

    Args:
        state: with the version it will be saved with.
        drafts: what happened, in the order of telling.
        at: the check.
        aspects: by name.
        facts: fields that all events of this check share.

    Returns:
        The state with its incidents, and the events that are worth keeping.
    """
    events: list[Event] = []
    for draft in drafts:
        identity = _identity(draft, state, at, events)
        effect = _apply(draft, state, identity, at, aspects)
        state = effect.state
        if effect.untold:
            continue
        incident = effect.incident
        events.append(
            Event(
                id=identity,
                kind=draft.kind,
                severity=_severity(draft, aspects),
                time=at.now + timedelta(microseconds=len(events) + 1),
                task=at.task,
                since=draft.since or state.since,
                reason=draft.reason,
                aspect=effect.aspect,
                action=effect.action,
                incident_id=incident.id if incident else "",
                incident_since=incident.since if incident else None,
                acknowledged=incident.acknowledged if incident else None,
                incident_critical=effect.critical,
                closes=effect.closes,
                **{**facts, **draft.more},
            )
        )
    return state, tuple(events)


def remind(
    state: TaskState, at: CheckContext, aspects: Iterable[Aspect]
) -> tuple[TaskState, tuple[EventDraft, ...]]:
    """Of an incident that lasts and that nobody has acknowledged.

    When several times have passed unseen, only the latest is told.
    """
    drafts = []
    for aspect in aspects:
        incident = state.incidents.get(aspect.name)
        draft = aspect.remind(state, at) if incident else None
        if incident is None or incident.acknowledged or draft is None:
            continue
        passed = reminders_passed(incident, aspect, at.now)
        if passed > incident.reminders:
            state = state.with_incident(aspect.name, replace(incident, reminders=passed))
            last = passed == len(aspect.reminders)
            more = {**draft.more, "reminder": passed, "last_reminder": last}
            drafts.append(replace(draft, since=incident.since, more=more))
    return state, tuple(drafts)


def reminders_passed(incident: Incident, aspect: Aspect, now: datetime) -> int:
    """How many of the times to remind of an incident are over."""
    start = incident.critical_since if aspect.critical_only else incident.since
    return 0 if start is None else sum(now - start >= due for due in aspect.reminders)


def next_reminders(state: TaskState, aspects: Iterable[Aspect]) -> tuple[Wait, ...]:
    """When what is open will be reminded of; never of what somebody looks after."""
    found = []
    for aspect in aspects:
        incident = state.incidents.get(aspect.name)
        if incident is None or not incident.id or incident.acknowledged:
            continue
        start = incident.critical_since if aspect.critical_only else incident.since
        if start and incident.reminders < len(aspect.reminders):
            at = start + aspect.reminders[incident.reminders]
            unless = f"it ends, or somebody acknowledges {incident.id}"
            found.append(Wait(kind=Kind.REMINDER, at=at, unless=unless))
    return tuple(found)


def without_incidents(state: TaskState) -> TaskState:
    """A task that is no longer watched: its incidents end silently. The state itself when it says so."""
    if not (state.incidents or state.memory or state.unanswered or state.task):
        return state
    return replace(state, task=None, incidents={}, memory={}, unanswered=None, version=state.version + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Applied:
    """What an event does.

    Attributes:
        state: with its incidents afterwards.
        untold: nobody was told of the incident it would update or end.
        incident: the incident it belongs to, None for none.
        critical: that incident is critical, or one of those it ends was.
        closes: ids of the incidents it ends.
    """

    state: TaskState
    action: Action = Action.NONE
    untold: bool = False
    aspect: str = ""
    incident: Incident | None = None
    critical: bool = False
    closes: tuple[str, ...] = ()


def _apply(
    draft: EventDraft, state: TaskState, identity: str, at: CheckContext, aspects: Mapping[str, Aspect]
) -> _Applied:
    name, known = draft.aspect, state.incidents.get(draft.aspect)
    match draft.effect:
        case Effect.BEGINS:
            incident = _begun(known, draft, identity, at, aspects)
            state = state.with_incident(name, incident)
            if not incident.id:
                return _Applied(state=state)
            action = Action.UPDATE if known and known.id else Action.OPEN
            return _applied(state, action, name, incident)
        case Effect.WORSENS if known and known.id:
            worse = _escalated(known, draft, aspects, at.now)
            state = state.with_incident(name, worse)
            return _applied(state, Action.UPDATE, name, worse)
        case Effect.ENDS if known and known.id:
            state = state.with_incident(name, None)
            return replace(_applied(state, Action.CLOSE, name, known), closes=(known.id,))
        case Effect.WORSENS:
            return _Applied(state=state, untold=True)
        case Effect.ENDS:
            return _Applied(state=state.with_incident(name, None), untold=True)
        case Effect.ENDS_ALL:
            return _ended_all(state)
        case Effect.NONE:
            return _Applied(state=state)


def _ended_all(state: TaskState) -> _Applied:
    """The event belongs to the incident that began first of those it ends."""
    told = {name: incident for name, incident in state.incidents.items() if incident.id}
    state = replace(state, incidents={})
    if not told:
        return _Applied(state=state)
    aspect, incident = next(iter(told.items()))
    closes = tuple(found.id for found in told.values())
    critical = any(found.critical_since for found in told.values())
    return replace(_applied(state, Action.CLOSE, aspect, incident), closes=closes, critical=critical)


def _applied(state: TaskState, action: Action, aspect: str, incident: Incident) -> _Applied:
    critical = incident.critical_since is not None
    return _Applied(state=state, action=action, aspect=aspect, incident=incident, critical=critical)


def _identity(draft: EventDraft, state: TaskState, at: CheckContext, events: Sequence[Event]) -> str:
    """Two aspects may be reminded of in one check."""
    again = any(event.kind == draft.kind for event in events)
    return event_id(at.task.key, state.version, f"{draft.aspect}-{draft.kind}" if again else draft.kind)


def _begun(
    known: Incident | None,
    draft: EventDraft,
    identity: str,
    at: CheckContext,
    aspects: Mapping[str, Aspect],
) -> Incident:
    """The incident with this event; it has an id once one of its events was let through."""
    incident = _escalated(known or Incident(since=draft.since or at.now), draft, aspects, at.now)
    if known is None:
        # Trouble that was noticed late begins with the reminders it has missed.
        incident = replace(incident, reminders=reminders_passed(incident, aspects[draft.aspect], at.now))
    if incident.id or not at.policy.lets_through(draft.kind):
        return incident
    return replace(incident, id=identity)


def _escalated(
    incident: Incident, draft: EventDraft, aspects: Mapping[str, Aspect], now: datetime
) -> Incident:
    critical = draft.escalates and _severity(draft, aspects) is Severity.CRITICAL
    return replace(incident, critical_since=incident.critical_since or now) if critical else incident


def _severity(draft: EventDraft, aspects: Mapping[str, Aspect]) -> Severity:
    own = aspects[draft.aspect].kinds if draft.aspect else {}
    return draft.severity or own.get(draft.kind) or SEVERITIES[draft.kind]
