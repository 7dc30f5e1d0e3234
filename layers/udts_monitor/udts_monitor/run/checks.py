"""Ask UCloud for many tasks side by side, as far as the run's time allows."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from udts_monitor.decision.observation import NoAnswer, Observation
from udts_monitor.errors import StoreError
from udts_monitor.run.ports import StatusSource
from udts_monitor.run.saving import log_no_answer
from udts_monitor.run.settings import Limits
from udts_monitor.task import TaskRef

# How long the run waits beyond its deadline for a check that does not keep it.
_LATE_SECONDS = 1.0
_LATE = NoAnswer(cause="timeout", reason="UCloud did not answer in time")


@dataclass(slots=True, kw_only=True)
class Checks:
    """What the checks of a run yielded.

    Attributes:
        unanswered: tasks whose check had no answer, with that answer.
        skipped: tasks that were not checked because time ran out, in their order.
        errors: tasks whose check ended in an error, with that error.
        number: checks made, those without an answer among them.
    """

    unanswered: list[tuple[TaskRef, NoAnswer]] = field(default_factory=list)
    skipped: list[TaskRef] = field(default_factory=list)
    errors: list[tuple[TaskRef, BaseException]] = field(default_factory=list)
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Skipped:
    """The task's turn came too late."""


type _Found = Observation | NoAnswer | _Skipped


class Checker:
    """Checks tasks in threads.

    Args:
        ucloud: where statuses come from.
        limits: of the run.
        max_concurrency: checks at once.
        observed: called in the thread of the check with each observation; saves it.
    """

    def __init__(
        self,
        ucloud: StatusSource,
        limits: Limits,
        max_concurrency: int,
        observed: Callable[[TaskRef, Observation], None],
    ) -> None:
        self._ucloud = ucloud
        self._limits = limits
        self._max_concurrency = max_concurrency
        self._observed = observed
        # Tasks UCloud has answered for, though their check may not be over.
        self._answered: set[str] = set()

    def check(self, tasks: Sequence[TaskRef]) -> Checks:
        """Check the tasks in their order. Nothing that UCloud does is an error: that is no answer."""
        pool = ThreadPoolExecutor(self._max_concurrency, thread_name_prefix="check")
        halfway = (time.monotonic() + self._limits.checks_until) / 2
        futures = {pool.submit(self._check_one, task, halfway): task for task in tasks}
        wait(futures, timeout=max(0.0, self._limits.checks_until - time.monotonic()) + _LATE_SECONDS)
        # A thread that hangs in a socket is left behind: waiting for it would be the end of this run.
        pool.shutdown(wait=False, cancel_futures=True)
        checks = Checks()
        for future, task in futures.items():
            self._collect(checks, future, task)
        return checks

    def _check_one(self, task: TaskRef, halfway: float) -> _Found:
        began = time.monotonic()
        if began >= self._limits.checks_until:
            return _Skipped()
        answer = self._ucloud.check(task, self._limits.checks_until)
        if isinstance(answer, Observation):
            self._answered.add(task.key)
            self._observed(task, answer)
            return answer
        # Cut off by our own deadline, it says nothing about its task, which is first in the next run.
        # One that had half of the time does: so every run gets on, by its concurrency at least.
        if began > halfway and time.monotonic() >= self._limits.checks_until:
            return _Skipped()
        log_no_answer(task.key, answer)
        return answer

    def _collect(self, checks: Checks, future: "Future[_Found]", task: TaskRef) -> None:
        if future.cancelled():
            checks.skipped.append(task)
            return
        if not future.done() and task.key not in self._answered:
            log_no_answer(task.key, _LATE)
            checks.unanswered.append((task, _LATE))
            checks.number += 1
            return
        error = _error_of(future)
        if error:
            checks.errors.append((task, error))
        found = None if error else future.result()
        match found:
            case _Skipped():
                checks.skipped.append(task)
                return
            case NoAnswer():
                checks.unanswered.append((task, found))
        checks.number += 1


def _error_of(future: "Future[_Found]") -> BaseException | None:
    if not future.done():
        return StoreError("Saving did not finish before the deadline", transient=False)
    return future.exception()
