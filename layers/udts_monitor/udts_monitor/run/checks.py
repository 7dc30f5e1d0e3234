"""Ask UCloud for many tasks side by side, as far as the run's time allows."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
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
    errors: list[tuple[TaskRef, Exception]] = field(default_factory=list)
    number: int = 0


# None for a check that came to its end with an observation that was saved.
type _Found = NoAnswer | Exception | None


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
        # By task, and of a check that is not over, what it is if it does not get any further. No task whose
        # turn has not come.
        self._found: dict[str, _Found] = {}

    def check(self, tasks: Sequence[TaskRef]) -> Checks:
        """Check the tasks in their order. Nothing that UCloud does is an error: that is no answer."""
        threads = min(self._max_concurrency, len(tasks)) or 1
        pool = ThreadPoolExecutor(threads, thread_name_prefix="check")
        halfway = (time.monotonic() + self._limits.checks_until) / 2
        # The threads draw from one iterator: a future for each of ten thousand tasks is a kilobyte each.
        turn = iter(tuple(tasks))
        drawing = [pool.submit(self._check_in_turn, turn, halfway) for _ in range(threads)]
        wait(drawing, timeout=max(0.0, self._limits.checks_until - time.monotonic()) + _LATE_SECONDS)
        # A thread that hangs in a socket is left behind: waiting for it would be the end of this run.
        pool.shutdown(wait=False)
        return _collected(tasks, self._found.copy())

    def _check_in_turn(self, turn: Iterator[TaskRef], halfway: float) -> None:
        for task in turn:
            began = time.monotonic()
            if began >= self._limits.checks_until:
                return
            try:
                self._check_one(task, skippable=began > halfway)
            except Exception as error:  # noqa: BLE001 - the run names it; one task stops no other
                self._found[task.key] = error

    def _check_one(self, task: TaskRef, *, skippable: bool) -> None:
        self._found[task.key] = _LATE
        answer = self._ucloud.check(task, self._limits.checks_until)
        if isinstance(answer, Observation):
            self._found[task.key] = StoreError("Saving did not finish before the deadline", transient=False)
            self._observed(task, answer)
            self._found[task.key] = None
        # Cut off by our own deadline, it says nothing about its task, which is first in the next run.
        # One that had half of the time does: so every run gets on, by its concurrency at least.
        elif skippable and time.monotonic() >= self._limits.checks_until:
            del self._found[task.key]
        else:
            log_no_answer(task.key, answer)
            self._found[task.key] = answer


def _collected(tasks: Sequence[TaskRef], found: Mapping[str, _Found]) -> Checks:
    checks = Checks(number=len(found))
    for task in tasks:
        if task.key not in found:
            checks.skipped.append(task)
            continue
        match found[task.key]:
            case NoAnswer() as answer:
                if answer is _LATE:
                    log_no_answer(task.key, answer)
                checks.unanswered.append((task, answer))
            case Exception() as error:
                checks.errors.append((task, error))
    return checks
