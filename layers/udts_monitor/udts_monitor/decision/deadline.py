"""Deadline: whether a task takes longer than it may, told while there is time to act."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from udts_monitor.decision import estimate
from udts_monitor.decision.estimate import Estimate, EstimateScore, Point
from udts_monitor.decision.event import Kind
from udts_monitor.decision.observation import Observation
from udts_monitor.decision.rule import Aspect, CheckContext, Effect, EventDraft, Now, RuleResult, Wait
from udts_monitor.decision.state import TaskState
from udts_monitor.decision.status import CREATED, Outcome

NAME = "deadline"
_RUNNING = frozenset({Outcome.PREPARING, Outcome.LOADING, Outcome.SYNCING, Outcome.WAITING})
# Only in these it can be said that something is over: another load may be about to begin.
_AT_WORK = frozenset({Outcome.LOADING, Outcome.SYNCING})
_HALF = 0.5
_LONG_ENOUGH = timedelta(hours=1)
_FAR_ENOUGH = 0.2
MAX_RUN = "max_run_hours"
DEADLINE = "deadline"
LOG_RETENTION = "log_retention"
FULL_ONLY = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Kept from the beginning of a load, or from the first reason, to the end.

    Attributes:
        load_began: when the present load was first seen, None outside loads.
        points: how far it was, thinned; none is added oftener than samples are kept.
        half_way: when it was half done, None before that or without an estimate.
        half_way_estimate: what was expected then.
        told: the reasons that were told and last, each with the moment that it was about.
    """

    load_began: datetime | None = None
    points: tuple[Point, ...] = ()
    half_way: datetime | None = None
    half_way_estimate: Estimate | None = None
    told: Mapping[str, datetime] = field(default_factory=dict, hash=False)


def judge(before: TaskState, after: TaskState, at: CheckContext) -> RuleResult:
    """Each reason is told once for its limit; when none of those that were told lasts, that is told too."""
    known: Memory = before.memory.get(NAME) or Memory()
    after, memory = _measured(known, before, after, at.seen, at) if at.seen else (after, known)
    if after.known_outcome not in _RUNNING:
        return _remembering(after, memory), ()
    if memory.told and after.known_outcome in _AT_WORK:
        kept = {told: limit for told, limit in memory.told.items() if _lasts(told, limit, memory, after, at)}
        memory = replace(memory, told=kept)
    new = _new_reasons(memory, after, at)
    if new:
        memory = replace(memory, told={**memory.told, **new})
    draft = _overdue(new, after, at) if new else _over(known) if known.told and not memory.told else None
    return _remembering(after, memory), (draft,) if draft else ()


def _new_reasons(memory: Memory, after: TaskState, at: CheckContext) -> dict[str, datetime]:
    return {
        reason: limit
        for reason, limit in _limits(memory, after, at).items()
        if reason not in memory.told and _foreseen(reason, memory, after, at) >= limit
    }


def _overdue(new: Mapping[str, datetime], after: TaskState, at: CheckContext) -> EventDraft:
    cause, limit = next(iter(new.items()))
    # Of a task that is not started yet: what its pre-check found.
    reason = at.seen.failed_message if at.seen and after.known_status == CREATED else ""
    more = {"cause": cause, "deadline": limit}
    return EventDraft(
        kind=Kind.OVERDUE, effect=Effect.BEGINS, aspect=NAME, since=at.now, reason=reason, more=more
    )


def _over(known: Memory) -> EventDraft:
    cause, limit = next(iter(known.told.items()))
    more = {"cause": cause, "deadline": limit}
    return EventDraft(kind=Kind.RECOVERED, effect=Effect.ENDS, aspect=NAME, more=more)


def score(before: TaskState, now: datetime) -> EstimateScore | None:
    """How far off the estimate of half-way was when the task finished; None when there was none."""
    memory: Memory | None = before.memory.get(NAME)
    if memory is None or memory.half_way is None or memory.half_way_estimate is None:
        return None
    return estimate.score(memory.half_way, memory.half_way_estimate, now)


