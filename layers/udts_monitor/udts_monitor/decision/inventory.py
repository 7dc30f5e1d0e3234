"""The inventory behind a roll call: what is watched, how it is, what is open and what ends soon."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from udts_monitor.decision import health
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.roll_call import Coming, OpenIncident, RollCall
from udts_monitor.decision.state import TaskState
from udts_monitor.decision.status import Outcome
from udts_monitor.task import TaskRef

SOON = timedelta(days=3)


def roll_call(
    tasks: Sequence[TaskRef],
    states: Mapping[str, TaskState],
    policy: Policy,
    subscribers: Mapping[str, int],
    now: datetime,
) -> RollCall:
    """What is to be said of the watched tasks now."""
    known = [(task, states[task.key]) for task in tasks if task.key in states]
    outcomes = Counter(str(state.known_outcome) for _, state in known if state.known_outcome)
    lasting = [
        OpenIncident(task=task, aspect=aspect, status=state.status, since=incident.since)
        for task, state in known
        for aspect, incident in state.incidents.items()
    ]
    coming = [found for task, state in known for found in _coming(task, state, policy.for_task(task))]
    return RollCall(
        watched=len(tasks),
        outcomes=dict(sorted(outcomes.items())),
        unanswered=sum(state.unanswered is not None for _, state in known),
        open=tuple(sorted(lasting, key=lambda found: found.since)),
        soon=tuple(sorted((c for c in coming if now <= c.at <= now + SOON), key=lambda found: found.at)),
        subscribers=dict(subscribers),
    )


def _coming(task: TaskRef, state: TaskState, policy: Policy) -> list[Coming]:
    until = health.resume_until(state, policy)
    end = state.measured_end
    paid = state.listed.expires_at if state.listed and not state.listed.renewed else None
    moments = {
        "load": end.middle if end and state.known_outcome is Outcome.LOADING else None,
        "resume": until,
        "paid_time": paid if state.known_outcome is not Outcome.FINISHED else None,
    }
    return [Coming(task=task, what=what, at=moment) for what, moment in moments.items() if moment]
