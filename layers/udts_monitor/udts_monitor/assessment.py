"""The decision: what a check means for a task, and what of it is worth telling.

Start reading here. ``assess`` is a pure function: the stored state and the answer go in, the new state and
the events come out. It knows no UCloud, no AWS and no clock.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from udts_monitor.event import SEVERITIES, Event, Kind, Severity, event_id
from udts_monitor.observation import NoAnswer, Observation
from udts_monitor.state import Incident, Journey, TaskState, Unanswered
from udts_monitor.status import HEALTHY, RETRY_PENDING, UNRECOVERABLE, Outcome
from udts_monitor.tasks import TaskRef

# A service that invents a new word at every check must not fill the item or the phone.
MAX_UNKNOWN_WORDS = 20
# Shares of the time to resume at which it is told; the last one is critical.
RESUME_MARKS = (0.5, 0.8, 0.95)
# How long an incident lasts when it is told again.
REMINDERS = (timedelta(hours=4), *(timedelta(days=days) for days in range(1, 7)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When something is worth telling. A count or a time of 0 means at once."""

    unreachable_after_checks: int = 3
    recovered_after_checks: int = 3
    stopped_grace: timedelta = timedelta(minutes=20)
    sample_every: timedelta = timedelta(minutes=5)
    resume_within: timedelta = timedelta(days=7)

    def for_task(self, task: TaskRef) -> "Policy":
        """The thresholds that the task sets for itself win over the general ones."""
        own = task.thresholds
        return replace(
            self,
            unreachable_after_checks=int(own.get("unreachable_after_checks", self.unreachable_after_checks)),
            recovered_after_checks=int(own.get("recovered_after_checks", self.recovered_after_checks)),
            stopped_grace=timedelta(
                minutes=own.get("stopped_grace_minutes", self.stopped_grace / timedelta(minutes=1))
            ),
            resume_within=timedelta(
                days=own.get("resume_within_days", self.resume_within / timedelta(days=1))
            ),
        )


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Telling:
    """An event before it has its id and its time."""

    kind: Kind
    reason: str = ""
    since: datetime | None = None
    incident: Incident | None = None
    severity: Severity | None = None
    resume_until: datetime | None = None
    journey: Journey | None = None


type _Verdict = tuple[TaskState, _Telling | None]


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
    after, tellings = _enter(before, seen, now), []
    for rule in _RULES:
        after, telling = rule(before, after, seen, _Moment(task=task, policy=policy, now=now))
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    """What every rule may ask for beside the state and the observation."""

    task: TaskRef
    policy: Policy
    now: datetime


def _enter(before: TaskState, seen: Observation, now: datetime) -> TaskState:
    """A new word begins a new status; what was told of the old one belongs to the old one."""
    if seen.status == before.status:
        return before
    return replace(
        before,
        status=seen.status,
        previous_status=before.status,
        since=now,
        journey=_travelled(before, seen, now),
        stopped_told=False,
        resume_marks_told=0,
    )


def _travelled(before: TaskState, seen: Observation, now: datetime) -> Journey:
    """The journey so far; a task that leaves its finish begins a new one."""
    anew = before.outcome is Outcome.FINISHED and seen.outcome is not Outcome.FINISHED
    journey = Journey(begun_at=now) if anew or before.journey is None else before.journey
    failed = seen.outcome is Outcome.FAILED and before.outcome is not Outcome.FAILED
    journey = replace(journey, failures=journey.failures + failed)
    if anew or before.outcome is None:
        return journey
    spent = journey.seconds.get(before.outcome, 0) + (now - before.since).total_seconds()
    return replace(journey, seconds={**journey.seconds, str(before.outcome): round(spent, 3)})


def _answers_again(before: TaskState, after: TaskState, _seen: Observation, at: _Moment) -> _Verdict:
    """An answer ends the time without one; it is told where the beginning was told for this task alone."""
    gap = before.unanswered
    if gap is None:
        return after, None
    telling = _Telling(kind=Kind.REACHABLE, since=gap.since) if gap.told_alone else None
    journey = after.journey
    if journey:
        unseen = journey.unseen_seconds + (at.now - gap.since).total_seconds()
        journey = replace(journey, unseen_seconds=round(unseen, 3))
    return replace(after, unanswered=None, journey=journey), telling


def _failure(before: TaskState, after: TaskState, seen: Observation, at: _Moment) -> _Verdict:
    """The first failure opens an incident and is told; a later one only if it is news (see ``_is_news``)."""
    if seen.outcome is not Outcome.FAILED:
        return after, None
    known = before.incident
    opened = Incident(
        id=event_id(at.task.key, before.version + 1, Kind.FAILED), since=at.now, status=seen.status
    )
    incident = replace(known or opened, status=seen.status, retries_used=seen.retries_used, healthy_checks=0)
    after = replace(after, incident=incident)
    if known and not _is_news(before, known, seen):
        return after, None
    return after, _Telling(
        kind=Kind.FAILED,
        reason=seen.failed_message,
        incident=incident,
        resume_until=_resume_until(after, seen, at),
    )


def _is_news(before: TaskState, incident: Incident, seen: Observation) -> bool:
    """A failure within an incident is news when it got worse or when a person had restarted the task.

    The service's own retries are not: they count up (CurRetryCount), or, where UCloud gives no counts, the
    failure comes straight out of RetryPending.
    """
    retried = _more(seen.retries_used, incident.retries_used)
    by_itself = retried or (seen.retries_used is None and before.status == RETRY_PENDING)
    gone_for_good = seen.status in UNRECOVERABLE and incident.status not in UNRECOVERABLE
    last_retry_failed = retried and seen.retries_exhausted
    restarted = before.outcome is not Outcome.FAILED and not by_itself
    return gone_for_good or last_retry_failed or restarted