def _measured(
    known: Memory, before: TaskState, after: TaskState, seen: Observation, at: CheckContext
) -> tuple[TaskState, Memory]:
    """A point of the load, where one is due, and the estimate it gives."""
    if seen.outcome in {Outcome.UNKNOWN, Outcome.FINISHED}:
        return after, known
    if seen.outcome is not Outcome.LOADING:
        unmeasured = after if after.measured_end is None else replace(after, measured_end=None)
        return unmeasured, Memory(told=known.told)
    done = estimate.done_of(seen.progress)
    if _moved_back(known, done):
        # The same load with another guess of what there is in all, or a load that begins anew.
        began = None if _begins_anew(known, before, seen, done) else known.load_began
        known = Memory(told=known.told, load_began=began)
        after = replace(after, measured_end=None)
    if known.load_began is None:
        known = replace(known, load_began=at.now)
    if done is None or not _is_due(known, before, done, at):
        return after, known
    points = estimate.with_point(known.points, Point(at=at.now, done=done))
    end = estimate.measured_end(points, seen, at.now)
    memory = replace(known, points=points)
    if end and done >= _HALF and memory.half_way is None:
        memory = replace(memory, half_way=at.now, half_way_estimate=end)
    return replace(after, measured_end=end), memory


def _moved_back(known: Memory, done: float | None) -> bool:
    return done is not None and bool(known.points) and done < known.points[-1].done


def _begins_anew(known: Memory, before: TaskState, seen: Observation, done: float | None) -> bool:
    """By rows, which no guess changes; without them by a percent that is worth less than half of the last."""
    if seen.progress and before.progress:
        moved, had = seen.progress.moved_rows, before.progress.moved_rows
        if moved is not None and had is not None:
            return moved < had
    return (done or 0) < known.points[-1].done / 2


def _is_due(known: Memory, before: TaskState, done: float, at: CheckContext) -> bool:
    """A load that moves costs no more writes than its samples, and one that stands still none."""
    if not known.points:
        return True
    every = timedelta(minutes=at.policy.sample_minutes)
    sampled_at = before.sampled_at
    old = at.now - known.points[-1].at >= every or (sampled_at is not None and at.now - sampled_at >= every)
    return done != known.points[-1].done and old


def _foreseen(reason: str, memory: Memory, after: TaskState, at: CheckContext) -> datetime:
    """What is sure to come: what was set in hours is told when they are over, an estimate before."""
    end = after.measured_end
    if reason == MAX_RUN or end is None or not _is_founded(memory, at.now):
        return at.now
    return max(at.now, end.earliest)


def _is_founded(memory: Memory, now: datetime) -> bool:
    """Whether enough of the load was seen to warn by it: one table loads faster than the next."""
    if not memory.points:
        return False
    first, last = memory.points[0], memory.points[-1]
    return now - first.at >= _LONG_ENOUGH or last.done - first.done >= _FAR_ENOUGH


def _lasts(reason: str, told: datetime, memory: Memory, after: TaskState, at: CheckContext) -> bool:
    """Whether a reason that was told still holds: an estimate that gets better is no end of it."""
    limit = _limits(memory, after, at).get(reason)
    if limit is None:
        return False
    foreseen_only = reason != MAX_RUN and after.known_outcome is Outcome.SYNCING
    return _foreseen(reason, memory, after, at) >= limit or (limit <= told and not foreseen_only)


def _limits(memory: Memory, after: TaskState, at: CheckContext | Now) -> dict[str, datetime]:
    """The moments that must not pass, where somebody set one."""
    policy = at.policy
    listed = (at.listed if isinstance(at, CheckContext) else None) or after.listed
    # Where nothing follows the load nobody needs the logs of its time.
    needs_logs = listed is None or listed.mode != FULL_ONLY
    limits: dict[str, datetime | None] = {
        MAX_RUN: _hours_after(after.lifecycle.started_at, policy.max_run_hours),
        DEADLINE: at.task.deadline,
        LOG_RETENTION: _hours_after(
            memory.load_began if needs_logs else None, policy.source_log_retention_hours
        ),
    }
    return {reason: limit for reason, limit in limits.items() if limit is not None}


def _hours_after(moment: datetime | None, hours: float) -> datetime | None:
    return moment + timedelta(hours=hours) if moment and hours else None


def _remembering(after: TaskState, memory: Memory) -> TaskState:
    return after.remembering(NAME, memory if memory != Memory() else None)


def _waits(state: TaskState, at: Now) -> tuple[Wait, ...]:
    """For each moment that must not pass; an estimate may tell before it that it will."""
    memory: Memory = state.memory.get(NAME) or Memory()
    if state.known_outcome not in _RUNNING:
        return ()
    limits = _limits(memory, state, at)
    untold = (limit for reason, limit in limits.items() if reason not in memory.told)
    return tuple(Wait(kind=Kind.OVERDUE, at=limit, unless="it gets there before") for limit in untold)


ASPECT = Aspect(name=NAME, judge=judge, memory=Memory, waits=_waits)
