"""Cut-over: whether the target is level enough to switch over to, by UCloud's own rule.

Source: UDTS guide, switch-over: Syncing or Synced, and less than 5 MB of remaining data.
"""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from udts_monitor.decision.event import Kind
from udts_monitor.decision.lag import ON_ITS_WAY_SECONDS, delay_of, is_late, is_level
from udts_monitor.decision.observation import Observation
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.rule import Aspect, CheckContext, EventDraft, Now, RuleResult, Wait
from udts_monitor.decision.state import TaskState
from udts_monitor.decision.status import SYNCED, Outcome

NAME = "cutover"
# A busy source swings.
EACH_AT_MOST_EVERY = timedelta(hours=1)
# For so long after the last figures a task counts as one that has metrics.
_HAS_METRICS = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Kept from the first check that says ready on, until the task loads again.

    Attributes:
        ready: what holds, after so many checks in a row.
        since: since when it has held without a check that said the contrary, None before the first such.
        checks: checks in a row that say the contrary.
        contrary_since: the first of them, None without one.
        told: what was told last.
        ready_at: when it was last told to be ready, None before the first time.
        not_ready_at: when it was last told not to be ready any more.
    """

    ready: bool = False
    since: datetime | None = None
    checks: int = 0
    contrary_since: datetime | None = None
    told: bool = False
    ready_at: datetime | None = None
    not_ready_at: datetime | None = None


def judge(before: TaskState, after: TaskState, at: CheckContext) -> RuleResult:
    """Told when it holds for as many checks, and each way at most once an hour."""
    if at.seen is None or at.seen.outcome is Outcome.UNKNOWN:
        return after, ()
    known: Memory = before.memory.get(NAME) or Memory()
    if at.seen.outcome is Outcome.LOADING:
        return after.remembering(NAME, None), ()
    if at.seen.outcome is not Outcome.SYNCING:
        # It begins anew later; that it is not ready now its health tells.
        return _remembering(after, Memory(ready_at=known.ready_at, not_ready_at=known.not_ready_at)), ()
    ready = is_ready(at.seen, before, at.policy, at.now)
    if ready is None:
        return after, ()
    memory = _counted(known, ready, at)
    if memory.ready == memory.told or not _is_due(memory, at.now):
        return _remembering(after, memory), ()
    if memory.ready:
        memory = replace(memory, told=True, ready_at=at.now)
    else:
        memory = replace(memory, told=False, not_ready_at=at.now)
    kind = Kind.CUTOVER_READY if memory.told else Kind.CUTOVER_NOT_READY
    return after.remembering(NAME, memory), (EventDraft(kind=kind),)


def _is_due(memory: Memory, now: datetime) -> bool:
    """A second time it has to last: a level target falls behind a little with every burst of writes."""
    last = memory.ready_at if memory.ready else memory.not_ready_at
    if last is None:
        return True
    held = memory.ready or (memory.since is not None and now - memory.since >= EACH_AT_MOST_EVERY)
    return held and now - last >= EACH_AT_MOST_EVERY


def is_ready(seen: Observation, before: TaskState, policy: Policy, now: datetime) -> bool | None:
    """Whether one observation says that the target is level enough; None where it does not say.

    Without metrics Synced says so. But a task that has metrics is not behind because a check came without,
    nor one whose delay is small because its source is being written to.
    """
    if seen.lag and seen.lag.remaining_bytes is not None:
        # Nothing remains, and yet what is written to the source has not arrived: one of them is wrong.
        return is_level(seen.lag.remaining_bytes, policy) and not is_late(seen, policy)
    if seen.status == SYNCED:
        return True
    delay = delay_of(seen)
    if delay is not None and delay < ON_ITS_WAY_SECONDS:
        return None
    had = before.lag
    has_metrics = (
        had is not None and had.remaining_bytes is not None and now - had.measured_at <= _HAS_METRICS
    )
    return None if has_metrics else False


def _counted(known: Memory, ready: bool, at: CheckContext) -> Memory:  # noqa: FBT001 - what was seen
    if ready == known.ready:
        since = at.now if known.checks else known.since
        return replace(known, since=since, checks=0, contrary_since=None)
    since = known.contrary_since or at.now
    if known.checks + 1 < at.policy.synced_after_checks:
        return replace(known, checks=known.checks + 1, contrary_since=since)
    return replace(known, ready=ready, since=since, checks=0, contrary_since=None)


def _remembering(after: TaskState, memory: Memory) -> TaskState:
    return after.remembering(NAME, memory if memory != Memory() else None)


def _waits(state: TaskState, at: Now) -> tuple[Wait, ...]:
    if state.known_outcome is not Outcome.SYNCING:
        return ()
    memory: Memory = state.memory.get(NAME) or Memory()
    counted = memory.checks if memory.ready == memory.told else at.policy.synced_after_checks
    left = max(1, math.ceil(at.policy.synced_after_checks - counted))
    if memory.told:
        return (Wait(kind=Kind.CUTOVER_NOT_READY, checks=left, when="that say it is behind"),)
    return (Wait(kind=Kind.CUTOVER_READY, checks=left, when="that say it is level"),)


ASPECT = Aspect(
    name=NAME,
    judge=judge,
    memory=Memory,
    waits=_waits,
)
