"""Walks a task through checks, one a minute, the way the tables of sequences are written."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from udts_monitor import outage
from udts_monitor.assessment import Assessment, assess
from udts_monitor.event import Event
from udts_monitor.observation import NoAnswer, Observation
from udts_monitor.policy import Policy
from udts_monitor.state import TaskState
from udts_monitor.tasks import TaskRef

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ORDERS = TaskRef(task_id="udts-ixdp441", project_id="org-hiny12", type="transfer", name="orders-db")
X = NoAnswer(cause="timeout", reason="UCloud did not answer in time")


@dataclass
class Walk:
    """One task on its own, check after check."""

    task: TaskRef = ORDERS
    policy: Policy = field(default_factory=Policy)
    now: datetime = NOON
    state: TaskState = field(default_factory=lambda: TaskState.unseen(NOON))
    events: list[Event] = field(default_factory=list)

    def check(self, answer: str | Observation | NoAnswer, *, after: timedelta = MINUTE) -> Assessment:
        """The next check and what it leads to; a task without company groups nothing."""
        seen = Observation(status=answer) if isinstance(answer, str) else answer
        found = assess(self.state, self.task, seen, self.policy, self.now)
        if isinstance(seen, NoAnswer):
            grouping = outage.group([(found, seen)], {self.task.key: self.state}, (), self.now)
            found = grouping.assessments[0]
            self.events += [event for _, event in grouping.told]
        assert found.after.version == self.state.version + found.changed
        self.state, self.now = found.after, self.now + after
        self.events += found.events
        return found

    def checks(self, answers: Iterable[str | Observation | NoAnswer]) -> "Walk":
        """Several checks, a minute apart."""
        for answer in answers:
            self.check(answer)
        return self

    @property
    def told(self) -> list[str]:
        """The kinds of event so far."""
        return [str(event.kind) for event in self.events]


def failed(used: int, allowed: int, message: str = "") -> Observation:
    """Failed with so many retries used of so many allowed."""
    return Observation(status="Failed", retries_used=used, retries_allowed=allowed, failed_message=message)


def told(*answers: str | Observation | NoAnswer, policy: Policy | None = None) -> list[str]:
    """The kinds of event a new task brings forth on its way through these answers."""
    return Walk(policy=policy or Policy()).checks(answers).told


def shared(state: TaskState, *causes: str) -> TaskState:
    """The state of a task that is part of open outages."""
    assert state.unanswered
    return replace(state, unanswered=replace(state.unanswered, told_alone=False, told_with=causes))
