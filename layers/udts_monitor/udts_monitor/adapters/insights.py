"""What UCloud says of tasks beside their status: metrics, lists, histories and pre-checks."""

from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from udts_monitor.adapters.calls import Caller
from udts_monitor.adapters.history import task_history
from udts_monitor.adapters.listing import ListedTask, list_tasks
from udts_monitor.adapters.metrics import WatchedTasks, lag_of_tasks
from udts_monitor.adapters.precheck import failed_items
from udts_monitor.decision.observation import Lag, NoAnswer
from udts_monitor.decision.state import Listed
from udts_monitor.decision.unseen import PastStatus
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

    def lags(self, tasks: Iterable[TaskRef], now: datetime, deadline: float) -> dict[str, Lag] | NoAnswer:
        """The lag of each task that has fresh metrics, by key: one answer in pages a project and product.

        A project that cannot be read keeps no other from being read; the first such reason is returned only
        when nothing else was.
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
                refused = refused or found
            else:
                lags |= {keys[task_id]: lag for task_id, lag in found.items()}
        return refused if refused and not lags else lags

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

    def listed(self, project_id: str, deadline: float) -> dict[str, Listed] | NoAnswer:
        """All tasks of a project by id, of both types; never a part of them."""
        with ThreadPoolExecutor(len(TYPES)) as pool:
            found = list(pool.map(lambda kind: self._listed(project_id, kind, deadline), TYPES))
        tasks: dict[str, Listed] = {}
        for part in found:
            if isinstance(part, NoAnswer):
                return part
            tasks |= {task.task_id: _as_listed(task) for task in part}
        return tasks

    def _listed(self, project_id: str, task_type: str, deadline: float) -> tuple[ListedTask, ...] | NoAnswer:
        return list_tasks(self._caller, project_id=project_id, task_type=task_type, deadline=deadline)


def _as_listed(task: ListedTask) -> Listed:
    return Listed(
        name=task.name, type=task.type, expires_at=task.expires_at, renewed=task.auto_renew is not False
    )
