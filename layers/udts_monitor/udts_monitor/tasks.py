"""The task list: which UDTS tasks are watched, and how UDTS_TASKS names them."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from udts_monitor.text import one_line

NO_PROJECT = "-"
MONITOR_ID = "monitor"  # where a task's id stands, in what the monitor tells of itself
TYPES = ("transfer", "integration")

_ID = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}"
_ENTRY = re.compile(rf"(?:(?P<name>[^=/:]+)=)?(?:(?P<project>{_ID})/)?(?P<id>{_ID})(?::(?P<type>[a-z]+))?")
_WHOLE_ID = re.compile(_ID)
_WILDCARD = re.compile(rf"(?:{_ID}/)?\*")
_GRAMMAR = "[name=][project/]task_id[:type]"
_MAX_NAME = 128

# Thresholds a task of the JSON form may set for itself: the variables' names in lower case.
THRESHOLDS = (
    "unreachable_after_checks",
    "recovered_after_checks",
    "synced_after_checks",
    "stopped_grace_minutes",
    "stalled_after_minutes",
    "resume_within_days",
    "max_run_hours",
    "max_delay_seconds",
)
MAX_THRESHOLD = 1_000_000  # two years of minutes; far beyond it, adding it to a time overflows
_COUNTS = frozenset(name for name in THRESHOLDS if name.endswith("_checks"))
_FIELDS = frozenset({"id", "project", "type", "name", "deadline", *THRESHOLDS})


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRef:
    """One UDTS task as the configuration names it.

    Attributes:
        task_id: UCloud's id, such as ``udts-ixdp441``.
        project_id: UCloud's project, empty for the account's default project.
        type: ``transfer`` or ``integration``, empty when the configuration does not say.
        name: for people, on one line; empty when the configuration gives none that prints.
        thresholds: this task's own thresholds (see THRESHOLDS), instead of the general ones.
        deadline: when the task has to be finished, None when nobody said.
    """

    task_id: str
    project_id: str = ""
    type: str = ""
    name: str = ""
    thresholds: Mapping[str, float] = field(default_factory=dict, hash=False)
    deadline: datetime | None = None

    @property
    def key(self) -> str:
        """``<project>/<task id>``, the task's name in the table; ``-`` is the default project."""
        return f"{self.project_id or NO_PROJECT}/{self.task_id}"

    @property
    def display_name(self) -> str:
        """The name for people; never empty."""
        return self.name or self.task_id


class TaskListError(ValueError):
    """The task list breaks its rules; ``problems`` holds a sentence for each wrong entry."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


def parse_tasks(text: str, *, default_project: str = "") -> tuple[TaskRef, ...]:
    """Read a task list in its short form or, when it starts with ``[``, its JSON form.

    Args:
        text: the list itself, not a reference to it.
        default_project: the project of entries that name none.

    Raises:
        TaskListError: at least one entry is wrong, or there is none. All wrong entries are named.
    """
    text = text.strip()
    problems: list[str] = []
    entries = _json_entries(text, problems) if text.startswith("[") else _short_entries(text, problems)
    tasks = []
    for label, entry in entries:
        try:
            tasks.append(_task(entry, default_project))
        except ValueError as error:
            problems.append(f"{label}: {error}")
    if not tasks and not problems:
        problems.append("the list is empty: name at least one task, for example udts-abc123")
    own = f"{NO_PROJECT}/{MONITOR_ID}"
    problems += [f"{task.key}: is the monitor's own name" for task in tasks if task.key == own]
    repeated = [key for key, times in Counter(task.key for task in tasks).items() if times > 1]
    problems += [f"{key}: named more than once" for key in repeated]
    if problems:
        raise TaskListError(problems)
    return tuple(tasks)


def is_id(text: str) -> bool:
    """Whether a text can be the id of a task or of a project, and so part of a task's key."""
    return _WHOLE_ID.fullmatch(text) is not None


def _short_entries(text: str, problems: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for entry in re.split(r"[,\s]+", text):
        if not entry:
            continue
        match = _ENTRY.fullmatch(entry)
        if match:
            yield (
                _shown(entry),
                {name: value for name, value in match.groupdict().items() if value is not None},
            )
        elif _WILDCARD.fullmatch(entry):
            problems.append(f"{_shown(entry)}: watching a whole project is not supported, name its tasks")
        else:
            problems.append(f"{_shown(entry)}: not of the form {_GRAMMAR}")


def _json_entries(text: str, problems: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError) as error:
        problems.append(f"the JSON form cannot be read: {error}")
        return
    for number, entry in enumerate(entries, start=1):
        if isinstance(entry, dict):
            yield f"entry {number} ({_shown(str(entry.get('id', 'no id')))})", entry
        else:
            problems.append(f"entry {number}: not an object with an id")


def _task(entry: Mapping[str, Any], default_project: str) -> TaskRef:
    unknown = sorted(set(entry) - _FIELDS)
    if unknown:
        raise ValueError(
            f"unknown field {', '.join(map(_shown, unknown))}; known are {', '.join(sorted(_FIELDS))}"
        )
    task_type = _text(entry, "type")
    if task_type and task_type not in TYPES:
        raise ValueError(f"type {_shown(task_type)} is neither {' nor '.join(TYPES)}")
    return TaskRef(
        task_id=_id(entry, "id"),
        project_id=_id(entry, "project") if _text(entry, "project") else default_project,
        type=task_type,
        name=one_line(_text(entry, "name"))[:_MAX_NAME].rstrip(),
        thresholds={name: _threshold(entry, name) for name in THRESHOLDS if name in entry},
        deadline=_deadline(entry),
    )


def _id(entry: Mapping[str, Any], name: str) -> str:
    value = _text(entry, name)
    if value == "*":
        raise ValueError("watching a whole project is not supported, name its tasks")
    if not is_id(value):
        raise ValueError(f"{name} {_shown(value)} is not an id: letters, digits, - _ . are allowed")
    return value


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{name} has to be a text")  # noqa: TRY004 - one reaction, one error class
    return value.strip()


def _threshold(entry: Mapping[str, Any], name: str) -> float:
    value = entry[name]
    whole = name in _COUNTS
    number = not isinstance(value, bool) and isinstance(value, int if whole else (int, float))
    if not number or not 0 <= value <= MAX_THRESHOLD:
        raise ValueError(f"{name} has to be a {'whole ' if whole else ''}number from 0 to {MAX_THRESHOLD}")
    return float(value)


def _deadline(entry: Mapping[str, Any]) -> datetime | None:
    value = _text(entry, "deadline")
    if not value:
        return None
    try:
        deadline = datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"deadline {_shown(value)} is not a time such as 2026-12-24T18:00:00Z") from error
    if deadline.tzinfo is None:
        raise ValueError(f"deadline {_shown(value)} has no time zone: add Z or an offset")
    try:
        return deadline.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"deadline {_shown(value)} is beyond all calendars") from error


def _shown(value: str) -> str:
    """A wrong value as an error may show it: quoted where needed, and short."""
    printable = value if value.isprintable() else ascii(value)
    return printable if len(printable) <= 80 else f"{printable[:77]}..."  # noqa: PLR2004 - a line's worth
