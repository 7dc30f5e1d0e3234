"""One entry of the task list: its fields, and every rule that one of them breaks.

No value is repeated in a problem: what stands there may be a secret that was pasted in the wrong place.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from udts_monitor.decision.policy import THRESHOLDS
from udts_monitor.task import MAX_THRESHOLD, TYPES, TaskRef, is_id
from udts_monitor.text import one_line

MAX_NAME = 128
MAX_OWNER = 60
MAX_RUNBOOK = 300
EVERY = "*"
_COUNTS = frozenset(name for name in THRESHOLDS if name.endswith("_checks"))
_FIELDS = frozenset({"id", "project", "type", "name", "owner", "runbook", "deadline", *THRESHOLDS})
_FIELD_NAME = re.compile(r"[A-Za-z_]{1,30}")
# What could end a link in a mail, in chat markup or in HTML is no part of one.
_LINK = re.compile(r"""https://[\w.-]+(?::\d{1,5})?(?:[/?#][^\s<>"'`\\^{|}]*)?""")


class TaskListError(ValueError):
    """The task list breaks its rules; ``problems`` holds a sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


def read_entry(entry: Mapping[str, Any], default_project: str) -> TaskRef:
    """The task that an entry names.

    Raises:
        TaskListError: with all rules that the entry breaks.
    """
    fields = _Fields(entry)
    task = TaskRef(
        task_id=fields.read("id", _id, ""),
        project_id=fields.read("project", _optional(_id), "") or default_project,
        type=fields.read("type", _optional(_type), ""),
        name=fields.read("name", _name, ""),
        owner=fields.read("owner", _owner, ""),
        runbook=fields.read("runbook", _optional(_link), ""),
        thresholds={name: fields.read(name, _threshold(name), 0.0) for name in THRESHOLDS if name in entry},
        deadline=fields.read("deadline", _deadline, None),
    )
    if fields.problems:
        raise TaskListError(fields.problems)
    return task


class _Fields:
    """Reads fields by their rules and remembers all problems."""

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self._entry = entry
        self.problems = _unknown_fields(entry)

    def read[T](self, name: str, rule: Callable[[Any], T], otherwise: T) -> T:
        try:
            return rule(self._entry.get(name))
        except ValueError as error:
            self.problems.append(f"{name} {error}")
            return otherwise


def _unknown_fields(entry: Mapping[str, Any]) -> list[str]:
    unknown = sorted(set(entry) - _FIELDS)
    if not unknown:
        return []
    shown = [name if _FIELD_NAME.fullmatch(name) else "(not shown)" for name in unknown]
    return [f"unknown field {', '.join(shown)}; known are {', '.join(sorted(_FIELDS))}"]


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError("has to be a text")  # noqa: TRY004 - one reaction, one error class
    return value.strip()


def _optional(rule: Callable[[str], str]) -> Callable[[object], str]:
    """Null and empty fields are fields that were not given."""
    return lambda value: rule(text) if (text := _text(value)) else ""


def _id(value: object) -> str:
    text = _text(value)
    if not text:
        raise ValueError("is missing")
    if not is_id(text):
        raise ValueError("is not an id: 128 letters, digits, - _ . are allowed")
    return text


def _type(text: str) -> str:
    if text not in TYPES:
        raise ValueError(f"is neither {' nor '.join(TYPES)}")
    return text


def _name(value: object) -> str:
    return one_line(_text(value))[:MAX_NAME].rstrip()


def _owner(value: object) -> str:
    owner = one_line(_text(value))
    if len(owner) > MAX_OWNER:
        raise ValueError(f"has more than {MAX_OWNER} characters")
    return owner


def _link(text: str) -> str:
    if len(text) > MAX_RUNBOOK:
        raise ValueError(f"has more than {MAX_RUNBOOK} characters")
    if not _LINK.fullmatch(text) or not text.isprintable():
        raise ValueError("has to be a link such as https://wiki.example.com/udts")
    return text


def _threshold(name: str) -> Callable[[object], float]:
    whole = name in _COUNTS
    kinds = int if whole else (int, float)

    def rule(value: Any) -> float:  # noqa: ANN401 - any JSON
        number = isinstance(value, kinds) and not isinstance(value, bool)
        if not number or not 0 <= value <= MAX_THRESHOLD:
            raise ValueError(f"has to be a {'whole ' if whole else ''}number from 0 to {MAX_THRESHOLD}")
        return float(value)

    return rule


def _deadline(value: object) -> datetime | None:
    text = _text(value)
    if not text:
        return None
    try:
        deadline = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("is not a time such as 2026-12-24T18:00:00Z") from error
    if deadline.tzinfo is None:
        raise ValueError("has no time zone: add Z or an offset")
    try:
        return deadline.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is beyond all calendars") from error
