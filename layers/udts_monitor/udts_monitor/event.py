"""Events: what is worth telling, how grave it is, and by which id a repeat is recognised."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from udts_monitor.observation import Position, Progress
from udts_monitor.state import Journey
from udts_monitor.tasks import MONITOR_ID, TaskRef


class Kind(StrEnum):
    """Every kind of event there is."""

    FAILED = "failed"
    FINISHED = "finished"
    RECOVERED = "recovered"
    STOPPED = "stopped"
    RESUME_DEADLINE = "resume_deadline"
    STALLED = "stalled"
    PROGRESSING = "progressing"
    DELAYED = "delayed"
    CAUGHT_UP = "caught_up"
    FELL_BEHIND = "fell_behind"
    RETRYING = "retrying"
    RESET = "reset"
    OVERDUE = "overdue"
    UNREACHABLE = "unreachable"
    REACHABLE = "reachable"
    MISSING = "missing"
    UNKNOWN_STATUS = "unknown_status"
    REMINDER = "reminder"
    TEST = "test"


class Severity(StrEnum):
    """How fast a person should look."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


SEVERITIES: Mapping[Kind, Severity] = {
    Kind.FAILED: Severity.CRITICAL,
    Kind.FINISHED: Severity.INFO,
    Kind.RECOVERED: Severity.INFO,
    Kind.STOPPED: Severity.WARNING,
    Kind.RESUME_DEADLINE: Severity.WARNING,
    Kind.STALLED: Severity.WARNING,
    Kind.PROGRESSING: Severity.INFO,
    Kind.DELAYED: Severity.WARNING,
    Kind.CAUGHT_UP: Severity.INFO,
    Kind.FELL_BEHIND: Severity.WARNING,
    Kind.RETRYING: Severity.WARNING,
    Kind.RESET: Severity.WARNING,
    Kind.OVERDUE: Severity.WARNING,
    Kind.UNREACHABLE: Severity.WARNING,
    Kind.REACHABLE: Severity.INFO,
    Kind.MISSING: Severity.WARNING,
    Kind.UNKNOWN_STATUS: Severity.WARNING,
    Kind.REMINDER: Severity.WARNING,
    Kind.TEST: Severity.INFO,
}

# Stands where a task stands, in events that concern the monitor as a whole.
MONITOR = TaskRef(task_id=MONITOR_ID, name="UDTS monitor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something worth telling, with all that its messages say.

    Attributes:
        id: the same for every repeat of this event, different for every other event.
        time: when it was noticed; events of one task never share a time, so time is also their order.
        task: the task, or MONITOR.
        status: the status now, empty when the task has never answered.
        previous_status: the status before, empty when there was none.
        since: since when the status, or whatever is told, holds.
        reason: why, in UCloud's words or ours; empty when there is nothing to say.
        incident_id: the incident this event belongs to, empty outside incidents.
        incident_since: when that incident began, None outside incidents.
        resume_until: until when a stopped or failed task can be resumed, None when it cannot or need not be.
        journey: what the task went through, for a finish.
        tasks: keys of the tasks concerned, for MONITOR only.
        configuration: waiting does not help, a person has to change the configuration.
    """

    id: str
    kind: Kind
    severity: Severity
    time: datetime
    task: TaskRef
    status: str = ""
    previous_status: str = ""
    since: datetime
    reason: str = ""
    incident_id: str = ""
    incident_since: datetime | None = None
    progress: Progress | None = None
    position: Position | None = None
    retries_used: int | None = None
    retries_allowed: int | None = None
    resume_until: datetime | None = None
    journey: Journey | None = None
    tasks: tuple[str, ...] = ()
    configuration: bool = False


def event_id(key: str, version: int | str, kind: Kind) -> str:
    """The id of the one event of this kind that this version of a state can bring forth."""
    return f"{key}/v{version}/{kind}"
