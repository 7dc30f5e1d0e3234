"""What would have been told with other settings: the stored history once more through the same decision.

The history keeps changes of status, and figures at most every SAMPLE_MINUTES. Between two points a task is
taken to have been what it was at the first: an unchanged one costs no write. What that cannot show is said.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from udts_monitor.decision.assess import assess
from udts_monitor.decision.event import Event
from udts_monitor.decision.observation import NoAnswer, Observation
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.schedule import Gap
from udts_monitor.decision.state import TaskState
from udts_monitor.query.stored import HistoryPoint
from udts_monitor.task import TaskRef

# Five weeks minute by minute; a longer history is walked through in seconds all the same, in longer steps.
MOST_CHECKS = 50_000
_UNKNOWN = NoAnswer(cause="unknown", reason="the history does not keep why there was no answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What there would have been to tell.

    Attributes:
        both: with either of the settings.
        only_now: only with the settings in force: with the others it would not have been told.
        only_then: only with the other settings.
        checks: how many checks were gone through, with either.
        limits: what the history cannot show, a sentence each.
    """

    both: tuple[Event, ...]
    only_now: tuple[Event, ...]
    only_then: tuple[Event, ...]
    checks: int
    limits: tuple[str, ...]


def replay(  # noqa: PLR0913 - a history, and what it is gone through with
    task: TaskRef,
    points: Sequence[HistoryPoint],
    settings: tuple[Policy, Policy],
    *,
    every: timedelta,
    now: datetime,
    unwatched: Sequence[Gap] = (),
) -> Replay:
    """Go through a history with the settings in force and with others.

    Args:
        task: whose.
        points: its history, oldest first.
        settings: those in force, and those that are tried.
        every: the time between two checks.
        now: the end.
        unwatched: the times in which the monitor did not run, as far as they are kept.
    """
    moments = [
        found
        for found in _moments(points, every, now)
        if not any(gap.since < found[0] < gap.until for gap in unwatched)
    ]
    today, then = (_told(task, moments, policy) for policy in settings)
    named_today, named_then = ({_name(event) for event in found} for found in (today, then))
    return Replay(
        both=tuple(event for event in then if _name(event) in named_today),
        only_now=tuple(event for event in today if _name(event) not in named_then),
        only_then=tuple(event for event in then if _name(event) not in named_today),
        checks=len(moments),
        limits=_limits(points, settings[0]),
    )


def _name(event: Event) -> tuple[str, datetime]:
    return event.kind, event.time.replace(microsecond=0)


def _told(
    task: TaskRef, moments: Sequence[tuple[datetime, Observation | NoAnswer]], policy: Policy
) -> list[Event]:
    if not moments:
        return []
    state, told = TaskState.unseen(moments[0][0]), list[Event]()
    previous: datetime | None = None
    for at, answer in moments:
        found = assess(state, task, answer, policy, at, previous_run_at=previous)
        state, previous = found.after, at
        told += [event for event in found.events if policy.lets_through(event.kind)]
    return told


def _moments(
    points: Sequence[HistoryPoint], every: timedelta, now: datetime
) -> Iterator[tuple[datetime, Observation | NoAnswer]]:
    """Every check from the first point until now, with what was known at it."""
    if not points:
        return
    every = max(every, (now - points[0].at) / MOST_CHECKS)
    first = points[0]
    if first.previous_status:
        # What it was before: entering the first status is a change only then.
        yield first.at - every, Observation(status=first.previous_status)
    gaps = [(point.unanswered_since, point.at) for point in points if point.unanswered_since]
    for point, end in zip(points, [*(later.at for later in points[1:]), now], strict=True):
        seen, at = _observation(point), point.at
        while at < end or at == point.at:
            missed = any(since <= at < until for since, until in gaps)
            yield at, _UNKNOWN if missed else seen
            at += every


def _observation(point: HistoryPoint) -> Observation:
    return Observation(
        status=point.status,
        failed_message=point.reason,
        progress=point.progress,
        position=point.position,
        lag=point.lag,
        retries_used=point.retries_used,
        retries_allowed=point.retries_allowed,
    )


def _limits(points: Sequence[HistoryPoint], policy: Policy) -> tuple[str, ...]:
    found = [
        f"Figures are kept every {policy.sample_minutes:g} min at most: what moved in between is not seen.",
        "Times without an answer are kept from that length on, and without their causes.",
        "What concerns several tasks at once, or stands in the list of a project, is not in a history.",
    ]
    if not points:
        return ("The history holds nothing of this task in this time.",)
    if points[0].previous_status is None:
        found.append("The history begins within a status: what came before it is not known.")
    return tuple(found)
