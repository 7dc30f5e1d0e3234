"""The task list: which UDTS tasks are watched, and how UDTS_TASKS names them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from udts_monitor.adapters.task_entry import EVERY, TaskListError, read_entry
from udts_monitor.task import ID, MONITOR, TaskRef, WatchList, is_id

_ENTRY = re.compile(rf"(?:(?P<name>[^=/:]+)=)?(?:(?P<project>{ID})/)?(?P<id>{ID})(?::(?P<type>[a-z]+))?")
_WHOLE_PROJECT = re.compile(rf"(?:(?P<project>{ID})/)?\*")
_LEFT_OUT = re.compile(rf"-(?P<id>{ID})")
_GRAMMAR = "[name=][project/]task_id[:type], [project/]* or -task_id"
# Signs of an object or a quoted text, and more characters in a row than a name has: perhaps a secret.
_PERHAPS_OBJECT = re.compile(r"""[{}"'\\]""")
_PERHAPS_KEY = re.compile(r"[A-Za-z0-9+]{32}")
_SHOWN_LIMIT = 80


# Of the same text twice in a run, by the rule for the variable and for the run, and in every run after it.
@lru_cache(maxsize=1)
def parse_tasks(text: str, *, default_project: str = "") -> WatchList:
    """Read the list in the variable itself, in its short form or, when it starts with ``[``, its JSON form.

    Args:
        text: the list itself, not a reference to it.
        default_project: the project of entries that name none.

    Raises:
        TaskListError: at least one entry is wrong, or there is none. All problems of all entries are named.
    """
    problems = []
    if text.rstrip().endswith(","):
        # What `sam deploy --parameter-overrides` leaves of "udts-users, udts-cache" without quotes.
        problems.append("the list ends with a comma, as if it was cut off at a space: quote the list")
    return _parsed([_Part(text.strip(), shows=not _PERHAPS_OBJECT.search(text))], problems, default_project)


def parse_parameters(parameters: Mapping[str, str], *, default_project: str = "") -> WatchList:
    """Read the list in parameters, each in either form; problems name a parameter and the entry's number.

    Args:
        parameters: texts by the parameters' names.
        default_project: the project of entries that name none.

    Raises:
        TaskListError: as above, and nothing of the texts is repeated in it.
    """
    parts = [_Part(text.strip(), parameter=name) for name, text in parameters.items()]
    return _parsed(parts, [], default_project)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """An entry's fields as they were written, under the label that problems name it by."""

    label: str
    fields: Mapping[str, Any]


@dataclass(slots=True)
class _Part:
    """A text with entries.

    Attributes:
        parameter: where it comes from, empty for the variable itself.
        shows: whether problems may repeat an entry.
        projects: watched as a whole, empty for the default project.
        excluded: ids of tasks that are left out.
    """

    text: str
    parameter: str = ""
    shows: bool = False
    projects: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def entries(self) -> Iterator[_Entry]:
        """The entries that have the form of one; all others become problems."""
        return self._json_entries() if self.text.startswith("[") else self._short_entries()

    def _short_entries(self) -> Iterator[_Entry]:
        entries = filter(None, re.split(r"[,\s]+", self.text))
        for number, entry in enumerate(entries, start=1):
            label = self.label(number, entry)
            if match := _ENTRY.fullmatch(entry):
                yield _Entry(label=label, fields=match.groupdict())
            elif match := _WHOLE_PROJECT.fullmatch(entry):
                self.projects.append(match["project"] or "")
            elif match := _LEFT_OUT.fullmatch(entry):
                self.excluded.append(match["id"])
            else:
                self.problems.append(f"{label}: not of the form {_GRAMMAR}")

    def _json_entries(self) -> Iterator[_Entry]:
        try:
            entries = json.loads(self.text)
        except (ValueError, RecursionError) as error:
            cut_off = "" if self.text.endswith("]") else "; it looks cut off: quote the list"
            self.problems.append(f"{self.prefix}the JSON form cannot be read: {error}{cut_off}")
            return
        for number, entry in enumerate(entries, start=1):
            if isinstance(entry, dict) and entry.keys() <= {"id", "project"} and entry.get("id") == EVERY:
                yield from self._whole_project(number, entry)
            elif isinstance(entry, dict):
                yield _Entry(label=self.json_label(number, entry.get("id")), fields=entry)
            else:
                self.problems.append(f"{self.json_label(number, None)}: not an object with an id")

    def _whole_project(self, number: int, entry: Mapping[str, Any]) -> Iterator[_Entry]:
        """Every task of a project; what is no id of one is refused like that of a task."""
        project = entry.get("project") or ""
        if isinstance(project, str) and (not project or is_id(project)):
            self.projects.append(project)
        else:
            yield _Entry(label=self.json_label(number, None), fields=entry)

    @property
    def prefix(self) -> str:
        """The parameter in front of a problem."""
        return f"{self.parameter}: " if self.parameter else ""

    def label(self, number: int, entry: str) -> str:
        """A short entry as problems name it: as it was written, where that may be shown."""
        shown = self.shows and _may_be_shown(entry)
        return entry if shown else f"{self.prefix}entry {number}"

    def json_label(self, number: int, task_id: object) -> str:
        """An object as problems name it."""
        known = not self.parameter and isinstance(task_id, str) and is_id(task_id)
        shown = known and _may_be_shown(str(task_id))
        return f"{self.prefix}entry {number}" + (f" ({task_id})" if shown else "")


def _may_be_shown(text: str) -> bool:
    return text.isprintable() and len(text) <= _SHOWN_LIMIT and not _PERHAPS_KEY.search(text)


def _parsed(parts: list[_Part], problems: list[str], default_project: str) -> WatchList:
    tasks: dict[str, TaskRef] = {}
    labels: dict[str, str] = {}
    for part in parts:
        for entry in part.entries():
            try:
                task = read_entry(entry.fields, default_project)
            except TaskListError as error:
                part.problems += [f"{entry.label}: {problem}" for problem in error.problems]
                continue
            if task.key in tasks:
                part.problems.append(f"{entry.label}: names the same task as {labels[task.key]}")
            elif task.key == MONITOR.key:
                part.problems.append(f"{entry.label}: is the monitor's own name")
            tasks.setdefault(task.key, task)
            labels.setdefault(task.key, entry.label)
        problems += part.problems
    projects = tuple(dict.fromkeys(name or default_project for part in parts for name in part.projects))
    excluded = frozenset(task_id for part in parts for task_id in part.excluded)
    if excluded and not projects:
        problems.append("-task_id leaves nothing out: it needs * or project/* beside it")
    if not tasks and not projects and not problems:
        problems.append("the list is empty: name at least one task, for example udts-abc123")
    if problems:
        raise TaskListError(problems)
    return WatchList(tasks=tuple(tasks.values()), projects=projects, excluded=excluded)
