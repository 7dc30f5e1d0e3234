"""What the monitor remembers about one task between two checks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from udts_monitor.observation import Position, Progress
from udts_monitor.status import Outcome, outcome_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """The time from a failure until the task is healthy, finished or stopped.

    An incident exists only together with the event that told its first failure: both are saved in one
    transaction. So whoever finds an incident may tell its end.

    Attributes:
        id: the id of the event that opened it; all events of the incident carry it.
        since: when the first failure was observed.
        status: the status of the latest failure.
        retries_used: automatic retries used at the latest failure, None when UCloud did not say.
        healthy_checks: healthy observations in a row since the latest failure.
        reminders: how many of the times to remind of it have passed and were told.
    """

    id: str
    since: datetime
    status: str
    retries_used: int | None = None
    healthy_checks: int = 0
    reminders: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """What a task went through since it was first seen or, after a finish, since it began anew.

    Attributes:
        begun_at: when this journey began.
        seconds: time spent in each outcome that is over, by outcome.
        failures: how often the task failed, told or not.
        unseen_seconds: time without an answer, as far as it is over.
    """

    begun_at: datetime
    seconds: Mapping[str, float] = field(default_factory=dict, hash=False)
    failures: int = 0
    unseen_seconds: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """The time since a task last answered.

    Attributes:
        since: the first check without an answer.
        checks: checks without an answer in a row; stops counting once ``told_alone`` or ``told_with`` is set.
        cause: why the latest counted check had no answer.
        told_alone: the event that told this task alone was saved, so its end has to be told as well.
        told_with: causes told for the monitor as a whole, this task among others.
    """

    since: datetime
    checks: int
    cause: str
    told_alone: bool = False
    told_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskState:
    """The latest state of one task, as of the last check that changed it.

    Attributes:
        version: optimistic lock; 0 means never saved. Every saved change adds one.
        status: UCloud's word, empty while the task has never answered.
        previous_status: the status before, empty when there was none.
        since: when the status was first observed; for a task that never answered, when it was first checked.
        seen_at: when the task was checked for the first time.
        failed_message: the reason given with the latest saved observation, empty when none was given.
        progress: of the latest saved observation that had one.
        position: of the latest saved observation that had one.
        retries_used: of the latest saved observation that had one.
        retries_allowed: of the latest saved observation that had one.
        sampled_at: when progress and position were last saved, None before the first observation.
        incident: the open incident, None while there is none.
        journey: what the task went through, None in items written before that was kept.
        stopped_told: the present stop was told.
        resume_marks_told: how many marks of the time to resume the present status were told.
        unknown_told: status words that are not in our table and were told already.
        unanswered: None while the task answers.
        left_off_at: the newest of these marks says where the next run begins, None when there is none.
    """

    version: int = 0
    status: str = ""
    previous_status: str = ""
    since: datetime
    seen_at: datetime
    failed_message: str = ""
    progress: Progress | None = None
    position: Position | None = None
    retries_used: int | None = None
    retries_allowed: int | None = None
    sampled_at: datetime | None = None
    incident: Incident | None = None
    journey: Journey | None = None
    stopped_told: bool = False
    resume_marks_told: int = 0
    unknown_told: tuple[str, ...] = ()
    unanswered: Unanswered | None = None
    left_off_at: datetime | None = None

    @classmethod
    def unseen(cls, now: datetime) -> "TaskState":
        """The state of a task that is checked for the first time."""
        return cls(since=now, seen_at=now, journey=Journey(begun_at=now))

    @property
    def outcome(self) -> Outcome | None:
        """Our reading of the status, None while the task has never answered."""
        return outcome_of(self.status) if self.status else None
