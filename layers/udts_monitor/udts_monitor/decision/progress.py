"""Progress: whether a task that has work to do gets on with it. An idle source is not stalled."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from udts_monitor.decision.estimate import done_of
from udts_monitor.decision.event import Kind
from udts_monitor.decision.lag import is_late, is_level, reads
from udts_monitor.decision.observation import Lag, Number, Observation, Progress
from udts_monitor.decision.rule import Aspect, CheckContext, Effect, EventDraft, Now, RuleResult, Wait
from udts_monitor.decision.state import TaskState
from udts_monitor.decision.status import DUMPING, SYNCED, Outcome

NAME = "progress"
_RUNNING = frozenset({Outcome.LOADING, Outcome.SYNCING})
# Of a load of weeks.
_LONGEST_PERCENT = timedelta(hours=12)
_A_YEAR = timedelta(days=366)

type Figures = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Kept while the task has work to do.

    Attributes:
        figures: where the task was.
        since: when it was first seen there; while it moves, renewed no oftener than samples are kept.
        idles: a standstill of a task that was never level ended by itself: its source may have been idle.
    """

    figures: Figures = ()
    since: datetime
    idles: bool = False


def judge(before: TaskState, after: TaskState, at: CheckContext) -> RuleResult:
    """Standing still is counted only where there is work; any movement ends it at once."""
    seen, is_open = at.seen, NAME in before.incidents
    if seen is None or seen.outcome is Outcome.UNKNOWN:
        return after, ()
    if seen.outcome not in _RUNNING:
        # The time in which it could not move does not count; an incident lasts until it moves again.
        return after if is_open else after.remembering(NAME, None), ()
    return _judge_running(before, after, at, seen)


def _judge_running(before: TaskState, after: TaskState, at: CheckContext, seen: Observation) -> RuleResult:
    memory: Memory | None = before.memory.get(NAME)
    is_open = NAME in before.incidents
    figures, work = _figures(seen), _has_work(seen, after, at, memory)
    moved = memory is None or figures != memory.figures or _flows(seen)
    if work is False or (work is None and not figures and not is_open):
        return after.remembering(NAME, None), (_over(),) if is_open else ()
    if work and (memory is None or (moved and (is_open or _is_old(memory, before, at)))):
        memory = Memory(figures=figures, since=at.now, idles=_idles(before, after, seen, memory))
        after = after.remembering(NAME, memory)
    if moved or memory is None:
        known = work or bool(figures)
        return after, (_over(),) if is_open and known else ()
    if not work or is_open or at.now - memory.since < _patience(seen, after, at):
        return after, ()
    return after, (EventDraft(kind=Kind.STALLED, effect=Effect.BEGINS, aspect=NAME, since=memory.since),)


def _figures(seen: Observation) -> Figures:
    """What changes while a task gets on; empty where the answer has nothing of the kind."""
    progress, position = seen.progress, seen.position
    parts: list[object] = [progress and progress.redis_offset]
    if seen.outcome is Outcome.LOADING:
        counted = progress is not None and _counts(progress)
        parts += [progress.moved_rows, progress.percent] if progress and counted else []
    elif position:
        parts += [position.binlog_name or None, position.binlog_pos, position.binlog_gtid or None]
    known = tuple(str(part) for part in parts if part is not None)
    return (seen.status, *known) if known and seen.outcome is Outcome.LOADING else known


def _counts(progress: Progress) -> bool:
    """Where all is zero nobody counts yet, and where all is done the rest of the work is not counted."""
    return bool(progress.total_rows or progress.moved_rows or progress.percent) and done_of(progress) != 1


def _has_work(seen: Observation, after: TaskState, at: CheckContext, memory: Memory | None) -> bool | None:
    """None where nobody can say.

    Without metrics Syncing says that there is work, but of a task that was never Synced and has idled before:
    two-way tasks and those of a quiet source never say Synced.
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
    return None if memory and memory.idles and not after.leveled else True


def _idles(before: TaskState, after: TaskState, seen: Observation, memory: Memory | None) -> bool:
    """Whether its source is known to be idle at times, from the end of a standstill on."""
    ended_by_itself = NAME in before.incidents and seen.outcome is Outcome.SYNCING and seen.lag is None
    return bool(memory and memory.idles) or (ended_by_itself and not after.leveled)


def _flows(seen: Observation) -> bool:
    """By the metrics: the target is written; while it dumps, a task only reads."""
    if seen.lag is None:
        return False
    return bool(_written(seen.lag)) or (seen.status == DUMPING and bool(reads(seen.lag)))


def _written(lag: Lag) -> Number | None:
    """How fast the target is written, in bytes or else rows per second; None when unknown."""
    bytes_rate = lag.written_bytes_per_second
    return lag.written_rows_per_second if bytes_rate is None else bytes_rate


def _patience(seen: Observation, after: TaskState, at: CheckContext) -> timedelta:
    """The threshold; longer where a load has nothing but whole percents, each of which takes its time."""
    threshold, progress = timedelta(minutes=at.policy.stalled_after_minutes), seen.progress
    if seen.outcome is not Outcome.LOADING or progress is None or progress.moved_rows is not None:
        return threshold
    percent = progress.percent
    if percent is None or percent != int(percent):
        return threshold
    told = timedelta(seconds=min(float(progress.elapsed_seconds or 0), _A_YEAR.total_seconds()))
    each = max(at.now - after.outcome_since, told) / max(1, int(percent))
    return max(threshold, min(2 * each, _LONGEST_PERCENT))


def _is_old(memory: Memory, before: TaskState, at: CheckContext) -> bool:
    """A task that moves costs no more writes than its samples: it is renewed with them."""
    every = timedelta(minutes=at.policy.sample_minutes)
    sampled_at = before.sampled_at
    return at.now - memory.since >= every or (sampled_at is not None and at.now - sampled_at >= every)


def _over() -> EventDraft:
    return EventDraft(kind=Kind.PROGRESSING, effect=Effect.ENDS, aspect=NAME)


def _waits(state: TaskState, at: Now) -> tuple[Wait, ...]:
    if NAME in state.incidents:
        return (Wait(kind=Kind.PROGRESSING, checks=1, when="at which it has moved"),)
    memory: Memory | None = state.memory.get(NAME)
    if memory is None or state.known_outcome not in _RUNNING:
        return ()
    due = memory.since + timedelta(minutes=at.policy.stalled_after_minutes)
    moves = "rows move" if state.known_outcome is Outcome.LOADING else "its position moves"
    return (Wait(kind=Kind.STALLED, at=due, unless=moves),)


ASPECT = Aspect(
    name=NAME,
    judge=judge,
    memory=Memory,
    waits=_waits,
)
