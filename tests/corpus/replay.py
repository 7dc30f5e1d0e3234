"""Lives a task's life through the pure core, check by check. It knows no rule of the monitor."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.corpus.life import Check, FullLoad, Life
from udts_monitor.decision.assess import assess
from udts_monitor.decision.event import Event
from udts_monitor.decision.observation import NoAnswer, Observation
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.schedule import is_late
from udts_monitor.decision.state import TaskState
from udts_monitor.decision.unseen import PastStatus, Unseen, unseen
from udts_monitor.task import TaskRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event, in the minute of the life in which it was told."""

    minute: int
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimated:
    """What was expected half-way of a load; each error is a share of the time that was really left then.

    Attributes:
        ours: above 0 when the load took longer than we said.
        service: the same for the service's own estimate, None where it gave none.
    """

    steady: bool
    ours: float
    service: float | None


@dataclass(slots=True, kw_only=True)
class Replayed:
    """What came of one life.

    Attributes:
        written: checks after which something was saved.
        estimates: one for each load that ended and of which something could be said half-way.
    """

    told: list[Told] = field(default_factory=list)
    written: int = 0
    estimates: list[Estimated] = field(default_factory=list)


def task_of(life: Life) -> TaskRef:
    """The task as its entry in the list names it."""
    return TaskRef(
        task_id="udts-1",
        project_id="org-1",
        type=life.task_type,
        name=life.name,
        thresholds=life.thresholds,
        deadline=life.deadline,
    )


def rows_of(life: Life) -> list[PastStatus]:
    """What the service's history of the task holds in the end."""
    return [PastStatus(at=at, status=status) for at, status in life.history]


class Replay:
    """One life; ``run`` lives it."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._task = task_of(life)
        self._policy = Policy().for_task(self._task)
        self._rows = rows_of(life)
        self._state = TaskState.unseen(life.checks[0].at)
        self._ran_at: datetime | None = None
        self._previous_run_at: datetime | None = None
        self._unmeasured = [load for load in life.loads if load.ended is not None]
        self._found = Replayed()

    def run(self) -> Replayed:
        """What is told, check by check."""
        for check in self._life.checks:
            answer = check.answer
            if isinstance(answer, Observation):
                answer = replace(answer, lag=check.lag)
                between = self._between(answer, check.at)
                for past in between.missed:
                    self._assess(check, Observation(status=past.status), past.at, seen_afterwards=True)
                self._assess(check, answer, check.at, entered_at=between.entered_at)
            else:
                self._assess(check, answer, check.at)
            self._measure(check)
            self._previous_run_at, self._ran_at = self._ran_at, check.at
        return self._found

    def _assess(
        self,
        check: Check,
        answer: Observation | NoAnswer,
        at: datetime,
        *,
        seen_afterwards: bool = False,
        entered_at: datetime | None = None,
    ) -> None:
        done = assess(
            self._state,
            self._task,
            answer,
            self._policy,
            at,
            previous_run_at=self._ran_at,
            seen_afterwards=seen_afterwards,
            entered_at=entered_at,
        )
        self._state = done.after
        self._found.written += done.changed
        self._found.told += [Told(minute=check.minute, event=event) for event in done.events]

    def _between(self, seen: Observation, now: datetime) -> Unseen:
        """Where a run would ask the service's history."""
        retried = seen.retries_used is not None and seen.retries_used != self._state.retries_used
        gap = self._state.unanswered is not None or is_late(self._ran_at, self._previous_run_at, now)
        if seen.status == self._state.status and not retried and not gap:
            return Unseen()
        return unseen(self._state, [row for row in self._rows if row.at <= now], seen.status, now)

    def _measure(self, check: Check) -> None:
        """The first estimate after half the time of a load."""
        load = next((load for load in self._unmeasured if _half_is_over(load, check.minute)), None)
        end = self._state.measured_end
        if load is None or load.ended is None:
            return
        if check.minute >= load.ended:
            self._unmeasured.remove(load)
        elif end is not None:
            self._unmeasured.remove(load)
            left = timedelta(minutes=load.ended - check.minute)
            ours, theirs = (
                None if said is None else (check.at + left - said) / left
                for said in (end.middle, end.service)
            )
            self._found.estimates.append(Estimated(steady=load.steady, ours=ours or 0.0, service=theirs))


def _half_is_over(load: FullLoad, minute: int) -> bool:
    return minute >= (load.began + (load.ended or 0)) / 2
