"""The real core and the real table against the oracle: random lives of tasks, and what is told of them."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, cast

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine
from moto import mock_aws

from tests.fakes import Clock, FakeStore
from tests.proof.figures import note
from tests.proof.oracle import Limits, Oracle, Said, Silent
from tests.table import aws_client, create_table
from tests.world import World
from udts_monitor.adapters.store import Store
from udts_monitor.decision.event import Kind
from udts_monitor.decision.observation import NoAnswer, Observation
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.state import TaskState
from udts_monitor.decision.status import OUTCOMES
from udts_monitor.outbox.notification import Notification, Topic
from udts_monitor.run.ports import MonitorItem, Storage
from udts_monitor.task import MONITOR, TaskRef, WatchList
from udts_monitor.times import iso

# Kinds the oracle has no rule for: they need figures, lists or paid time, or a person asks for them.
BEYOND = {
    *("stalled", "progressing", "delayed", "caught_up", "cutover_ready", "cutover_not_ready"),
    *("overdue", "reset", "missing", "expiring", "test", "roll_call", "silenced", "silence_ended"),
}
SPOKEN_FOR = {
    *("failed", "finished", "recovered", "stopped", "resume_deadline"),
    *("retrying", "unknown_status", "reminder", "unreachable", "reachable"),
}
IDS = ["udts-1", "udts-2", "udts-3", "udts-4"]
TEN_SECONDS = timedelta(seconds=10)
LIKELY = ["Syncing", "Failed", "Done", "Stopped", "Starting", "RetryPending", "FailedUnrecoverable"]

words = st.one_of(st.sampled_from(LIKELY), st.sampled_from([*sorted(OUTCOMES), "Frobnicating", "Pondering"]))
answers = st.one_of(
    words.map(Said),
    st.builds(
        Said,
        st.sampled_from(["Failed", "RetryPending"]),
        st.one_of(st.none(), st.integers(0, 3)),
        st.sampled_from([0, 3]),
        st.booleans(),
    ),
    st.sampled_from([Silent("timeout"), Silent("HTTP 503")]),
    st.sampled_from([Silent("RetCode 171", configuration=True), Silent("RetCode 292", configuration=True)]),
)
changes = st.dictionaries(st.sampled_from(IDS), answers, max_size=3)
# Seldom hours or days, mostly minutes. Never below the lease of the run before.
steps = st.one_of(
    st.integers(7, 30).map(lambda tens: tens * TEN_SECONDS),
    st.sampled_from([timedelta(minutes=21), timedelta(hours=4), timedelta(hours=25), timedelta(days=4)]),
)
own_thresholds = st.fixed_dictionaries(
    {},
    optional={
        "unreachable_after_checks": st.integers(0, 4).map(float),
        "recovered_after_checks": st.integers(0, 4).map(float),
        "stopped_grace_minutes": st.sampled_from([0.0, 5.0, 20.0]),
        "resume_within_days": st.sampled_from([0.0, 1.0, 7.0]),
    },
)


class TickingClock(Clock):
    """No two looks at it show the same time, as with a real one."""

    def __call__(self) -> datetime:
        """The time, a millisecond later than at the last look."""
        self.now += timedelta(milliseconds=1)
        return self.now


class Behind:
    """The store as a run sees it that read states and outages before another run changed them."""

    def __init__(self, store: Storage) -> None:
        self._store = store
        self._states: dict[str, TaskState] | None = store.load_states()
        self._monitor: MonitorItem | None = store.load_monitor()

    def load_states(self) -> dict[str, TaskState]:
        """What it read then; when it reads again, what is there."""
        read_then, self._states = self._states, None
        return self._store.load_states() if read_then is None else read_then

    def load_monitor(self) -> MonitorItem:
        """Likewise."""
        read_then, self._monitor = self._monitor, None
        return read_then or self._store.load_monitor()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        return getattr(self._store, name)


@dataclass
class Quiet:
    """What somebody asked for: a silence, another end of one, or its end.

    Attributes:
        changed_at: when somebody asked for another end of the same silence, None while nobody did.
    """

    scope: str
    asked_at: datetime
    until: datetime
    changed_at: datetime | None = None

    def holds(self, found: Notification) -> bool:
        """It came up in this time and is of this scope."""
        end = min(self.until, self.changed_at or self.until)
        return self.scope in {"all", found.task_key} and self.asked_at <= found.time < end


class Life(RuleBasedStateMachine):
    """Tasks live, configurations change, runs overlap; the oracle and the monitor say what is told."""

    figures: "ClassVar[Figures | None]" = None

    def __init__(self) -> None:
        super().__init__()
        self.oracle = Oracle()
        self.world = World((), policy=Policy(), max_concurrency=1, digest_above=1000)
        self.world.clock = TickingClock()
        self.world.store = cast("FakeStore", self.new_store())
        self.watched: dict[str, TaskRef] = {}
        self.said: dict[str, Said | Silent] = {}
        self.general = Limits()
        self.quiet: list[Quiet] = []
        self.latest = self.world.clock.now
        self.agreed = False

    def new_store(self) -> Storage:
        """An empty store."""
        return FakeStore()

    # What happens -------------------------------------------------------------------------------------

    @initialize(
        names=st.sets(st.sampled_from(IDS), min_size=1, max_size=3),
        checks=st.integers(0, 4),
        minutes=st.sampled_from([0, 5, 20]),
    )
    def begin(self, names: set[str], checks: int, minutes: int) -> None:
        """Some tasks are watched from the beginning."""
        self.configure_all(checks, 7, minutes)
        for name in sorted(names):
            self._watch(name, {})

    @rule(step=steps, changed=changes, times=st.integers(1, 4))
    def runs(self, step: timedelta, changed: dict[str, Said | Silent], times: int) -> None:
        """UCloud says something new; some runs see it."""
        self.said |= changed
        for _ in range(times):
            self._forward(step)
            self._settle_clock()
            digests = self._digests()
            self.world.start().check_tasks(self._answered())
            assert len(self._digests()) <= len(digests) + 1
            self.oracle.run(*self._seen(), self.world.clock.now)
            self.compare()

    @rule(
        step=steps, silent=answers.filter(lambda answer: isinstance(answer, Silent)), times=st.integers(1, 4)
    )
    def nobody_answers(self, step: timedelta, silent: Silent, times: int) -> None:
        """One cause for all tasks."""
        self.runs(step, dict.fromkeys(IDS, silent), times)

    @rule(step=steps, first=changes, second=changes)
    def two_runs_overlap(
        self, step: timedelta, first: dict[str, Said | Silent], second: dict[str, Said | Silent]
    ) -> None:
        """Both read the states, one is faster; the slower one's word about what it changed does not count."""
        self._forward(step)
        store, began = cast("Storage", self.world.store), self.world.clock.now
        before, view = store.load_states(), self.oracle.view(began)
        faster = self.world.start()
        self.world.store = cast("FakeStore", Behind(store))
        slower = self.world.start()
        self.world.store = cast("FakeStore", store)
        self.said |= first
        faster.check_tasks(self._answered())
        self.oracle.run(*self._seen(), self.world.clock.now, self.oracle.view(began))
        after = store.load_states()
        overtaken = {key for key in after if key not in before or before[key].version != after[key].version}
        self.said |= second
        slower.check_tasks(self._answered())
        self.oracle.run(*self._seen(), self.world.clock.now, view, overtaken)
        self.compare()

    @rule(name=st.sampled_from(IDS), own=own_thresholds)
    def configure_a_task(self, name: str, own: dict[str, float]) -> None:
        """It is added, perhaps again, or gets thresholds of its own."""
        self._watch(name, own)

    @precondition(lambda self: len(self.watched) > 1)
    @rule(data=st.data())
    def remove_a_task(self, data: st.DataObject) -> None:
        """It is no longer watched; what is known of it stays."""
        del self.watched[data.draw(st.sampled_from(sorted(self.watched)))]

    @rule(data=st.data(), title=st.sampled_from(["orders", "orders-db", ""]))
    def rename_a_task(self, data: st.DataObject, title: str) -> None:
        """The name is for people: it changes nothing of what is told."""
        name = data.draw(st.sampled_from(sorted(self.watched)))
        task = self.watched[name]
        self.watched[name] = TaskRef(task_id=name, name=title, thresholds=task.thresholds)

    @rule(checks=st.integers(0, 4), days=st.sampled_from([0, 1, 7]), minutes=st.sampled_from([0, 5, 20]))
    def configure_all(self, checks: int, days: int, minutes: int) -> None:
        """The general thresholds change between two runs."""
        self.general = Limits(checks, checks, minutes, days)
        self.world.policy = Policy(**asdict(self.general))

    @rule(tens=st.integers(1, 12))
    def the_clock_is_set_back(self, tens: int) -> None:
        """By at most two minutes."""
        self.world.clock.forward(-tens * TEN_SECONDS)

    # What came up after a silence by a clock that was set back since is nobody's question.
    @precondition(lambda self: self.world.clock.now >= self.latest)
    @rule(data=st.data(), tens=st.integers(0, 200))
    def somebody_asks_for_silence(self, data: st.DataObject, tens: int) -> None:
        """For some minutes, or for none: that ends a silence."""
        scope = data.draw(st.sampled_from(["all", *(task.key for task in self.watched.values())]))
        now = self.world.clock.now
        self.world.tasks = list(self.watched.values())
        standing = {silence.scope for silence in self.world.store.outbox().silences}
        if scope in standing:
            next(quiet for quiet in reversed(self.quiet) if quiet.scope == scope).changed_at = now
        until = now + tens * TEN_SECONDS
        self.world.silence(scope, iso(until))
        self.quiet.append(Quiet(scope, now, until))
        self._settle_clock()

    # What must hold -----------------------------------------------------------------------------------

    def compare(self) -> None:
        """Programs were told every event at once, in order; people each that no silence holds, in order."""
        self.agreed = False
        told = self._told(Topic.EVENTS)
        assert {about: [str(found.kind) for found in events] for about, events in told.items()} == (
            self.oracle.events
        )
        heard = {found.event_id for found in self.world.sns.accepted if found.topic is Topic.ALERTS}
        for about, events in told.items():
            to_be_heard = [found.event_id for found in events if not self._held(found)]
            assert [found.event_id for found in events if found.event_id in heard] == to_be_heard, about
        states = self.world.store.load_states()
        said = {name: task.word for name, task in self.oracle.tasks.items()}
        assert {key: state.status for key, state in states.items()} == said
        self.agreed = True

    def teardown(self) -> None:
        """When all silences are over, people were told what they held back, or what came after it."""
        if not self.agreed:
            return
        self.runs(timedelta(hours=2), {}, 3)
        accepted = self.world.sns.accepted
        assert len({(found.event_id, found.topic) for found in accepted}) == len(accepted)
        assert not self.world.store.outbox().pending
        assert not self.world.store.outbox().silences
        ends = self._digests()
        for events in self._told(Topic.EVENTS).values():
            held = [found for found in events if self._held(found)]
            # Of several that are held at one time only the latest is still news, and that one always is.
            assert all(any(found.summary[:60] in end for end in ends) for found in held[-1:])
        kinds = Counter(str(found.kind) for found in accepted if found.topic is Topic.EVENTS)
        assert kinds["silenced"] == len(self.quiet)
        assert kinds["silence_ended"] == sum(quiet.changed_at is None for quiet in self.quiet)
        if self.figures:
            self.figures.add(self)

    # ----------------------------------------------------------------------------------------------------

    def _watch(self, name: str, own: Mapping[str, float]) -> None:
        self.watched[name] = TaskRef(task_id=name, thresholds=own)

    def _forward(self, step: timedelta) -> None:
        # The tenth keeps every length of time off the thresholds, where a millisecond would count.
        self.world.clock.forward(step + timedelta(milliseconds=100))

    def _settle_clock(self) -> None:
        self.latest = max(self.latest, self.world.clock.now + timedelta(seconds=1))

    def _answered(self) -> WatchList:
        """The watched tasks, once UCloud knows its lines."""
        self._settle_clock()
        for name in IDS:
            self.world.ucloud.answers[name] = _wire(self.said.get(name, Said("Syncing")))
        self.world.tasks = list(self.watched.values())
        return self.world.watch()

    def _seen(self) -> tuple[dict[str, Said | Silent], dict[str, Limits]]:
        return (
            {task.key: self.said.get(name, Said("Syncing")) for name, task in self.watched.items()},
            {task.key: replace(self.general, **task.thresholds) for task in self.watched.values()},
        )

    def _told(self, topic: Topic) -> dict[str, list[Notification]]:
        """What a topic heard of each task and of each outage."""
        told: dict[str, list[Notification]] = {}
        for found in self.world.sns.accepted:
            if found.topic is topic and found.kind in SPOKEN_FOR:
                of_monitor = found.task_key == MONITOR.key
                about = found.event_id.split("/")[2] if of_monitor else found.task_key
                told.setdefault(about, []).append(found)
        return told

    def _digests(self) -> list[str]:
        """What people heard at the ends of silences."""
        alerts = [found for found in self.world.sns.accepted if found.topic is Topic.ALERTS]
        return [found.body for found in alerts if found.kind == "digest"]

    def _held(self, found: Notification) -> bool:
        """A silence that lasted when it came up is for people who hear of it."""
        return any(quiet.holds(found) for quiet in self.quiet)


