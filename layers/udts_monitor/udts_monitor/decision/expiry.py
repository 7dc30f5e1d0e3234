"""Expiry: the time a task is paid for ends soon, and nobody pays on. UCloud then stops and deletes it.

Source: UDTS guide, recycle: expired tasks are stopped after a day and recycled for good after two.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from udts_monitor.decision.event import Kind
from udts_monitor.decision.rule import Aspect, CheckContext, EventDraft, Now, RuleResult, Wait
from udts_monitor.decision.state import TaskState
from udts_monitor.decision.status import Outcome

NAME = "expiry"
SOON = timedelta(days=3)
# After it the task is gone for good.
RECYCLED_AFTER = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Kept from the first warning on.

    Attributes:
        told: the end of the paid time that was told.
    """

    told: datetime


def judge(before: TaskState, after: TaskState, at: CheckContext) -> RuleResult:
    """Once for each end of the paid time; of a finished task nobody needs it."""
    listed = at.listed or after.listed
    after = replace(after, listed=listed)
    expires_at = listed.expires_at if listed and not listed.renewed else None
    if expires_at is None or after.known_outcome is Outcome.FINISHED:
        return after, ()
    memory: Memory | None = before.memory.get(NAME)
    told = memory is not None and memory.told == expires_at
    if told or not -RECYCLED_AFTER <= expires_at - at.now <= SOON:
        return after, ()
    after = after.remembering(NAME, Memory(told=expires_at))
    return after, (EventDraft(kind=Kind.EXPIRING, since=at.now, more={"expires_at": expires_at}),)


def _waits(state: TaskState, at: Now) -> tuple[Wait, ...]:
    expires_at = state.listed.expires_at if state.listed and not state.listed.renewed else None
    memory: Memory | None = state.memory.get(NAME)
    told = memory is not None and memory.told == expires_at
    if expires_at is None or told or state.known_outcome is Outcome.FINISHED or expires_at < at.now:
        return ()
    return (Wait(kind=Kind.EXPIRING, at=expires_at - SOON, unless="it is paid on"),)


ASPECT = Aspect(name=NAME, judge=judge, memory=Memory, waits=_waits)
