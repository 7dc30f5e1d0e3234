"""Outages: one cause that keeps several tasks from answering is one incident of the monitor as a whole.

A task belongs to the outage of the cause that was told for it, from then until it answers or until another
cause is told for it. That one rule decides who is named, who is waited for, and when the outage is over.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from udts_monitor.decision.assess import Missed
from udts_monitor.decision.event import SEVERITIES, Action, Event, Kind, Severity
from udts_monitor.decision.observation import NoAnswer
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.reachability import NAME, REMINDERS, count, is_due, severity_after
from udts_monitor.decision.state import Acknowledgement, TaskState, Unanswered
from udts_monitor.task import MONITOR, TaskRef

# Whoever joins is named so long after the outage was told last: a run may not get through all tasks at once.
NAMED_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """An open monitor-level incident: several tasks, or all, are out of reach for one cause.

    Attributes:
        cause: as in NoAnswer.
        id: the id of the event that opened it.
        since: the first check without an answer of those it was opened for.
        told_at: when it was told last.
        reason: the first sentence given for it.
        quote: UCloud's own words in that.
        configuration: waiting does not help.
        begun: its first event was let through by NOTIFY_ON; otherwise nobody is told of its course.
        reminders: how many of the times to remind of it have passed.
        degraded: not tasks are out of reach, but figures beside them: no task belongs to it.
        acknowledged: who looks after it, None while nobody said so; it is reminded of no more.
    """

    cause: str
    id: str
    since: datetime
    told_at: datetime
    reason: str = ""
    quote: str = ""
    configuration: bool = False
    begun: bool = True
    reminders: int = 0
    degraded: bool = False
    acknowledged: Acknowledgement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageChange:
    """An outage that begins, is told again, or ends.

    Attributes:
        before: the stored one, None when it begins.
        after: None when it ends.
        event: None when nobody was told that it began.
    """

    before: Outage | None
    after: Outage | None
    event: Event | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreached:
    """A task whose check had no answer."""

    task: TaskRef
    before: TaskState
    answer: NoAnswer
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the checks without an answer mean, looked at together.

    Attributes:
        missed: how each task's check counts, by key.
        changes: outages that begin or are told again.
    """

    missed: Mapping[str, Missed]
    changes: tuple[OutageChange, ...] = field(default=())


def decide(
    unreached: Collection[Unreached],
    states: Mapping[str, TaskState],
    outages: Iterable[Outage],
    policy: Policy,
    now: datetime,
) -> Decision:
    """Tell tasks that became unreachable for the same cause as one.

    A configuration cause concerns the monitor even when it shows at one task only. Any other cause is the
    task's own affair until a second task has it.

    Args:
        unreached: all tasks whose check had no answer in this run.
        states: of the tasks watched now, by key, as this run knows them: those told alone for a cause count.
        outages: the open ones.
        policy: the general thresholds.
        now: the moment of the decision.
    """
    open_now = {outage.cause: outage for outage in outages}
    gaps = {found.task.key: _counted(found, open_now, now) for found in unreached}
    due: dict[str, list[Unreached]] = defaultdict(list)
    for found in unreached:
        key, cause = found.task.key, found.answer.cause
        if is_due(gaps[key], found.answer, found.policy):
            due[cause].append(found)
            # Before any cause is looked at: who moves on to another one no longer belongs to the one before.
            gaps[key] = replace(gaps[key], told_cause=cause, checks=0, shared=cause in open_now, named=False)
    alone = set[str]()
    changes: list[OutageChange] = []
    for cause, members in due.items():
        if cause in open_now:
            continue
        belonging = _belonging(cause, gaps, states)
        if members[0].answer.configuration or len(belonging) > 1:
            at = now + timedelta(microseconds=len(changes))
            since = min(gaps[found.task.key].since for found in members)
            changes.append(_opened(members[0].answer, since, tuple(sorted(belonging)), policy, at))
            gaps |= {key: _named(gaps[key]) for key in belonging & gaps.keys()}
        else:
            alone |= belonging
    for outage in open_now.values():
        at = now + timedelta(microseconds=len(changes))
        change, named = _told_again(outage, gaps, states, at)
        if change:
            changes.append(change)
            gaps |= {key: _named(gaps[key]) for key in named}
    missed = {key: Missed(gap=gap, alone=key in alone) for key, gap in gaps.items()}
    return Decision(missed=missed, changes=tuple(changes))


def ended(outages: Iterable[Outage], states: Iterable[TaskState], now: datetime) -> tuple[OutageChange, ...]:
    """The outages that no watched task belongs to any more.

    Args:
        outages: the open ones.
        states: of the tasks watched now, as of this run; a removed task holds no outage open.
        now: the moment of the decision.
    """
    held_open = {state.unanswered.told_cause for state in states if state.unanswered}
    over = [outage for outage in outages if outage.cause not in held_open]
    return tuple(
        OutageChange(
            before=outage,
            after=None,
            event=_event(outage, Kind.REACHABLE, Action.CLOSE, now + timedelta(microseconds=place), ())
            if outage.begun
            else None,
        )
        for place, outage in enumerate(over)
    )


