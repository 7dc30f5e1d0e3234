"""Deadline: whether a task takes longer than it may, told while there is time to act."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from udts_monitor.decision import estimate
from udts_monitor.decision.estimate import Estimate, EstimateScore, Point
from udts_monitor.decision.event import Kind
from udts_monitor.decision.observation import Observation
from udts_monitor.decision.rule import Aspect, CheckContext, Effect, EventDraft, RuleResult
from udts_monitor.decision.state import TaskState
from udts_monitor.decision.status import Outcome

NAME = "deadline"
_RUNNING = frozenset({Outcome.PREPARING, Outcome.LOADING, Outcome.SYNCING, Outcome.WAITING})
_HALF = 0.5
LOG_RETENTION = "log_retention"


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Kept from the beginning of a load, or from the first reason, to the end.

    Attributes:
        load_began: when the present load was first seen, None outside loads.
        points: how far it was, thinned; none is added oftener than samples are kept.
        half_way: when it was half done, None before that or without an estimate.
        half_way_estimate: what was expected then.
        told: the reasons that were told.
    """

    load_began: datetime | None = None
    points: tuple[Point, ...] = ()
    half_way: datetime | None = None
    half_way_estimate: Estimate | None = None
    told: tuple[str, ...] = ()


def judge(before: TaskState, after: TaskState, at: CheckContext) -> RuleResult:
    """Each reason is told once; a reason that lay in the load is over with it."""
    known: Memory = before.memory.get(NAME) or Memory()
    after, memory = _measured(known, after, at.seen, at) if at.seen else (after, known)
    if after.known_outcome not in _RUNNING:
        return after.remembering(NAME, memory if memory != Memory() else None), ()
    load_is_over = after.known_outcome is Outcome.SYNCING
    if load_is_over and memory.told == (LOG_RETENTION,):
        over = EventDraft(kind=Kind.RECOVERED, effect=Effect.ENDS, aspect=NAME)
        return after.remembering(NAME, None), (over,)
    reasons = [reason for reason in _reasons(memory, after, at) if reason not in memory.told]
    if reasons:
        memory = replace(memory, told=(*memory.told, *reasons))
    after = after.remembering(NAME, memory if memory != Memory() else None)
    if not reasons:
        return after, ()
    overdue = EventDraft(
        kind=Kind.OVERDUE,
        effect=Effect.BEGINS,
        aspect=NAME,
        since=at.now,
        more={"cause": reasons[0], "deadline": _limit(reasons[0], memory, after, at)},
    )
    return after, (overdue,)


def score(before: TaskState, now: datetime) -> EstimateScore | None:
    """How far off the estimate of half-way was when the task finished; None when there was none."""
    memory: Memory | None = before.memory.get(NAME)
    if memory is None or memory.half_way is None or memory.half_way_estimate is None:
        return None
    return estimate.score(memory.half_way, memory.half_way_estimate, now)


def _measured(
    known: Memory, after: TaskState, seen: Observation, at: CheckContext
) -> tuple[TaskState, Memory]:
    """A point of the load, where one is due, and the estimate it gives."""
    done = estimate.done_of(seen.progress)
    if seen.outcome is not Outcome.LOADING:
        ended = Memory(told=known.told)
        unmeasured = after if after.measured_end is None else replace(after, measured_end=None)
        return unmeasured, known if seen.outcome is Outcome.FINISHED else ended
    if done is not None and known.points and done < known.points[-1].done:
        # It began anew, or its figures mean something else now.
        known = Memory(told=known.told)
        after = replace(after, measured_end=None)
    if known.load_began is None:
        known = replace(known, load_began=at.now)
    if done is None or not _is_due(known, done, at):
        return after, known
    points = estimate.with_point(known.points, Point(at=at.now, done=done))
    end = estimate.measured_end(points, seen, at.now)
    memory = replace(known, points=points)
    if end and done >= _HALF and memory.half_way is None:
        memory = replace(memory, half_way=at.now, half_way_estimate=end)
    return replace(after, measured_end=end), memory


def _is_due(known: Memory, done: float, at: CheckContext) -> bool:
    """A load that moves costs no more writes than its samples, and one that stands still none."""
    if not known.points:
        return True
    every = timedelta(minutes=at.policy.sample_minutes)
    return done != known.points[-1].done and at.now - known.points[-1].at >= every


def _reasons(memory: Memory, after: TaskState, at: CheckContext) -> list[str]:
    end = after.measured_end
    soonest = max(at.now, end.earliest) if end else at.now
    limits = {
        reason: _limit(reason, memory, after, at) for reason in ("max_run_hours", "deadline", LOG_RETENTION)
    }
    # What was set in hours is told when they are over; what an estimate can foresee is told before.
    sure = {"max_run_hours": at.now, "deadline": soonest, LOG_RETENTION: soonest}
    return [reason for reason, limit in limits.items() if limit is not None and sure[reason] >= limit]


def _limit(reason: str, memory: Memory, after: TaskState, at: CheckContext) -> datetime | None:
    """The moment that must not pass, None where nobody set one."""
    policy = at.policy
    match reason:
        case "max_run_hours" if policy.max_run_hours:
            return after.lifecycle.started_at + timedelta(hours=policy.max_run_hours)
        case "deadline":
            return at.task.deadline
        case "log_retention" if policy.source_log_retention_hours and memory.load_began:
            return memory.load_began + timedelta(hours=policy.source_log_retention_hours)
        case _:
            return None


ASPECT = Aspect(name=NAME, judge=judge, memory=Memory)