def _wire(answer: Said | Silent) -> Observation | NoAnswer:
    if isinstance(answer, Silent):
        return NoAnswer(cause=answer.cause, reason=answer.cause, configuration=answer.configuration)
    return Observation(
        status=answer.word,
        retries_used=answer.used,
        retries_allowed=answer.allowed,
        failed_message="Error 1040: Too many connections" if answer.reason else "",
    )


@dataclass
class Figures:
    """How much was compared: lives, those unlike any other, the runs in them, the events that were told."""

    lives: int = 0
    runs: int = 0
    events: int = 0
    ways: set[str] = field(default_factory=set)

    def add(self, life: Life) -> None:
        """A life is over."""
        self.lives += 1
        self.runs += life.oracle.runs
        self.events += sum(map(len, life.oracle.events.values()))
        self.ways.add(f"{life.world.clock.now} {life.oracle.events}")

    def as_dict(self) -> dict[str, int]:
        """As they are kept."""
        return {"lives": self.lives, "different": len(self.ways), "runs": self.runs, "events": self.events}


@contextmanager
def counted(figures: Figures) -> Iterator[None]:
    """Each life that ends is added to the figures."""
    Life.figures = figures
    yield
    Life.figures = None


class LifeInTheTable(Life):
    """The same on the real store and moto."""

    client: ClassVar[Any]
    tables: ClassVar[int] = 0

    def new_store(self) -> Storage:
        """The real store on a new table, made from the template."""
        LifeInTheTable.tables += 1
        self.table = f"life-{self.tables}"
        create_table(self.client, self.table)
        return Store(self.client, self.table, timedelta(days=90))

    def teardown(self) -> None:
        """As ever, and the table is gone: moto copies all tables at each transaction."""
        super().teardown()
        self.client.delete_table(TableName=self.table)


