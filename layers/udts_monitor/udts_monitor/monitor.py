"""One run: gather, decide, save, publish."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from aws_lambda_powertools import Logger

from udts_monitor import outage
from udts_monitor.assessment import Assessment, Policy, assess
from udts_monitor.errors import MonitorError, PublishError
from udts_monitor.event import MONITOR, SEVERITIES, Event, Kind, event_id
from udts_monitor.notification import Notification, Topic, notifications
from udts_monitor.observation import NoAnswer, Observation
from udts_monitor.outage import Outage
from udts_monitor.outbox import Claim, Pending, next_attempt
from udts_monitor.state import TaskState
from udts_monitor.tasks import TaskRef
from udts_monitor.text import cut
from udts_monitor.times import iso
from udts_monitor.wording import Display

SERVICE = "udts-monitor"
# How long the run waits beyond its deadline for a check that does not keep it.
_LATE_SECONDS = 1.0
_ERROR_LIMIT = 300
_ERRORS_KEPT = 20

logger = Logger(service=SERVICE, child=True)


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

    def open_outage(
        self, outage: Outage, event: Event, notifications: Iterable[Notification], claim: Claim
    ) -> bool:
        """False when it is open already."""

    def close_outage(
        self, outage: Outage, event: Event, notifications: Iterable[Notification], claim: Claim
    ) -> bool:
        """False when it is closed already."""

    def save_event(self, event: Event, notifications: Iterable[Notification], claim: Claim) -> None:
        """An event without a state behind it."""

    def pending(self) -> list[Pending]:
        """The outbox, oldest first."""

    def claim(self, pending: Pending, claim: Claim, now: datetime) -> bool:
        """False when somebody else has it."""

    def mark_published(self, pending: Pending, now: datetime) -> None:
        """Take it off the outbox."""

    def mark_failed(
        self, pending: Pending, error: str, next_attempt_at: datetime, *, permanent: bool
    ) -> None:
        """Leave it in the outbox, to wait."""

    def mark_left_off(self, key: str, now: datetime) -> None:
        """Say where the next run begins."""

    def save_heartbeat(self, summary: Mapping[str, Any]) -> tuple[Outage, ...]:
        """Write the summary, return the open outages."""


class Topics(Protocol):
    """Tells."""

    def publish(self, notification: Notification) -> None:
        """Raises PublishError when it was not accepted."""


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
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    assessment: Assessment
    answer: Observation | NoAnswer


_LATE = NoAnswer(cause="timeout", reason="UCloud did not answer in time")


class Run:
    """One run. It shares nothing with other runs but the table: several at once do no harm."""

    def __init__(self, ports: Ports, rules: Rules, limits: Limits) -> None:
        self._ports = ports
        self._rules = rules
        self._limits = limits
        self._began = ports.clock()
        self._states: dict[str, TaskState] = {}
        self._summary = Summary()

    def check_tasks(self, tasks: Sequence[TaskRef]) -> Summary:
        """Check the tasks, save what changed, publish what is to be told.

        Raises:
            StoreError: the table cannot be used.
        """
        self._states = self._ports.store.load_states()
        unanswered = self._check(tasks)
        self._save_unanswered(unanswered)
        self._publish()
        self._beat(tasks)
        return self._summary

    def send_test(self) -> Summary:
        """Send a test notification to every topic, the way every other notification goes.

        Raises:
            StoreError: the table cannot be used.
        """
        event = Event(
            id=event_id(MONITOR.key, f"{self._began:%Y%m%dT%H%M%S.%fZ}", Kind.TEST),
            kind=Kind.TEST,
            severity=SEVERITIES[Kind.TEST],
            time=self._began,
            task=MONITOR,
            since=self._began,
            reason="a person asked for this test",
        )
        messages = notifications([event], self._rules.topics, self._rules.display)
        self._ports.store.save_event(event, messages, self._limits.claim)
        self._summary.events.append(event)
        self._publish()
        return self._summary

    def _check(self, tasks: Sequence[TaskRef]) -> list[_Checked]:
        """Check the tasks side by side as far as time allows; changes are saved as answers arrive.

        Returns:
            The checks without an answer. They are not saved yet: whether one is told depends on the others.
        """
        pool = ThreadPoolExecutor(self._rules.max_concurrency, thread_name_prefix="check")
        futures = {pool.submit(self._check_one, task): task for task in in_turn(tasks, self._states)}
        wait(futures, timeout=max(0.0, self._limits.checks_until - time.monotonic()) + _LATE_SECONDS)
        # A thread that hangs in a socket is left behind: waiting for it would be the end of this run.
        pool.shutdown(wait=False, cancel_futures=True)
        skipped = [task for future, task in futures.items() if _skipped(future)]
        if skipped:
            self._ports.store.mark_left_off(skipped[0].key, self._began)
        done = {task: future for future, task in futures.items() if not _skipped(future)}
        checks = [check for task, future in done.items() if (check := self._result_of(future, task))]
        unanswered = [check for check in checks if isinstance(check.answer, NoAnswer)]
        self._summary.checked = len(done)
        self._summary.no_answer = len(unanswered)
        self._summary.skipped = len(skipped)
        return unanswered

    def _check_one(self, task: TaskRef) -> _Checked | None:
        """One task's check, in a thread of its own; None when its turn came too late."""
        if time.monotonic() >= self._limits.checks_until:
            return None
        answer = self._ports.ucloud.check(task, self._limits.checks_until)
        if isinstance(answer, NoAnswer):
            _log_no_answer(task, answer)
        checked = self._assess(task, answer)
        if isinstance(answer, Observation):
            self._save(checked.assessment)
        return checked

    def _result_of(self, future: "Future[_Checked | None]", task: TaskRef) -> _Checked | None:
        """What a check came to; None when it ended in an error, which stops no other task."""
        if not future.done():
            return self._assess(task, _LATE)
        error = future.exception()
        if error is None:
            return future.result()
        # Nothing that UCloud does gets here: that would be no answer.
        logger.error("task not processed", task=task.key, exc_info=error)
        said = str(error) if isinstance(error, MonitorError) else type(error).__name__
        self._summary.errors.append(f"{task.key}: {said}")
        return None

    def _assess(self, task: TaskRef, answer: Observation | NoAnswer) -> _Checked:
        before = self._states.get(task.key) or TaskState.unseen(self._began)
        policy = self._rules.policy.for_task(task)
        return _Checked(assessment=assess(before, task, answer, policy, self._ports.clock()), answer=answer)

    def _save_unanswered(self, unanswered: Sequence[_Checked]) -> None:
        """Tell what keeps several tasks from answering as one, then save the tasks."""
        pairs = [
            (found.assessment, found.answer) for found in unanswered if isinstance(found.answer, NoAnswer)
        ]
        grouping = outage.group(pairs, self._states, self._ports.clock())
        # The outage first: a crash after it leaves tasks that join it silently in the next run; the other
        # order would leave tasks that wait for the end of an outage nobody was told of.
        for begun, event in grouping.begun:
            if self._ports.store.open_outage(begun, event, self._messages([event]), self._limits.claim):
                self._note_events([event])
        with ThreadPoolExecutor(self._rules.max_concurrency) as pool:
            list(pool.map(self._save, grouping.assessments))

    def _save(self, assessment: Assessment) -> None:
        """Save a change with its notifications; when another run was faster, it has told the same."""
        self._states[assessment.task.key] = assessment.after
        if not assessment.changed:
            return
        messages = self._messages(assessment.events)
        if self._ports.store.save(assessment, messages, self._limits.claim):
            _log_change(assessment)
            self._note_events(assessment.events)
        else:
            logger.info("another run was faster", task=assessment.task.key)

    def _messages(self, events: Iterable[Event]) -> tuple[Notification, ...]:
        told = [event for event in events if event.kind in self._rules.kinds]
        return notifications(told, self._rules.topics, self._rules.display)

    def _note_events(self, events: Iterable[Event]) -> None:
        self._summary.events += events

    def _publish(self) -> None:
        """Publish the outbox, oldest first; for one task and topic in the order of telling."""
        left: list[Pending] = []
        held_back: set[tuple[str, Topic]] = set()
        for pending in self._ports.store.pending():
            way = pending.notification.task_key, pending.notification.topic
            if way in held_back or not self._published(pending):
                left.append(pending)
                # What waits for SNS keeps its successors waiting; what SNS will never take must not.
                if not pending.permanent:
                    held_back.add(way)
        self._summary.pending = len(left)
        if left:
            oldest = min(pending.notification.time for pending in left)
            self._summary.oldest_pending_seconds = (self._ports.clock() - oldest).total_seconds()

    def _published(self, pending: Pending) -> bool:
        """Publish one notification if it is this run's to publish."""
        now = self._ports.clock()
        if time.monotonic() >= self._limits.publish_until:
            return False
        claim = self._limits.claim
        try:
            mine = pending.held_by(claim) or (
                pending.free(now) and self._ports.store.claim(pending, claim, now)
            )
            if not mine:
                return False
            # Publish first, mark second: a crash in between repeats a message, the other order loses one.
            self._ports.topics.publish(pending.notification)
            self._ports.store.mark_published(pending, self._ports.clock())
        except PublishError as error:
            self._publishing_failed(pending, error)
            return False
        self._summary.published += 1
        logger.info("published", event_id=pending.notification.event_id, topic=pending.notification.topic)
        return True

    def _publishing_failed(self, pending: Pending, error: PublishError) -> None:
        notification = pending.notification
        due = next_attempt(pending.attempts + 1, self._ports.clock(), permanent=error.permanent)
        self._ports.store.mark_failed(pending, str(error), due, permanent=error.permanent)
        self._summary.errors.append(f"{notification.event_id} was not accepted: {error}")
        logger.error(
            "not published",
            task=notification.task_key,
            event_id=notification.event_id,
            topic=notification.topic,
            cause=str(error),
            attempts=pending.attempts + 1,
        )

    def _beat(self, tasks: Sequence[TaskRef]) -> None:
        """Write the heartbeat. The same item holds the open outages: those that are over end here."""
        outages = self._ports.store.save_heartbeat(self._heartbeat())
        watched = [self._states[task.key] for task in tasks if task.key in self._states]
        # An outage younger than our states may concern tasks whose states we read too early to know.
        settled = [found for found in outages if found.since < self._began]
        over = outage.ended(settled, watched, self._ports.clock())
        for ended, event in over:
            if self._ports.store.close_outage(ended, event, self._messages([event]), self._limits.claim):
                self._note_events([event])
        if over:
            self._publish()
            self._ports.store.save_heartbeat(self._heartbeat())

    def _heartbeat(self) -> dict[str, Any]:
        now = self._ports.clock()
        return {
            "ran_at": iso(self._began),
            "seconds": round((now - self._began).total_seconds(), 3),
            "run_id": self._limits.claim.owner,
            **self._summary.as_dict(),
            "errors": [cut(error, _ERROR_LIMIT) for error in self._summary.errors[:_ERRORS_KEPT]],
        }


