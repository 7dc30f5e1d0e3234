"""What a run needs of the world, and what it hands around."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from udts_monitor.assessment import Assessment
from udts_monitor.event import Event, Kind
from udts_monitor.notification import Notification, Topic
from udts_monitor.observation import NoAnswer, Observation
from udts_monitor.outage import Outage
from udts_monitor.outbox import Claim, Pending
from udts_monitor.policy import Policy
from udts_monitor.silence import Silence
from udts_monitor.state import TaskState
from udts_monitor.tasks import TaskRef
from udts_monitor.wording import Display

SERVICE = "udts-monitor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """The outbox, oldest first, and the silences that are set.

    Attributes:
        unreadable: items that are neither, as somebody or another version wrote them: key and problem.
    """

    pending: tuple[Pending, ...]
    silences: tuple[Silence, ...]
    unreadable: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """What the heartbeat item holds beside the run's own summary.

    Attributes:
        outages: those that are open.
        listeners: confirmed subscriptions by topic, as counted last.
        listeners_at: when they were counted, None before the first time.
        unreadable: attributes that should be outages and are none, each with the problem.
    """

    outages: tuple[Outage, ...] = ()
    listeners: Mapping[str, int] = field(default_factory=dict)
    listeners_at: datetime | None = None
    unreadable: Mapping[str, str] = field(default_factory=dict)


class Checks(Protocol):
    """Asks UCloud."""

    def check(self, task: TaskRef, deadline: float) -> Observation | NoAnswer:
        """What is known about a task now; raises nothing that UCloud causes."""


class Storage(Protocol):
    """Remembers. Every method raises StoreError when the table cannot be used."""

    def load_states(self) -> dict[str, TaskState]:
        """All stored states by task key."""

    def save(self, assessment: Assessment, notifications: Iterable[Notification], claim: Claim) -> bool:
        """All of a change or, when another run was faster, False and nothing."""

    def load_outages(self) -> tuple[Outage, ...]:
        """The open outages."""

    def open_outage(
        self, outage: Outage, event: Event, notifications: Iterable[Notification], claim: Claim
    ) -> bool:
        """Also tell one again (``told_again_at``); False when another run has."""

    def close_outage(
        self, outage: Outage, event: Event, notifications: Iterable[Notification], claim: Claim
    ) -> bool:
        """False when it is closed already."""

    def save_event(self, event: Event, notifications: Iterable[Notification], claim: Claim) -> None:
        """An event without a state behind it."""

    def outbox(self) -> Outbox:
        """What waits to be published, and the silences that hold it back."""

    def claim(self, pending: Pending, claim: Claim, now: datetime) -> bool:
        """False when somebody else has it."""

    def bind(self, members: Sequence[Pending], digest_id: str) -> bool:
        """Note that they are told in one digest, before it is published; False when one of them is gone."""

    def mark_published(self, published: Sequence[Pending], now: datetime) -> None:
        """Take them off the outbox."""

    def withhold(self, dropped: Sequence[Pending], now: datetime) -> None:
        """Take them off the outbox unpublished, and say so in the history."""

    def save_silence(self, silence: Silence) -> None:
        """Begin a silence, instead of one with the same scope."""

    def end_silence(self, silence: Silence) -> None:
        """Forget a silence that is over, unless it was extended meanwhile."""

    def mark_failed(
        self, pending: Pending, error: str, next_attempt_at: datetime, *, permanent: bool
    ) -> None:
        """Leave it in the outbox, to wait."""

    def mark_left_off(self, key: str, now: datetime) -> None:
        """Say where the next run begins."""

    def save_heartbeat(self, summary: Mapping[str, Any]) -> Heartbeat:
        """Write the summary, return what else the item holds."""


class Topics(Protocol):
    """Tells."""

    def publish(self, notification: Notification) -> None:
        """Raises PublishError when it was not accepted."""

    def listeners(self) -> Mapping[str, int]:
        """Confirmed subscriptions by topic, of the topics that could be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """All that a run talks to. The clock gives aware UTC."""

    ucloud: Checks
    store: Storage
    topics: Topics
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the configuration says about deciding and telling."""

    policy: Policy
    kinds: frozenset[Kind]
    topics: tuple[Topic, ...]
    display: Display
    max_concurrency: int
    digest_above: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a run may take.

    Attributes:
        checks_until: seconds of ``time.monotonic``; afterwards only saving and publishing are left.
        publish_until: seconds of ``time.monotonic``; what is not published by then stays for the next run.
        claim: of this run, until it is certainly dead.
    """

    checks_until: float
    publish_until: float
    claim: Claim


@dataclass(slots=True)
class Summary:
    """What a run did; also its answer and its heartbeat.

    Attributes:
        checked: checks made, those without an answer among them.
        no_answer: checks that yielded no observation.
        skipped: tasks that were not checked because time ran out; the next run begins with them.
        events: what was saved as worth telling, in no particular order between tasks.
        published: notifications SNS accepted.
        pending: notifications still in the outbox.
        listeners: confirmed subscriptions by topic, as counted last; empty before the first count.
        silences: scopes that are silent now.
        oldest_pending_seconds: how long the oldest of them waits, 0 when there is none.
        errors: what did not succeed, a sentence each; the run is to fail when there are any.
    """

    checked: int = 0
    no_answer: int = 0
    skipped: int = 0
    events: list[Event] = field(default_factory=list)
    published: int = 0
    pending: int = 0
    oldest_pending_seconds: float = 0
    listeners: Mapping[str, int] = field(default_factory=dict)
    silences: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """As the handler answers it."""
        return {
            "checked": self.checked,
            "no_answer": self.no_answer,
            "skipped": self.skipped,
            "events": [{"kind": str(event.kind), "task": event.task.key} for event in self.events],
            "published": self.published,
            "pending": self.pending,
            "listeners": dict(self.listeners),
            "silences": list(self.silences),
        }
