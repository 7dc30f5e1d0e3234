"""What names one UDTS task."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

NO_PROJECT = "-"
MONITOR_ID = "monitor"  # where a task's id stands, in what the monitor tells of itself
TYPES = ("transfer", "integration")
ID = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}"
_WHOLE_ID = re.compile(ID)

MAX_THRESHOLD = 1_000_000  # two years of minutes; far beyond it, adding it to a time overflows


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRef:
    """One UDTS task as the configuration names it.

    Attributes:
        task_id: UCloud's id, such as ``udts-ixdp441``.
        project_id: UCloud's project, empty for the account's default project.
        type: ``transfer`` or ``integration``, empty when the configuration does not say.
        name: for people, on one line; empty when the configuration gives none that prints.
        owner: who looks after it, on one line; empty when nobody said.
        runbook: an https link to what to do, empty when there is none.
        deadline: when the task has to be finished, None when nobody said.
        thresholds: this task's own thresholds (fields of Policy), instead of the general ones.
    """

    task_id: str
    project_id: str = ""
    type: str = ""
    name: str = ""
    owner: str = ""
    runbook: str = ""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchList:
    """What is watched.

    Attributes:
        tasks: named one by one; what is set for one of them wins over what a list says of it.
        projects: ids of projects all of whose tasks are watched, empty for the account's default project.
        excluded: ids of tasks that are not.
    """

    tasks: tuple[TaskRef, ...] = ()
    projects: tuple[str, ...] = ()
    excluded: frozenset[str] = frozenset()


# Stands where a task stands, in events that concern the monitor as a whole.
MONITOR = TaskRef(task_id=MONITOR_ID, name="UDTS monitor")


def is_id(text: str) -> bool:
    """Whether a text can be the id of a task or of a project, and so part of a task's key."""
    return _WHOLE_ID.fullmatch(text) is not None
