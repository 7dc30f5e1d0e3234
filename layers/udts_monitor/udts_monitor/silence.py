"""Silences: a person's wish not to be told for a while. History and the events topic are never silent."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
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

EVERYTHING = "all"
# A silence nobody remembers is worse than a noise.
LONGEST = timedelta(days=31)
_TEXT_LIMIT = 200


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
        covered = self.scope in {EVERYTHING, key} or key.startswith(f"{self.scope}/")
        return covered and notification.topic in PEOPLE and self.since <= notification.time < self.until


def parse_silence(command: Mapping[str, Any], now: datetime) -> Silence:
    """The silence a command asks for; an ``until`` that has passed ends the silence of that scope.

    Raises:
        CommandError: names each field that is wrong and its rule.
    """
    problems = []
    scope, by, why = (_text(command, name) for name in ("scope", "by", "why"))
    if not scope:
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
    return Silence(scope=scope, since=now, until=until, by=by, why=why)


def after_silence(
    held: Iterable[Pending], states: Mapping[str, TaskState]
) -> tuple[list[Pending], list[Pending]]:
    """What is still to be told of what was held back, and what no longer matters.

    Args:
        held: notifications of silences that are over.
        states: the present states by task key.

    Returns:
        For each task, or outage, and topic at most one notification to tell; and all the others.
    """
    ways: dict[tuple[str, str, str], list[Pending]] = defaultdict(list)
    for pending in held:
        # Outages are different matters, even though the monitor tells all of them.
        outage = pending.notification.incident_id if pending.notification.task_key == MONITOR.key else ""
        ways[*pending.way, outage].append(pending)
    tell, drop = [], []
    for (task_key, _, _), waiting in ways.items():
        newest_first = sorted(waiting, key=lambda pending: pending.notification.time, reverse=True)
        told = _still_matters(newest_first, states.get(task_key))
        tell += [pending for pending in newest_first if pending is told]
        drop += [pending for pending in newest_first if pending is not told]
    return tell, drop


def _still_matters(newest_first: Sequence[Pending], state: TaskState | None) -> Pending | None:
    told = [pending.notification for pending in newest_first]
    for pending in newest_first:
        if _matters(pending.notification, state, told):
            return pending
    return None


def _matters(notification: Notification, state: TaskState | None, newest_first: list[Notification]) -> bool:
    outcome = state.outcome if state else None
    match Kind(notification.kind):
        case Kind.FAILED | Kind.REMINDER | Kind.RETRYING:
            return outcome in {Outcome.FAILED, Outcome.WAITING}
        case Kind.RESUME_DEADLINE:
            return outcome in {Outcome.FAILED, Outcome.STOPPED}
        case Kind.STOPPED:
            return outcome is Outcome.STOPPED
        case Kind.FINISHED:
            return outcome is Outcome.FINISHED
        case Kind.UNKNOWN_STATUS:
            return outcome is Outcome.UNKNOWN
        case Kind.UNREACHABLE if state:
            return state.unanswered is not None
        case Kind.UNREACHABLE:
            # An outage, which has no state: it lasts unless its end was held back as well.
            return not any(told.kind == Kind.REACHABLE for told in newest_first)
        # The end of what was told before the silence; of what began in it nobody knows.
        case Kind.RECOVERED:
            begun = {told.incident_id for told in newest_first if told.kind == Kind.FAILED}
            return notification.incident_id not in begun
        case Kind.REACHABLE:
            reach = [told.kind for told in newest_first if told.kind in {Kind.UNREACHABLE, Kind.REACHABLE}]
            return reach[-1] == Kind.REACHABLE
        case _:
            return True


def _text(command: Mapping[str, Any], name: str) -> str:
    value = command.get(name)
    return cut(one_line(value), _TEXT_LIMIT) if isinstance(value, str) else ""


def _moment(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None
