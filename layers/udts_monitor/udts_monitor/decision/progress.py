"""Progress: whether a task that has work to do gets on with it. An idle source is not stalled."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from udts_monitor.decision.event import Kind
from udts_monitor.decision.lag import MEGABYTE
from udts_monitor.decision.observation import Lag, Observation
from udts_monitor.decision.rule import Aspect, CheckContext, Effect, EventDraft, RuleResult
from udts_monitor.decision.state import TaskState
from udts_monitor.decision.status import SYNCED, Outcome

NAME = "progress"

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
    memory: Memory | None = before.memory.get(NAME)
    is_open = NAME in before.incidents
    if at.seen is None or at.seen.outcome not in {Outcome.LOADING, Outcome.SYNCING}:
        # A task that failed or was stopped stands still for a reason that is told; it moves again later.
        return after, ()
    figures = _figures(at.seen)
    moved = memory is None or figures != memory.figures or _writes(at.seen.lag)
    if _has_no_work(at.seen, after, at):
        return after.remembering(NAME, None), (_over(),) if is_open else ()
    if memory is None or (moved and (is_open or _is_old(memory, at))):
        memory = Memory(figures=figures, since=at.now)
    after = after.remembering(NAME, memory)
    if moved:
        return after, (_over(),) if is_open else ()
    if is_open or at.now - memory.since < timedelta(minutes=at.policy.stalled_after_minutes):
        return after, ()
    stalled = EventDraft(kind=Kind.STALLED, effect=Effect.BEGINS, aspect=NAME, since=memory.since)
    return after, (stalled,)


def _figures(seen: Observation) -> Figures:
    """What changes while a task gets on."""
    progress, position = seen.progress, seen.position
    loading = (seen.status, progress and progress.moved_rows, progress and progress.percent)
    syncing = position and (position.binlog_name, position.binlog_pos, position.binlog_gtid)
    parts = loading if seen.outcome is Outcome.LOADING else (syncing,)
    return tuple(str(part) for part in (*parts, progress and progress.redis_offset))


def _has_no_work(seen: Observation, after: TaskState, at: CheckContext) -> bool:
    """Level, idle, or nobody can say: no figure that would move, or none that would stand still at work.

    Without metrics a task that has never been level may be one of a source that is idle: two-way tasks and
    those of a quiet source never say Synced.
    """
    if seen.outcome is Outcome.LOADING:
        progress = seen.progress
        figures = (progress.moved_rows, progress.percent, progress.redis_offset) if progress else ()
        return all(figure is None for figure in figures)
    if seen.status == SYNCED:
        return True
    if seen.lag:
        # As little as UCloud calls level comes and goes with every write at the source.
        remaining = seen.lag.remaining_bytes or 0
        return not _reads(seen.lag) and remaining < at.policy.cutover_below_megabytes * MEGABYTE
    return not after.leveled or (seen.position is None and _redis_offset(seen) is None)


def _redis_offset(seen: Observation) -> object:
    return seen.progress.redis_offset if seen.progress else None


def _reads(lag: Lag) -> bool:
    return bool(lag.read_bytes_per_second or lag.read_rows_per_second)


def _writes(lag: Lag | None) -> bool:
    return lag is not None and bool(lag.written_bytes_per_second or lag.written_rows_per_second)


def _is_old(memory: Memory, at: CheckContext) -> bool:
    """A task that moves costs no more writes than its samples."""
    return at.now - memory.since >= timedelta(minutes=at.policy.sample_minutes)


def _over() -> EventDraft:
    return EventDraft(kind=Kind.PROGRESSING, effect=Effect.ENDS, aspect=NAME)


ASPECT = Aspect(
    name=NAME,
    judge=judge,
    memory=Memory,
)
