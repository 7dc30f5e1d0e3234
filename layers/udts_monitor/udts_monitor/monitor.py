"""One run: gather, decide, save, publish."""

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger

from udts_monitor import outage
from udts_monitor.assessment import Assessment, assess
from udts_monitor.delivery import Delivery
from udts_monitor.errors import MonitorError, StoreError
from udts_monitor.event import MONITOR, SEVERITIES, Event, Kind, event_id
from udts_monitor.notification import Notification, notifications
from udts_monitor.observation import NoAnswer, Observation
from udts_monitor.outage import Outage
from udts_monitor.ports import SERVICE, Limits, Ports, Rules, Summary
from udts_monitor.silence import Silence
from udts_monitor.state import TaskState
from udts_monitor.status import Outcome
from udts_monitor.tasks import TaskRef
from udts_monitor.text import cut
from udts_monitor.times import iso

LISTENERS_EVERY = timedelta(hours=1)
# How long the run waits beyond its deadline for a check that does not keep it.
_LATE_SECONDS = 1.0
_ERROR_LIMIT = 300
_ERRORS_KEPT = 20

logger = Logger(service=SERVICE, child=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    assessment: Assessment
    answer: Observation | NoAnswer


# What is not told by the next run when this one does not tell it.
_WEIGHTY = {Kind.FAILED, Kind.FINISHED}
_LATE = NoAnswer(cause="timeout", reason="UCloud did not answer in time")


class Run:
    """One run. It shares nothing with other runs but the table: several at once do no harm."""

    def __init__(self, ports: Ports, rules: Rules, limits: Limits) -> None:
        self._ports = ports
        self._rules = rules
        self._limits = limits
        self._began = ports.clock()
        self._states: dict[str, TaskState] = {}
        # Tasks UCloud has answered for, though their check may not be over.
        self._answered: set[str] = set()
        # Tasks another run changed meanwhile: what we know of them is not what is stored.
        self._overtaken: set[str] = set()
        self._summary = Summary()
        self._delivery = Delivery(ports, rules, limits, self._summary)

    def check_tasks(self, tasks: Sequence[TaskRef]) -> Summary:
        """Check the tasks, save what changed, publish what is to be told.

        Raises:
            StoreError: the table cannot be used.
        """
        self._states = self._ports.store.load_states()
        unanswered = self._check(tasks)
        with self._noted():
            self._save_unanswered(unanswered, _watched(tasks, self._states))
        self._delivery.publish()
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
        self._delivery.publish()
        return self._summary

    def silence(self, wanted: Silence) -> Summary:
        """Set a silence, or change the end of the one that stands for the same scope, also to now.

        Raises:
            StoreError: the table cannot be used.
        """
        standing = {found.scope: found for found in self._ports.store.outbox().silences}
        # What the standing one holds back stays held, and is settled when the new end has come.
        since = standing[wanted.scope].since if wanted.scope in standing else wanted.since
        standing[wanted.scope] = replace(wanted, since=since, until=max(wanted.until, self._began))
        self._ports.store.save_silence(standing[wanted.scope])
        self._summary.silences = [scope for scope, found in standing.items() if found.until > self._began]
        return self._summary

    def _check(self, tasks: Sequence[TaskRef]) -> list[_Checked]:
        """Check the tasks side by side as far as time allows; changes are saved as answers arrive.

        Returns:
            The checks without an answer. They are not saved yet: whether one is told depends on the others.
        """
        pool = ThreadPoolExecutor(self._rules.max_concurrency, thread_name_prefix="check")
        halfway = (time.monotonic() + self._limits.checks_until) / 2
        futures = {pool.submit(self._check_one, task, halfway): task for task in in_turn(tasks, self._states)}
        wait(futures, timeout=max(0.0, self._limits.checks_until - time.monotonic()) + _LATE_SECONDS)
        # A thread that hangs in a socket is left behind: waiting for it would be the end of this run.
        pool.shutdown(wait=False, cancel_futures=True)
        skipped = [task for future, task in futures.items() if _skipped(future)]
        if skipped:
            with self._noted():
                self._ports.store.mark_left_off(skipped[0].key, self._began)
        done = {task: future for future, task in futures.items() if not _skipped(future)}
        checks = [check for task, future in done.items() if (check := self._result_of(future, task))]
        unanswered = [check for check in checks if isinstance(check.answer, NoAnswer)]
        self._summary.checked = len(done)
        self._summary.no_answer = len(unanswered)
        self._summary.skipped = len(skipped)
        return unanswered

    def _check_one(self, task: TaskRef, halfway: float) -> _Checked | None:
        """One task's check, in a thread of its own; None when its turn came too late."""
        began = time.monotonic()
        if began >= self._limits.checks_until:
            return None
        answer = self._ports.ucloud.check(task, self._limits.checks_until)
        if isinstance(answer, NoAnswer):
            # Cut off by our own deadline, it says nothing about its task, which is first in the next run.
            # One that had half of the time does: so every run gets on, by its concurrency at least.
            if began > halfway and time.monotonic() >= self._limits.checks_until:
                return None
            _log_no_answer(task, answer)
        self._answered.add(task.key)
        checked = self._assess(task, answer)
        if isinstance(answer, Observation):
            self._save(checked.assessment, answer)
        return checked

    def _result_of(self, future: "Future[_Checked | None]", task: TaskRef) -> _Checked | None:
        """What a check came to; None when it ended in an error, which stops no other task."""
        if not future.done() and task.key in self._answered:
            self._note_error(task.key, StoreError("The table did not take the new state in time"))
            return None
        if not future.done():
            _log_no_answer(task, _LATE)
            return self._assess(task, _LATE)
        error = future.exception()
        if error is None:
            return future.result()
        # Nothing that UCloud does gets here: that would be no answer.
        self._note_error(task.key, error)
        return None

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """What fails in here fails the run in the end; what waits to be published does not wait for it."""
        try:
            yield
        except StoreError as error:
            self._note_error(MONITOR.key, error)

    def _note_error(self, key: str, error: BaseException) -> None:
        said = str(error) if isinstance(error, MonitorError) else type(error).__name__
        # What has words of its own needs no stack.
        stack = None if isinstance(error, MonitorError) else error
        logger.error("task not processed", task=key, cause=said, exc_info=stack)
        self._summary.errors.append(f"{key}: {said}")

    def _assess(self, task: TaskRef, answer: Observation | NoAnswer) -> _Checked:
        before = self._states.get(task.key) or TaskState.unseen(self._began)
        policy = self._rules.policy.for_task(task)
        return _Checked(assessment=assess(before, task, answer, policy, self._ports.clock()), answer=answer)

    def _save_unanswered(self, unanswered: Sequence[_Checked], watched: Mapping[str, TaskState]) -> None:
        """Tell what keeps several tasks from answering as one, then save the tasks."""
        pairs = [
            (found.assessment, found.answer) for found in unanswered if isinstance(found.answer, NoAnswer)
        ]
        due = any(assessment.events for assessment, _ in pairs)
        open_now = self._ports.store.load_outages() if due else ()
        grouping = outage.group(pairs, watched, open_now, self._ports.clock())
        # The outage first: a crash after it leaves tasks that join it silently in the next run; the other
        # order would leave tasks that wait for the end of an outage nobody was told of.
        for told, event in grouping.told:
            if self._ports.store.open_outage(told, event, self._messages([event]), self._limits.claim):
                self._note_events([event])
        with ThreadPoolExecutor(self._rules.max_concurrency) as pool:
            saves = {pool.submit(self._save, found): found.task for found in grouping.assessments}
        for save, task in saves.items():
            if error := save.exception():
                self._note_error(task.key, error)

    def _save(self, assessment: Assessment, answer: Observation | None = None) -> None:
        """Save a change with its notifications. Where another run was faster, ours is dropped.

        Only a failure or a finish is looked at again: the other run's answer may be from just before it, or
        from just after a restart, and then nobody but us has seen it.
        """
        key = assessment.task.key
        self._states[key] = assessment.after
        if not assessment.changed:
            return
        messages = self._messages(assessment.events)
        if self._ports.store.save(assessment, messages, self._limits.claim):
            _log_change(assessment)
            self._note_events(assessment.events)
            return
        logger.info("another run was faster", task=key)
        stored = self._untold(assessment)
        if stored and answer:
            self._states[key] = stored
            self._save(self._assess(assessment.task, answer).assessment, answer)
        else:
            self._overtaken.add(key)

    def _untold(self, lost: Assessment) -> TaskState | None:
        """What is stored, when it may not tell of a failure or a finish that we saw; otherwise None."""
        kinds = {event.kind for event in lost.events} & _WEIGHTY
        if lost.before.version and not kinds:
            return None
        stored = self._ports.store.load_states().get(lost.task.key)
        if stored is None:
            raise StoreError("The stored state cannot be read: look at the item, somebody has changed it")
        return stored if kinds and not _told_by_another(kinds, lost.before, stored) else None

    def _messages(self, events: Iterable[Event]) -> tuple[Notification, ...]:
        told = [event for event in events if event.kind in self._rules.kinds]
        return notifications(told, self._rules.topics, self._rules.display)

    def _note_events(self, events: Iterable[Event]) -> None:
        self._summary.events += events

    def _beat(self, tasks: Sequence[TaskRef]) -> None:
        """Write the heartbeat. What the same item holds beside it is looked after here."""
        found = self._ports.store.save_heartbeat(self._heartbeat())
        for name, problem in found.unreadable.items():
            self._note_error(
                MONITOR.key, StoreError(f"The attribute {name} is no outage, remove it: {problem}")
            )
        self._summary.listeners = found.listeners
        self._leave_ended_outages(found.outages, tasks)
        ended = self._end_outages(found.outages, tasks)
        if ended:
            self._delivery.publish()
        due = found.listeners_at is None or self._began - found.listeners_at >= LISTENERS_EVERY
        # An SNS that has just failed would take the run's last seconds, and with them its end.
        counted = due and not self._summary.errors and time.monotonic() < self._limits.checks_until
        if counted:
            self._count_listeners()
        if ended or counted:
            more = {"listeners": dict(self._summary.listeners), "listeners_at": iso(self._began)}
            self._ports.store.save_heartbeat(self._heartbeat() | (more if counted else {}))

    def _leave_ended_outages(self, outages: Iterable[Outage], tasks: Sequence[TaskRef]) -> None:
        """A task out of reach whose outage was told to be over is told anew, by the next run."""
        for task in tasks:
            before = self._states.get(task.key)
            if before is None or task.key in self._overtaken:
                continue
            after = outage.spoken_for(before, outages)
            if after is not before:
                self._save(Assessment(task=task, at=self._ports.clock(), before=before, after=after))

    def _end_outages(self, outages: Iterable[Outage], tasks: Sequence[TaskRef]) -> bool:
        # One that was told after our states were read may concern tasks of which they do not know it.
        settled = [found for found in outages if found.told_at < self._began]
        if not self._over(settled, tasks, self._states):
            return False
        # Another run may have added a task to it meanwhile, which would wait for an end already told.
        over = self._over(settled, tasks, self._ports.store.load_states())
        for ended, event in over:
            if self._ports.store.close_outage(ended, event, self._messages([event]), self._limits.claim):
                self._note_events([event])
        return bool(over)

    def _over(
        self, outages: Iterable[Outage], tasks: Iterable[TaskRef], states: Mapping[str, TaskState]
    ) -> tuple[tuple[Outage, Event], ...]:
        return outage.ended(outages, _watched(tasks, states).values(), self._ports.clock())

    def _count_listeners(self) -> None:
        """A topic without confirmed subscription delivers nothing and fails nothing: somebody has to look."""
        self._summary.listeners = self._ports.topics.listeners()
        for topic, number in self._summary.listeners.items():
            if number == 0:
                logger.warning("nobody listens", topic=topic, cause="no confirmed subscription")

    def _heartbeat(self) -> dict[str, Any]:
        now = self._ports.clock()
        # The count of listeners stays as the last run that counted wrote it.
        summary = {name: value for name, value in self._summary.as_dict().items() if name != "listeners"}
        return {
            "ran_at": iso(self._began),
            "seconds": round((now - self._began).total_seconds(), 3),
            "run_id": self._limits.claim.owner,
            **summary,
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


def _watched(tasks: Iterable[TaskRef], states: Mapping[str, TaskState]) -> dict[str, TaskState]:
    """The states of the tasks watched now: a task that was watched once has one too."""
    return {task.key: states[task.key] for task in tasks if task.key in states}


def _told_by_another(kinds: Collection[Kind], known: TaskState, stored: TaskState) -> bool:
    """Whether the stored state comes from a run that saw the same failure, or the same finish."""
    if Kind.FINISHED in kinds:
        # A journey begins anew after a finish.
        anew = known.version and known.journey and _begun_at(stored) != _begun_at(known)
        return stored.outcome is Outcome.FINISHED or bool(anew)
    if known.incident is None and _begun_at(stored) == _begun_at(known):
        # The first failure is told by whoever sees it.
        return _failures(stored) > _failures(known)
    known_id = known.incident.id if known.incident else ""
    return stored.incident is not None and stored.incident.id != known_id


def _begun_at(state: TaskState) -> datetime | None:
    return state.journey.begun_at if state.journey else None


def _failures(state: TaskState) -> int:
    return state.journey.failures if state.journey else 0


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
        reason=cut("; ".join(event.reason for event in assessment.events if event.reason), _ERROR_LIMIT),
    )
