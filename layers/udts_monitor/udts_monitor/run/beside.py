"""Calls beside the checks: they have a deadline of their own, and what they do not bring changes nothing."""

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from udts_monitor.decision.assess import Assessment
from udts_monitor.decision.observation import Lag, NoAnswer, Observation
from udts_monitor.decision.state import TaskState
from udts_monitor.decision.status import CREATED, Outcome
from udts_monitor.decision.unseen import Unseen, unseen
from udts_monitor.run.ports import Lags, Ports
from udts_monitor.run.settings import Limits
from udts_monitor.task import TaskRef

# A call that takes longer is no help to this run.
BESIDE_SECONDS = 5.0


class LagReader:
    """Reads the lag of all tasks while they are checked."""

    def __init__(self, ports: Ports, tasks: Iterable[TaskRef], now: datetime, limits: Limits) -> None:
        self._deadline = min(time.monotonic() + BESIDE_SECONDS, limits.checks_until)
        pool = ThreadPoolExecutor(1, thread_name_prefix="metrics")
        self._found = pool.submit(ports.insights.lags, tuple(tasks), now, self._deadline)
        # A call that hangs is left behind.
        pool.shutdown(wait=False)

    def lag_of(self, key: str) -> Lag | None:
        """The lag of a task, None where there is none or it does not come in time."""
        return self._lags().by_key.get(key)

    @property
    def refused(self) -> NoAnswer | None:
        """Why some or all have no metrics, None when all could be read."""
        return self._lags().refused

    def _lags(self) -> Lags:
        try:
            return self._found.result(timeout=max(0.0, self._deadline - time.monotonic()))
        except TimeoutError:
            return Lags(refused=NoAnswer(cause="timeout", reason="UCloud did not answer in time"))


class Between:
    """What a check does not say by itself: what happened since the one before, and what a pre-check found.

    Args:
        ports: of the run.
        limits: of the run.
        after_gap: a run was due before this one and did not come: anything can have happened meanwhile.
    """

    def __init__(self, ports: Ports, limits: Limits, *, after_gap: bool) -> None:
        self._insights = ports.insights
        self._limits = limits
        self._after_gap = after_gap
        # Where the service does not answer such a question, no other check of this run waits for it.
        self._history_answers = True

    def unseen(self, task: TaskRef, before: TaskState, seen: Observation, now: datetime) -> Unseen:
        """The statuses nobody saw; asked for only where something changed or nobody looked for a while."""
        retried = seen.retries_used is not None and seen.retries_used != before.retries_used
        gap = self._after_gap or before.unanswered is not None
        changed = seen.status != before.status or retried or gap
        if not before.status or not changed or not self._history_answers:
            return Unseen()
        rows = self._insights.history(task, now, self._deadline())
        if isinstance(rows, NoAnswer):
            self._history_answers = False
            return Unseen()
        return unseen(before, rows, seen.status, now)

    def with_prechecks(self, task: TaskRef, before: TaskState, seen: Observation) -> Observation:
        """A task that fails in its preparation says what the pre-check found, in UCloud's own words."""
        entered = seen.outcome is Outcome.FAILED and before.known_outcome is Outcome.PREPARING
        return self._with_found(task, seen) if entered else seen

    def of_created(self, task: TaskRef, seen: Observation, found: Assessment) -> Observation:
        """Nor does a task that stays Created say why, where something of it is to be told."""
        return self._with_found(task, seen) if found.events and seen.status == CREATED else seen

    def _with_found(self, task: TaskRef, seen: Observation) -> Observation:
        found = self._insights.failed_prechecks(task, self._deadline())
        if isinstance(found, NoAnswer) or not found:
            return seen
        reason = "\n".join(part for part in (seen.failed_message, *found) if part)
        return replace(seen, failed_message=reason)

    def _deadline(self) -> float:
        return min(time.monotonic() + BESIDE_SECONDS, self._limits.checks_until)
