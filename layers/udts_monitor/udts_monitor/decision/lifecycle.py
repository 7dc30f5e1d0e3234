"""A task's way from status to status: what a new word changes, and when a task has finished."""

from dataclasses import replace

from udts_monitor.decision import deadline
from udts_monitor.decision.event import Kind
from udts_monitor.decision.observation import Observation
from udts_monitor.decision.rule import CheckContext, Effect, EventDraft, RuleResult
from udts_monitor.decision.state import Lifecycle, TaskState
from udts_monitor.decision.status import CREATED, SYNCED, Outcome

# A service that invents a new word at every check must not fill the item or the phone.
MAX_UNKNOWN_WORDS = 20


def with_new_status(before: TaskState, at: CheckContext) -> TaskState:
    """A new word begins a new status, and a new outcome where the word is known and means another one."""
    seen = at.seen
    if seen is None or seen.status == before.status:
        return before
    after = replace(
        before,
        status=seen.status,
        previous_status=before.status,
        since=at.entered_at or at.now,
        lifecycle=_updated_lifecycle(before, seen, at),
    )
    if seen.outcome is Outcome.UNKNOWN:
        return after
    after = replace(after, known_status=seen.status)
    after = _in_phase(before, after, seen)
    if seen.outcome is before.known_outcome:
        return after
    gap = before.unanswered
    last_seen = at.entered_at or (gap.since if gap else at.previous_run_at)
    return replace(after, outcome_since=after.since, last_seen_at=last_seen if before.status else None)


def _in_phase(before: TaskState, after: TaskState, seen: Observation) -> TaskState:
    """What a finish or a load that begins leaves behind belongs to what was before it."""
    left_finish = before.known_outcome is Outcome.FINISHED and seen.outcome is not Outcome.FINISHED
    phase = None if left_finish else after.phase
    if seen.outcome in {Outcome.LOADING, Outcome.SYNCING}:
        phase = seen.outcome
    kept = after.leveled and phase is Outcome.SYNCING
    return replace(after, phase=phase, leveled=kept or seen.status == SYNCED)


def judge(before: TaskState, after: TaskState, at: CheckContext) -> RuleResult:
    """A finish ends whatever was open and says so; Success after Done is the same finish."""
    finished = at.seen and at.seen.outcome is Outcome.FINISHED
    if not finished or before.known_outcome is Outcome.FINISHED:
        return after, ()
    more = {
        "lifecycle": after.lifecycle,
        "watched_from_start": Outcome.PREPARING in after.lifecycle.seconds,
        "estimate_score": deadline.score(before, at.now),
    }
    return replace(after, memory={}), (EventDraft(kind=Kind.FINISHED, effect=Effect.ENDS_ALL, more=more),)


def judge_word(before: TaskState, after: TaskState, at: CheckContext) -> RuleResult:
    """A word that is not in our table is told once per word and task."""
    del before
    known = after.unknown_words
    new = at.seen and at.seen.outcome is Outcome.UNKNOWN and at.seen.status not in known
    if at.seen is None or not new or len(known) >= MAX_UNKNOWN_WORDS:
        return after, ()
    words = (*known, at.seen.status)
    return replace(after, unknown_words=words), (EventDraft(kind=Kind.UNKNOWN_STATUS),)


def _updated_lifecycle(before: TaskState, seen: Observation, at: CheckContext) -> Lifecycle:
    """The lifecycle so far; a task that leaves its finish begins a new one."""
    left_finish = before.known_outcome is Outcome.FINISHED
    anew = left_finish and seen.outcome not in {Outcome.FINISHED, Outcome.UNKNOWN}
    lifecycle = before.lifecycle
    if anew:
        lifecycle = Lifecycle(started_at=at.entered_at or at.now, reset=seen.status == CREATED)
    failed = seen.outcome is Outcome.FAILED and before.known_outcome is not Outcome.FAILED
    lifecycle = replace(lifecycle, failures=lifecycle.failures + failed)
    if anew or before.outcome is None:
        return lifecycle
    spent = (
        lifecycle.seconds.get(before.outcome, 0) + ((at.entered_at or at.now) - before.since).total_seconds()
    )
    return replace(lifecycle, seconds={**lifecycle.seconds, str(before.outcome): round(spent, 3)})
