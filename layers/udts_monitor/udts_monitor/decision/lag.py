"""Lag: whether the target keeps up with its source, once it has been level for the first time."""

import math
from dataclasses import dataclass
from datetime import timedelta

from udts_monitor.decision.event import Kind
from udts_monitor.decision.observation import Lag, Number, Observation
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.rule import Aspect, CheckContext, Effect, EventDraft, Now, RuleResult, Wait
from udts_monitor.decision.state import TaskState
from udts_monitor.decision.status import SYNCED, Outcome

NAME = "lag"
IN_A_ROW = 3
MEGABYTE = 1_000_000
# What is on its way at any moment; a busy source has a lot of it, and it wobbles.
ON_ITS_WAY_SECONDS = 60
# It does not replicate, so nothing is counted; an incident lasts until it is level or in order again.
_LEFT = frozenset({Outcome.FAILED, Outcome.STOPPED, Outcome.LOADING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Kept while something is counted.

    Attributes:
        level: its figures said once that it is level; two-way tasks never say Synced.
        above: checks in a row with a delay above the limit, up to the number that is told.
        grown: measurements in a row at which more data remained than at the one before; during an incident
            those at which it did not are taken off again.
        below: checks in a row, during an incident, with a delay that is in order.
    """

    level: bool = False
    above: int = 0
    grown: int = 0
    below: int = 0


def judge(before: TaskState, after: TaskState, at: CheckContext) -> RuleResult:
    """Behind for three checks, or losing ground at three measurements; level, or in order as long, again."""
    seen, is_open = at.seen, NAME in before.incidents
    if seen is None:
        return after, ()
    known: Memory = before.memory.get(NAME) or Memory()
    if seen.outcome in _LEFT:
        kept = Memory(level=known.level and seen.outcome is not Outcome.LOADING)
        return _remembering(after, kept), ()
    if seen.outcome is not Outcome.SYNCING:
        return after, ()
    level = known.level or (not after.leveled and _is_level(seen, after, at.policy))
    if seen.status == SYNCED:
        return _remembering(after, Memory(level=level)), (_over(),) if is_open else ()
    if not (after.leveled or level) or _behind_seconds(seen) is None or _is_old_news(seen, after):
        # A check without figures neither counts nor begins the count anew.
        return after, ()
    memory = _counted(known, before, seen, at, level=level)
    if is_open and memory.below >= IN_A_ROW:
        return _remembering(after, Memory(level=level)), (_over(),)
    after, cause = _remembering(after, memory), _cause(memory)
    if is_open or not cause:
        return after, ()
    more = {"cause": cause}
    return after, (EventDraft(kind=Kind.DELAYED, effect=Effect.BEGINS, aspect=NAME, since=at.now, more=more),)


def delay_of(seen: Observation) -> Number | None:
    """Seconds the target is behind, by UCloud's metrics or else by the answer itself; None when unknown."""
    found = [seen.lag.delay_seconds] if seen.lag else []
    if seen.progress:
        found += [seen.progress.redis_delay_seconds, seen.progress.mongo_delay_seconds]
    return next((delay for delay in found if delay is not None), None)


def is_late(seen: Observation, policy: Policy) -> bool:
    """Whether the delay is above its limit. The last change of a source that is not written to is old."""
    delay, lag = delay_of(seen), seen.lag
    if delay is None or delay <= policy.max_delay_seconds:
        return False
    level = lag is not None and lag.remaining_bytes is not None and is_level(lag.remaining_bytes, policy)
    return not (level and lag and not reads(lag))


def is_level(remaining_bytes: Number, policy: Policy) -> bool:
    """Whether so little remains that UCloud calls the target level."""
    return remaining_bytes < policy.cutover_below_megabytes * MEGABYTE


def reads(lag: Lag) -> Number | None:
    """How fast the source is read, in bytes or else rows per second; None when unknown."""
    bytes_rate = lag.read_bytes_per_second
    return lag.read_rows_per_second if bytes_rate is None else bytes_rate


def _is_level(seen: Observation, after: TaskState, policy: Policy) -> bool:
    """By figures that were measured since the task replicates, and do not contradict each other."""
    delay, lag = delay_of(seen), seen.lag
    if lag and lag.measured_at < after.outcome_since:
        return False
    remaining = lag.remaining_bytes if lag else None
    if remaining is None:
        return delay is not None and delay < ON_ITS_WAY_SECONDS
    return is_level(remaining, policy) and (delay is None or delay < ON_ITS_WAY_SECONDS)


def _behind_seconds(seen: Observation) -> float | None:
    """The delay, or what remains in seconds of what the source writes; None when neither is known."""
    delay, lag = delay_of(seen), seen.lag
    if delay is not None or lag is None or lag.remaining_bytes is None:
        return delay
    rate = lag.read_bytes_per_second
    return lag.remaining_bytes / rate if rate else math.inf


def _is_old_news(seen: Observation, after: TaskState) -> bool:
    """Metrics come late: it has been Synced since they were measured. They are a minute apart."""
    measured_at = seen.lag.measured_at if seen.lag else after.since
    return after.previous_status == SYNCED and measured_at < after.since - timedelta(minutes=1)


def _counted(known: Memory, before: TaskState, seen: Observation, at: CheckContext, *, level: bool) -> Memory:
    late, is_open = is_late(seen, at.policy), NAME in before.incidents
    grown = _grown(known.grown, before, seen, at)
    above = min(known.above + 1, IN_A_ROW) if late else 0
    in_order = is_open and not late and grown == 0
    return Memory(level=level, above=above, grown=grown, below=known.below + 1 if in_order else 0)


def _grown(grown: int, before: TaskState, seen: Observation, at: CheckContext) -> int:
    """Measurements are compared as far apart as samples are kept: a burst of a minute is no trend."""
    now, then = seen.lag, before.lag
    if now is None or then is None or now.remaining_bytes is None or then.remaining_bytes is None:
        return 0
    if is_level(now.remaining_bytes, at.policy) or (_behind_seconds(seen) or 0) < ON_ITS_WAY_SECONDS:
        return 0
    if now.measured_at - then.measured_at < timedelta(minutes=at.policy.sample_minutes):
        return grown
    if now.remaining_bytes > then.remaining_bytes:
        return min(grown + 1, IN_A_ROW)
    return max(0, grown - 1) if NAME in before.incidents else 0


def _cause(memory: Memory) -> str:
    if memory.above >= IN_A_ROW:
        return "delay"
    return "losing_ground" if memory.grown >= IN_A_ROW else ""


def _remembering(after: TaskState, memory: Memory) -> TaskState:
    return after.remembering(NAME, memory if memory != Memory() else None)


def _over() -> EventDraft:
    return EventDraft(kind=Kind.CAUGHT_UP, effect=Effect.ENDS, aspect=NAME)


def _waits(state: TaskState, at: Now) -> tuple[Wait, ...]:
    memory: Memory = state.memory.get(NAME) or Memory()
    if NAME in state.incidents:
        left = max(1, IN_A_ROW - memory.below)
        return (Wait(kind=Kind.CAUGHT_UP, checks=left, when="with a delay that is in order"),)
    if state.known_outcome is not Outcome.SYNCING or not (state.leveled or memory.level):
        return ()
    left = max(1, IN_A_ROW - memory.above)
    limit = f"{at.policy.max_delay_seconds:g} s"
    return (Wait(kind=Kind.DELAYED, checks=left, when=f"with a delay above {limit}"),)


ASPECT = Aspect(
    name=NAME,
    judge=judge,
    memory=Memory,
    waits=_waits,
)
