"""Progress: whether a task that has work to do gets on with it. An idle source is not stalled."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from udts_monitor.decision.event import Kind
from udts_monitor.decision.lag import is_late, is_level, reads
from udts_monitor.decision.observation import Lag, Number, Observation
from udts_monitor.decision.rule import Aspect, CheckContext, Effect, EventDraft, RuleResult
from udts_monitor.decision.state import TaskState
from udts_monitor.decision.status import SYNCED, Outcome

NAME = "progress"
_RUNNING = frozenset({Outcome.LOADING, Outcome.SYNCING})
# It stands still for a reason that its health tells.
_DOWN = frozenset({Outcome.FAILED, Outcome.STOPPED})

type Figures = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Kept while the task has work to do.

    Attributes:
        figures: where the task was.
        since: when it was first seen there; while it moves, renewed no oftener than samples are kept.
    """

    figures: Figures = ()
    since: datetime


def judge(before: TaskState, after: TaskState, at: CheckContext) -> RuleResult:
    """Standing still is counted only where there is work; any movement ends it at once."""
    seen, is_open = at.seen, NAME in before.incidents
    if seen is None or seen.outcome is Outcome.UNKNOWN:
        return after, ()
    if seen.outcome in _DOWN:
        return after.remembering(NAME, None), (_over(cause=str(seen.outcome)),) if is_open else ()
    if seen.outcome not in _RUNNING:
        # The time in which it could not move does not count; an incident lasts until it does.
        return after if is_open else after.remembering(NAME, None), ()
    return _judge_running(before, after, at, seen)


def _judge_running(before: TaskState, after: TaskState, at: CheckContext, seen: Observation) -> RuleResult:
    memory: Memory | None = before.memory.get(NAME)
    is_open = NAME in before.incidents
    figures, work = _figures(seen), _has_work(seen, after, at)
    moved = memory is None or figures != memory.figures or bool(seen.lag and _written(seen.lag))
    if work is False or (work is None and not figures and not is_open):
        return after.remembering(NAME, None), (_over(),) if is_open else ()
    if work and (memory is None or (moved and (is_open or _is_old(memory, before, at)))):
        memory = Memory(figures=figures, since=at.now)
        after = after.remembering(NAME, memory)
    if moved or memory is None:
        known = work or bool(figures)
        return after, (_over(),) if is_open and known else ()
    if not work or is_open or at.now - memory.since < timedelta(minutes=at.policy.stalled_after_minutes):
        return after, ()
    return after, (EventDraft(kind=Kind.STALLED, effect=Effect.BEGINS, aspect=NAME, since=memory.since),)


def _figures(seen: Observation) -> Figures:
    """What changes while a task gets on; empty where the answer has nothing of the kind."""
    progress, position = seen.progress, seen.position
    parts: list[object] = [progress and progress.redis_offset]
    if seen.outcome is Outcome.LOADING:
        parts += [progress and progress.moved_rows, progress and progress.percent]
    elif position:
        parts += [position.binlog_name or None, position.binlog_pos, position.binlog_gtid or None]
    known = tuple(str(part) for part in parts if part is not None)
    return (seen.status, *known) if known and seen.outcome is Outcome.LOADING else known


def _has_work(seen: Observation, after: TaskState, at: CheckContext) -> bool | None:
    """None where nobody can say.

    Without metrics a task that was never Synced may be one of a source that is idle: two-way tasks and those
    of a quiet source never say it.
    """
    if seen.status == SYNCED:
        return False
    if not _figures(seen) and (seen.lag is None or _written(seen.lag) is None):
        return None
    if seen.outcome is Outcome.LOADING:
        return True
    if seen.lag and (reads(seen.lag) is not None or seen.lag.remaining_bytes is not None):
        # As little as UCloud calls level comes and goes with every write at the source.
        remains = not is_level(seen.lag.remaining_bytes or 0, at.policy)
        return bool(reads(seen.lag)) or remains or is_late(seen, at.policy)
    return True if after.leveled else None


def _written(lag: Lag) -> Number | None:
    """How fast the target is written, in bytes or else rows per second; None when unknown."""
    bytes_rate = lag.written_bytes_per_second
    return lag.written_rows_per_second if bytes_rate is None else bytes_rate


def _is_old(memory: Memory, before: TaskState, at: CheckContext) -> bool:
    """A task that moves costs no more writes than its samples: it is renewed with them."""
    every = timedelta(minutes=at.policy.sample_minutes)
    sampled_at = before.sampled_at
    return at.now - memory.since >= every or (sampled_at is not None and at.now - sampled_at >= every)


def _over(*, cause: str = "") -> EventDraft:
    return EventDraft(kind=Kind.PROGRESSING, effect=Effect.ENDS, aspect=NAME, more={"cause": cause})


ASPECT = Aspect(
    name=NAME,
    judge=judge,
    memory=Memory,
)
