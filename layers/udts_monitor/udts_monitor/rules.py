"""The rules of the decision: each looks at one thing, changes the state for it and tells at most one event.

A rule gets the state before the check, the state as the rules before it left it, and what was seen.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from udts_monitor.event import SEVERITIES, Kind, Severity, event_id
from udts_monitor.observation import Observation
from udts_monitor.policy import Policy
from udts_monitor.state import Incident, Journey, TaskState
from udts_monitor.status import HEALTHY, RETRY_PENDING, UNRECOVERABLE, Outcome
from udts_monitor.tasks import TaskRef

# A service that invents a new word at every check must not fill the item or the phone.
MAX_UNKNOWN_WORDS = 20
# Shares of the time to resume at which it is told; the last one is critical.
RESUME_MARKS = (0.5, 0.8, 0.95)
# How long an incident lasts when it is told again.
REMINDERS = (timedelta(hours=4), *(timedelta(days=days) for days in range(1, 7)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """An event before it has its id and its time."""

    kind: Kind
    reason: str = ""
    since: datetime | None = None
    incident: Incident | None = None
    severity: Severity | None = None
    resume_until: datetime | None = None
    journey: Journey | None = None


type Verdict = tuple[TaskState, Telling | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What every rule may ask for beside the state and the observation."""

    task: TaskRef
    policy: Policy
    now: datetime


def enter(before: TaskState, seen: Observation, now: datetime) -> TaskState:
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


def _answers_again(before: TaskState, after: TaskState, _seen: Observation, at: Moment) -> Verdict:
    """An answer ends the time without one; it is told where the beginning was told for this task alone."""
    gap = before.unanswered
    if gap is None:
        return after, None
    telling = Telling(kind=Kind.REACHABLE, since=gap.since) if gap.told_alone else None
    journey = after.journey
    if journey:
        unseen = journey.unseen_seconds + (at.now - gap.since).total_seconds()
        journey = replace(journey, unseen_seconds=round(unseen, 3))
    return replace(after, unanswered=None, journey=journey), telling


def _failure(before: TaskState, after: TaskState, seen: Observation, at: Moment) -> Verdict:
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
    return after, Telling(
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


def _finish(before: TaskState, after: TaskState, seen: Observation, _at: Moment) -> Verdict:
    """Success after Done is the same finish; a finish ends an incident and says so."""
    if seen.outcome is not Outcome.FINISHED:
        return after, None
    told = before.outcome is not Outcome.FINISHED
    telling = Telling(kind=Kind.FINISHED, incident=before.incident, journey=after.journey) if told else None
    return replace(after, incident=None), telling


def _recovery(_before: TaskState, after: TaskState, seen: Observation, at: Moment) -> Verdict:
    """An incident ends when the task was healthy often enough in a row."""
    incident = after.incident
    if incident is None or seen.outcome is Outcome.FAILED:
        return after, None
    healthy_checks = incident.healthy_checks + 1 if seen.outcome in HEALTHY else 0
    if seen.outcome in HEALTHY and healthy_checks >= at.policy.recovered_after_checks:
        return replace(after, incident=None), Telling(kind=Kind.RECOVERED, incident=incident)
    return replace(after, incident=replace(incident, healthy_checks=healthy_checks)), None


def _stop(_before: TaskState, after: TaskState, seen: Observation, at: Moment) -> Verdict:
    """A stop ends an incident at once and is told when it lasts: operators stop tasks to start them again."""
    if seen.outcome is not Outcome.STOPPED:
        return after, None
    after = replace(after, incident=None)
    if after.stopped_told or at.now - after.since < at.policy.stopped_grace:
        return after, None
    telling = Telling(kind=Kind.STOPPED, resume_until=_resume_until(after, seen, at))
    return replace(after, stopped_told=True), telling


def _unknown_word(_before: TaskState, after: TaskState, seen: Observation, _at: Moment) -> Verdict:
    """A word that is not in our table is told once per word and task."""
    known = after.unknown_told
    if seen.outcome is not Outcome.UNKNOWN or seen.status in known or len(known) >= MAX_UNKNOWN_WORDS:
        return after, None
    return replace(after, unknown_told=(*known, seen.status)), Telling(kind=Kind.UNKNOWN_STATUS)


def _retrying(before: TaskState, after: TaskState, seen: Observation, _at: Moment) -> Verdict:
    """The service will retry by itself: news only where no failure was told before."""
    entered = seen.status == RETRY_PENDING and before.status != RETRY_PENDING
    if not entered or before.incident:
        return after, None
    return after, Telling(kind=Kind.RETRYING, reason=seen.failed_message)


def _resume_deadline(_before: TaskState, after: TaskState, seen: Observation, at: Moment) -> Verdict:
    """The time to resume is running out; when several marks passed unseen, only the latest is told."""
    until = _resume_until(after, seen, at)
    if until is None:
        return after, None
    share = (at.now - after.since) / at.policy.resume_within
    passed = sum(share >= mark for mark in RESUME_MARKS)
    if passed <= after.resume_marks_told:
        return after, None
    last = passed == len(RESUME_MARKS)
    telling = Telling(
        kind=Kind.RESUME_DEADLINE,
        reason=(seen.failed_message or after.failed_message) if seen.outcome is Outcome.FAILED else "",
        severity=Severity.CRITICAL if last else Severity.WARNING,
        incident=after.incident,
        resume_until=until,
    )
    return replace(after, resume_marks_told=passed), telling


def _reminder(_before: TaskState, after: TaskState, seen: Observation, at: Moment) -> Verdict:
    """An incident that lasts is told again after 4 hours, a day, and then daily for a week."""
    incident = after.incident
    if incident is None or seen.outcome in HEALTHY:
        return after, None
    passed = sum(at.now - incident.since >= due for due in REMINDERS)
    if passed <= incident.reminders:
        return after, None
    telling = Telling(
        kind=Kind.REMINDER,
        reason=seen.failed_message or after.failed_message,
        incident=incident,
        severity=SEVERITIES[Kind.FAILED],
        resume_until=_resume_until(after, seen, at),
    )
    return replace(after, incident=replace(incident, reminders=passed)), telling


def _resume_until(after: TaskState, seen: Observation, at: Moment) -> datetime | None:
    """Until when the task can be resumed; None when it is not down, down for good, or nobody set a limit."""
    if not at.policy.resume_within:
        return None
    down = seen.outcome in {Outcome.STOPPED, Outcome.FAILED} and seen.status not in UNRECOVERABLE
    return after.since + at.policy.resume_within if down else None


# The order is the order of telling: first that the task can be seen again, then what is seen.
RULES: tuple[Callable[[TaskState, TaskState, Observation, Moment], Verdict], ...] = (
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
