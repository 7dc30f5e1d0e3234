"""A simulated task: it walks through its steps by status calls or by time, and answers in wire names."""

from collections.abc import Collection
from datetime import UTC, datetime

from local.simulator.metrics import PRODUCTS, Shape, monitor_attr, values_of
from local.simulator.ret_codes import RefusedError, RetCode
from local.simulator.scenario import TaskPlan
from local.simulator.steps import FailedItem, Lag, Step
from local.simulator.wire import precheck_fields, progress_fields, sync_fields

_STOP = (Step(status="Stopping"), Step(status="Stopped"))
_FULL_LOAD = (Step(status="Dumping"), Step(status="Loading"), Step(status="Done"))


class SimulatedTask:
    """`now` is epoch seconds and enters with every question, so that time passes only where it is read."""

    def __init__(self, plan: TaskPlan, now: float) -> None:
        self.plan = plan
        self.created_at = now
        self.status = "Created"
        self.name = plan.name or plan.id
        self.auto_renew = plan.auto_renew
        self.expires_at = now + plan.expires_in_seconds
        self.precheck: tuple[FailedItem, ...] | None = None
        self.history: list[tuple[float, str]] = []
        self._interrupted: tuple[Step, ...] = ()
        self._walk(plan.steps, now)

    def check(self, now: float) -> Step:
        """One status call: ends a step whose checks are used up, and counts for the step it returns."""
        self._pass_time(now)
        if self._step.seconds is None and self._told >= (self._step.checks or 1):
            self._next(now)
        self._told += 1
        return self._step

    def set(self, step: Step, now: float) -> None:
        """From now on only this."""
        self._pass_time(now)
        self._interrupted = ()
        self._walk((step,), now)

    def stop(self, now: float) -> None:
        """Stopping for one check, then Stopped until it is started."""
        self._pass_time(now)
        self._interrupted = self._interrupted or self._steps[self._index :]
        self._walk(_STOP, now)

    def start(self, now: float) -> None:
        """Starting for one check, then on: where a stop interrupted it, or as the scenario says.

        Raises:
            RefusedError: the task failed for good.
        """
        self._pass_time(now)
        if self.status.endswith("Unrecoverable"):
            raise RefusedError(RetCode.CANNOT_BE_STARTED, f"task {self.plan.id} is {self.status}")
        following = self._interrupted or self.plan.after_start or self._steps[self._index + 1 :]
        usual = _FULL_LOAD if self.plan.type == "full" else (Step(status="Syncing"),)
        self._interrupted = ()
        self._walk((Step(status="Starting"), *(following or usual)), now)

    def status_data(self, now: float) -> dict[str, object]:
        """Data of GetUDTSTaskStatus."""
        data = self._common(now)
        if self._step.failed_message is not None:
            data["FailedMessage"] = self._step.failed_message
        if self._step.position is not None:
            data["Sync"] = sync_fields(self._step.position, self._share(now))
        return data

    def list_row(self, now: float) -> dict[str, object]:
        """One element of ListUDTSTask's Data."""
        self._pass_time(now)
        return {
            "TaskId": self.plan.id,
            "Name": self.name,
            "Type": self.plan.type,
            "ServiceType": self.plan.service_type,
            "CreateTime": int(self.created_at),
            "ChargeType": "Month",
            "AutoRenew": "Yes" if self.auto_renew else "No",
            "IsExpire": "Yes" if now >= self.expires_at else "No",
            "ExpireTime": int(self.expires_at),
        } | self._common(now)

    def history_rows(self, now: float) -> list[dict[str, object]]:
        """Data of GetUDTSTaskHistory: one row per change of status, oldest first."""
        self._pass_time(now)
        return [
            {
                "AntID": self.plan.id,
                "AntState": status,
                "CreateTime": int(at),
                "CreateTimeH": f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}",
            }
            for at, status in self.history
        ]

    def metrics_row(self, now: float, *, asked: Collection[str], shape: Shape) -> dict[str, object]:
        """One element of QueryMetricDataSummary's List; without a lag its MonitorAttr is empty."""
        self._pass_time(now)
        lag = self._step.lag or Lag()
        values = values_of(lag, PRODUCTS[self.plan.service_type], self._share(now))
        return {
            "ResourceId": self.plan.id,
            "Name": self.name,
            "MonitorAttr": monitor_attr(values, measured_at=now - lag.age_seconds, asked=asked, shape=shape),
        }

    def precheck_data(self, now: float) -> dict[str, object]:
        """Data of GetUDTSPrecheckTask; empty, as in the documented example, where no step said anything."""
        self._pass_time(now)
        return {} if self.precheck is None else precheck_fields(self.precheck)

    def _common(self, now: float) -> dict[str, object]:
        data: dict[str, object] = {
            "Status": self.status,
            "MaxRetryCount": self.plan.max_retry,
            "CurRetryCount": self._step.cur_retry,
        }
        if self._step.progress is not None:
            data["Progress"] = progress_fields(self._step.progress, self._share(now))
        return data

    @property
    def _step(self) -> Step:
        return self._steps[self._index]

    def _walk(self, steps: tuple[Step, ...], now: float) -> None:
        self._steps = steps
        self._index = -1
        self._next(now)

    def _next(self, at: float) -> None:
        if self._index + 1 == len(self._steps):
            return
        self._index += 1
        self._entered_at = at
        self._told = 0
        self._take_over(self._step, at)
        if self._step.status not in (None, self.status) or not self.history:
            self.status = self._step.status or self.status
            self.history.append((at, self.status))

    def _take_over(self, step: Step, at: float) -> None:
        self.name = self.name if step.name is None else step.name
        self.auto_renew = self.auto_renew if step.auto_renew is None else step.auto_renew
        self.precheck = self.precheck if step.precheck is None else step.precheck
        if step.expires_in_seconds is not None:
            self.expires_at = at + step.expires_in_seconds

    def _pass_time(self, now: float) -> None:
        while self._index + 1 < len(self._steps) and self._step.seconds is not None:
            ends_at = self._entered_at + self._step.seconds
            if now < ends_at:
                return
            self._next(ends_at)

    def _share(self, now: float) -> float:
        """How much of the present step is over, 0 to 1: what its moving numbers depend on."""
        if self._step.seconds is not None:
            return min(1.0, (now - self._entered_at) / self._step.seconds)
        if self._step.checks is None or self._step.checks == 1:
            return 1.0
        return min(1.0, max(0, self._told - 1) / (self._step.checks - 1))
