"""A small world around a run: fakes that outlive it, and runs that may die in it."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from tests.fakes import Clock, FakeStore, FakeTopics, FakeUCloud, Fuse, KilledError
from udts_monitor.event import Kind
from udts_monitor.monitor import Run
from udts_monitor.notification import Topic
from udts_monitor.outbox import Claim
from udts_monitor.policy import Policy
from udts_monitor.ports import Limits, Ports, Rules, Summary
from udts_monitor.tasks import TaskRef
from udts_monitor.wording import Display

# As deployed: the time Lambda gives a run, and a margin. So a lease outlasts the next run, a minute later.
LEASE = timedelta(seconds=62)


@dataclass
class World:
    """What stays when a run ends: UCloud, the table, the topics, the time."""

    names: Iterable[str] = ("udts-1",)
    topics: tuple[Topic, ...] = (Topic.ALERTS, Topic.EVENTS)
    policy: Policy = field(default_factory=Policy)
    kinds: frozenset[Kind] = frozenset(Kind)
    max_concurrency: int = 4
    digest_above: int = 5

    def __post_init__(self) -> None:
        self.fuse = Fuse()
        self.clock = Clock()
        self.ucloud = FakeUCloud(self.fuse)
        self.store = FakeStore(self.fuse)
        self.sns = FakeTopics(self.fuse)
        self.tasks = [TaskRef(task_id=name) for name in self.names]
        self.runs = 0

    def run(self, *, seconds: float = 45.0, forward: timedelta = timedelta(minutes=1)) -> Summary:
        """One run; afterwards a minute passes. Dies where the fuse says."""
        try:
            return self.start(seconds=seconds).check_tasks(self.tasks)
        finally:
            self.clock.forward(forward)

    def start(self, *, seconds: float = 45.0) -> Run:
        """A run that has not begun its work."""
        self.runs += 1
        rules = Rules(
            policy=self.policy,
            kinds=self.kinds,
            topics=self.topics,
            display=Display(zone=ZoneInfo("UTC")),
            max_concurrency=self.max_concurrency,
            digest_above=self.digest_above,
        )
        now = time.monotonic()
        limits = Limits(
            checks_until=now + seconds,
            publish_until=now + seconds + 10,
            claim=Claim(owner=f"run-{self.runs}", until=self.clock() + LEASE),
        )
        ports = Ports(ucloud=self.ucloud, store=self.store, topics=self.sns, clock=self.clock)
        return Run(ports, rules, limits)

    def run_killed_at(self, call: int, *, after: bool) -> str:
        """One run that dies at its n-th call; the call's name, empty when it had fewer calls and lived."""
        self.fuse.calls.clear()
        self.fuse.kill_at, self.fuse.after = call, after
        try:
            self.run()
        except KilledError:
            return self.fuse.calls[call - 1]
        else:
            return ""
        finally:
            self.fuse.kill_at = 0
            self.fuse.calls.clear()

    def calls_of_a_run(self) -> list[str]:
        """The calls one more run makes, sorted by name."""
        self.fuse.calls.clear()
        self.run()
        return sorted(self.fuse.calls)
