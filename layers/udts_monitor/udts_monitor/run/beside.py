"""Calls beside the checks: they have a deadline of their own, and what they do not bring changes nothing."""

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from udts_monitor.decision.observation import Lag, NoAnswer, Observation
from udts_monitor.decision.state import TaskState
from udts_monitor.decision.status import Outcome
from udts_monitor.decision.unseen import PastStatus, unseen
from udts_monitor.run.ports import Ports
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
        return self._lags().get(key)

    @property
    def refused(self) -> NoAnswer | None:
        """Why there are no metrics, None when there are, or when they did not come in time."""
        found = self._result()
        return found if isinstance(found, NoAnswer) else None

    def _lags(self) -> Mapping[str, Lag]:
        found = self._result()
        return {} if isinstance(found, NoAnswer) else found

    def _result(self) -> Mapping[str, Lag] | NoAnswer:
        try:
            return self._found.result(timeout=max(0.0, self._deadline - time.monotonic()))
        except TimeoutError:
            return NoAnswer(cause="timeout", reason="UCloud did not answer in time")


class Between:
    """What a check does not say by itself: what happened since the one before, and what a pre-check found."""

    def __init__(self, ports: Ports, limits: Limits) -> None:
        self._insights = ports.insights
        self._deadline = min(time.monotonic() + BESIDE_SECONDS, limits.checks_until)

    def unseen(
        self, task: TaskRef, before: TaskState, seen: Observation, now: datetime
    ) -> tuple[PastStatus, ...]:
        """The statuses nobody saw; asked for only where something changed or nobody looked for a while."""
        retried = seen.retries_used is not None and seen.retries_used != before.retries_used
        changed = seen.status != before.status or retried or before.unanswered is not None
        if not before.status or not changed:
            return ()
        rows = self._insights.history(task, now, self._deadline)
        return () if isinstance(rows, NoAnswer) else unseen(before, rows, seen.status, now)

    def with_prechecks(self, task: TaskRef, before: TaskState, seen: Observation) -> Observation:
        """A task that fails in its preparation says what the pre-check found, in UCloud's own words."""
        entered = seen.outcome is Outcome.FAILED and before.known_outcome is Outcome.PREPARING
        found = self._insights.failed_prechecks(task, self._deadline) if entered else ()
        if isinstance(found, NoAnswer) or not found:
            return seen
        reason = "\n".join(part for part in (seen.failed_message, *found) if part)
        return replace(seen, failed_message=reason)
