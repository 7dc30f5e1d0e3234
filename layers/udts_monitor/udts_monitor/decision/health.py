"""Health: whether a task failed, waits for a retry, stands still by somebody's wish, or is well again."""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from udts_monitor.decision.event import Kind, Severity
from udts_monitor.decision.observation import Observation
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.rule import Aspect, CheckContext, Effect, EventDraft, Now, RuleResult, Wait
from udts_monitor.decision.state import TaskState
from udts_monitor.decision.status import CREATED, RETRY_PENDING, UNRECOVERABLE, Outcome

NAME = "health"
REMINDERS = (timedelta(hours=4), *(timedelta(days=days) for days in range(1, 7)))
# Shares of the time to resume at which it is told; the last one is critical.
RESUME_MARKS = (0.5, 0.8, 0.95)
# A task seen this recently counts as seen all along: runs are minutes apart.
_SEEN_ALL_ALONG = timedelta(hours=1)
_RUNNING = frozenset({Outcome.LOADING, Outcome.SYNCING})
# They say nothing of whether the trouble is over.
_NEITHER = frozenset({Outcome.PREPARING, Outcome.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Kept from the beginning of the trouble to its end.

    Attributes:
        status: of the latest failure, empty before the first.
        retries_used: automatic retries used at the latest failure, None when UCloud did not say.
        unrecoverable: it was told that the task failed for good.
        reason_told: the latest failure was told with a reason.
        running_checks: observations of a loading or syncing task in a row.
        stop_told: the beginning of the latest stop that was told.
        resume_until: the deadline that ``resume_marks`` were counted for.
        resume_marks: how many marks of the time to resume have passed.
    """

    status: str = ""
    retries_used: int | None = None
    unrecoverable: bool = False
    reason_told: bool = False
    running_checks: int = 0
    stop_told: datetime | None = None
    resume_until: datetime | None = None
    resume_marks: int = 0


type _Step = tuple[Memory | None, EventDraft | None]


def judge(before: TaskState, after: TaskState, at: CheckContext) -> RuleResult:
    """One thing after the other; each may tell one event and leaves its mark for the next."""
    memory: Memory | None = before.memory.get(NAME)
    drafts, begun = [], memory is None
    for step in (_failure, _stop, _retrying, _recovery, _resume_deadline):
        memory, draft = step(memory, before, after, at)
        if draft:
            drafts.append(draft)
    if begun and memory:
        # Counts belong to their incident: a failure without them must not inherit "retries used up".
        after = replace(after, retries_used=None, retries_allowed=None)
    return after.remembering(NAME, memory), tuple(drafts)


def resume_until(state: TaskState, policy: Policy) -> datetime | None:
    """Until when the task can be started again; None when it need not or cannot be.

    Counted from when the task was last seen well: nobody knows how much later it went down.
    Source: UDTS guide, FAQ 10 (a task that was paused for more than 7 days cannot be resumed) and FAQ 20 (one
    in its incremental phase needs the logs that its source keeps).
    """
    limits = []
    # A full load begins anew whenever it is started.
    stopped = state.known_outcome is Outcome.STOPPED and state.phase is not Outcome.LOADING
    if stopped:
        limits.append(timedelta(days=policy.resume_within_days))
    failed = state.known_outcome is Outcome.FAILED and state.known_status not in UNRECOVERABLE
    if (stopped or failed) and state.phase is Outcome.SYNCING:
        limits.append(timedelta(hours=policy.source_log_retention_hours))
    given = [limit for limit in limits if limit]
    return _down_since(state) + min(given) if given else None


def _down_since(state: TaskState) -> datetime:
    seen = state.last_seen_at
    return seen if seen and state.outcome_since - seen > _SEEN_ALL_ALONG else state.outcome_since


def _failure(memory: Memory | None, before: TaskState, after: TaskState, at: CheckContext) -> _Step:
    """The first failure is told; a later one only if it is news. A reason that comes late is told with it."""
    del after
    seen = at.seen
    if seen is None or seen.outcome is not Outcome.FAILED:
        return memory, None
    known = memory or Memory()
    news = not known.status or _is_news(before, known, seen)
    late_reason = bool(seen.failed_message) and not known.reason_told
    told = news or late_reason
    failed = replace(
        known,
        status=seen.status,
        retries_used=seen.retries_used,
        unrecoverable=seen.status in UNRECOVERABLE
        or (known.unrecoverable and not _restarted(before, known, seen)),
        reason_told=bool(seen.failed_message) or (known.reason_told and not news),
        running_checks=0,
    )
    more = {
        "again": bool(known.status),
        "retries_exhausted": seen.retries_exhausted,
        "request_uuid": seen.request_uuid,
    }
    return failed, _begins(Kind.FAILED, reason=seen.failed_message, more=more) if told else None


def _is_news(before: TaskState, known: Memory, seen: Observation) -> bool:
    """A failure within an incident is news when it got worse or when a person had restarted the task."""
    gone_for_good = seen.status in UNRECOVERABLE and not known.unrecoverable
    last_retry_failed = _retried(known, seen) and seen.retries_exhausted
    return gone_for_good or last_retry_failed or _restarted(before, known, seen)


def _restarted(before: TaskState, known: Memory, seen: Observation) -> bool:
    """Restarted by a person: the service's own retries count up (CurRetryCount).

    Where UCloud gives no counts, the failure after one of them comes straight out of RetryPending.
    """
    by_itself = _retried(known, seen) or (seen.retries_used is None and before.known_status == RETRY_PENDING)
    return before.known_outcome is not Outcome.FAILED and not by_itself


def _retried(known: Memory, seen: Observation) -> bool:
    return seen.retries_used is not None and seen.retries_used > (known.retries_used or 0)


def _stop(memory: Memory | None, before: TaskState, after: TaskState, at: CheckContext) -> _Step:
    """A stop is told when it lasts: operators stop tasks to start them again."""
    del before
    stopped_at = after.outcome_since
    grace = timedelta(minutes=at.policy.stopped_grace_minutes)
    if after.known_outcome is not Outcome.STOPPED or at.now - stopped_at < grace:
        return memory, None
    if memory and memory.stop_told == stopped_at:
        return memory, None
    told = replace(memory or Memory(), stop_told=stopped_at)
    return told, _begins(Kind.STOPPED, since=stopped_at)


def _retrying(memory: Memory | None, before: TaskState, after: TaskState, at: CheckContext) -> _Step:
    """The service will retry by itself: news only where no incident is open."""
    del before, after
    seen = at.seen
    if memory or seen is None or seen.status != RETRY_PENDING:
        return memory, None
    return Memory(), _begins(
        Kind.RETRYING, reason=seen.failed_message, more={"request_uuid": seen.request_uuid}
    )


def _recovery(memory: Memory | None, before: TaskState, after: TaskState, at: CheckContext) -> _Step:
    """The trouble is over when the task was loading or syncing often enough in a row."""
    del before, after
    if memory is None or at.seen is None or at.seen.outcome in _NEITHER:
        return memory, None
    running_checks = memory.running_checks + 1 if at.seen.outcome in _RUNNING else 0
    if running_checks and running_checks >= at.policy.recovered_after_checks:
        return None, EventDraft(kind=Kind.RECOVERED, effect=Effect.ENDS, aspect=NAME)
    return replace(memory, running_checks=running_checks), None


def _resume_deadline(memory: Memory | None, before: TaskState, after: TaskState, at: CheckContext) -> _Step:
    """The time to resume is running out; when several marks passed unseen, only the latest is told."""
    del before
    until = resume_until(after, at.policy)
    if memory is None or until is None:
        return memory, None
    # Marks belong to the deadline they were counted for: a later one is warned of anew.
    known = memory.resume_marks if until == memory.resume_until else 0
    down_since = _down_since(after)
    passed = sum(at.now >= down_since + (until - down_since) * mark for mark in RESUME_MARKS)
    memory = replace(memory, resume_until=until, resume_marks=max(passed, known))
    if passed <= known:
        return memory, None
    last = passed == len(RESUME_MARKS)
    draft = EventDraft(
        kind=Kind.RESUME_DEADLINE,
        effect=Effect.WORSENS,
        aspect=NAME,
        severity=Severity.CRITICAL if last else Severity.WARNING,
        since=after.outcome_since,
        reason=after.failed_message if after.known_outcome is Outcome.FAILED else "",
        # A task that was stopped on purpose and is not wanted any more must not be reminded of for a week.
        escalates=False,
        more={"last_warning": last},
    )
    return memory, draft


def _begins(
    kind: Kind, *, since: datetime | None = None, reason: str = "", more: dict[str, object] | None = None
) -> EventDraft:
    return EventDraft(
        kind=kind, effect=Effect.BEGINS, aspect=NAME, since=since, reason=reason, more=more or {}
    )


def _waits(state: TaskState, at: Now) -> tuple[Wait, ...]:
    """For a failure at once; for the end of a grace, of the trouble, or of the time to resume."""
    memory: Memory | None = state.memory.get(NAME)
    found = []
    if state.known_outcome not in {Outcome.FAILED, Outcome.FINISHED}:
        found.append(Wait(kind=Kind.FAILED, checks=1, when="that says the task failed"))
    told = memory is not None and memory.stop_told == state.outcome_since
    if state.known_outcome is Outcome.STOPPED and not told:
        grace = timedelta(minutes=at.policy.stopped_grace_minutes)
        found.append(
            Wait(kind=Kind.STOPPED, at=state.outcome_since + grace, unless="the task is started again")
        )
    if memory:
        left = max(1, math.ceil(at.policy.recovered_after_checks) - memory.running_checks)
        found.append(Wait(kind=Kind.RECOVERED, checks=left, when="that say loading or syncing"))
    until = resume_until(state, at.policy)
    if memory and until and memory.resume_marks < len(RESUME_MARKS):
        down_since = _down_since(state)
        mark = down_since + (until - down_since) * RESUME_MARKS[memory.resume_marks]
        found.append(Wait(kind=Kind.RESUME_DEADLINE, at=mark, unless="the task is started again"))
    return tuple(found)


def _remind(state: TaskState, at: CheckContext) -> EventDraft | None:
    """Not of a task that runs again and is about to count as recovered."""
    if state.known_outcome in _RUNNING:
        return None
    # A task that was put back to its creation: what its pre-check found stands beside why it failed.
    found = at.seen.failed_message if at.seen and at.seen.status == CREATED else ""
    reasons = dict.fromkeys(reason for reason in (state.failed_message, found) if reason)
    return EventDraft(kind=Kind.REMINDER, effect=Effect.WORSENS, aspect=NAME, reason="\n".join(reasons))


ASPECT = Aspect(
    name=NAME,
    judge=judge,
    memory=Memory,
    reminders=REMINDERS,
    critical_only=True,
    remind=_remind,
    waits=_waits,
)
