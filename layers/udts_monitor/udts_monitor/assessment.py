"""The decision: what a check means for a task, and what of it is worth telling.

Start reading here. ``assess`` is a pure function: the stored state and the answer go in, the new state and
the events come out. It knows no UCloud, no AWS and no clock.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from udts_monitor.event import SEVERITIES, Event, Kind, event_id
from udts_monitor.observation import NoAnswer, Observation
from udts_monitor.policy import Policy
from udts_monitor.rules import RULES, Moment, Telling, enter
from udts_monitor.state import TaskState, Unanswered
from udts_monitor.tasks import TaskRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What one check leads to.

    Attributes:
        before: the stored state.
        at: the moment of the check.
        after: the state to save; ``before`` itself when nothing changed and nothing is to be written.
        transition: the status changed, which the history keeps.
        sample: progress or position moved and is due to be kept in the history.
        events: what is worth telling, in the order of telling.
    """

    task: TaskRef
    at: datetime
    before: TaskState
    after: TaskState
    transition: bool = False
    sample: bool = False
    events: tuple[Event, ...] = ()

    @property
    def changed(self) -> bool:
        """There is something to save."""
        return self.after is not self.before


def assess(
    before: TaskState, task: TaskRef, answer: Observation | NoAnswer, policy: Policy, now: datetime
) -> Assessment:
    """Decide what an answer changes and what of it is told.

    Args:
        before: the stored state, ``TaskState.unseen`` for a new task.
        task: the task as configured now.
        answer: what the check yielded. No answer never changes a status.
        policy: thresholds of this task.
        now: the moment of the check, aware UTC.
    """
    if isinstance(answer, NoAnswer):
        return _assess_no_answer(before, task, answer, policy, now)
    return _assess_observation(before, task, answer, policy, now)


def _assess_observation(
    before: TaskState, task: TaskRef, seen: Observation, policy: Policy, now: datetime
) -> Assessment:
    after, tellings = enter(before, seen, now), []
    for rule in RULES:
        after, telling = rule(before, after, seen, Moment(task=task, policy=policy, now=now))
        if telling:
            tellings.append(telling)
    transition = seen.status != before.status
    sample = not transition and _sample_due(before, seen, policy, now)
    if after == before and not sample:
        return Assessment(task=task, at=now, before=before, after=before)
    after = _with_snapshot(after, seen, now)
    after = replace(after, version=before.version + 1)
    events = _events(task, after, tellings, now)
    return Assessment(
        task=task, at=now, before=before, after=after, transition=transition, sample=sample, events=events
    )


def _sample_due(before: TaskState, seen: Observation, policy: Policy, now: datetime) -> bool:
    moved = (seen.progress or before.progress, seen.position or before.position) != (
        before.progress,
        before.position,
    )
    return moved and (before.sampled_at is None or now - before.sampled_at >= policy.sample_every)


def _with_snapshot(after: TaskState, seen: Observation, now: datetime) -> TaskState:
    """Keep the observation's figures; those it lacks stay: a failed task no longer says how far it was."""
    return replace(
        after,
        failed_message=seen.failed_message,
        progress=seen.progress or after.progress,
        position=seen.position or after.position,
        retries_used=after.retries_used if seen.retries_used is None else seen.retries_used,
        retries_allowed=after.retries_allowed if seen.retries_allowed is None else seen.retries_allowed,
        sampled_at=now,
    )


def _assess_no_answer(
    before: TaskState, task: TaskRef, answer: NoAnswer, policy: Policy, now: datetime
) -> Assessment:
    gap = before.unanswered or Unanswered(since=now, checks=0, cause=answer.cause)
    told = gap.told_alone or bool(gap.told_with)
    if answer.configuration:
        # Waiting does not help, so the first check tells it; also when another cause was told before.
        due = answer.cause not in gap.told_with
    else:
        due = not told and gap.checks + 1 >= policy.unreachable_after_checks
    if told and not due:
        return Assessment(task=task, at=now, before=before, after=before)
    gap = replace(gap, checks=gap.checks + 1, cause=answer.cause, told_alone=gap.told_alone or due)
    after = replace(before, unanswered=gap, version=before.version + 1)
    tellings = [Telling(kind=Kind.UNREACHABLE, reason=answer.reason, since=gap.since)] if due else []
    return Assessment(
        task=task, at=now, before=before, after=after, events=_events(task, after, tellings, now)
    )


def _events(task: TaskRef, after: TaskState, tellings: list[Telling], now: datetime) -> tuple[Event, ...]:
    """Events lie a microsecond apart, after the transition: sorted by time they keep the order of telling."""
    return tuple(
        Event(
            id=event_id(task.key, after.version, telling.kind),
            kind=telling.kind,
            severity=telling.severity or SEVERITIES[telling.kind],
            time=now + timedelta(microseconds=place),
            task=task,
            status=after.status,
            previous_status=after.previous_status,
            since=telling.since or after.since,
            reason=telling.reason,
            incident_id=telling.incident.id if telling.incident else "",
            incident_since=telling.incident.since if telling.incident else None,
            progress=after.progress,
            position=after.position,
            retries_used=after.retries_used,
            retries_allowed=after.retries_allowed,
            resume_until=telling.resume_until,
            journey=telling.journey,
        )
        for place, telling in enumerate(tellings, start=1)
    )
