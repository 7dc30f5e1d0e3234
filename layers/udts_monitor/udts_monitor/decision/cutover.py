"""Cut-over: whether the target is level enough to switch over to, by UCloud's own rule.

Source: UDTS guide, switch-over: Syncing or Synced, and less than 5 MB of remaining data.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from udts_monitor.decision.event import Kind
from udts_monitor.decision.lag import MEGABYTE
from udts_monitor.decision.observation import Observation
from udts_monitor.decision.rule import Aspect, CheckContext, EventDraft, RuleResult
from udts_monitor.decision.state import TaskState
from udts_monitor.decision.status import SYNCED, Outcome

NAME = "cutover"
# A busy source swings.
EACH_AT_MOST_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Kept while the task replicates.

    Attributes:
        ready: what holds, after so many checks in a row.
        checks: checks in a row that say the contrary.
        told: what was told last.
        ready_at: when it was last told to be ready, None before the first time.
        not_ready_at: when it was last told not to be ready any more.
    """

    ready: bool = False
    checks: int = 0
    told: bool = False
    ready_at: datetime | None = None
    not_ready_at: datetime | None = None


def judge(before: TaskState, after: TaskState, at: CheckContext) -> RuleResult:
    """Told when it holds for as many checks, and each way at most once an hour."""
    if at.seen is None:
        return after, ()
    known: Memory | None = before.memory.get(NAME)
    if at.seen.outcome is not Outcome.SYNCING:
        gone = at.seen.outcome not in {Outcome.UNKNOWN, Outcome.SYNCING}
        return after.remembering(NAME, None) if gone else after, ()
    memory = _counted(known or Memory(), is_ready(at.seen, at.policy.cutover_below_megabytes), at)
    last = memory.ready_at if memory.ready else memory.not_ready_at
    if memory.ready == memory.told or (last is not None and at.now - last < EACH_AT_MOST_EVERY):
        return after.remembering(NAME, memory if memory != Memory() else None), ()
    if memory.ready:
        memory = replace(memory, told=True, ready_at=at.now)
    else:
        memory = replace(memory, told=False, not_ready_at=at.now)
    kind = Kind.CUTOVER_READY if memory.told else Kind.CUTOVER_NOT_READY
    return after.remembering(NAME, memory), (EventDraft(kind=kind),)


def is_ready(seen: Observation, below_megabytes: float) -> bool:
    """Whether one observation says that the target is level enough; without metrics Synced says so."""
    if seen.lag is None or seen.lag.remaining_bytes is None:
        return seen.status == SYNCED
    return seen.lag.remaining_bytes < below_megabytes * MEGABYTE


def _counted(known: Memory, ready: bool, at: CheckContext) -> Memory:  # noqa: FBT001 - what was seen
    if ready == known.ready:
        return replace(known, checks=0)
    if known.checks + 1 < at.policy.synced_after_checks:
        return replace(known, checks=known.checks + 1)
    return replace(known, ready=ready, checks=0)


ASPECT = Aspect(
    name=NAME,
    judge=judge,
    memory=Memory,
)