@contextmanager
def moto() -> Iterator[None]:
    """Tables for LifeInTheTable."""
    with mock_aws():
        LifeInTheTable.client = aws_client("dynamodb")
        yield


@pytest.fixture(autouse=True)
def no_log() -> Iterator[None]:
    """Thousands of lives would write millions of lines."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


def test_told_is_what_the_oracle_says() -> None:
    """On the fake store, which keeps the promises of the real one (tests/contract)."""
    run_machine(Life, settings=settings(max_examples=120, stateful_step_count=30, derandomize=True))


def test_told_is_what_the_oracle_says_with_the_real_store() -> None:
    """Lives on the real store: what is told went through items, conditions and transactions."""
    with moto():
        # Not shrunk: that takes minutes here, and what fails here fails mostly on the fake as well.
        quick = settings(
            max_examples=6, stateful_step_count=12, derandomize=True, phases=[Phase.explicit, Phase.generate]
        )
        run_machine(LifeInTheTable, settings=quick)


def _new_lives(machine: type[Life], at_least: int, *, a_round: int, steps: int) -> Figures:
    """Lives that nobody saw before, also where CI would repeat the same ones.

    In rounds: hypothesis remembers every life of a round. One in which nothing was compared does not count.
    """
    figures = Figures()
    new = settings(derandomize=False, database=None, print_blob=True)
    one_round = settings(new, max_examples=a_round, stateful_step_count=steps)
    with counted(figures):
        while figures.lives < at_least:
            run_machine(machine, settings=one_round)
    return figures


@pytest.mark.soak
@pytest.mark.timeout(5400)
def test_ten_thousand_lives() -> None:
    """New ones each time."""
    figures = _new_lives(Life, 10_000, a_round=500, steps=40)
    # One round over and over would have some five hundred.
    assert len(figures.ways) >= 2_000
    note("model-lives", figures.as_dict())


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_three_hundred_lives_with_the_real_store() -> None:
    """New ones each time."""
    with moto():
        figures = _new_lives(LifeInTheTable, 300, a_round=60, steps=20)
    assert len(figures.ways) >= 100
    note("model-lives-in-the-table", figures.as_dict())


@pytest.mark.usefixtures("as_in_ci")
def test_each_round_has_lives_of_its_own() -> None:
    """What one round lived is, but for the shortest, not what another lives; in CI too."""
    figures = _new_lives(Life, 40, a_round=10, steps=20)
    assert len(figures.ways) >= 20


def test_the_oracle_knows_the_kinds_it_is_asked_about() -> None:
    """A kind added to the monitor gets a rule in the oracle, or stands among those without one."""
    assert {str(kind) for kind in Kind} == SPOKEN_FOR | BEYOND
    assert not SPOKEN_FOR & BEYOND
