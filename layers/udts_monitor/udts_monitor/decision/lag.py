"""Lag: whether the target keeps up with its source, once it has been level for the first time."""

from dataclasses import dataclass
from datetime import timedelta

from udts_monitor.decision.event import Kind
from udts_monitor.decision.observation import Number, Observation
from udts_monitor.decision.rule import Aspect, CheckContext, Effect, EventDraft, RuleResult
from udts_monitor.decision.state import TaskState
from udts_monitor.decision.status import SYNCED, Outcome

NAME = "lag"
CHECKS_IN_A_ROW = 3
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Kept while something is counted.

    Attributes:
        above: checks in a row with a delay above the limit, up to the number that is told.
        grown: measurements in a row at which more data remained than at the one before.
        below: checks in a row, during an incident, with a delay that is in order.
    """

    above: int = 0
    grown: int = 0
    below: int = 0


def judge(before: TaskState, after: TaskState, at: CheckContext) -> RuleResult:
    """Behind for three checks, or losing ground at three measurements; level, or in order as long, again."""
    seen, is_open = at.seen, NAME in before.incidents
    if seen is None or seen.outcome is not Outcome.SYNCING or not after.leveled:
        return after, ()
    if seen.status == SYNCED:
        return after.remembering(NAME, None), (_over(),) if is_open else ()
    known: Memory = before.memory.get(NAME) or Memory()
    memory = _counted(known, before, seen, at)
    if is_open and memory.below >= CHECKS_IN_A_ROW:
        return after.remembering(NAME, None), (_over(),)
    after = after.remembering(NAME, memory if memory != Memory() else None)
    cause = _cause(memory)
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


def _counted(known: Memory, before: TaskState, seen: Observation, at: CheckContext) -> Memory:
    delay = delay_of(seen)
    late = delay is not None and delay > at.policy.max_delay_seconds
    grown = _grown(known.grown, before, seen, at)
    above = min(known.above + 1, CHECKS_IN_A_ROW) if late else 0
    in_order = NAME in before.incidents and not late and grown == 0
    return Memory(above=above, grown=grown, below=known.below + 1 if in_order else 0)


def _grown(grown: int, before: TaskState, seen: Observation, at: CheckContext) -> int:
    """Measurements are compared as far apart as samples are kept: a burst of a minute is no trend."""
    now, then = seen.lag, before.lag
    if now is None or then is None or now.remaining_bytes is None or then.remaining_bytes is None:
        return 0
    if now.remaining_bytes < at.policy.cutover_below_megabytes * MEGABYTE:
        return 0
    if now.measured_at - then.measured_at < timedelta(minutes=at.policy.sample_minutes):
        return grown
    return min(grown + 1, CHECKS_IN_A_ROW) if now.remaining_bytes > then.remaining_bytes else 0


def _cause(memory: Memory) -> str:
    if memory.above >= CHECKS_IN_A_ROW:
        return "delay"
    return "losing_ground" if memory.grown >= CHECKS_IN_A_ROW else ""


def _over() -> EventDraft:
    return EventDraft(kind=Kind.CAUGHT_UP, effect=Effect.ENDS, aspect=NAME)


ASPECT = Aspect(
    name=NAME,
    judge=judge,
    memory=Memory,
)
