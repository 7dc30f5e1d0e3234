"""The thresholds of the decision: the general ones, and those a task sets for itself."""

from dataclasses import dataclass, fields, replace
from typing import Any

from udts_monitor.task import TaskRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When something is worth telling. A count or a time of 0 means at once, a limit of 0 that it is off.

    Each field is a variable in lower case; a task may set its own, but for ``sample_minutes`` and ``kinds``.

    Attributes:
        kinds: the kinds of event that are published, None for all.
    """

    unreachable_after_checks: float = 3
    recovered_after_checks: float = 3
    stopped_grace_minutes: float = 20
    synced_after_checks: float = 3
    resume_within_days: float = 7
    source_log_retention_hours: float = 0
    stalled_after_minutes: float = 60
    max_run_hours: float = 0
    max_delay_seconds: float = 300
    cutover_below_megabytes: float = 5
    sample_minutes: float = 5
    kinds: frozenset[str] | None = None

    def for_task(self, task: TaskRef) -> "Policy":
        """The thresholds that the task sets for itself win over the general ones."""
        return replace(self, **dict[str, Any](task.thresholds))

    def lets_through(self, kind: str) -> bool:
        """Whether events of this kind are published."""
        return self.kinds is None or kind in self.kinds


THRESHOLDS = tuple(field.name for field in fields(Policy) if field.name not in {"sample_minutes", "kinds"})
