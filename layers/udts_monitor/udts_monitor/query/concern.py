"""How urgent a task is for a person who looks: what the page, the command line and the widget sort by."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from udts_monitor.decision import cutover, deadline, health, lag, progress, reachability
from udts_monitor.decision.event import SEVERITIES, Event, Kind
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.state import TaskState
from udts_monitor.decision.status import RETRY_PENDING, Outcome
from udts_monitor.task import TaskRef


class Concern(StrEnum):
    """What a task asks of a person, the most urgent first."""

    ACT_NOW = "act_now"
    ACT_BY = "act_by"
    UNSEEN = "unseen"
    LOOK = "look"
    RUNNING = "running"
    READY = "ready"
    FINISHED = "finished"


URGENCY = {concern: place for place, concern in enumerate(Concern)}
# They need somebody; the others are as they should be.
NEEDS_SOMEBODY = frozenset({Concern.ACT_NOW, Concern.ACT_BY, Concern.UNSEEN, Concern.LOOK})


def concern_of(state: TaskState, policy: Policy) -> Concern:
    """The most urgent of what the state says."""
    outcome = state.known_outcome
    unseen = state.unanswered is not None and bool(state.unanswered.told_cause)
    match outcome:
        case Outcome.FAILED:
            return Concern.ACT_NOW
        case Outcome.FINISHED if not unseen:
            return Concern.FINISHED
        case Outcome.STOPPED if health.NAME in state.incidents and health.resume_until(state, policy):
            return Concern.ACT_BY
    if unseen or outcome is None:
        return Concern.UNSEEN
    if state.incidents or state.outcome is Outcome.UNKNOWN:
        return Concern.LOOK
    return Concern.READY if is_ready(state) else Concern.RUNNING


def is_ready(state: TaskState) -> bool:
    """The task was told to be ready for the cut-over, and still is."""
    memory: cutover.Memory | None = state.memory.get(cutover.NAME)
    return memory is not None and memory.told and memory.ready


def present_event(task: TaskRef, state: TaskState, policy: Policy, now: datetime) -> Event | None:
    """The event that would say how the task is now, for the words of the messages; None where all is well.

    It is never told: its id is empty.
    """
    kind, aspect = _kind_of(state)
    if kind is None:
        return None
    incident, gap = state.incidents.get(aspect), state.unanswered
    until = health.resume_until(state, policy)
    event = Event(
        id="",
        kind=kind,
        severity=SEVERITIES[kind],
        time=now,
        task=task,
        status=state.status,
        previous_status=state.previous_status,
        since=state.since,
        last_seen_at=state.last_seen_at,
        phase=state.phase,
        reason=state.failed_message,
        aspect=aspect,
        incident_id=incident.id if incident else "",
        incident_since=incident.since if incident else None,
        progress=state.progress,
        position=state.position,
        lag=state.lag,
        figures_at=state.figures_at,
        retries_used=state.retries_used,
        retries_allowed=state.retries_allowed,
        resume_until=until,
        resume_at_most=until is not None and state.last_seen_at is None,
        measured_end=state.measured_end,
    )
    match kind:
        case Kind.UNREACHABLE if gap:
            return replace(event, since=gap.since, cause=gap.cause, reason=gap.reason)
        case Kind.OVERDUE:
            return replace(event, **_overdue(state))
        case Kind.FINISHED:
            return replace(event, lifecycle=state.lifecycle)
    return event


def _kind_of(state: TaskState) -> tuple[Kind | None, str]:
    """The kind of the most urgent trouble, and its aspect."""
    match state.known_outcome:
        case Outcome.FAILED:
            return Kind.FAILED, health.NAME
        case Outcome.STOPPED if health.NAME in state.incidents:
            return Kind.STOPPED, health.NAME
    if state.unanswered:
        return Kind.UNREACHABLE, reachability.NAME
    if state.outcome is Outcome.UNKNOWN:
        return Kind.UNKNOWN_STATUS, ""
    if state.known_outcome is Outcome.FINISHED:
        return Kind.FINISHED, ""
    if state.status == RETRY_PENDING:
        return Kind.RETRYING, health.NAME
    troubles = ((progress.NAME, Kind.STALLED), (lag.NAME, Kind.DELAYED), (deadline.NAME, Kind.OVERDUE))
    for aspect, kind in troubles:
        if aspect in state.incidents:
            return kind, aspect
    return (Kind.CUTOVER_READY, "") if is_ready(state) else (None, "")


def _overdue(state: TaskState) -> dict[str, Any]:
    """The reason that was told first, and the moment that will not be kept."""
    memory: deadline.Memory | None = state.memory.get(deadline.NAME)
    told = memory.told if memory else {}
    return {"cause": next(iter(told), ""), "deadline": next(iter(told.values()), None)}
