"""Silences: a person's wish not to be told for a while. History and the events topic are never silent."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from udts_monitor.errors import CommandError
from udts_monitor.event import MONITOR, Kind
from udts_monitor.notification import PEOPLE, Notification
from udts_monitor.outbox import Pending
from udts_monitor.state import TaskState
from udts_monitor.status import Outcome
from udts_monitor.text import cut, one_line
from udts_monitor.times import moment

EVERYTHING = "all"
# A silence nobody remembers is worse than a noise.
LONGEST = timedelta(days=31)
_TEXT_LIMIT = 200
_SCOPE_LIMIT = 257  # a project id and a task id
_REACH = frozenset({Kind.UNREACHABLE, Kind.REACHABLE})
# How a task has to be for news to be still true.
_TRUE_DURING: Mapping[str, Collection[Outcome]] = {
    Kind.FAILED: {Outcome.FAILED, Outcome.WAITING},
    Kind.REMINDER: {Outcome.FAILED, Outcome.WAITING},
    Kind.RETRYING: {Outcome.FAILED, Outcome.WAITING},
    Kind.RESUME_DEADLINE: {Outcome.FAILED, Outcome.STOPPED},
    Kind.STOPPED: {Outcome.STOPPED},
    Kind.FINISHED: {Outcome.FINISHED},
    Kind.UNKNOWN_STATUS: {Outcome.UNKNOWN},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Alerts and chat are held back for a scope until a moment.

    Attributes:
        scope: ``all``, a project id, or a task as ``<project>/<task id>``.
        since: when it was asked for.
        until: when it ends by itself.
        by: who asked for it.
        why: the reason given, may be empty.
    """

    scope: str
    since: datetime
    until: datetime
    by: str
    why: str = ""

    def holds(self, notification: Notification) -> bool:
        """The notification came up in this silence, for people, and within its scope."""
        key = notification.task_key
        # What the monitor says of itself concerns all projects.
        of_project = key.startswith(f"{self.scope}/") and key != MONITOR.key
        covered = self.scope in {EVERYTHING, key} or of_project
        return covered and notification.topic in PEOPLE and self.since <= notification.time < self.until


def parse_silence(command: Mapping[str, Any], now: datetime) -> Silence:
    """The silence a command asks for; an ``until`` that has passed ends the silence of that scope.

    Raises:
        CommandError: names each field that is wrong and its rule.
    """
    problems = []
    scope, by, why = (_text(command, name) for name in ("scope", "by", "why"))
    if not scope or len(scope) > _SCOPE_LIMIT:
        problems.append("scope: all, a project id, or a task as <project>/<task id>")
    if not by:
        problems.append("by: who asks for the silence")
    until = _moment(command.get("until"))
    if until is None:
        problems.append("until: a time with its zone, such as 2026-12-24T18:00:00Z")
    elif until - now > LONGEST:
        problems.append(f"until: at most {LONGEST.days} days from now")
    if problems or until is None:
        raise CommandError("The silence cannot be set. Needed are " + "; ".join(problems))
    return Silence(scope=scope, since=now, until=until, by=cut(by, _TEXT_LIMIT), why=cut(why, _TEXT_LIMIT))


def after_silence(
    held: Collection[Pending], waiting: Iterable[Pending], states: Mapping[str, TaskState]
) -> list[list[Pending]]:
    """What no longer matters of what was held back; the rest is to be told.

    Args:
        held: notifications of silences that are over.
        waiting: all notifications that wait, those among them.
        states: the present states by task key.

    Returns:
        Matter by matter all but at most one notification: a matter is what befell a task or whether it could
        be reached, or an outage, for one topic.
    """
    ways: dict[tuple[str, ...], list[Pending]] = defaultdict(list)
    for pending in held:
        ways[_matter(pending)].append(pending)
    came_up_in_them = {pending.sk for pending in held}
    ends: dict[tuple[str, ...], list[Notification]] = defaultdict(list)
    for pending in waiting:
        if pending.sk not in came_up_in_them:
            ends[_matter(pending)].append(pending.notification)
    moot = []
    for matter, came_up in ways.items():
        newest_first = sorted(came_up, key=lambda pending: pending.notification.time, reverse=True)
        told = _still_matters(newest_first, states.get(matter[0]), ends[matter])
        moot.append([pending for pending in newest_first if pending is not told])
    return moot


def _matter(pending: Pending) -> tuple[str, ...]:
    """One does not speak for the other: whether a task can be reached says nothing of how it is."""
    told = pending.notification
    if told.task_key == MONITOR.key:
        return *pending.way, told.incident_id
    if told.kind == Kind.UNKNOWN_STATUS:
        return *pending.way, Kind.UNKNOWN_STATUS
    return *pending.way, Kind.UNREACHABLE if told.kind in _REACH else ""


def _still_matters(
    newest_first: Sequence[Pending], state: TaskState | None, later: Sequence[Notification]
) -> Pending | None:
    told = [pending.notification for pending in newest_first]
    for pending in newest_first:
        if _matters(pending.notification, state, told, later):
            return pending
    return None


def _matters(
    notification: Notification,
    state: TaskState | None,
    newest_first: Sequence[Notification],
    later: Sequence[Notification],
) -> bool:
    reach = [told.kind for told in newest_first if told.kind in _REACH]
    match notification.kind:
        case _ if state is None and notification.task_key != MONITOR.key:
            # Nobody can say how it is.
            return True
        case kind if kind in _TRUE_DURING and state and state.outcome in _TRUE_DURING[kind]:
            return True
        case Kind.FAILED:
            # Its end is told or will be, and people have to know of what.
            return _begins(notification) and (_is_open(notification, state) or _ended_by(notification, later))
        case Kind.UNREACHABLE if state:
            return state.unanswered is not None or _answers_again(notification, later)
        case Kind.UNREACHABLE:
            # An outage, which has no state: it lasts unless its end was held back after it.
            return reach[0] == Kind.UNREACHABLE
        # The end of what was told before the silence; of what began in it nobody knows.
        case Kind.RECOVERED | Kind.FINISHED | Kind.REACHABLE if notification.incident_id:
            return not any(
                _begins(told) and told.incident_id == notification.incident_id for told in newest_first
            )
        case Kind.REACHABLE:
            return reach[-1] == Kind.REACHABLE
        case kind:
            return kind not in _TRUE_DURING


def _begins(told: Notification) -> bool:
    """An incident or an outage has the id of the event that told it first."""
    return told.event_id == told.incident_id


def _is_open(failed: Notification, state: TaskState | None) -> bool:
    return state is not None and state.incident is not None and state.incident.id == failed.incident_id


def _ended_by(failed: Notification, later: Iterable[Notification]) -> bool:
    ends = {Kind.RECOVERED, Kind.FINISHED}
    return any(end.kind in ends and end.incident_id == failed.incident_id for end in later)


def _answers_again(unreachable: Notification, later: Iterable[Notification]) -> bool:
    after = sorted((told.time, told.kind) for told in later if told.time > unreachable.time)
    return [kind for _, kind in after if kind in _REACH][:1] == [Kind.REACHABLE]


def _text(command: Mapping[str, Any], name: str) -> str:
    value = command.get(name)
    return one_line(value) if isinstance(value, str) else ""


def _moment(value: object) -> datetime | None:
    try:
        return moment(value) if isinstance(value, str) else None
    except ValueError:
        return None
