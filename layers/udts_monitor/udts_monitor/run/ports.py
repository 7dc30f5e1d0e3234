"""What a run needs of the world."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from udts_monitor.decision.assess import Assessment
from udts_monitor.decision.event import Event
from udts_monitor.decision.observation import Lag, NoAnswer, Observation
from udts_monitor.decision.outage import Outage, OutageChange
from udts_monitor.decision.schedule import Gap
from udts_monitor.decision.state import Listed, TaskState
from udts_monitor.decision.unseen import PastStatus
from udts_monitor.errors import PublishError
from udts_monitor.outbox.notification import Notification
from udts_monitor.outbox.pending import Claim, Pending
from udts_monitor.outbox.silence import Silence
from udts_monitor.run.shards import Shard
from udts_monitor.task import TaskRef


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxContents:
    """The outbox, oldest first, and the silences that are set.

    Attributes:
        unread: how many more wait: of very many only the oldest are read.
        unreadable: items that are neither, as somebody or another version wrote them: key and problem.
    """

    pending: tuple[Pending, ...]
    silences: tuple[Silence, ...]
    unread: int = 0
    unreadable: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorItem:
    """What the monitor remembers of itself between two runs.

    Attributes:
        ran_at: when the last run that came to its end began, None before the first.
        previous_run_at: when the run before it began, None before the second.
        gaps: the latest times in which no run came to its end, though one was due.
        listed_at: when the lists of the watched projects were read last, None before the first time.
        cursor: key of the task the next run begins with, empty when the last one got through all.
        outages: those that are open.
        fingerprint: of the code and settings of the last roll call, empty before the first.
        roll_called_at: when the last roll call was told, None before the first.
        subscribers: confirmed subscriptions by topic, as counted last.
        subscribers_at: when they were counted, None before the first time.
        unreadable: attributes that should be outages and are none, each with the problem.
    """

    ran_at: datetime | None = None
    previous_run_at: datetime | None = None
    gaps: tuple[Gap, ...] = ()
    listed_at: datetime | None = None
    cursor: str = ""
    outages: tuple[Outage, ...] = ()
    fingerprint: str = ""
    roll_called_at: datetime | None = None
    subscribers: Mapping[str, int] = field(default_factory=dict)
    subscribers_at: datetime | None = None
    unreadable: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lags:
    """What the metrics say.

    Attributes:
        by_key: the lag of each task that has fresh metrics.
        refused: why some or all could not be read, None when all were.
    """

    by_key: Mapping[str, Lag] = field(default_factory=dict)
    refused: NoAnswer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What the list of a project shows.

    Attributes:
        tasks: by id.
        types: of which UCloud gave a list, be it an empty one; a task of another type is not gone.
    """

    tasks: Mapping[str, Listed] = field(default_factory=dict)
    types: frozenset[str] = frozenset()


class StatusSource(Protocol):
    """Source of task statuses."""

    def check(self, task: TaskRef, deadline: float) -> Observation | NoAnswer:
        """What is known about a task now; raises nothing that UCloud causes."""

    def server_time(self) -> datetime | None:
        """What time it is at UCloud, by its latest answer; None when no answer said so."""


class Insights(Protocol):
    """What UCloud says of tasks beside their status; raises nothing that UCloud causes."""

    def lags(self, tasks: Iterable[TaskRef], now: datetime, deadline: float) -> Lags:
        """What the metrics say of tasks."""

    def history(self, task: TaskRef, now: datetime, deadline: float) -> tuple[PastStatus, ...] | NoAnswer:
        """The statuses a task has had, oldest first."""

    def failed_prechecks(self, task: TaskRef, deadline: float) -> tuple[str, ...] | NoAnswer:
        """What a task's pre-check found wrong, a line each."""

    def listed(self, project_id: str, deadline: float) -> Listing | NoAnswer:
        """All tasks of a project."""


class Storage(Protocol):
    """Persistent state. Every method raises StoreError when the table cannot be used."""

    def load_states(self) -> dict[str, TaskState]:
        """All stored states by task key."""

    def load_states_between(self, first: str, last: str) -> dict[str, TaskState]:
        """Those from one key to another, both included."""

    def load_state(self, key: str) -> TaskState | None:
        """One stored state, None when there is none; StoreError too when it cannot be read."""

    def load_monitor(self) -> MonitorItem:
        """The monitor's own item."""

    def save(self, assessment: Assessment, notifications: Iterable[Notification], claim: Claim) -> bool:
        """All of a change or, when another run was faster, False and nothing."""

    def save_outage(self, change: OutageChange, notifications: Iterable[Notification], claim: Claim) -> bool:
        """Open, change or close an outage; False when another run has, and nothing is written."""

    def save_event(self, event: Event, notifications: Iterable[Notification], claim: Claim) -> None:
        """An event without a state behind it."""

    def save_roll_call(
        self,
        event: Event,
        notifications: Iterable[Notification],
        claim: Claim,
        last: datetime | None,
        fingerprint: str,
    ) -> bool:
        """Tell a roll call and note its time and fingerprint; False when one came after ``last``."""

    def save_silence(
        self, silence: Silence, event: Event, notifications: Iterable[Notification], claim: Claim
    ) -> None:
        """Begin a silence, instead of one with the same scope, and say so."""

    def end_silence(
        self, silence: Silence, event: Event, notifications: Iterable[Notification], claim: Claim
    ) -> bool:
        """Forget a silence that is over and say so; False when it was changed meanwhile."""

    def outbox(self) -> OutboxContents:
        """What waits to be published, and the silences that hold it back."""

    def claim(self, members: Sequence[Pending], claim: Claim, now: datetime) -> bool:
        """All of at most a hundred; False and none when somebody else has one of them."""

    def bind(self, members: Sequence[Pending], digest_id: str) -> bool:
        """Note that they are told in one digest, before it is published; False when one of them is gone."""

    def mark_published(self, published: Sequence[Pending], now: datetime) -> None:
        """Take them off the outbox."""

    def withhold(self, dropped: Sequence[Pending], now: datetime) -> None:
        """Take them off the outbox unpublished, and say so in the history."""

    def mark_failed(
        self, members: Sequence[Pending], error: str, next_attempt_at: datetime, *, permanent: bool
    ) -> None:
        """Leave them in the outbox, to wait."""

    def save_monitor(self, summary: Mapping[str, Any]) -> None:
        """Write the run's summary into the monitor's item; the outages stay as they are."""


class Topics(Protocol):
    """Notification topics."""

    def publish(self, notification: Notification) -> None:
        """Raises PublishError when it was not accepted."""

    def publish_in_one_call(self, notifications: Sequence[Notification]) -> Sequence[PublishError | None]:
        """At most ten of one topic; for each why it was not accepted, None where it was."""

    def subscribers(self) -> Mapping[str, int]:
        """Confirmed subscriptions by topic, of the topics that could be asked."""


class ShardQueue(Protocol):
    """Where shards wait for an invocation of their own."""

    def put(self, shards: Sequence[Shard], deadline: float) -> Sequence[tuple[Shard, str]]:
        """Those that it did not take, each with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """All that a run talks to. The clock gives aware UTC; without a queue a run checks all tasks itself."""

    ucloud: StatusSource
    insights: Insights
    store: Storage
    topics: Topics
    clock: Callable[[], datetime]
    queue: ShardQueue | None = None
