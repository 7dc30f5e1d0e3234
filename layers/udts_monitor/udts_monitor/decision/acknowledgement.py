"""Acknowledgement: a person looks after an open incident, so it is reminded of no more. Its end is told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from udts_monitor.decision.assess import Assessment
from udts_monitor.decision.command import text_of, unknown_fields
from udts_monitor.decision.event import Action, Event, Severity, event_id
from udts_monitor.decision.outage import Outage, OutageChange
from udts_monitor.decision.reachability import NAME as REACHABILITY
from udts_monitor.decision.state import Acknowledgement, TaskState
from udts_monitor.errors import CommandError
from udts_monitor.task import MONITOR, TaskRef
from udts_monitor.text import truncate

FIELDS = frozenset({"command", "incident", "by", "why"})
# No kind of the catalogue: the history keeps it, and no topic tells it.
KIND = "acknowledged"
_TEXT_LIMIT = 200
_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """An open incident that somebody was told of.

    Attributes:
        id: of the incident.
        task: it is about, MONITOR for an outage.
        aspect: what of the task is in trouble.
        state: of that task, None for an outage.
        outage: None for an incident of one task.
        acknowledged: by whom it was, None while it is not.
    """

    id: str
    task: TaskRef
    aspect: str
    state: TaskState | None = None
    outage: Outage | None = None
    acknowledged: Acknowledgement | None = None

    def is_called(self, name: str) -> bool:
        """Whether a person may mean this one: its id, its task, or the cause of its outage."""
        task = self.task
        return name in {self.id, task.key, task.task_id, task.name, self.outage.cause if self.outage else ""}


def open_incidents(
    states: Mapping[str, TaskState], outages: Iterable[Outage], tasks: Iterable[TaskRef]
) -> tuple[Open, ...]:
    """The open incidents of the watched tasks, and the outages, that somebody was told of."""
    found = [
        Open(id=incident.id, task=task, aspect=aspect, state=state, acknowledged=incident.acknowledged)
        for task in tasks
        if (state := states.get(task.key))
        for aspect, incident in state.incidents.items()
        if incident.id
    ]
    of_monitor = [
        Open(id=outage.id, task=MONITOR, aspect=REACHABILITY, outage=outage, acknowledged=outage.acknowledged)
        for outage in outages
        if outage.begun
    ]
    return *of_monitor, *found


def parse_acknowledgement(
    command: Mapping[str, Any], known: Iterable[Open], now: datetime
) -> tuple[Open, Acknowledgement]:
    """Which open incident a command means, and what it says of it.

    Args:
        command: ``incident`` (its id, its task's name or id, an outage's cause), ``by``, ``why``.
        known: the open incidents.
        now: the moment of the command.

    Raises:
        CommandError: names each field that is wrong and, for an incident that is not open, those that are.
    """
    problems = unknown_fields(command, FIELDS)
    known = tuple(known)
    wanted, by, why = (text_of(command, name) for name in ("incident", "by", "why"))
    meant = [found for found in known if wanted and found.is_called(wanted)]
    if len(meant) != 1:
        problems.append(f"incident: {_which(wanted, meant)}; {_listed(meant or known)}")
    if not by:
        problems.append("by: who looks after it")
    if problems:
        raise CommandError("The incident cannot be acknowledged. " + "; ".join(problems))
    said = Acknowledgement(by=truncate(by, _TEXT_LIMIT), at=now, why=truncate(why, _TEXT_LIMIT))
    return meant[0], said


def acknowledge(found: Open, said: Acknowledgement) -> Assessment | OutageChange | None:
    """What is to be saved, with its event for the history; None when the same was said before."""
    known = found.acknowledged
    if known and (known.by, known.why) == (said.by, said.why):
        return None
    if found.outage:
        after = replace(found.outage, acknowledged=said)
        occasion = f"{said.at:%Y%m%dT%H%M%S.%fZ}"
        event = _event(found, said, occasion, since=after.since)
        return OutageChange(before=found.outage, after=after, event=event)
    if found.state is None:
        return None
    incident = found.state.incidents[found.aspect]
    state = found.state.with_incident(found.aspect, replace(incident, acknowledged=said))
    state = replace(state, version=state.version + 1)
    event = _event(found, said, state.version, since=incident.since, state=state)
    return Assessment(task=found.task, at=said.at, before=found.state, after=state, events=(event,))


def _event(
    found: Open,
    said: Acknowledgement,
    occasion: int | str,
    *,
    since: datetime,
    state: TaskState | None = None,
) -> Event:
    why = f": {said.why}" if said.why else ""
    return Event(
        id=event_id(found.task.key, occasion, KIND),
        kind=KIND,
        severity=Severity.INFO,
        time=said.at,
        task=found.task,
        status=state.status if state else "",
        since=since,
        reason=f"{found.aspect} incident acknowledged by {said.by}{why}",
        cause=found.outage.cause if found.outage else "",
        aspect=found.aspect,
        action=Action.UPDATE,
        incident_id=found.id,
        incident_since=since,
    )


def _which(wanted: str, meant: list[Open]) -> str:
    if not wanted:
        return "missing"
    named = repr(truncate(wanted, _TEXT_LIMIT))
    return f"{named} has several" if meant else f"{named} is not open"


def _listed(found: Iterable[Open]) -> str:
    names = [
        f"{each.id} ({each.task.display_name}: {each.aspect})"
        for each in sorted(found, key=lambda one: one.id)
    ]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"open are {', '.join(names[:_SHOWN])}{more}" if names else "no incident is open"
