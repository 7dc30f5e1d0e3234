"""Walks a task through checks, one a minute, the way the tables of sequences are written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from udts_monitor.decision import outage
from udts_monitor.decision.aspects import ASPECTS
from udts_monitor.decision.assess import Assessment, assess
from udts_monitor.decision.event import Event
from udts_monitor.decision.observation import NoAnswer, Observation
from udts_monitor.decision.outage import Outage, OutageChange, Unreached
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.rule import Aspect
from udts_monitor.decision.state import TaskState
from udts_monitor.task import TaskRef

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ORDERS = TaskRef(task_id="udts-ixdp441", project_id="org-hiny12", type="transfer", name="orders-db")
X = NoAnswer(cause="timeout", reason="UCloud did not answer in time")

type Answer = str | Observation | NoAnswer


@dataclass
class Walk:
    """One task on its own, check after check.

    Attributes:
        runs_each_minute: runs between the checks saw nothing new; otherwise nobody knows when there was one.
    """

    task: TaskRef = ORDERS
    policy: Policy = field(default_factory=Policy)
    now: datetime = NOON
    state: TaskState = field(default_factory=lambda: TaskState.unseen(NOON))
    events: list[Event] = field(default_factory=list)
    outages: dict[str, Outage] = field(default_factory=dict)
    aspects: Sequence[Aspect] = ASPECTS
    runs_each_minute: bool = False

    def check(self, answer: Answer, *, after: timedelta = MINUTE) -> Assessment:
        """The next check and what it leads to; a task without company groups nothing."""
        seen = Observation(status=answer) if isinstance(answer, str) else answer
        policy = self.policy.for_task(self.task)
        missed = None
        if isinstance(seen, NoAnswer):
            unreached = Unreached(task=self.task, before=self.state, answer=seen, policy=policy)
            known = {self.task.key: self.state}
            decision = outage.decide([unreached], known, self.outages.values(), self.policy, self.now)
            missed = decision.missed[self.task.key]
            self.events += follow(decision.changes, self.outages)
        found = assess(
            self.state,
            self.task,
            seen,
            policy,
            self.now,
            missed=missed,
            previous_run_at=self.now - MINUTE if self.runs_each_minute and self.state.status else None,
            aspects=self.aspects,
        )
        assert found.after.version == self.state.version + found.changed
        self.events += follow(outage.ended(self.outages.values(), [found.after], self.now), self.outages)
        self.state, self.now = found.after, self.now + after
        self.events += found.events
        return found

    def checks(self, answers: Iterable[Answer]) -> "Walk":
        """Several checks, a minute apart."""
        for answer in answers:
            self.check(answer)
        return self

    @property
    def told(self) -> list[str]:
        """The kinds of event so far."""
        return [str(event.kind) for event in self.events]


def follow(changes: Sequence[OutageChange], outages: dict[str, Outage]) -> list[Event]:
    """Outages begin, go on and end; what is told of it."""
    for change in changes:
        if change.after:
            outages[change.after.cause] = change.after
        elif change.before:
            del outages[change.before.cause]
    return [change.event for change in changes if change.event]


def failed(used: int, allowed: int, message: str = "") -> Observation:
    """Failed with so many retries used of so many allowed."""
    return Observation(status="Failed", retries_used=used, retries_allowed=allowed, failed_message=message)


def told(*answers: Answer, policy: Policy | None = None) -> list[str]:
    """The kinds of event a new task brings forth on its way through these answers."""
    return Walk(policy=policy or Policy()).checks(answers).told
