"""Eight runs at once on one state: every event is told once on each topic, and no update is lost."""

import random
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle, pairwise
from typing import Any

import pytest

from tests.fakes import FakeStore, KilledError
from tests.proof.environment import SharedAws
from tests.proof.figures import note
from tests.table import create_table
from tests.walk import X
from tests.world import LEASE, World
from udts_monitor.adapters.store import Store
from udts_monitor.decision.assess import Assessment
from udts_monitor.decision.event import Event
from udts_monitor.decision.observation import NoAnswer, Observation
from udts_monitor.decision.outage import OutageChange
from udts_monitor.decision.policy import Policy
from udts_monitor.outbox.notification import Notification, Topic
from udts_monitor.outbox.pending import Pending
from udts_monitor.run.ports import MonitorItem
from udts_monitor.run.run import Run
from udts_monitor.run.shards import Shard
from udts_monitor.task import TaskRef

RUNS_AT_ONCE = 8
TASKS = ["udts-1", "udts-2", "udts-3", "udts-4"]
REFUSED = NoAnswer(cause="RetCode 171", reason="wrong signature", configuration=True)
ANSWERS: tuple[str | NoAnswer, ...] = (
    "Syncing", "Loading", "Failed", "FailedUnrecoverable", "Starting", "Done", "Stopped", "Frobnicating",
    X, REFUSED,
)  # fmt: skip
# Without those that are told of several tasks as one: a shard knows only its own.
ANSWERS_OF_ONE_TASK = tuple(answer for answer in ANSWERS if isinstance(answer, str))
# Runs that check all tasks themselves.
ALIKE: tuple[Shard | None, ...] = (None,) * RUNS_AT_ONCE
# Two scheduled runs and three times each of their shards.
SHARDS_AT_ONCE = (
    *(None, None),
    *(Shard(first="-/udts-1", last="-/udts-2"), Shard(first="-/udts-3", last="-/udts-4")) * 3,
)
# At once, so that what is told does not depend on how many of the runs came one after the other.
AT_ONCE = Policy(unreachable_after_checks=1, recovered_after_checks=1, stopped_grace_minutes=0)


