"""Reachability: whether UCloud says how a task is. A check without an answer never changes a status."""

import math
from dataclasses import replace
from datetime import datetime, timedelta

from udts_monitor.decision.event import Kind, Severity
from udts_monitor.decision.observation import NoAnswer
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.rule import Aspect, CheckContext, Effect, EventDraft, Now, RuleResult, Wait
from udts_monitor.decision.state import TaskState, Unanswered
from udts_monitor.text import truncate

NAME = "reachability"
_REASON_LIMIT = 300
# From the first of them on it is critical: nobody watches.
REMINDERS = (timedelta(hours=1), *(timedelta(days=days) for days in range(1, 7)))


def count(gap: Unanswered | None, answer: NoAnswer, now: datetime) -> Unanswered:
    """The time without an answer, with this check counted.

    Until somebody was told, any cause counts. Afterwards a cause that is told changes nothing, and another
    one counts its own checks in a row.
    """
    if gap is None:
        return Unanswered(since=now, checks=1, cause=answer.cause, reason=_kept(answer))
    same = answer.cause == gap.cause
    # A sentence that differs from check to check would cost a write at each.
    gap = gap if same else replace(gap, cause=answer.cause, reason=_kept(answer))
    if not gap.told_cause:
        return replace(gap, checks=gap.checks + 1)
    if answer.cause == gap.told_cause:
        return replace(gap, checks=0)
    return replace(gap, checks=gap.checks + 1 if same else 1)


def is_due(gap: Unanswered, answer: NoAnswer, policy: Policy) -> bool:
    """Whether the cause of this check is to be told. Waiting does not help where a person has to act."""
    if gap.told_cause == answer.cause:
        return False
    return answer.configuration or gap.checks >= policy.unreachable_after_checks


def severity_after(time: timedelta) -> Severity:
    """How grave it is after this time without an answer."""
    return Severity.CRITICAL if time >= REMINDERS[0] else Severity.WARNING


def judge(before: TaskState, after: TaskState, at: CheckContext) -> RuleResult:
    """Unanswered checks are counted and told; an answer ends the time without one."""
    gap = before.unanswered
    if isinstance(at.answer, NoAnswer):
        after = replace(after, unanswered=at.missed)
        return after, _unreachable(at.missed, at.answer, at) if at.missed and at.alone else ()
    if gap is None or at.seen_afterwards:
        # What happened meanwhile is no answer: it comes with one.
        return after, ()
    unanswered = after.lifecycle.unanswered_seconds + (at.now - gap.since).total_seconds()
    lifecycle = replace(after.lifecycle, unanswered_seconds=round(unanswered, 3))
    ended = EventDraft(kind=Kind.REACHABLE, effect=Effect.ENDS, aspect=NAME, since=gap.since)
    return replace(after, unanswered=None, lifecycle=lifecycle), (ended,)


def _kept(answer: NoAnswer) -> str:
    return truncate(answer.reason, _REASON_LIMIT)


def _unreachable(gap: Unanswered, answer: NoAnswer, at: CheckContext) -> tuple[EventDraft, ...]:
    draft = EventDraft(
        kind=Kind.UNREACHABLE,
        effect=Effect.BEGINS,
        aspect=NAME,
        severity=severity_after(at.now - gap.since),
        since=gap.since,
        reason=answer.reason,
        more=_facts(answer),
    )
    return (draft,)


def _waits(state: TaskState, at: Now) -> tuple[Wait, ...]:
    gap = state.unanswered
    if gap and gap.told_cause:
        return (Wait(kind=Kind.REACHABLE, checks=1, when="with an answer"),)
    counted = gap.checks if gap else 0
    left = max(1, math.ceil(at.policy.unreachable_after_checks) - counted)
    return (Wait(kind=Kind.UNREACHABLE, checks=left, when="without an answer"),)


def _remind(state: TaskState, at: CheckContext) -> EventDraft | None:
    """The reminders of an outage speak for all its tasks."""
    shared = state.unanswered is None or state.unanswered.shared
    if shared or not isinstance(at.answer, NoAnswer):
        return None
    reason, facts = at.answer.reason, _facts(at.answer)
    return EventDraft(kind=Kind.REMINDER, effect=Effect.WORSENS, aspect=NAME, reason=reason, more=facts)


def _facts(answer: NoAnswer) -> dict[str, object]:
    return {
        "cause": answer.cause,
        "quote": answer.quote,
        "configuration": answer.configuration,
        "request_uuid": answer.request_uuid,
    }


ASPECT = Aspect(
    name=NAME,
    judge=judge,
    reminders=REMINDERS,
    remind=_remind,
    waits=_waits,
)
