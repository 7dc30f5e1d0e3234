"""The thresholds of the decision: the general ones, and those a task sets for itself."""

from dataclasses import dataclass, replace
from datetime import timedelta

from udts_monitor.tasks import TaskRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When something is worth telling. A count or a time of 0 means at once."""

    unreachable_after_checks: int = 3
    recovered_after_checks: int = 3
    stopped_grace: timedelta = timedelta(minutes=20)
    sample_every: timedelta = timedelta(minutes=5)
    resume_within: timedelta = timedelta(days=7)

    def for_task(self, task: TaskRef) -> "Policy":
        """The thresholds that the task sets for itself win over the general ones."""
        own = task.thresholds
        return replace(
            self,
            unreachable_after_checks=int(own.get("unreachable_after_checks", self.unreachable_after_checks)),
            recovered_after_checks=int(own.get("recovered_after_checks", self.recovered_after_checks)),
            stopped_grace=timedelta(
                minutes=own.get("stopped_grace_minutes", self.stopped_grace / timedelta(minutes=1))
            ),
            resume_within=timedelta(
                days=own.get("resume_within_days", self.resume_within / timedelta(days=1))
            ),
        )
