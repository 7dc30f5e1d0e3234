"""What the monitor remembers about one task between two checks."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from udts_monitor.decision.estimate import Estimate
from udts_monitor.decision.observation import Lag, Position, Progress
from udts_monitor.decision.status import Outcome, outcome_of
from udts_monitor.task import TaskRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """A person looks after an incident: it is reminded of no more. It ends with the incident.

    Attributes:
        by: who.
        at: since when.
        why: the reason given, may be empty.
    """

    by: str
    at: datetime
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Trouble with one aspect of a task, from the event that opened it until the one that closes it.

    An incident is saved in one transaction with the event that opened it. So whoever finds one with an id may
    tell its end.

    Attributes:
        id: the id of the event that opened it. Empty while no event of it was let through by NOTIFY_ON:
            nobody was told, so neither updates nor an end are told.
        since: when the trouble was first noticed.
        critical_since: when it became critical, None while it is not.
        reminders: how many of the times to remind of it have passed.
        acknowledged: who looks after it, None while nobody said so.
    """

    id: str = ""
    since: datetime
    critical_since: datetime | None = None
    reminders: int = 0
    acknowledged: Acknowledgement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """What a task went through since it was first seen or, after a finish, since it began anew.

    Attributes:
        started_at: when this lifecycle began.
        seconds: time spent in each outcome that is over, by outcome.
        failures: how often the task failed, told or not.
        unanswered_seconds: time without an answer, as far as it is over.
        reset: it began with a finished task that was put back to its creation.
    """

    started_at: datetime
    seconds: Mapping[str, float] = field(default_factory=dict, hash=False)
    failures: int = 0
    unanswered_seconds: float = 0
    reset: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """The time since a task last answered.

    Attributes:
        since: the first check without an answer.
        checks: checks without an answer in a row; once a cause was told, only those with another cause.
        cause: why the latest counted check had no answer.
        reason: the sentence that was given when this cause began.
        told_cause: the cause somebody was told of, for the task alone or as a member of an outage; the task
            belongs to the outage of this cause. Empty while nobody was told.
        shared: the task belongs to an outage, whose events speak for it.
        named: the task was named when its outage was told; one that joins is named within the hour.
    """

    since: datetime
    checks: int
    cause: str
    reason: str = ""
    told_cause: str = ""
    shared: bool = False
    named: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What the list of its project says of a task.

    Attributes:
        name: for people, empty when it has none.
        type: ``transfer`` or ``integration``.
        mode: ``full``, ``incremental`` or ``full+incremental``, empty when not given.
        expires_at: until when it is paid for, None when not given.
        renewed: it is paid on by itself then.
    """

    name: str = ""
    type: str = ""
    mode: str = ""
    expires_at: datetime | None = None
    renewed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskState:
    """The latest state of one task, as of the last check that changed it.

    Attributes:
        version: optimistic lock; 0 means never saved. Every saved change adds one.
        task: as the configuration named it at the last check; None once it is not watched any more. It is for
            those who only read the table.
        status: UCloud's word, empty while the task has never answered.
        previous_status: the status before, empty when there was none.
        since: when the status was first observed; for a task that never answered, when it was first checked.
        known_status: the latest status whose meaning is known; an unknown word is compared past.
        outcome_since: when the outcome of ``known_status`` was first observed.
        last_seen_at: when the task was last seen before ``outcome_since``; None when nobody knows: first
            sight.
        phase: the latest of loading and syncing the task was in, None before the first.
        leveled: the target has been level with its source since the task last loaded.
        seen_at: when the task was checked for the first time.
        failed_message: the reason given with the latest saved observation, empty when none was given.
        progress: of the latest saved observation that had one.
        position: of the latest saved observation that had one.
        lag: of the latest saved observation that had one.
        measured_end: when the full load will end, as of the latest sample; None where nobody can say.
        retries_used: of the latest saved observation that had one.
        retries_allowed: of the latest saved observation that had one.
        figures_at: when progress, position or lag were last saved, None before there were any.
        sampled_at: when the history last kept them, None before the first observation.
        incidents: the trouble that lasts, by aspect.
        memory: what an aspect's rule remembers, by aspect; of the type the rule declares.
        lifecycle: what the task went through.
        listed: as the list of its project showed it last; None for a task that no list has shown.
        unknown_words: status words that are not in our table and were told already.
        failures_told: failures told in all; tells a run that lost a race whether its failure is known.
        finishes_told: finishes told in all, likewise.
        unanswered: None while the task answers.
    """

    version: int = 0
    task: TaskRef | None = None
    status: str = ""
    previous_status: str = ""
    since: datetime
    known_status: str = ""
    outcome_since: datetime
    last_seen_at: datetime | None = None
    phase: Outcome | None = None
    leveled: bool = False
    seen_at: datetime
    failed_message: str = ""
    progress: Progress | None = None
    position: Position | None = None
    lag: Lag | None = None
    measured_end: Estimate | None = None
    retries_used: int | None = None
    retries_allowed: int | None = None
    figures_at: datetime | None = None
    sampled_at: datetime | None = None
    incidents: Mapping[str, Incident] = field(default_factory=dict, hash=False)
    memory: Mapping[str, Any] = field(default_factory=dict, hash=False)
    lifecycle: Lifecycle
    listed: Listed | None = None
    unknown_words: tuple[str, ...] = ()
    failures_told: int = 0
    finishes_told: int = 0
    unanswered: Unanswered | None = None

    @classmethod
    def unseen(cls, now: datetime) -> "TaskState":
        """The state of a task that is checked for the first time."""
        return cls(since=now, outcome_since=now, seen_at=now, lifecycle=Lifecycle(started_at=now))

    @property
    def outcome(self) -> Outcome | None:
        """Our reading of the status, None while the task has never answered."""
        return outcome_of(self.status) if self.status else None

    @property
    def known_outcome(self) -> Outcome | None:
        """Our reading of the latest word we know, None before the first."""
        return outcome_of(self.known_status) if self.known_status else None

    def remembering(self, aspect: str, memory: object) -> "TaskState":
        """With what an aspect's rule remembers from now on; None forgets."""
        if memory == self.memory.get(aspect):
            return self
        others = {name: kept for name, kept in self.memory.items() if name != aspect}
        return replace(self, memory=others if memory is None else {**others, aspect: memory})

    def with_incident(self, aspect: str, incident: Incident | None) -> "TaskState":
        """With the incident of this aspect, None for none."""
        others = {name: kept for name, kept in self.incidents.items() if name != aspect}
        return replace(self, incidents=others if incident is None else {**others, aspect: incident})
