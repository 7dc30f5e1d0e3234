"""Events: what is worth telling, how grave it is, and by which id a repeat is recognised."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from udts_monitor.decision.estimate import Estimate, EstimateScore
from udts_monitor.decision.observation import Lag, Position, Progress
from udts_monitor.decision.roll_call import RollCall
from udts_monitor.decision.state import Acknowledgement, Lifecycle
from udts_monitor.decision.status import Outcome
from udts_monitor.task import TaskRef


class Kind(StrEnum):
    """Every kind of event there is. docs/events.md says of each when it is told."""

    FAILED = "failed"
    RETRYING = "retrying"
    STOPPED = "stopped"
    RESUME_DEADLINE = "resume_deadline"
    RECOVERED = "recovered"
    FINISHED = "finished"
    UNREACHABLE = "unreachable"
    REACHABLE = "reachable"
    REMINDER = "reminder"
    STALLED = "stalled"
    PROGRESSING = "progressing"
    DELAYED = "delayed"
    CAUGHT_UP = "caught_up"
    CUTOVER_READY = "cutover_ready"
    CUTOVER_NOT_READY = "cutover_not_ready"
    OVERDUE = "overdue"
    RESET = "reset"
    MISSING = "missing"
    EXPIRING = "expiring"
    UNKNOWN_STATUS = "unknown_status"
    SILENCED = "silenced"
    SILENCE_ENDED = "silence_ended"
    TEST = "test"
    ROLL_CALL = "roll_call"


class Severity(StrEnum):
    """How fast a person should look."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Action(StrEnum):
    """What an event does to its incident."""

    OPEN = "open"
    UPDATE = "update"
    CLOSE = "close"
    NONE = "none"


# The severity of a kind where its rule does not say another one.
SEVERITIES: Mapping[str, Severity] = {
    Kind.FAILED: Severity.CRITICAL,
    Kind.RETRYING: Severity.WARNING,
    Kind.STOPPED: Severity.WARNING,
    Kind.RESUME_DEADLINE: Severity.WARNING,
    Kind.RECOVERED: Severity.INFO,
    Kind.FINISHED: Severity.INFO,
    Kind.UNREACHABLE: Severity.WARNING,
    Kind.REACHABLE: Severity.INFO,
    Kind.REMINDER: Severity.CRITICAL,
    Kind.STALLED: Severity.WARNING,
    Kind.PROGRESSING: Severity.INFO,
    Kind.DELAYED: Severity.WARNING,
    Kind.CAUGHT_UP: Severity.INFO,
    Kind.CUTOVER_READY: Severity.INFO,
    Kind.CUTOVER_NOT_READY: Severity.WARNING,
    Kind.OVERDUE: Severity.WARNING,
    Kind.RESET: Severity.WARNING,
    Kind.MISSING: Severity.WARNING,
    Kind.EXPIRING: Severity.WARNING,
    Kind.UNKNOWN_STATUS: Severity.WARNING,
    Kind.SILENCED: Severity.INFO,
    Kind.SILENCE_ENDED: Severity.INFO,
    Kind.TEST: Severity.INFO,
    Kind.ROLL_CALL: Severity.INFO,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something worth telling, with all that its messages say.

    Attributes:
        id: the same for every repeat of this event, different for every other event.
        kind: one of Kind, or a kind that an aspect of its own brings.
        time: when it was noticed; events of one task never share a time, so time is also their order.
        task: the task, or MONITOR.
        status: the status now, empty when the task has never answered.
        previous_status: the status before, empty when there was none.
        since: since when the status, or whatever is told, holds as far as it was noticed.
        last_seen_at: when the task was last seen before ``since``, None when that is not known: it may have
            begun any time in between.
        phase: the latest of loading and syncing the task was in, None before the first.
        cause: short and stable, for programs: why there is no answer; empty for most kinds.
        reason: why, in UCloud's words or ours; empty when there is nothing to say.
        quote: UCloud's own words in a reason that is otherwise ours; empty for none.
        request_uuid: UCloud's id of the request that showed it, empty when it gave none.
        aspect: what of the task the incident is about, empty outside incidents.
        action: what the event does to its incident.
        incident_id: the incident this event belongs to, empty outside incidents.
        incident_since: when that incident began, None outside incidents.
        acknowledged: who looks after that incident, None while nobody said so.
        incident_critical: that incident is critical, or was when it ended.
        closes: the ids of all incidents that end with this event.
        again: an earlier event of the incident told a failure already.
        retries_exhausted: the last allowed retry failed.
        reminder: this is the n-th reminder of the incident, 0 for other kinds.
        last_reminder: no further reminder follows.
        last_warning: no further warning of the same deadline follows.
        resume_until: until when a stopped or failed task can be resumed, None when it cannot or need not be.
        resume_at_most: the time to resume may be over earlier: nobody saw when the task went down.
        lifecycle: what the task went through, for a finish.
        measured_end: when the full load will end, None where nobody can say.
        deadline: the moment that the task will not keep or has not kept, for ``overdue`` and its end.
        estimate_score: how far off the estimates half-way were, for a finish.
        expires_at: until when the task is paid for, for ``expiring``.
        seen_afterwards: nobody saw it happen; UCloud's own history of the task told it.
        watched_from_start: the lifecycle was seen from its beginning.
        roll_call: what is watched and how it is, for ``roll_call`` and ``test``.
        tasks: keys of the tasks concerned, for MONITOR only.
        configuration: waiting does not help, a person has to change the configuration.
        figures_at: when progress, position and lag were seen, None when they are of this very check.
    """

    id: str
    kind: str
    severity: Severity
    time: datetime
    task: TaskRef
    status: str = ""
    previous_status: str = ""
    since: datetime
    last_seen_at: datetime | None = None
    phase: Outcome | None = None
    cause: str = ""
    reason: str = ""
    quote: str = ""
    request_uuid: str = ""
    aspect: str = ""
    action: Action = Action.NONE
    incident_id: str = ""
    incident_since: datetime | None = None
    acknowledged: Acknowledgement | None = None
    incident_critical: bool = False
    closes: tuple[str, ...] = ()
    again: bool = False
    retries_exhausted: bool = False
    reminder: int = 0
    last_reminder: bool = False
    last_warning: bool = False
    progress: Progress | None = None
    position: Position | None = None
    lag: Lag | None = None
    figures_at: datetime | None = None
    retries_used: int | None = None
    retries_allowed: int | None = None
    resume_until: datetime | None = None
    resume_at_most: bool = False
    lifecycle: Lifecycle | None = None
    measured_end: Estimate | None = None
    deadline: datetime | None = None
    estimate_score: EstimateScore | None = None
    expires_at: datetime | None = None
    seen_afterwards: bool = False
    watched_from_start: bool = False
    roll_call: RollCall | None = None
    tasks: tuple[str, ...] = ()
    configuration: bool = False


def event_id(key: str, version: int | str, kind: str) -> str:
    """The id of the one event of this kind that this version of a state can bring forth."""
    return f"{key}/v{version}/{kind}"