class Delayed:
    """A port that takes its time, before it acts and after."""

    def __init__(self, port: object, most_seconds: float, seed: int) -> None:
        self._port = port
        self._most = most_seconds
        self._random = random.Random(seed)  # noqa: S311 - repeatable

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """The port's method, late."""
        return self._late(getattr(self._port, name))

    def __call__(self) -> Any:  # noqa: ANN401 - a port that is a function
        """The port itself, late."""
        return self._late(self._port)()

    def _late(self, method: Any) -> Callable[..., Any]:  # noqa: ANN401 - any method of any port
        def late(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - any method of any port
            time.sleep(self._random.uniform(0, self._most))
            try:
                return method(*given, **named)
            finally:
                time.sleep(self._random.uniform(0, self._most))

        return late


@dataclass
class Witness:
    """A store's witness: what was really saved, whoever was told so.

    Attributes:
        lost: saves that another run was faster than.
        digests: by id the notifications that were bound to it.
    """

    store: Any
    saved: list[Assessment] = field(default_factory=list)
    lost: int = 0
    events: list[Event] = field(default_factory=list)
    digests: dict[str, list[Notification]] = field(default_factory=lambda: defaultdict(list))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the rest of the port
        """Everything else goes through."""
        return getattr(self.store, name)

    def save(self, assessment: Assessment, notifications: Iterable[Notification], *rest: Any) -> bool:  # noqa: ANN401
        """The port."""
        done: bool = self.store.save(assessment, notifications, *rest)
        with self.lock:
            if done:
                self.saved.append(assessment)
                self.events += assessment.events
            self.lost += not done
        return done

    def bind(self, members: Sequence[Pending], digest_id: str) -> bool:
        """The port."""
        done: bool = self.store.bind(members, digest_id)
        with self.lock:
            if done:
                self.digests[digest_id] += [pending.notification for pending in members]
        return done

    def told_by(self, message: Notification) -> Iterator[str]:
        """What a message tells: itself or, in a digest, each of its members.

        One that calls for the same as another stands in a line with it: a digest says how many it tells, and
        names the task of each.
        """
        members = self.digests.get(message.event_id, [message])
        counted = message.body.startswith(f"{len(members)} UDTS event")
        for told in members:
            if told is message or (counted and told.task_key.removeprefix("-/") in message.body):
                yield f"{told.event_id} {told.topic}"

    def save_outage(self, change: OutageChange, *rest: Any) -> bool:  # noqa: ANN401
        """The port."""
        done: bool = self.store.save_outage(change, *rest)
        with self.lock:
            if done and change.event:
                self.events.append(change.event)
        return done


@contextmanager
def overlapping(
    store: object, most_seconds: float, digest_above: int = 1_000_000, shard_tasks: int = 0
) -> Iterator[tuple[World, Witness]]:
    """A world whose ports all take up to so long before and after each call."""
    world = World(TASKS, policy=AT_ONCE, digest_above=digest_above, shard_tasks=shard_tasks)
    witness = Witness(store)
    late: dict[str, Any] = {
        name: Delayed(port, most_seconds, seed)
        for seed, (name, port) in enumerate(
            {"ucloud": world.ucloud, "store": witness, "sns": world.sns, "clock": world.clock}.items()
        )
    }
    reached, accepted = world.ucloud, world.sns
    vars(world).update(late)
    vars(world).update(told=accepted, at_ucloud=reached)
    yield world, witness


def at_once(world: World, runs: Sequence[Shard | None] = ALIKE) -> list[BaseException | None]:
    """Runs, or shards of them, that begin together; how each of them ended."""
    together = threading.Barrier(len(runs))

    def go(run: Run, shard: Shard | None) -> None:
        together.wait()
        if shard:
            run.check_shard(world.watch(), shard)
        else:
            run.check_tasks(world.watch())

    started = [(world.start(), shard) for shard in runs]
    with ThreadPoolExecutor(len(runs)) as pool:
        return [future.exception() for future in [pool.submit(go, *each) for each in started]]


def one_sees(word: str, number: int) -> Callable[[TaskRef, float], Observation]:
    """A UCloud that says a word to one of the runs, by the order of asking, and to the others a usual one."""
    asked, lock, usual = Counter[str](), threading.Lock(), cycle(["Loading", "Starting", "Syncing", "Synced"])

    def check(task: TaskRef, _: float) -> Observation:
        with lock:
            asked[task.key] += 1
            return Observation(status=word if asked[task.key] == number + 1 else next(usual))

    return check


def draw(seed: int, answers: Sequence[str | NoAnswer] = ANSWERS) -> dict[str, str | NoAnswer]:
    """What UCloud says of each task from now on."""
    drawn = random.Random(seed)  # noqa: S311 - repeatable
    return {task.replace("-", "_"): drawn.choice(answers) for task in TASKS}


def told_twice_or_never(world: World, witness: Witness) -> dict[str, int]:
    """Every notification that was not told exactly once, alone or in a digest, with how often it was."""
    accepted = Counter(name for found in vars(world)["told"].accepted for name in witness.told_by(found))
    due = {f"{event.id} {topic}" for event in witness.events for topic in world.topics}
    return {name: accepted[name] for name in due | set(accepted) if accepted[name] != 1 or name not in due}


def lost_updates(witness: Witness) -> list[str]:
    """Where the saved versions of a task have a gap, a double, or do not begin as the last one ended."""
    by_task: dict[str, list[Assessment]] = defaultdict(list)
    for found in witness.saved:
        by_task[found.task.key].append(found)
    wrong = []
    for key, saved in by_task.items():
        saved.sort(key=lambda found: found.after.version)
        if [found.after.version for found in saved] != list(range(1, len(saved) + 1)):
            wrong.append(f"{key}: {[found.after.version for found in saved]}")
        wrong += [f"{key}: v{b.before.version}" for a, b in pairwise(saved) if a.after != b.before]
    return wrong


def rounds(
    store: object, *, number: int, most_seconds: float, digest_above: int = 1_000_000, sharded: bool = False
) -> dict[str, object]:
    """Rounds in which UCloud says something new and eight runs, or shards of two runs, see it at once.

    A single run in a world of its own says what is to be told.
    """
    began = time.monotonic()
    alone = World(TASKS, policy=AT_ONCE)
    shard_tasks, runs, drawn = (2, SHARDS_AT_ONCE, ANSWERS_OF_ONE_TASK) if sharded else (0, ALIKE, ANSWERS)
    with overlapping(store, most_seconds, digest_above, shard_tasks) as (world, witness):
        for seed in range(number):
            answers = draw(seed, drawn)
            alone.ucloud.set(**answers)
            expected = Counter((event.kind, event.task.key) for event in alone.run().events)
            vars(world)["at_ucloud"].set(**answers)
            before = len(witness.events)
            assert at_once(world, runs) == [None] * RUNS_AT_ONCE
            told = Counter((event.kind, event.task.key) for event in witness.events[before:])
            assert told == expected, (seed, answers)
            world.clock.forward()
    assert told_twice_or_never(world, witness) == {}
    assert lost_updates(witness) == []
    # Somebody was too late now and then: they did overlap.
    assert witness.lost
    return {
        "rounds": number,
        "runs": number * RUNS_AT_ONCE,
        "events": len(witness.events),
        "notifications": len(vars(world)["told"].accepted),
        "digests": len(witness.digests),
        "saves": len(witness.saved),
        "saves too late": witness.lost,
        "seconds": round(time.monotonic() - began, 1),
    }


def stream(store: object, *, seconds: float, most_seconds: float) -> dict[str, object]:
    """Eight workers that run without a pause while UCloud changes its mind; nobody knows what each sees."""
    with overlapping(store, most_seconds) as (world, witness):
        # Whatever waits behind another run's lease at the end waits for that lease.
        leases_over = timedelta(0)
        vars(world)["clock"] = Delayed(lambda: datetime.now(UTC) + leases_over, most_seconds, 3)
        over = time.monotonic() + seconds

        def work(number: int) -> int:
            # The same world, but runs with names of its own.
            own, first = copy(world), number * 1_000_000
            own.runs = first
            while time.monotonic() < over:
                own.start().check_tasks(own.watch())
            return own.runs - first

        with ThreadPoolExecutor(RUNS_AT_ONCE) as pool:
            workers = [pool.submit(work, number) for number in range(1, RUNS_AT_ONCE + 1)]
            for seed in range(10_000):
                vars(world)["at_ucloud"].set(**draw(seed))
                time.sleep(20 * most_seconds)
                if time.monotonic() >= over:
                    break
        runs = sum(worker.result() for worker in workers)
        leases_over = LEASE
        # Whatever happened: out of reach for all has to end up told, and so has its end.
        vars(world)["at_ucloud"].set(**{task.replace("-", "_"): REFUSED for task in TASKS})
        for _ in range(3):
            world.start().check_tasks(world.watch())
        open_now = witness.store.load_monitor().outages
        assert REFUSED.cause in {outage.cause for outage in open_now}
        vars(world)["at_ucloud"].answers.clear()
        for _ in range(3):
            world.start().check_tasks(world.watch())
        assert told_twice_or_never(world, witness) == {}
        assert lost_updates(witness) == []
        assert witness.lost
        assert witness.store.outbox().pending == ()
        states = witness.store.load_states().values()
        assert [state.unanswered for state in states] == [None] * len(TASKS)
        assert witness.store.load_monitor().outages == ()
    saves = {"saves": len(witness.saved), "saves too late": witness.lost}
    return {"runs": runs, "events": len(witness.events), **saves}


def real_store(aws: SharedAws) -> Store:
    """A store over a new table of the local AWS."""
    name = f"overlap-{uuid.uuid4().hex[:8]}"
    create_table(aws.client("dynamodb"), name)
    return Store(aws.client("dynamodb"), name, timedelta(days=90))


@pytest.fixture(params=["fake", "local-aws"])
def store(request: pytest.FixtureRequest) -> object:
    """A new and empty store."""
    return FakeStore() if request.param == "fake" else real_store(request.getfixturevalue("shared_aws"))


def test_eight_runs_at_once_tell_what_one_would(store: object, request: pytest.FixtureRequest) -> None:
    """Again and again: exactly one notification for each event and topic, no version lost or given twice."""
    where = request.node.callspec.id
    figures = rounds(store, number=25 if where == "fake" else 10, most_seconds=0.004)
    note(f"overlap-rounds-{where}", figures)


def test_eight_runs_at_once_tell_each_event_in_one_message(
    store: object, request: pytest.FixtureRequest
) -> None:
    """Where people get digests: an event is told in one of them or in a message of its own, once."""
    figures = rounds(store, number=10, most_seconds=0.004, digest_above=1)
    assert figures["digests"]
    note(f"overlap-digests-{request.node.callspec.id}", figures)


def test_shards_that_come_several_times_beside_their_runs_tell_what_one_run_would(
    store: object, request: pytest.FixtureRequest
) -> None:
    """Two runs and three times each shard, as a queue may hand them over: each event is told once."""
    where = request.node.callspec.id
    figures = rounds(store, number=25 if where == "fake" else 10, most_seconds=0.004, sharded=True)
    note(f"overlap-shards-{where}", figures)


def test_runs_that_never_pause_lose_nothing(store: object, request: pytest.FixtureRequest) -> None:
    """UCloud changes under their hands, so each run may see something else; what is saved is told once."""
    figures = stream(store, seconds=3, most_seconds=0.004)
    note(f"overlap-stream-{request.node.callspec.id}", figures)


def test_a_failure_or_finish_that_one_run_of_eight_saw_is_told_once(store: object) -> None:
    """The others saw how the task was just before or after: what is dropped is their word, never this one."""
    drawn = random.Random(1)  # noqa: S311 - repeatable
    with overlapping(store, 0.003) as (world, witness):
        at_ucloud = vars(world)["at_ucloud"]
        for _ in range(12):
            at_ucloud.check = lambda *_: Observation(status="Syncing")
            world.start().check_tasks(world.watch())
            before = len(witness.events)
            word = drawn.choice(["Failed", "FailedUnrecoverable", "Done"])
            at_ucloud.check = one_sees(word, drawn.randrange(RUNS_AT_ONCE))
            assert at_once(world) == [None] * RUNS_AT_ONCE
            weighty = [event for event in witness.events[before:] if event.kind in {"failed", "finished"}]
            kind = "finished" if word == "Done" else "failed"
            assert sorted((event.kind, event.task.task_id) for event in weighty) == [
                (kind, name) for name in TASKS
            ]
            world.clock.forward()
        # A recovery that one run saved waits behind the failure that another one was still publishing.
        world.clock.forward(LEASE)
        world.start().check_tasks(world.watch())
        assert witness.store.outbox().pending == ()
    assert told_twice_or_never(world, witness) == {}
    assert lost_updates(witness) == []


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_eight_runs_at_once_for_a_long_time(store: object, request: pytest.FixtureRequest) -> None:
    """The same promises, hundreds of times."""
    where = request.node.callspec.id
    note(
        f"overlap-rounds-long-{where}",
        rounds(store, number=400 if where == "fake" else 100, most_seconds=0.004),
    )


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_runs_that_never_pause_for_a_long_time(store: object, request: pytest.FixtureRequest) -> None:
    """The same promises, for longer."""
    note(f"overlap-stream-long-{request.node.callspec.id}", stream(store, seconds=45, most_seconds=0.004))


def test_a_dead_run_s_lease_is_honoured_by_eight_others_until_it_ends(store: object) -> None:
    """One dies before its first publish: nobody publishes while it might live; afterwards one does."""
    with overlapping(store, 0.003) as (world, witness):
        vars(world)["at_ucloud"].set(udts_1="Failed", udts_2="Done")
        accepted = vars(world)["told"]
        publish = accepted.publish

        def dying(notification: Notification) -> None:
            raise KilledError(notification.event_id)

        accepted.publish = dying
        with suppress(KilledError):
            world.start().check_tasks(world.watch())
        accepted.publish = publish
        due = 2 * len(world.topics)
        assert len(witness.store.outbox().pending) == due
        world.clock.forward(LEASE - timedelta(microseconds=1))
        assert at_once(world) == [None] * RUNS_AT_ONCE
        assert accepted.accepted == []
        world.clock.forward(timedelta(microseconds=1))
        assert at_once(world) == [None] * RUNS_AT_ONCE
        assert len(accepted.accepted) == due
        assert told_twice_or_never(world, witness) == {}
        assert witness.store.outbox().pending == ()


def test_an_outage_that_another_run_s_task_has_just_joined_goes_on() -> None:
    """One run sees all well again while another finds a task out of reach: no end is told too early."""
    world = World(["udts-1", "udts-2"])
    world.run()
    world.ucloud.set(udts_1=REFUSED)
    world.run()
    load = world.store.load_monitor

    def overtaken() -> MonitorItem:
        world.store.load_monitor = load  # type: ignore[method-assign]
        world.ucloud.set(udts_2=REFUSED)
        world.start().check_tasks(world.watch())
        world.ucloud.set(udts_2="Syncing")
        return load()

    world.store.load_monitor = overtaken  # type: ignore[method-assign]
    world.ucloud.set(udts_1="Syncing")
    world.run()
    assert set(world.store.outages) == {REFUSED.cause}
    world.ucloud.set(udts_2="Syncing")
    world.run()
    told = [found.kind for found in world.sns.accepted if found.topic is Topic.EVENTS]
    assert told == ["unreachable", "reachable"]
