"""Fakes for the edges of a run. All of them share a fuse that can kill the run at its n-th call."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from tests.walk import MINUTE, NOON
from udts_monitor.adapters.items import changed_fields
from udts_monitor.decision.assess import Assessment
from udts_monitor.decision.event import Event
from udts_monitor.decision.observation import Lag, NoAnswer, Observation
from udts_monitor.decision.outage import Outage, OutageChange
from udts_monitor.decision.state import Listed, TaskState
from udts_monitor.decision.unseen import PastStatus
from udts_monitor.errors import PublishError
from udts_monitor.outbox.notification import Notification
from udts_monitor.outbox.pending import Claim, Pending
from udts_monitor.outbox.silence import Silence
from udts_monitor.run.ports import Lags, Listing, MonitorItem, OutboxContents
from udts_monitor.run.shards import Shard
from udts_monitor.task import TYPES, TaskRef
from udts_monitor.times import iso


class KilledError(BaseException):
    """The process is gone: nothing in the code may catch this."""


@dataclass
class Fuse:
    """Counts I/O calls; kills at one of them, before or after it took effect.

    Attributes:
        kill_at: the number of the call to die at, 0 for never.
        after: the call takes effect and its answer is lost.
    """

    kill_at: int = 0
    after: bool = False
    calls: list[str] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def call[T](self, name: str, effect: Callable[[], T]) -> T:
        """Let a call happen, unless the process dies at it."""
        with self.lock:
            if self.kill_at and len(self.calls) >= self.kill_at:
                raise KilledError(name)
            self.calls.append(name)
            if len(self.calls) != self.kill_at:
                return effect()
            if self.after:
                effect()
            raise KilledError(name)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The time it shows."""
        return self.now

    def forward(self, by: timedelta = MINUTE) -> None:
        """Let time pass."""
        self.now += by


class FakeUCloud:
    """Answers what the test put down; a task without an answer is Syncing."""

    def __init__(self, fuse: Fuse) -> None:
        self.fuse = fuse
        self.answers: dict[str, Observation | NoAnswer] = {}
        self.time: datetime | None = None

    def set(self, **answers: str | Observation | NoAnswer) -> None:
        """What UCloud says from now on, by task id with underscores for dashes."""
        for name, answer in answers.items():
            seen = Observation(status=answer) if isinstance(answer, str) else answer
            self.answers[name.replace("_", "-")] = seen

    def check(self, task: TaskRef, deadline: float) -> Observation | NoAnswer:
        """The port."""
        del deadline
        answer = self.answers.get(task.task_id, Observation(status="Syncing"))
        return self.fuse.call("check", lambda: answer)

    def server_time(self) -> datetime | None:
        """The port."""
        return self.time


class FakeInsights:
    """Knows what the test put down, and nothing else."""

    def __init__(self, fuse: Fuse) -> None:
        self.fuse = fuse
        self.lag: dict[str, Lag] | NoAnswer = {}
        self.rows: dict[str, tuple[PastStatus, ...]] = {}
        self.prechecks: dict[str, tuple[str, ...]] = {}
        self.lists: dict[str, dict[str, Listed] | NoAnswer] = {}
        # Of these UCloud gives lists; metrics and histories it may refuse.
        self.types = frozenset(TYPES)
        self.refused: NoAnswer | None = None
        self.history_refused: NoAnswer | None = None

    def lags(self, tasks: Iterable[TaskRef], now: datetime, deadline: float) -> Lags:
        """The port; metrics are off in most tests, and off costs no call."""
        del tasks, now, deadline
        found = self.fuse.call("lags", lambda: self.lag) if self.lag else {}
        return (
            Lags(refused=found) if isinstance(found, NoAnswer) else Lags(by_key=found, refused=self.refused)
        )

    def history(self, task: TaskRef, now: datetime, deadline: float) -> tuple[PastStatus, ...] | NoAnswer:
        """The port."""
        del now, deadline
        rows = self.history_refused or self.rows.get(task.task_id, ())
        return self.fuse.call("history", lambda: rows)

    def failed_prechecks(self, task: TaskRef, deadline: float) -> tuple[str, ...]:
        """The port."""
        del deadline
        return self.fuse.call("failed_prechecks", lambda: self.prechecks.get(task.task_id, ()))

    def listed(self, project_id: str, deadline: float) -> Listing | NoAnswer:
        """The port."""
        del deadline
        found = self.fuse.call("listed", lambda: self.lists.get(project_id, {}))
        return found if isinstance(found, NoAnswer) else Listing(tasks=found, types=self.types)


