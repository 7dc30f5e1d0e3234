"""Silences: a person's wish not to be told for a while. History and the events topic are never silent."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from udts_monitor.decision.command import text_of, unknown_fields
from udts_monitor.errors import CommandError
from udts_monitor.outbox.notification import PEOPLE, Notification
from udts_monitor.outbox.pending import Pending
from udts_monitor.task import MONITOR, TaskRef
from udts_monitor.text import truncate
from udts_monitor.times import parse_time

EVERYTHING = "all"
# A silence nobody remembers is worse than a noise.
LONGEST = timedelta(days=31)
FIELDS = frozenset({"command", "scope", "until", "for", "by", "why"})
_TEXT_LIMIT = 200
_SCOPES_SHOWN = 20
_LENGTH = re.compile(r"(\d{1,6})\s*(min|m|h|d)")
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Messages to people are held back for a scope until a moment.

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

    def covers(self, key: str) -> bool:
        """A task, or the monitor itself, is within its scope."""
        # What the monitor says of itself concerns all projects.
        of_project = key.startswith(f"{self.scope}/") and key != MONITOR.key
        return self.scope in {EVERYTHING, key} or of_project

    def holds(self, notification: Notification) -> bool:
        """The notification came up in this silence, for people, and within its scope."""
        for_people = self.covers(notification.task_key) and notification.topic in PEOPLE
        return for_people and self.since <= notification.time < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What silences mean for what waits.

    Attributes:
        back: held back by a silence that lasts.
        superseded: of either, those that a later one of the same matter follows: only that is still news.
        released: held back by silences that are over: told together, in one message a topic.
    """

    back: tuple[Pending, ...]
    superseded: tuple[Pending, ...]
    released: tuple[Pending, ...]


def sort_out(waiting: Sequence[Pending], silences: Iterable[Silence], now: datetime) -> Held:
    """Which of the notifications that wait, oldest first, silences hold back or have held back."""
    active = [silence for silence in silences if silence.until > now]
    over = [silence for silence in silences if silence.until <= now]
    back = [pending for pending in waiting if _held(pending, active)]
    released = [pending for pending in waiting if _held(pending, over) and not _held(pending, active)]
    superseded = [*_superseded(back), *_superseded(released)]
    return Held(back=tuple(back), superseded=tuple(superseded), released=tuple(released))


def parse_silence(
    command: Mapping[str, Any], tasks: Iterable[TaskRef], standing: Iterable[Silence], now: datetime
) -> Silence:
    """The silence a command asks for; an end that has passed ends the silence of that scope.

    Args:
        command: ``scope``, ``until`` or ``for``, ``by``, ``why``.
        tasks: the watched ones; a scope is ``all``, or names one of them or a project of theirs.
        standing: silences that are set; their scopes can be named as well, to end them.
        now: the moment of the command.

    Raises:
        CommandError: names each field that is wrong and its rule.
    """
    problems = unknown_fields(command, FIELDS)
    scope = _scope(text_of(command, "scope"), tuple(tasks), {silence.scope for silence in standing}, problems)
    by, why = text_of(command, "by"), text_of(command, "why")
    if not by:
        problems.append("by: who asks for the silence")
    until = _until(command, now, problems)
    if problems:
        raise CommandError("The silence cannot be set. " + "; ".join(problems))
    return Silence(
        scope=scope, since=now, until=until, by=truncate(by, _TEXT_LIMIT), why=truncate(why, _TEXT_LIMIT)
    )


def _scope(wanted: str, tasks: Sequence[TaskRef], standing: set[str], problems: list[str]) -> str:
    """The scope a person means: a name or an id of a task will do."""
    projects = {task.project_id for task in tasks if task.project_id}
    exact = {EVERYTHING, *(task.key for task in tasks), *projects, *standing}
    if wanted in exact:
        return wanted
    meant = {task.key for task in tasks if wanted and wanted in {task.task_id, task.name}}
    if len(meant) == 1:
        return meant.pop()
    which = (
        f"{truncate(wanted, _TEXT_LIMIT)!r} is no watched task, no project of theirs and not all"
        if wanted
        else "missing"
    )
    if meant:
        which = f"{wanted!r} is the name of several tasks"
    names = [f"{task.key} ({task.name})" if task.name else task.key for task in tasks]
    shown = [EVERYTHING, *sorted(projects), *sorted(names)]
    more = f" and {len(shown) - _SCOPES_SHOWN} more" if len(shown) > _SCOPES_SHOWN else ""
    problems.append(f"scope: {which}; what would match: {', '.join(shown[:_SCOPES_SHOWN])}{more}")
    return ""


def _until(command: Mapping[str, Any], now: datetime, problems: list[str]) -> datetime:
    given = [name for name in ("until", "for") if command.get(name) is not None]
    if len(given) != 1:
        problems.append("until or for: one of them, such as 2026-12-24T18:00:00Z or 2h")
        return now
    until = _moment(command.get("until")) if given == ["until"] else _after(command.get("for"), now)
    if until is None:
        rule = (
            "a time with its zone, such as 2026-12-24T18:00:00Z"
            if given == ["until"]
            else "such as 30m, 2h or 3d"
        )
        problems.append(f"{given[0]}: {rule}")
    elif until - now > LONGEST:
        problems.append(f"{given[0]}: at most {LONGEST.days} days from now")
    return until or now


def _after(value: object, now: datetime) -> datetime | None:
    found = _LENGTH.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    return now + timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None


def _superseded(held: Sequence[Pending]) -> list[Pending]:
    latest = {pending.notification.subject_matter: pending.sk for pending in held}
    return [
        pending
        for pending in held
        # A digest that was begun is repeated as it was.
        if latest[pending.notification.subject_matter] != pending.sk and not pending.digest_id
    ]


def _held(pending: Pending, silences: Iterable[Silence]) -> bool:
    return any(silence.holds(pending.notification) for silence in silences)


def _moment(value: object) -> datetime | None:
    try:
        return parse_time(value) if isinstance(value, str) else None
    except ValueError:
        return None
