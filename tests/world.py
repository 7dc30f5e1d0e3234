"""A small world around a run: fakes that outlive it, and runs that may die in it."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from tests.fakes import Clock, FakeInsights, FakeQueue, FakeStore, FakeTopics, FakeUCloud, Fuse, KilledError
from tests.walk import Answer
from udts_monitor.decision.policy import Policy
from udts_monitor.messages.display import Display
from udts_monitor.outbox.notification import Topic
from udts_monitor.outbox.pending import Claim
from udts_monitor.run.commands import Commands
from udts_monitor.run.ports import Ports, Storage
from udts_monitor.run.run import Run
from udts_monitor.run.settings import Limits, RunSettings
from udts_monitor.run.summary import Summary
from udts_monitor.task import TaskRef, WatchList
from udts_monitor.times import iso

# As deployed: the time Lambda gives a run, and a margin. So a lease outlasts the next run, a minute later.
LEASE = timedelta(seconds=62)


@dataclass
class World:
    """What stays when a run ends: UCloud, the table, the topics, the time."""

    names: Iterable[str] = ("udts-1",)
    topics: tuple[Topic, ...] = (Topic.ALERTS, Topic.EVENTS)
    policy: Policy = field(default_factory=Policy)
    max_concurrency: int = 4
    digest_above: int = 5
    shard_tasks: int = 0
    projects: tuple[str, ...] = ()
    excluded: frozenset[str] = frozenset()
    roll_call_every: timedelta | None = None
    fingerprint: str = ""

    def __post_init__(self) -> None:
        self.fuse = Fuse()
        self.clock = Clock()
        self.ucloud = FakeUCloud(self.fuse)
        self.insights = FakeInsights(self.fuse)
        self.store = FakeStore(self.fuse)
        self.sns = FakeTopics(self.fuse)
        self.queue = FakeQueue(self.fuse)
        self.tasks = [TaskRef(task_id=name) for name in self.names]
        self.runs = 0

    def watch(self) -> WatchList:
        """What the configuration says now."""
        return WatchList(tasks=tuple(self.tasks), projects=self.projects, excluded=self.excluded)

    def run(
        self, *, seconds: float = 45.0, reserve: float = 10.0, forward: timedelta = timedelta(minutes=1)
    ) -> Summary:
        """One run; afterwards a minute passes. Dies where the fuse says."""
        try:
            return self.start(seconds=seconds, reserve=reserve).check_tasks(self.watch())
        finally:
            self.clock.forward(forward)

    def checks(self, *answers: Answer) -> "World":
        """A run for each answer about the first task."""
        for answer in answers:
            self.ucloud.set(udts_1=answer)
            self.run()
        return self

    def run_shards(self) -> list[Summary]:
        """What the queue holds, one invocation after the other; one that dies has not taken its shard off."""
        done = []
        while self.queue.shards:
            done.append(self.start().check_shard(self.watch(), self.queue.shards[0]))
            del self.queue.shards[0]
        return done

    def start(self, *, seconds: float = 45.0, reserve: float = 10.0) -> Run:
        """A run that has not begun its work."""
        return Run(*self.parts(seconds=seconds, reserve=reserve))

    def commands(self) -> Commands:
        """What a person may ask for."""
        return Commands(*self.parts())

    def parts(self, *, seconds: float = 45.0, reserve: float = 10.0) -> tuple[Ports, RunSettings, Limits]:
        """What a run is made of."""
        self.runs += 1
        settings = RunSettings(
            policy=self.policy,
            topics=self.topics,
            display=Display(zone=ZoneInfo("UTC")),
            max_concurrency=self.max_concurrency,
            digest_above=self.digest_above,
            shard_tasks=self.shard_tasks,
            roll_call_every=self.roll_call_every,
            fingerprint=self.fingerprint,
        )
        now = time.monotonic()
        limits = Limits(
            checks_until=now + seconds,
            publish_until=now + seconds + reserve,
            claim=Claim(owner=f"run-{self.runs}", until=self.clock() + LEASE),
        )
        store: Storage = self.store
        ports = Ports(
            ucloud=self.ucloud,
            insights=self.insights,
            store=store,
            topics=self.sns,
            clock=self.clock,
            queue=self.queue if self.shard_tasks else None,
        )
        return ports, settings, limits

    def silence(self, scope: str, until: timedelta | str, by: str = "ada") -> Summary:
        """Somebody asks for a silence from now on, for some time or until a moment."""
        end = until if isinstance(until, str) else iso(self.clock() + until)
        return self.commands().silence({"scope": scope, "until": end, "by": by}, self.watch())

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
