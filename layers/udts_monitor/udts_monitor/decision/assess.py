"""The decision: what a check means for a task, and what of it is worth telling.

Start reading here. ``assess`` is a pure function: the stored state and the answer go in, the new state and
the events come out. It knows no UCloud, no AWS and no clock. The aspects say what happened, the model of
incidents what that does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from udts_monitor.decision import health, lifecycle
from udts_monitor.decision.aspects import ASPECTS
from udts_monitor.decision.event import SEVERITIES, Event, Kind, event_id
from udts_monitor.decision.incident import remind, settle, without_incidents
from udts_monitor.decision.observation import Lag, NoAnswer, Observation
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.reachability import count, is_due
from udts_monitor.decision.rule import Aspect, CheckContext, EventDraft
from udts_monitor.decision.state import Listed, TaskState, Unanswered
from udts_monitor.decision.status import CREATED, Outcome
from udts_monitor.task import TaskRef

_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What one check leads to.

    Attributes:
        before: the stored state.
        at: the moment of the check.
        after: the state to save; ``before`` itself when nothing changed and nothing is to be written.
        transition: the status changed, which the history keeps.
        sample: progress, position or lag moved and is due to be kept in the history.
        events: what is worth keeping, in the order of telling.
        moved_from: key and version of the state as it was kept before, and is not from now on; None for a
            task that is kept where it was.
    """

    task: TaskRef
    at: datetime
    before: TaskState
    after: TaskState
    transition: bool = False
    sample: bool = False
    events: tuple[Event, ...] = ()
    moved_from: tuple[str, int] | None = None

    @property
    def changed(self) -> bool:
        """There is something to save."""
        return self.after is not self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """How a check without an answer counts, once the other tasks were looked at.

    Attributes:
        gap: the time without an answer, this check included.
        alone: it is to be told for this task alone.
    """

    gap: Unanswered
    alone: bool = False


def assess(  # noqa: PLR0913 - one check, and all it depends on
    before: TaskState,
    task: TaskRef,
    answer: Observation | NoAnswer,
    policy: Policy,
    now: datetime,
    *,
    missed: Missed | None = None,
    previous_run_at: datetime | None = None,
    listed: Listed | None = None,
    seen_afterwards: bool = False,
    entered_at: datetime | None = None,
    aspects: Sequence[Aspect] = ASPECTS,
) -> Assessment:
    """Decide what an answer changes and what of it is told.

    Args:
        before: the stored state, ``TaskState.unseen`` for a new task.
        task: the task as configured now.
        answer: what the check yielded. No answer never changes a status.
        policy: thresholds of this task.
        now: the moment of the check, aware UTC.
        missed: how a check without an answer counts, where other tasks matter; None for this task by itself.
        previous_run_at: when the monitor last ran before this run, None when that is not known.
        listed: as the list of its project shows the task now, None where it was not read.
        seen_afterwards: the observation comes from the service's history, nobody saw it happen.
        entered_at: when the task entered its status by that history, None where nobody asked or it is silent.
        aspects: what can be in trouble.
    """
    if isinstance(answer, NoAnswer) and missed is None:
        gap = count(before.unanswered, answer, now)
        due = is_due(gap, answer, policy)
        missed = Missed(gap=replace(gap, told_cause=answer.cause, checks=0) if due else gap, alone=due)
    at = CheckContext(
        task=task,
        policy=policy,
        now=now,
        answer=answer,
        missed=missed.gap if missed else None,
        alone=missed.alone if missed else False,
        previous_run_at=previous_run_at,
        listed=listed,
        seen_afterwards=seen_afterwards,
        entered_at=now if seen_afterwards else entered_at,
    )
    after, drafts = _judged(before, at, aspects)
    transition = after.status != before.status
    sample = not transition and at.seen is not None and _sample_due(before, at.seen, policy, now)
    if after == before and not sample and not drafts:
        return Assessment(task=task, at=now, before=before, after=before)
    if at.seen:
        after = _with_snapshot(before, after, at.seen, now)
    if transition or sample:
        after = replace(after, sampled_at=now)
    after = replace(
        after,
        version=before.version + 1,
        failures_told=after.failures_told + sum(draft.kind == Kind.FAILED for draft in drafts),
        finishes_told=after.finishes_told + sum(draft.kind == Kind.FINISHED for draft in drafts),
    )
    settled, events = settle(
        after, drafts, at, {aspect.name: aspect for aspect in aspects}, _facts(after, at)
    )
    return Assessment(
        task=task, at=now, before=before, after=settled, transition=transition, sample=sample, events=events
    )


