"""What UCloud says of tasks beside their status: metrics, lists, histories and pre-checks."""

from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from udts_monitor.adapters.calls import NO_LIST, Caller
from udts_monitor.adapters.history import task_history
from udts_monitor.adapters.listing import ListedTask, list_tasks
from udts_monitor.adapters.metrics import WatchedTasks, lag_of_tasks
from udts_monitor.adapters.precheck import failed_items
from udts_monitor.decision.observation import Lag, NoAnswer
from udts_monitor.decision.state import Listed
from udts_monitor.decision.unseen import PastStatus
from udts_monitor.run.ports import Lags, Listing
from udts_monitor.task import TYPES, TaskRef


class Insights:
    """Calls beside the checks; whatever fails says why and changes nothing.

    Args:
        caller: the client.
        region: whose metrics are read, empty for none.
    """

    def __init__(self, caller: Caller, region: str) -> None:
        self._caller = caller
        self._region = region

    def lags(self, tasks: Iterable[TaskRef], now: datetime, deadline: float) -> Lags:
        """The lag of each task that has fresh metrics: one answer in pages a project and product.

        A project that cannot be read keeps no other from being read; the first such reason is returned.
        """
        groups: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        for task in tasks if self._region else ():
            groups[task.project_id, task.type or TYPES[0]][task.task_id] = task.key
        lags: dict[str, Lag] = {}
        refused: NoAnswer | None = None
        for (project_id, task_type), keys in groups.items():
            watched = WatchedTasks(
                task_type=task_type, project_id=project_id, region=self._region, task_ids=frozenset(keys)
            )
            found = lag_of_tasks(self._caller, watched, now=now, deadline=deadline)
            if isinstance(found, NoAnswer):
                refused = refused or _no_metrics(found, project_id)
            else:
                lags |= {keys[task_id]: lag for task_id, lag in found.items()}
        return Lags(by_key=lags, refused=refused)

    def history(self, task: TaskRef, now: datetime, deadline: float) -> tuple[PastStatus, ...] | NoAnswer:
        """The statuses the task has had, oldest first."""
        return task_history(self._caller, task, now=now, deadline=deadline)

    def failed_prechecks(self, task: TaskRef, deadline: float) -> tuple[str, ...] | NoAnswer:
        """What the task's pre-check found wrong, a line each, with UCloud's own instruction."""
        found = failed_items(self._caller, task, deadline=deadline)
        if isinstance(found, NoAnswer):
            return found
        return tuple(
            ": ".join(part for part in (item.type, item.message, item.instruction) if part) for item in found
        )

    def listed(self, project_id: str, deadline: float) -> Listing | NoAnswer:
        """All tasks of a project by id, of both types; never a part of them."""

        def ask(task_type: str) -> tuple[ListedTask, ...] | NoAnswer:
            return list_tasks(self._caller, project_id=project_id, task_type=task_type, deadline=deadline)

        with ThreadPoolExecutor(len(TYPES)) as pool:
            found = dict(zip(TYPES, pool.map(ask, TYPES), strict=True))
        tasks: dict[str, Listed] = {}
        types = set[str]()
        for task_type, part in found.items():
            if not isinstance(part, NoAnswer):
                tasks |= {task.task_id: _as_listed(task) for task in part}
                types.add(task_type)
            elif part.cause != NO_LIST:
                return _refusal(part, "ListUDTSTask", "name the tasks of this project one by one")
        return Listing(tasks=tasks, types=frozenset(types))


def _as_listed(task: ListedTask) -> Listed:
    renewed = task.auto_renew is not False or task.by_the_hour
    return Listed(name=task.name, type=task.type, mode=task.mode, expires_at=task.expires_at, renewed=renewed)


def _no_metrics(answer: NoAnswer, project_id: str) -> NoAnswer:
    action, instead = "QueryMetricDataSummary", "leave UCLOUD_REGION empty"
    if project_id or answer.configuration or not answer.cause.startswith("RetCode"):
        return _refusal(answer, action, instead)
    # Source: UCloud's reference of this action. Others take the account's default project.
    return replace(answer, reason=f"{action}: {answer.reason}. It wants a project: set one, or {instead}.")


def _refusal(answer: NoAnswer, action: str, instead: str) -> NoAnswer:
    """Why this action brings nothing, and what a person can do about it where waiting does not help."""
    if not answer.configuration:
        return answer
    return replace(answer, reason=f"{action}: {answer.reason}. Grant it, or {instead}.")
