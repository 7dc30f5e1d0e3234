"""What one check yields: an observation, or no answer."""

from dataclasses import dataclass
from datetime import datetime

from udts_monitor.decision.status import Outcome, outcome_of

type Number = int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Full-load progress and replication delay; each figure is None when UCloud did not give it.

    Source: UCloud API reference, GetUDTSTaskStatus, Data.Progress.
    """

    total_rows: Number | None = None
    moved_rows: Number | None = None
    total_seconds: Number | None = None
    elapsed_seconds: Number | None = None
    percent: Number | None = None
    redis_offset: Number | None = None
    redis_delay_seconds: Number | None = None
    mongo_delay_seconds: Number | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """MySQL replication position; empty or None when UCloud did not give it.

    Source: UCloud API reference, GetUDTSTaskStatus, Data.Sync.
    """

    binlog_name: str = ""
    binlog_pos: Number | None = None
    binlog_gtid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How far the target is behind, and what moves; each figure is None when UCloud did not give it.

    Source: UCloud CloudWatch, metrics of UDTS (QueryMetricDataSummary).

    Attributes:
        measured_at: when UCloud measured it.
        delay_seconds: age of the last change that was applied at the target.
        remaining_bytes: what the target still lacks.
        seconds_to_level: UCloud's estimate of the time until the target is level.
        read_bytes_per_second: read from the source.
        written_bytes_per_second: written to the target.
        read_rows_per_second: read from the source.
        written_rows_per_second: written to the target.
    """

    measured_at: datetime
    delay_seconds: Number | None = None
    remaining_bytes: Number | None = None
    seconds_to_level: Number | None = None
    read_bytes_per_second: Number | None = None
    written_bytes_per_second: Number | None = None
    read_rows_per_second: Number | None = None
    written_rows_per_second: Number | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What UCloud said about a task at one moment.

    Attributes:
        status: UCloud's word, verbatim and never blank.
        failed_message: the reason of a failure, empty when none was given.
        progress: None when the answer had no usable progress.
        position: None when the answer had no usable position.
        lag: from UCloud's metrics; None where they are not read, too old or say nothing of this task.
        retries_used: automatic retries so far (CurRetryCount), None when not given.
        retries_allowed: automatic retries the user allowed (MaxRetryCount), None when not given.
        request_uuid: UCloud's id of the request, empty when the answer carried none.
    """

    status: str
    failed_message: str = ""
    progress: Progress | None = None
    position: Position | None = None
    lag: Lag | None = None
    retries_used: int | None = None
    retries_allowed: int | None = None
    request_uuid: str = ""

    @property
    def outcome(self) -> Outcome:
        """Our reading of the status."""
        return outcome_of(self.status)

    @property
    def retries_exhausted(self) -> bool:
        """Retries were allowed and the last one is used up; unknown counts are not exhausted."""
        return bool(self.retries_allowed) and (self.retries_used or 0) >= (self.retries_allowed or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """A check that yielded no observation. It never changes a status.

    Attributes:
        cause: short and stable: tasks with the same cause are told as one.
        reason: a sentence for a person, with UCloud's own code and words.
        configuration: waiting will not help, a person has to change something.
        quote: UCloud's own words in it, to be shown as they are in any language; empty when it gave none.
        request_uuid: UCloud's id of the request, empty when there was no answer to carry one.
    """

    cause: str
    reason: str
    quote: str = ""
    configuration: bool = False
    request_uuid: str = ""
