"""One cause that keeps several tasks from answering is one event, told for the monitor as a whole."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from udts_monitor.assessment import Assessment
from udts_monitor.event import MONITOR, SEVERITIES, Event, Kind
from udts_monitor.observation import NoAnswer
from udts_monitor.state import TaskState

# Tasks that join an open outage within this time belong to what was told: a run may not get through all of
# them. Whoever joins later is news, and one task's own trouble must not hide another's under the same cause.
TOLD_AGAIN_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """An open monitor-level incident: several tasks, or all, are out of reach for one cause.

    Attributes:
        cause: as in NoAnswer.
        id: the id of the event that told it.
        since: when it was told.
        reason: the first sentence given for it.
        told_again_at: when it was told last for tasks that had joined it, None before the first time.
    """

    cause: str
    id: str
    since: datetime
    reason: str
    told_again_at: datetime | None = None

    @property
    def told_at(self) -> datetime:
        """When it was told last."""
        return self.told_again_at or self.since

    def told_within(self, time: timedelta, now: datetime) -> bool:
        """Whether it was told, or told again, so short a time ago."""
        return now - self.told_at <= time


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """Assessments without an answer, after tasks with the same cause were taken together.

    Attributes:
        assessments: the same tasks as given; those told as part of an outage have no event of their own.
        told: each outage that begins now, or is told again, with the event.
    """

    assessments: tuple[Assessment, ...]
    told: tuple[tuple[Outage, Event], ...]


def group(
    unanswered: Iterable[tuple[Assessment, NoAnswer]],
    states: Mapping[str, TaskState],
    outages: Iterable[Outage],
    now: datetime,
) -> Grouping:
    """Tell tasks that became unreachable for the same cause as one.

    A configuration cause concerns the monitor even when it shows at one task only. Any other cause is the
    task's own affair until a second task has it.

    Args:
        unanswered: assessments of checks without an answer, each with that answer.
        states: of the tasks watched now, by key, to find those told alone for the same cause earlier.
        outages: the open ones.
        now: the moment of the decision.
    """
    pairs = list(unanswered)
    by_cause: dict[str, list[tuple[Assessment, NoAnswer]]] = defaultdict(list)
    for assessment, answer in pairs:
        if assessment.events:
            by_cause[answer.cause].append((assessment, answer))
    shared = {
        cause: members
        for cause, members in by_cause.items()
        if members[0][1].configuration or _concerned(cause, members, states) > 1
    }
    assessments = tuple(
        _told_with(assessment, answer.cause) if assessment.events and answer.cause in shared else assessment
        for assessment, answer in pairs
    )
    open_now = {outage.cause: outage for outage in outages}
    told = tuple(
        _tell(cause, members, open_now.get(cause), now + timedelta(microseconds=place))
        for place, (cause, members) in enumerate(shared.items())
        if cause not in open_now or not open_now[cause].told_within(TOLD_AGAIN_AFTER, now)
    )
    return Grouping(assessments=assessments, told=told)


def ended(
    outages: Iterable[Outage], states: Iterable[TaskState], now: datetime
) -> tuple[tuple[Outage, Event], ...]:
    """The outages that no watched task belongs to any more, each with the event that tells its end.

    Args:
        outages: the open ones.
        states: of the tasks watched now, as of this run; a removed task holds no outage open.
        now: the moment of the decision.
    """
    held_open = {cause for state in states if state.unanswered for cause in state.unanswered.told_with}
    over = [outage for outage in outages if outage.cause not in held_open]
    return tuple(
        (outage, _event(Kind.REACHABLE, outage, time=now + timedelta(microseconds=place), tasks=()))
        for place, outage in enumerate(over)
    )


def spoken_for(state: TaskState, outages: Iterable[Outage]) -> TaskState:
    """The state without the outages whose end was told: a task still out of reach is to be told anew.

    An outage can end without a task that belongs to it: the task was not watched for a while, or a run that
    did not know of it yet told the end.

    Args:
        state: of a task watched now.
        outages: the open ones.
    """
    gap = state.unanswered
    open_causes = {outage.cause for outage in outages}
    if gap is None or open_causes.issuperset(gap.told_with):
        return state
    kept = tuple(cause for cause in gap.told_with if cause in open_causes)
    return replace(state, unanswered=replace(gap, told_with=kept), version=state.version + 1)


def _concerned(
    cause: str, members: Collection[tuple[Assessment, NoAnswer]], states: Mapping[str, TaskState]
) -> int:
    """Tasks out of reach for this cause now, those included that were told alone or together earlier."""
    keys = {assessment.task.key for assessment, _ in members}
    for key, state in states.items():
        gap = state.unanswered
        if gap and (cause in gap.told_with or (gap.told_alone and gap.cause == cause)):
            keys.add(key)
    return len(keys)


def _told_with(assessment: Assessment, cause: str) -> Assessment:
    gap = assessment.after.unanswered
    if gap is None:  # cannot be: only a check without an answer is grouped
        return assessment
    told_before = assessment.before.unanswered is not None and assessment.before.unanswered.told_alone
    gap = replace(gap, told_alone=told_before, told_with=(*gap.told_with, cause))
    return replace(assessment, after=replace(assessment.after, unanswered=gap), events=())


def _tell(
    cause: str, members: list[tuple[Assessment, NoAnswer]], standing: Outage | None, now: datetime
) -> tuple[Outage, Event]:
    identity = f"{MONITOR.key}/{cause.replace('#', '')}/{now:%Y%m%dT%H%M%S.%fZ}/{Kind.UNREACHABLE}"
    reason, configuration = members[0][1].reason, members[0][1].configuration
    outage = (
        replace(standing, told_again_at=now)
        if standing
        else Outage(cause=cause, id=identity, since=now, reason=reason)
    )
    keys = tuple(sorted(assessment.task.key for assessment, _ in members))
    event = _event(Kind.UNREACHABLE, outage, time=now, tasks=keys)
    return outage, replace(event, id=identity, since=now, reason=reason, configuration=configuration)


def _event(kind: Kind, outage: Outage, *, time: datetime, tasks: tuple[str, ...]) -> Event:
    return Event(
        id=outage.id.removesuffix(Kind.UNREACHABLE) + kind,
        kind=kind,
        severity=SEVERITIES[kind],
        time=time,
        task=MONITOR,
        since=outage.since,
        reason=outage.reason,
        incident_id=outage.id,
        incident_since=outage.since,
        tasks=tasks,
    )
