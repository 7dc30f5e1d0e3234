"""Which tasks a run watches: those that are named, and those that the lists of their projects show.

The list lives with the states, which every run reads anyway: between two readings of it a discovered task is
one whose state says that a list has shown it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from aws_lambda_powertools import Logger

from udts_monitor.decision.observation import NoAnswer
from udts_monitor.decision.state import Listed, TaskState
from udts_monitor.run.ports import Insights
from udts_monitor.run.settings import SERVICE
from udts_monitor.task import NO_PROJECT, TaskRef, WatchList

LISTED_EVERY = timedelta(minutes=5)

logger = Logger(service=SERVICE, child=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What a run watches.

    Attributes:
        tasks: in the order of the configuration, discovered ones last.
        listed: what was read of them in this run, by key; empty between two readings.
        gone: discovered tasks that are not in the list any more, by key.
        refused: projects whose list could not be read, with the reason.
    """

    tasks: tuple[TaskRef, ...]
    listed: Mapping[str, Listed] = field(default_factory=dict)
    gone: Mapping[str, TaskRef] = field(default_factory=dict)
    refused: Mapping[str, NoAnswer] = field(default_factory=dict)


def is_due(listed_at: datetime | None, now: datetime) -> bool:
    """Whether the lists are to be read again."""
    return listed_at is None or now - listed_at >= LISTED_EVERY


def discover(
    watch: WatchList, states: Mapping[str, TaskState], insights: Insights, deadline: float, *, due: bool
) -> Watched:
    """The tasks to watch. A list that cannot be read makes no task vanish.

    Args:
        watch: the configuration.
        states: as stored.
        insights: where lists come from.
        deadline: seconds of ``time.monotonic`` for the lists.
        due: the lists are read; otherwise what they showed last counts.
    """
    known = _known(watch, states)
    fresh: dict[str, Listed] = {}
    refused: dict[str, NoAnswer] = {}
    read = set[tuple[str, str]]()
    for project_id in watch.projects if due else ():
        found = insights.listed(project_id, deadline)
        prefix = project_id or NO_PROJECT
        if isinstance(found, NoAnswer):
            refused[project_id] = found
            _log_refused(project_id, found)
        else:
            fresh |= {f"{prefix}/{task_id}": listed for task_id, listed in found.tasks.items()}
            read |= {(prefix, task_type) for task_type in found.types}
    named = {task.key: task for task in watch.tasks}
    gone = {
        key: _task(key, listed)
        for key, listed in known.items()
        if (key.partition("/")[0], listed.type) in read and key not in fresh and key not in named
    }
    shown = {key: listed for key, listed in {**known, **fresh}.items() if key not in gone}
    excluded = {key for key in shown if key.partition("/")[2] in watch.excluded}
    discovered = [_task(key, shown[key]) for key in shown if key not in named and key not in excluded]
    named_ones = [_with_name(task, shown.get(task.key)) for task in watch.tasks]
    return Watched(tasks=(*named_ones, *discovered), listed=fresh, gone=gone, refused=refused)


def _known(watch: WatchList, states: Mapping[str, TaskState]) -> dict[str, Listed]:
    """What the lists of the watched projects showed last."""
    projects = {project_id or NO_PROJECT for project_id in watch.projects}
    return {
        key: state.listed
        for key, state in states.items()
        if state.listed and key.partition("/")[0] in projects
    }


def _task(key: str, listed: Listed) -> TaskRef:
    project, _, task_id = key.partition("/")
    project_id = "" if project == NO_PROJECT else project
    return TaskRef(task_id=task_id, project_id=project_id, type=listed.type, name=listed.name)


def _with_name(task: TaskRef, listed: Listed | None) -> TaskRef:
    """What the configuration says wins; what it leaves out the list may know."""
    if listed is None:
        return task
    return replace(task, name=task.name or listed.name, type=task.type or listed.type)


def _log_refused(project_id: str, answer: NoAnswer) -> None:
    logger.warning(
        "list not read",
        project=project_id or NO_PROJECT,
        cause=answer.cause,
        reason=answer.reason,
        request_uuid=answer.request_uuid,
    )
