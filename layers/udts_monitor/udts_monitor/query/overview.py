"""All tasks, worst first, and the monitor itself: what the page, the command line and the widget show."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from udts_monitor.decision import estimate, health
from udts_monitor.decision.estimate import Estimate
from udts_monitor.decision.event import Event
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.schedule import late_at
from udts_monitor.decision.state import Incident, TaskState
from udts_monitor.decision.status import Outcome
from udts_monitor.outbox.pending import Pending
from udts_monitor.outbox.silence import Silence
from udts_monitor.query.concern import NEEDS_SOMEBODY, URGENCY, Concern, concern_of, present_event
from udts_monitor.query.stored import LastRun, Stored
from udts_monitor.task import TaskRef


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """One watched task now.

    Attributes:
        state: as stored; what of it has no field here is read from there.
        done: how much of the full load is done, from 0 to 1; None outside loads and where nobody can say.
        measured_end: when the full load will end; None where nobody can say.
        resume_until: until when a stopped or failed task can be resumed; None where that does not matter.
        event: what there is to say of it now, in the messages' own form; None where all is well.
        silences: that hold back what is told of it.
        policy: the thresholds in force for it.
    """

    task: TaskRef
    state: TaskState
    concern: Concern
    done: float | None
    measured_end: Estimate | None
    resume_until: datetime | None
    event: Event | None
    silences: tuple[Silence, ...]
    policy: Policy

    @property
    def incidents(self) -> Mapping[str, Incident]:
        """The open ones, by aspect."""
        return self.state.incidents


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingView:
    """A notification that waits.

    Attributes:
        held: a silence holds it back; otherwise SNS has not accepted it yet.
    """

    event_id: str
    kind: str
    task: str
    topic: str
    time: datetime
    summary: str
    attempts: int
    next_attempt_at: datetime
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceView:
    """A silence, and what it matches.

    Attributes:
        tasks: keys of the watched tasks within its scope.
        held: notifications that it holds back now.
    """

    silence: Silence
    tasks: tuple[str, ...]
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The present.

    Attributes:
        now: the moment it was asked for.
        tasks: those watched, worst first.
        concerns: how many of them by concern.
        last_run: None before the first one came to its end.
        late_at: from when on the next run is late; None before the first.
        pending: oldest first.
        silences: those that last.
        unreadable: items that are not as we write them: where they stand, and the problem.
    """

    now: datetime
    tasks: tuple[TaskView, ...]
    concerns: Mapping[Concern, int]
    last_run: LastRun | None
    late_at: datetime | None
    pending: tuple[PendingView, ...]
    silences: tuple[SilenceView, ...]
    unreadable: Mapping[str, str]

    @property
    def is_late(self) -> bool:
        """No run came to its end for too long, or none ever did: what is shown may be over."""
        return self.late_at is None or self.now >= self.late_at

    @property
    def needing_somebody(self) -> int:
        """How many tasks are not as they should be."""
        return sum(number for concern, number in self.concerns.items() if concern in NEEDS_SOMEBODY)


def overview(stored: Stored, now: datetime) -> Overview:
    """What there is to see now."""
    last = stored.last_run
    policy = last.policy if last else Policy()
    lasting = [silence for silence in stored.silences if silence.until > now]
    watched = {key: state for key, state in stored.states.items() if state.task}
    tasks = [_task(state.task, state, policy, lasting, now) for state in watched.values() if state.task]
    pending = tuple(_pending(found, lasting) for found in stored.pending)
    return Overview(
        now=now,
        tasks=tuple(sorted(tasks, key=_worst_first)),
        concerns=Counter(task.concern for task in tasks),
        last_run=last,
        late_at=late_at(last.ran_at, last.previous_run_at) if last else None,
        pending=pending,
        silences=tuple(_silence(silence, stored.pending, watched) for silence in lasting),
        unreadable=stored.unreadable,
    )


def find(tasks: tuple[TaskView, ...], wanted: str) -> tuple[TaskView, ...]:
    """The tasks a person means: by key, id or name; several where a name is not one task's alone."""
    exact = tuple(view for view in tasks if view.task.key == wanted)
    return exact or tuple(view for view in tasks if wanted in {view.task.task_id, view.task.name})


def _task(
    task: TaskRef, state: TaskState, general: Policy, silences: list[Silence], now: datetime
) -> TaskView:
    policy = general.for_task(task)
    is_loading = state.known_outcome is Outcome.LOADING
    return TaskView(
        task=task,
        state=state,
        concern=concern_of(state, policy),
        done=estimate.done_of(state.progress) if state.phase is Outcome.LOADING else None,
        measured_end=state.measured_end if is_loading else None,
        resume_until=health.resume_until(state, policy),
        event=present_event(task, state, policy, now),
        silences=tuple(silence for silence in silences if silence.covers(task.key)),
        policy=policy,
    )


def _worst_first(view: TaskView) -> tuple[int, float, str]:
    """Among the equally urgent what has to be done first, then what began first."""
    moment = view.resume_until if view.concern is Concern.ACT_BY else view.state.outcome_since
    return URGENCY[view.concern], (moment or view.state.since).timestamp(), view.task.key


def _pending(found: Pending, silences: list[Silence]) -> PendingView:
    notification = found.notification
    return PendingView(
        event_id=notification.event_id,
        kind=notification.kind,
        task=notification.task_key,
        topic=str(notification.topic),
        time=notification.time,
        summary=notification.summary,
        attempts=found.attempts,
        next_attempt_at=found.lease_until,
        held=any(silence.holds(notification) for silence in silences),
    )


def _silence(silence: Silence, pending: tuple[Pending, ...], watched: Mapping[str, TaskState]) -> SilenceView:
    return SilenceView(
        silence=silence,
        tasks=tuple(sorted(key for key in watched if silence.covers(key))),
        held=sum(silence.holds(found.notification) for found in pending),
    )