def _more(now: int | None, then: int | None) -> bool:
    return now is not None and now > (then or 0)


def _finish(before: TaskState, after: TaskState, seen: Observation, _at: _Moment) -> _Verdict:
    """Success after Done is the same finish; a finish ends an incident and says so."""
    if seen.outcome is not Outcome.FINISHED:
        return after, None
    told = before.outcome is not Outcome.FINISHED
    telling = _Telling(kind=Kind.FINISHED, incident=before.incident, journey=after.journey) if told else None
    return replace(after, incident=None), telling


def _recovery(_before: TaskState, after: TaskState, seen: Observation, at: _Moment) -> _Verdict:
    """An incident ends when the task was healthy often enough in a row."""
    incident = after.incident
    if incident is None or seen.outcome is Outcome.FAILED:
        return after, None
    healthy_checks = incident.healthy_checks + 1 if seen.outcome in HEALTHY else 0
    if seen.outcome in HEALTHY and healthy_checks >= at.policy.recovered_after_checks:
        return replace(after, incident=None), _Telling(kind=Kind.RECOVERED, incident=incident)
    return replace(after, incident=replace(incident, healthy_checks=healthy_checks)), None


def _stop(_before: TaskState, after: TaskState, seen: Observation, at: _Moment) -> _Verdict:
    """A stop ends an incident at once and is told when it lasts: operators stop tasks to start them again."""
    if seen.outcome is not Outcome.STOPPED:
        return after, None
    after = replace(after, incident=None)
    if after.stopped_told or at.now - after.since < at.policy.stopped_grace:
        return after, None
    telling = _Telling(kind=Kind.STOPPED, resume_until=_resume_until(after, seen, at))
    return replace(after, stopped_told=True), telling


def _unknown_word(_before: TaskState, after: TaskState, seen: Observation, _at: _Moment) -> _Verdict:
    """A word that is not in our table is told once per word and task."""
    known = after.unknown_told
    if seen.outcome is not Outcome.UNKNOWN or seen.status in known or len(known) >= MAX_UNKNOWN_WORDS:
        return after, None
    return replace(after, unknown_told=(*known, seen.status)), _Telling(kind=Kind.UNKNOWN_STATUS)


def _retrying(before: TaskState, after: TaskState, seen: Observation, _at: _Moment) -> _Verdict:
    """The service will retry by itself: news only where no failure was told before."""
    entered = seen.status == RETRY_PENDING and before.status != RETRY_PENDING
    if not entered or before.incident:
        return after, None
    return after, _Telling(kind=Kind.RETRYING, reason=seen.failed_message)


def _resume_deadline(_before: TaskState, after: TaskState, seen: Observation, at: _Moment) -> _Verdict:
    """The time to resume is running out; when several marks passed unseen, only the latest is told."""
    until = _resume_until(after, seen, at)
    if until is None or not at.policy.resume_within:
        return after, None
    share = (at.now - after.since) / at.policy.resume_within
    passed = sum(share >= mark for mark in RESUME_MARKS)
    if passed <= after.resume_marks_told:
        return after, None
    last = passed == len(RESUME_MARKS)
    telling = _Telling(
        kind=Kind.RESUME_DEADLINE,
        reason=(seen.failed_message or after.failed_message) if seen.outcome is Outcome.FAILED else "",
        severity=Severity.CRITICAL if last else Severity.WARNING,
        incident=after.incident,
        resume_until=until,
    )
    return replace(after, resume_marks_told=passed), telling


def _reminder(_before: TaskState, after: TaskState, seen: Observation, at: _Moment) -> _Verdict:
    """An incident that lasts is told again after 4 hours, a day, and then daily for a week."""
    incident = after.incident
    if incident is None or seen.outcome in HEALTHY:
        return after, None
    passed = sum(at.now - incident.since >= due for due in REMINDERS)
    if passed <= incident.reminders:
        return after, None
    telling = _Telling(
        kind=Kind.REMINDER,
        reason=seen.failed_message or after.failed_message,
        incident=incident,
        severity=SEVERITIES[Kind.FAILED],
        resume_until=_resume_until(after, seen, at),
    )
    return replace(after, incident=replace(incident, reminders=passed)), telling


def _resume_until(after: TaskState, seen: Observation, at: _Moment) -> datetime | None:
    """Until when the task can be resumed; None when it is not down, or down for good."""
    down = seen.outcome in {Outcome.STOPPED, Outcome.FAILED} and seen.status not in UNRECOVERABLE
    return after.since + at.policy.resume_within if down else None


# The order is the order of telling: first that the task can be seen again, then what is seen.
_RULES: tuple[Callable[[TaskState, TaskState, Observation, _Moment], _Verdict], ...] = (
    _answers_again,
    _failure,
    _finish,
    _stop,
    _retrying,
    _recovery,
    _unknown_word,
    _resume_deadline,
    _reminder,
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
    tellings = [_Telling(kind=Kind.UNREACHABLE, reason=answer.reason, since=gap.since)] if due else []
    return Assessment(
        task=task, at=now, before=before, after=after, events=_events(task, after, tellings, now)
    )


def _events(task: TaskRef, after: TaskState, tellings: list[_Telling], now: datetime) -> tuple[Event, ...]:
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
