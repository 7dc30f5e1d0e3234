"""What is read from the table, as plain data: the states, the outbox, the monitor's item, a history."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from udts_monitor.decision.estimate import Estimate
from udts_monitor.decision.event import Action
from udts_monitor.decision.observation import Lag, Position, Progress
from udts_monitor.decision.outage import Outage
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.schedule import Gap
from udts_monitor.decision.state import TaskState
from udts_monitor.outbox.pending import Pending
from udts_monitor.outbox.silence import Silence


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """What the monitor's item says of the last run that came to its end.

    Attributes:
        ran_at: when it began.
        previous_run_at: when the run before it began, None before the second.
        seconds: how long it took.
        shards: those it left its tasks to, 0 where it checked them itself.
        errors: what did not succeed, a sentence each.
        gaps: the latest times in which no run came to its end, though one was due.
        subscribers: confirmed subscriptions by topic, as counted last; empty before the first count.
        subscribers_at: when they were counted.
        policy: the general thresholds of that run, and the kinds that are published.
        topics: the topics that are on.
        language: of texts for people, empty when the item does not say.
        timezone: IANA name, likewise.
    """

    ran_at: datetime
    previous_run_at: datetime | None = None
    seconds: float = 0
    checked: int = 0
    no_answer: int = 0
    skipped: int = 0
    shards: int = 0
    published: int = 0
    errors: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    outages: tuple[Outage, ...] = ()
    subscribers: Mapping[str, int] = field(default_factory=dict)
    subscribers_at: datetime | None = None
    policy: Policy = field(default_factory=Policy)
    topics: tuple[str, ...] = ()
    language: str = ""
    timezone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """The present: three Queries.

    Attributes:
        states: of all tasks there ever were, by key; those watched now have a ``task``.
        pending: notifications that wait, oldest first.
        silences: that are set, those that are over but not yet told among them.
        last_run: None before the first one came to its end.
        unreadable: items that are not as we write them: where they stand, and the problem.
    """

    states: Mapping[str, TaskState]
    pending: tuple[Pending, ...] = ()
    silences: tuple[Silence, ...] = ()
    last_run: LastRun | None = None
    unreadable: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPoint:
    """How a task was at one moment: a transition, or a sample where ``previous_status`` is None.

    Attributes:
        previous_status: the status before, empty at first sight.
        unanswered_since: nobody knew how the task was from then until this point; None where it had answered.
    """

    at: datetime
    status: str
    previous_status: str | None = None
    reason: str = ""
    progress: Progress | None = None
    position: Position | None = None
    lag: Lag | None = None
    measured_end: Estimate | None = None
    retries_used: int | None = None
    retries_allowed: int | None = None
    unanswered_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEvent:
    """An event as the history keeps it.

    Attributes:
        at: when it was noticed.
        since: since when what it tells holds.
        summary: the event in one sentence, in English.
        closes: the incidents that end with it.
        tasks: keys of the tasks concerned, for the monitor's own.
        published_at: when SNS accepted it, by topic.
        withheld_at: when it was given up because of a silence, by topic.
    """

    at: datetime
    event_id: str
    kind: str
    severity: str
    summary: str
    status: str = ""
    since: datetime | None = None
    cause: str = ""
    reason: str = ""
    aspect: str = ""
    incident_id: str = ""
    incident_action: Action = Action.NONE
    incident_since: datetime | None = None
    closes: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    published_at: Mapping[str, datetime] = field(default_factory=dict)
    withheld_at: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the table keeps of one task, or of the monitor itself, in a time; oldest first.

    Attributes:
        since: the beginning of that time; what lies before it was not read.
    """

    since: datetime
    points: tuple[HistoryPoint, ...] = ()
    events: tuple[HistoryEvent, ...] = ()