def _judged(
    before: TaskState, at: CheckContext, aspects: Sequence[Aspect]
) -> tuple[TaskState, list[EventDraft]]:
    """Every rule in turn: each gets the state as the rules before it left it."""
    after, drafts = replace(lifecycle.with_new_status(before, at), task=at.task), list[EventDraft]()
    judges = [aspect.judge for aspect in aspects]
    for judge in (*judges, lifecycle.judge, lifecycle.judge_word):
        after, told = judge(before, after, at)
        drafts += told
    if any(draft.kind == Kind.FINISHED for draft in drafts):
        return after, drafts
    after, reminders = remind(after, at, aspects)
    return after, [*drafts, *reminders]


def _sample_due(before: TaskState, seen: Observation, policy: Policy, now: datetime) -> bool:
    known = before.progress, before.position, _without_time(before.lag)
    now_seen = seen.progress or before.progress, seen.position or before.position
    moved = (*now_seen, _without_time(seen.lag or before.lag)) != known
    every = timedelta(minutes=policy.sample_minutes)
    gap = before.unanswered
    if gap and now - gap.since >= every:
        # The history shows from when until when nobody knew.
        return True
    return moved and (before.sampled_at is None or now - before.sampled_at >= every)


def _without_time(lag: Lag | None) -> Lag | None:
    """The same figures measured anew are no news."""
    return replace(lag, measured_at=_ANY_TIME) if lag else None


def _with_snapshot(before: TaskState, after: TaskState, seen: Observation, now: datetime) -> TaskState:
    """Keep the observation's figures; those it lacks stay: a failed task no longer says how far it was."""
    kept_reason = before.failed_message if health.NAME in after.memory else ""
    # What the pre-check of a task that was put back to its creation found is not why it failed.
    given = seen.failed_message if seen.status != CREATED else ""
    return replace(
        after,
        failed_message=given or kept_reason,
        progress=seen.progress or after.progress,
        position=seen.position or after.position,
        lag=seen.lag or after.lag,
        retries_used=after.retries_used if seen.retries_used is None else seen.retries_used,
        retries_allowed=after.retries_allowed if seen.retries_allowed is None else seen.retries_allowed,
        # A failed task no longer says how far it was: what stays is as old as it was.
        figures_at=now if seen.progress or seen.position or seen.lag else after.figures_at,
    )


def _facts(after: TaskState, at: CheckContext) -> dict[str, Any]:
    """What every event of a check says of its task."""
    until = health.resume_until(after, at.policy)
    return {
        "status": after.status,
        "previous_status": after.previous_status,
        "last_seen_at": after.last_seen_at,
        "phase": after.phase,
        "progress": after.progress,
        "position": after.position,
        "lag": after.lag,
        "measured_end": after.measured_end,
        "figures_at": None if after.figures_at == at.now else after.figures_at,
        "retries_used": after.retries_used,
        "retries_allowed": after.retries_allowed,
        "seen_afterwards": at.seen_afterwards,
        "resume_until": until,
        "resume_at_most": until is not None and after.last_seen_at is None,
    }


def gone(before: TaskState, task: TaskRef, now: datetime) -> Assessment:
    """A discovered task that the list of its project does not show any more: it is not watched from now on.

    Told of one that was running or in trouble. One that was only created, or has finished, was deleted for
    good reason.
    """
    after = replace(without_incidents(before), listed=None, version=before.version + 1)
    told = before.known_outcome not in {None, Outcome.PREPARING, Outcome.FINISHED}
    event = Event(
        id=event_id(task.key, after.version, Kind.MISSING),
        kind=Kind.MISSING,
        severity=SEVERITIES[Kind.MISSING],
        time=now + timedelta(microseconds=1),
        task=task,
        status=before.status,
        previous_status=before.previous_status,
        since=before.since,
        phase=before.phase,
        progress=before.progress,
        position=before.position,
        figures_at=before.figures_at,
        closes=tuple(found.id for found in before.incidents.values() if found.id),
        incident_critical=any(found.critical_since for found in before.incidents.values() if found.id),
    )
    return Assessment(task=task, at=now, before=before, after=after, events=(event,) if told else ())