def in_turn(tasks: Sequence[TaskRef], states: Mapping[str, TaskState]) -> list[TaskRef]:
    """Tasks nobody has seen yet, then the others from where the last run that ran out of time left off.

    The mark of that place stands on a task's state because the states are read anyway: looking it up in the
    heartbeat would cost every run a call.
    """
    unseen = [task for task in tasks if task.key not in states]
    seen = [task for task in tasks if task.key in states]
    marks = {place: mark for place, task in enumerate(seen) if (mark := states[task.key].left_off_at)}
    first = max(marks, key=lambda place: marks[place], default=0)
    return [*unseen, *seen[first:], *seen[:first]]


def _skipped(future: "Future[_Checked | None]") -> bool:
    """Cancelled before it began, or begun when it was too late to ask."""
    if not future.done():
        return False
    return future.cancelled() or (future.exception() is None and future.result() is None)


def _log_no_answer(task: TaskRef, answer: NoAnswer) -> None:
    logger.warning(
        "no answer",
        task=task.key,
        cause=answer.cause,
        reason=answer.reason,
        request_uuid=answer.request_uuid,
    )


def _log_change(assessment: Assessment) -> None:
    before, after = assessment.before, assessment.after
    logger.info(
        "task changed",
        task=assessment.task.key,
        previous_status=before.status,
        status=after.status,
        version=after.version,
        events=[event.kind for event in assessment.events],
    )
