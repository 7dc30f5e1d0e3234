"""A monitor on fakes, with a clock of its own, and what happens to it: what it saw and said is the story."""

import logging
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

import tests.world
from tests.fakes import Clock, FakeInsights, FakeStore, FakeUCloud, Fuse, KilledError
from tests.proof.happenings import (
    Answer,
    Answers,
    Configured,
    Happening,
    KilledRun,
    Overlap,
    Runs,
    Silenced,
    TableFault,
    TopicFault,
)
from tests.proof.promises import Broken, Observed, Said, Story, Wish, broken_promises
from tests.walk import NOON
from tests.world import LEASE, World
from udts_monitor.decision.event import Event, Kind
from udts_monitor.decision.observation import NoAnswer, Observation
from udts_monitor.decision.policy import Policy
from udts_monitor.errors import CommandError, PublishError, StoreError
from udts_monitor.outbox.notification import Notification, Topic
from udts_monitor.outbox.pending import Claim
from udts_monitor.run import beside, checks, delivery, run, saving
from udts_monitor.task import TaskRef
from udts_monitor.times import iso

_MINUTE = timedelta(minutes=1)
_CONFIGURATION = {"RetCode 171", "RetCode 292"}
# Whatever befell a life, so many runs in which all works end it.
_LAST_RUNS = 12


class LivedTime(Clock):
    """One clock for all: no two looks at it show the same time, and a pause costs none of ours."""

    def __call__(self) -> datetime:
        """The time, a millisecond later than at the last look."""
        self.now += timedelta(milliseconds=1)
        return self.now

    def monotonic(self) -> float:
        """As the module time has it; between two looks nothing passes."""
        return (self.now - NOON).total_seconds()

    def sleep(self, seconds: float) -> None:
        """As the module time has it: never less than asked for."""
        self.now += timedelta(seconds=seconds, milliseconds=1)


@dataclass
class Crossing(Fuse):
    """A fuse at one of whose calls something else happens first.

    Attributes:
        crossed_at: the number of that call, 0 for none.
        crossing: what happens then.
    """

    crossed_at: int = 0
    crossing: Callable[[], None] = lambda: None

    def call[T](self, name: str, effect: Callable[[], T]) -> T:
        """As ever, but for that call."""
        if self.crossed_at and len(self.calls) + 1 >= self.crossed_at:
            self.crossed_at = 0
            self.crossing()
        return super().call(name, effect)


@dataclass
class Table(FakeStore):
    """The table: notes what is saved, and fails where it is to."""

    story: Story = field(default_factory=Story)
    faults: list[TableFault] = field(default_factory=list)

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        """Each method of the port, with its faults."""
        found = super().__getattribute__(name)
        faults = [fault for fault in super().__getattribute__("faults") if fault.method == name]
        return _failing(found, faults) if faults else found

    def _put_events(
        self, events: Iterable[Event], pk: str, notifications: Iterable[Notification], claim: Claim
    ) -> None:
        events, notifications = list(events), list(notifications)
        super()._put_events(events, pk, notifications, claim)
        for event in events:
            born = {str(found.topic): found for found in notifications if found.event_id == event.id}
            self.story.said.append(Said(event=event, born=born, run=self.story.current))