def degraded(what: str, refused: NoAnswer, policy: Policy, now: datetime) -> OutageChange:
    """Metrics or lists that cannot be read until a person changes something."""
    answer = replace(refused, cause=f"{what} {refused.cause}", configuration=True)
    change = _opened(answer, now, (), policy, now)
    return change if change.after is None else replace(change, after=replace(change.after, degraded=True))


def _counted(found: Unreached, open_now: Mapping[str, Outage], now: datetime) -> Unanswered:
    gap = found.before.unanswered
    if gap and gap.shared and gap.told_cause not in open_now:
        # Its outage was closed while the task was not watched, or by a run that did not know of the task:
        # the end was told, so the task is told anew.
        gap = replace(gap, told_cause="", shared=False, named=False)
    return count(gap, found.answer, now)


def _named(gap: Unanswered) -> Unanswered:
    return replace(gap, shared=True, named=True)


def _belonging(cause: str, gaps: Mapping[str, Unanswered], states: Mapping[str, TaskState]) -> set[str]:
    """Keys of the watched tasks that are out of reach for a cause that was told for them."""
    known = {key: state.unanswered for key, state in states.items()}
    return {key for key, gap in {**known, **gaps}.items() if gap and gap.told_cause == cause}


def _opened(
    answer: NoAnswer, since: datetime, tasks: tuple[str, ...], policy: Policy, now: datetime
) -> OutageChange:
    """A new outage with its event, which is kept in the history even where NOTIFY_ON keeps it back."""
    outage = Outage(
        cause=answer.cause,
        id=f"{MONITOR.key}/{answer.cause.replace('#', '')}/{now:%Y%m%dT%H%M%S.%fZ}/{Kind.UNREACHABLE}",
        since=since,
        told_at=now,
        reason=answer.reason,
        quote=answer.quote,
        configuration=answer.configuration,
        begun=policy.lets_through(Kind.UNREACHABLE),
        reminders=_reminders_passed(since, now),
    )
    action = Action.OPEN if outage.begun else Action.NONE
    return OutageChange(before=None, after=outage, event=_event(outage, Kind.UNREACHABLE, action, now, tasks))


def _told_again(
    outage: Outage, gaps: Mapping[str, Unanswered], states: Mapping[str, TaskState], now: datetime
) -> tuple[OutageChange | None, set[str]]:
    """A reminder of an outage that lasts, or the names of those that joined; and who is named by it."""
    members = _belonging(outage.cause, gaps, states)
    joined = {key for key in members & gaps.keys() if not gaps[key].named}
    passed = _reminders_passed(outage.since, now)
    if members and passed > outage.reminders and not outage.acknowledged:
        after = replace(outage, told_at=now, reminders=passed)
        kind, tasks = Kind.REMINDER, members
    elif joined and now - outage.told_at >= NAMED_AFTER:
        after = replace(outage, told_at=now)
        kind, tasks = Kind.UNREACHABLE, joined
    else:
        return None, set()
    event = _event(after, kind, Action.UPDATE, now, tuple(sorted(tasks))) if after.begun else None
    return OutageChange(before=outage, after=after, event=event), joined


def _reminders_passed(since: datetime, now: datetime) -> int:
    return sum(now - since >= due for due in REMINDERS)


def _event(outage: Outage, kind: Kind, action: Action, now: datetime, tasks: tuple[str, ...]) -> Event:
    moment = f"{now:%Y%m%dT%H%M%S.%fZ}/" if action is Action.UPDATE else ""
    reminds = kind is Kind.REMINDER
    told = action is not Action.NONE
    return Event(
        id=f"{outage.id.removesuffix(Kind.UNREACHABLE)}{moment}{kind}",
        kind=kind,
        severity=severity_after(now - outage.since) if kind is Kind.UNREACHABLE else SEVERITIES[kind],
        time=now,
        task=MONITOR,
        since=outage.since,
        cause=outage.cause,
        reason=outage.reason,
        quote=outage.quote,
        aspect=NAME if told else "",
        action=action,
        incident_id=outage.id if told else "",
        incident_since=outage.since if told else None,
        acknowledged=outage.acknowledged,
        incident_critical=told and severity_after(now - outage.since) is Severity.CRITICAL,
        closes=(outage.id,) if action is Action.CLOSE else (),
        reminder=outage.reminders if reminds else 0,
        last_reminder=reminds and outage.reminders == len(REMINDERS),
        tasks=tasks,
        configuration=outage.configuration,
    )