class FakeTopics:
    """Remembers what it accepted, and refuses what the test tells it to."""

    def __init__(self, fuse: Fuse) -> None:
        self.fuse = fuse
        self.accepted: list[Notification] = []
        self.subscriptions = {"alerts": 1, "events": 1}
        self.refuse: Callable[[Notification], PublishError | None] = lambda _: None

    def publish(self, notification: Notification) -> None:
        """The port."""
        error = self.refuse(notification)
        if error:
            raise error
        self.fuse.call("publish", lambda: self.accepted.append(notification))

    def publish_in_one_call(self, notifications: Sequence[Notification]) -> list[PublishError | None]:
        """The port."""
        errors = [self.refuse(found) for found in notifications]
        accepted = [found for found, error in zip(notifications, errors, strict=True) if error is None]
        self.fuse.call("publish", lambda: self.accepted.extend(accepted))
        return errors

    def subscribers(self) -> dict[str, int]:
        """The port: one subscription everywhere."""
        return self.fuse.call("subscribers", lambda: dict(self.subscriptions))


def one_call_each[T: type](port: T) -> T:
    """Every method of a port is one call, which its fuse knows by the method's name."""

    def through_fuse(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def called(self: Any, *given: Any, **named: Any) -> Any:  # noqa: ANN401 - any method's
            return self.fuse.call(name, lambda: method(self, *given, **named))

        return called

    for name, method in list(vars(port).items()):
        if callable(method) and not name.startswith("_"):
            setattr(port, name, through_fuse(name, method))
    return port


@one_call_each
@dataclass
class FakeQueue:
    """Keeps shards until the test takes them, and refuses those that begin with a key it is told."""

    fuse: Fuse
    shards: list[Shard] = field(default_factory=list)
    refuse: str = ""

    def put(self, shards: Sequence[Shard], deadline: float) -> list[tuple[Shard, str]]:
        """The port."""
        del deadline
        self.shards += [shard for shard in shards if shard.first != self.refuse]
        return [(shard, "full") for shard in shards if shard.first == self.refuse]


@one_call_each
@dataclass
class FakeStore:
    """The table in memory; tests/contract holds it to the same promises as the real one."""

    fuse: Fuse = field(default_factory=Fuse)
    states: dict[str, TaskState] = field(default_factory=dict)
    history: list[tuple[str, str]] = field(default_factory=list)
    waiting: dict[str, Pending] = field(default_factory=dict)
    silences: dict[str, Silence] = field(default_factory=dict)
    marks: dict[str, dict[str, str]] = field(default_factory=dict)
    withheld: dict[str, dict[str, str]] = field(default_factory=dict)
    outages: dict[str, Outage] = field(default_factory=dict)
    monitor: dict[str, Any] = field(default_factory=dict)

    def load_states(self) -> dict[str, TaskState]:
        """The port."""
        return dict(self.states)

    def load_states_between(self, first: str, last: str) -> dict[str, TaskState]:
        """The port."""
        return {key: self.states[key] for key in sorted(self.states) if first <= key <= last}

    def save(self, assessment: Assessment, notifications: Iterable[Notification], claim: Claim) -> bool:
        """The port."""
        key = assessment.task.key
        stored = self.states.get(key)
        if (stored.version if stored else 0) != assessment.before.version:
            return False
        if assessment.moved_from:
            old, version = assessment.moved_from
            if old not in self.states or self.states[old].version != version:
                return False
            del self.states[old]
        self.states[key] = assessment.after
        if assessment.transition:
            self.history.append((key, f"{iso(assessment.at)}#transition"))
        if assessment.sample:
            self.history.append((key, f"{iso(assessment.at)}#sample"))
        self._put_events(assessment.events, key, notifications, claim)
        return True

    def load_state(self, key: str) -> TaskState | None:
        """The port."""
        return self.states.get(key)

    def load_monitor(self) -> MonitorItem:
        """The port."""
        return MonitorItem(
            ran_at=_moment(self.monitor.get("ran_at")),
            previous_run_at=_moment(self.monitor.get("previous_run_at")),
            gaps=self.monitor.get("gaps", ()),
            listed_at=_moment(self.monitor.get("listed_at")),
            roll_called_at=_moment(self.monitor.get("roll_called_at")),
            fingerprint=self.monitor.get("fingerprint", ""),
            cursor=self.monitor.get("cursor", ""),
            outages=tuple(self.outages[cause] for cause in sorted(self.outages)),
            subscribers=self.monitor.get("subscribers", {}),
            subscribers_at=_moment(self.monitor.get("subscribers_at")),
        )

    def save_outage(self, change: OutageChange, notifications: Iterable[Notification], claim: Claim) -> bool:
        """The port."""
        outage = change.after or change.before
        assert outage
        found = self.outages.get(outage.cause)
        known = (found.id, found.told_at) if found else None
        if known != ((change.before.id, change.before.told_at) if change.before else None):
            return False
        self.outages.pop(outage.cause, None)
        if change.after:
            # Of one that stays open only what changed, as somebody may acknowledge it meanwhile.
            changed = changed_fields(change.before, change.after) if change.before else {}
            self.outages[outage.cause] = replace(found, **changed) if found else change.after
        self._put_events([change.event] if change.event else [], "MONITOR", notifications, claim)
        return True

    def save_event(self, event: Event, notifications: Iterable[Notification], claim: Claim) -> None:
        """The port."""
        self._put_events([event], "MONITOR", notifications, claim)

    def save_roll_call(
        self,
        event: Event,
        notifications: Iterable[Notification],
        claim: Claim,
        last: datetime | None,
        fingerprint: str,
    ) -> bool:
        """The port."""
        if _moment(self.monitor.get("roll_called_at")) != last:
            return False
        self.monitor |= {"roll_called_at": iso(event.time), "fingerprint": fingerprint}
        self._put_events([event], "MONITOR", notifications, claim)
        return True

    def outbox(self) -> OutboxContents:
        """The port."""
        waiting = tuple(self.waiting[sk] for sk in sorted(self.waiting))
        return OutboxContents(pending=waiting, silences=tuple(self.silences.values()))

    def claim(self, members: Sequence[Pending], claim: Claim, now: datetime) -> bool:
        """The port."""

        def free(pending: Pending) -> bool:
            found = self.waiting.get(pending.sk)
            if found is None:
                return False
            ours = (found.lease_owner, found.lease_until) == (claim.owner, claim.until)
            return found.lease_until <= now or ours

        if not all(map(free, members)):
            return False
        self._change(members, lease_owner=claim.owner, lease_until=claim.until)
        return True

    def bind(self, members: Sequence[Pending], digest_id: str) -> bool:
        """The port."""
        there = all(pending.sk in self.waiting for pending in members)
        if there:
            self._change(members, digest_id=digest_id)
        return there

    def mark_published(self, published: Sequence[Pending], now: datetime) -> None:
        """The port."""
        self._take_off(published, self.marks, now)

    def withhold(self, dropped: Sequence[Pending], now: datetime) -> None:
        """The port."""
        self._take_off(dropped, self.withheld, now)

    def save_silence(
        self, silence: Silence, event: Event, notifications: Iterable[Notification], claim: Claim
    ) -> None:
        """The port."""
        self.silences[silence.scope] = silence
        self._put_events([event], "MONITOR", notifications, claim)

    def end_silence(
        self, silence: Silence, event: Event, notifications: Iterable[Notification], claim: Claim
    ) -> bool:
        """The port."""
        found = self.silences.get(silence.scope)
        if found is None or found.until != silence.until:
            return False
        del self.silences[silence.scope]
        self._put_events([event], "MONITOR", notifications, claim)
        return True

    def mark_failed(
        self, members: Sequence[Pending], error: str, next_attempt_at: datetime, *, permanent: bool
    ) -> None:
        """The port."""
        del error
        for pending in members:
            if pending.sk in self.waiting:
                attempts = pending.attempts + 1
                self._change([pending], attempts=attempts, lease_until=next_attempt_at, permanent=permanent)

    def save_monitor(self, summary: Mapping[str, Any]) -> None:
        """The port."""
        self.monitor.update(summary)

    def _change(self, members: Sequence[Pending], **changes: Any) -> None:  # noqa: ANN401 - any field's
        for pending in members:
            self.waiting[pending.sk] = replace(self.waiting[pending.sk], **changes)

    def _take_off(self, done: Sequence[Pending], marks: dict[str, dict[str, str]], now: datetime) -> None:
        for pending in done:
            self.waiting.pop(pending.sk, None)
            marks.setdefault(pending.notification.event_id, {})[pending.notification.topic] = iso(now)

    def _put_events(
        self, events: Iterable[Event], pk: str, notifications: Iterable[Notification], claim: Claim
    ) -> None:
        history: dict[str, tuple[str, str]] = {}
        for event in events:
            history[event.id] = pk, f"{iso(event.time)}#event"
            self.history.append(history[event.id])
        for notification in notifications:
            sk = f"{iso(notification.time)}#{notification.event_id}#{notification.topic}"
            self.waiting[sk] = Pending(
                notification=notification,
                sk=sk,
                history=history[notification.event_id],
                lease_owner=claim.owner,
                lease_until=claim.until,
                attempts=0,
            )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def kinds(accepted: Sequence[Notification]) -> list[tuple[str, str]]:
    """What was told where, in order."""
    return [(notification.kind, str(notification.topic)) for notification in accepted]
