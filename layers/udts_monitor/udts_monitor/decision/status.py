"""What a status word means for someone who waits."""

from collections.abc import Mapping
from enum import StrEnum


class Outcome(StrEnum):
    """Our reading of a status."""

    PREPARING = "preparing"
    LOADING = "loading"
    SYNCING = "syncing"
    WAITING = "waiting"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"
    UNKNOWN = "unknown"


# Source: UCloud API reference, GetUDTSTaskStatus, Data.Status: all 16 words.
# Stopping is not Stopped yet: the time to resume it has not begun to run.
OUTCOMES: Mapping[str, Outcome] = {
    "Created": Outcome.PREPARING,
    "Checking": Outcome.PREPARING,
    "Starting": Outcome.PREPARING,
    "Started": Outcome.PREPARING,
    "Dumping": Outcome.LOADING,
    "Loading": Outcome.LOADING,
    "Syncing": Outcome.SYNCING,
    "Synced": Outcome.SYNCING,
    "RetryPending": Outcome.WAITING,
    "Stopping": Outcome.WAITING,
    "Stopped": Outcome.STOPPED,
    "Done": Outcome.FINISHED,
    "Success": Outcome.FINISHED,
    "Failed": Outcome.FAILED,
    "FailedUnrecoverable": Outcome.FAILED,
    "StoppedUnrecoverable": Outcome.FAILED,
}

CREATED = "Created"
DUMPING = "Dumping"
SYNCED = "Synced"
RETRY_PENDING = "RetryPending"
UNRECOVERABLE = frozenset({"FailedUnrecoverable", "StoppedUnrecoverable"})
HEALTHY = frozenset({Outcome.PREPARING, Outcome.LOADING, Outcome.SYNCING})


def outcome_of(status: str) -> Outcome:
    """A word that is not in the table is unknown: never failed, never finished."""
    return OUTCOMES.get(status, Outcome.UNKNOWN)