def _failing(method: Callable[..., Any], faults: Sequence[TableFault]) -> Callable[..., Any]:
    def fails(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - any method of the store
        for fault in faults:
            if fault.task and fault.task not in repr(given):
                continue
            if fault.executed:
                method(*given, **named)
            raise StoreError("the table is not able to", transient=True)
        return method(*given, **named)

    return fails


class Answering(FakeUCloud):
    """UCloud: notes what it said to whom."""

    story: Story

    def check(self, task: TaskRef, deadline: float) -> Observation | NoAnswer:
        """The port."""
        answer = super().check(task, deadline)
        seen = Observed(at=self.story.clock(), answer=answer)
        self.story.current.observed.setdefault(task.task_id, []).append(seen)
        return answer


# Metrics that need a person.
_REFUSED = NoAnswer(cause="RetCode 299", reason="no right", configuration=True)


@dataclass
class Lived:
    """A life that is over.

    Attributes:
        broken: the promises that were not kept.
        events: how many were saved.
        killed: runs that died.
    """

    broken: Sequence[Broken]
    runs: int
    killed: int
    events: int


class _Errors(logging.Handler):
    """The tasks that the log says could not be processed."""

    def __init__(self, story: Story) -> None:
        super().__init__()
        self._story = story

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage() == "task not processed":
            self._story.current.named.add(str(vars(record)["task"]).rpartition("/")[2])


@contextmanager
def _own_time(clock: LivedTime, story: Story) -> Iterator[None]:
    """All that asks for the time or waits does so by this clock; the log goes nowhere but to the story."""
    modules: list[Any] = [tests.world, run, saving, checks, delivery, beside]
    log = logging.getLogger("udts-monitor")
    before = [module.time for module in modules], log.handlers, log.propagate, logging.root.manager.disable
    for module in modules:
        module.time = clock
    log.handlers, log.propagate = [_Errors(story)], False
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        for module, known in zip(modules, before[0], strict=True):
            module.time = known
        log.handlers, log.propagate = before[1], before[2]
        logging.disable(before[3])


class Life:
    """The world of one life, and what happens in it."""

    def __init__(self) -> None:
        self.clock = LivedTime()
        self.story = Story(clock=self.clock)
        self.world = World((), policy=Policy(), max_concurrency=1, roll_call_every=timedelta(days=7))
        self.fuse = Crossing()
        store, ucloud, insights = (
            Table(fuse=self.fuse, story=self.story),
            Answering(self.fuse),
            FakeInsights(self.fuse),
        )
        ucloud.story = self.story
        self.table, self.insights = store, insights
        self.world.sns.fuse = self.fuse
        ports: dict[str, Any] = {"store": store, "ucloud": ucloud, "insights": insights, "fuse": self.fuse}
        vars(self.world).update(ports, clock=self.clock)
        self.topic_faults: list[TopicFault] = []
        self.world.sns.refuse = self._refuse
        self._configured()

    def happens(self, happening: Happening) -> None:
        """One thing after the other."""
        match happening:
            case Runs():
                self._says(happening.answers)
                for _ in range(happening.number):
                    self.run()
                    self.clock.forward(happening.minutes * _MINUTE)
            case KilledRun():
                self._says(happening.answers)
                self.fuse.calls.clear()
                self.fuse.kill_at, self.fuse.after = happening.call, happening.after
                self.run()
                self.fuse.kill_at = 0
                self.clock.forward(_MINUTE)
            case Overlap():
                self._overlap(happening)
            case TableFault():
                self.table.faults.append(happening)
                self.story.faults = True
            case TopicFault():
                self.topic_faults.append(happening)
            case Silenced():
                self._silence(happening)
            case Configured():
                self._configure(happening)

    def end(self) -> None:
        """All works again, and all are well."""
        self.table.faults, self.topic_faults, self.insights.refused = [], [], None
        self.world.topics = (Topic.ALERTS, Topic.EVENTS)
        self.world.policy = replace(self.world.policy, kinds=None)
        self._configured()
        self.clock.forward(timedelta(hours=6))
        self._says({task.task_id: Answer(word="Syncing") for task in self.world.tasks})
        for _ in range(_LAST_RUNS):
            self.run()
            self.clock.forward(2 * LEASE)

    def run(self) -> None:
        """One run; how it ends belongs to the story."""
        self.story.begin(self.world.tasks, self.world.policy, self.world.topics)
        ran = self.story.current
        try:
            summary = self.world.start().check_tasks(self.world.watch())
            ran.red = bool(summary.errors)
        except KilledError:
            ran.killed = True
        except StoreError:
            ran.red = True
        self.story.end()
        self.table.faults = [
            replace(fault, runs=fault.runs - 1) for fault in self.table.faults if fault.runs > 1
        ]
        self.topic_faults = [
            replace(fault, runs=fault.runs - 1) for fault in self.topic_faults if fault.runs > 1
        ]

    def _overlap(self, happening: Overlap) -> None:
        self._says(happening.answers)
        self.fuse.calls.clear()

        def other() -> None:
            topics = self.world.topics
            self._says(happening.others)
            self.world.topics = tuple(map(Topic, happening.topics or topics))
            self.run()
            self.world.topics = topics

        self.fuse.crossed_at, self.fuse.crossing = happening.call, other
        self.run()
        if self.fuse.crossed_at:
            # It had fewer calls: the other one follows it.
            self.fuse.crossed_at = 0
            other()
        self.clock.forward(_MINUTE)

    def _says(self, answers: Answers) -> None:
        for name, answer in answers.items():
            self.world.ucloud.answers[name] = _as_port(answer)

    def _silence(self, wanted: Silenced) -> None:
        known = {task.task_id: task.key for task in self.world.tasks}
        scope = known.get(wanted.scope, wanted.scope)
        until = self.clock() + wanted.minutes * _MINUTE
        self.story.begin((), self.world.policy, self.world.topics)
        since = self.story.current.began
        # What came after it was saved may have failed: it is in force all the same.
        with suppress(CommandError, StoreError):
            self.world.silence(scope, iso(until))
        if any(found.scope == scope and found.since >= since for found in self.world.store.silences.values()):
            self.story.wishes.append(Wish(scope=scope, since=since, until=until))
        self.story.end()

    def _configure(self, change: Configured) -> None:
        world = self.world
        tasks = {task.task_id: task for task in world.tasks}
        if change.watch and change.watch not in tasks:
            tasks[change.watch] = TaskRef(task_id=change.watch)
        if change.leave in tasks and len(tasks) > 1:
            del tasks[change.leave]
        if change.rename in tasks:
            task = tasks[change.rename]
            tasks[change.rename] = replace(task, name="" if task.name else "orders-db")
        if change.project in tasks:
            task = tasks[change.project]
            tasks[change.project] = replace(task, project_id="" if task.project_id else "org-hiny12")
        world.tasks = list(tasks.values())
        if change.thresholds is not None:
            world.policy = Policy(**cast("dict[str, Any]", change.thresholds), kinds=world.policy.kinds)
        if change.off is not None:
            on = frozenset(map(str, Kind)) - set(change.off)
            world.policy = replace(world.policy, kinds=on if change.off else None)
        if change.topics is not None:
            world.topics = tuple(map(Topic, change.topics))
        world.digest_above = world.digest_above if change.digest_above is None else change.digest_above
        world.fingerprint = world.fingerprint if change.deployed is None else str(change.deployed)
        if change.metrics is not None:
            self.insights.refused = None if change.metrics else _REFUSED
        self._configured()

    def _configured(self) -> None:
        self.story.kinds_off |= set(map(str, Kind)) - set(self.world.policy.kinds or map(str, Kind))

    def _refuse(self, notification: Notification) -> PublishError | None:
        for fault in self.topic_faults:
            if fault.topic == notification.topic:
                if fault.executed:
                    self.world.sns.accepted.append(notification)
                    self.story.unheard += 1
                return PublishError("not now", permanent=fault.permanent and not fault.executed)
        return None


def _as_port(answer: Answer) -> Observation | NoAnswer:
    if answer.cause:
        known = answer.cause in _CONFIGURATION
        return NoAnswer(cause=answer.cause, reason=answer.cause, configuration=known)
    allowed = None if answer.used is None else 3
    return Observation(
        status=answer.word, failed_message=answer.reason, retries_used=answer.used, retries_allowed=allowed
    )


def live(happenings: Sequence[Happening]) -> Lived:
    """A life with these happenings, to its end; the same each time."""
    random.seed(0)
    life = Life()
    with _own_time(life.clock, life.story):
        for happening in happenings:
            life.happens(happening)
        life.end()
    story, world = life.story, life.world
    left = [f"{found.sk} waits" for found in world.store.waiting.values()]
    left += [f"the silence of {scope} stands" for scope in world.store.silences]
    left += [f"the outage {cause} is open" for cause in world.store.outages]
    found = broken_promises(story, world.sns.accepted, world.store.marks, world.store.withheld, left)
    killed = sum(ran.killed for ran in story.runs)
    return Lived(broken=found, runs=len(story.runs), killed=killed, events=len(story.said))
