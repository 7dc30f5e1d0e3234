"""Shards: what the scheduled run leaves to them, and what it keeps to itself."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import KilledError, kinds
from tests.unit.test_discovery import listing
from tests.walk import X
from tests.world import LEASE, World
from udts_monitor.decision.observation import NoAnswer, Observation
from udts_monitor.errors import PublishError, StoreError
from udts_monitor.outbox.notification import Topic
from udts_monitor.run.shards import Shard, ranges
from udts_monitor.task import TaskRef

REFUSED = NoAnswer(cause="RetCode 171", reason="wrong signature", configuration=True)
SEVEN = [f"udts-{number}" for number in range(7)]


def sharded(**more: object) -> World:
    """Seven tasks in three shards, that have been seen once."""
    world = World(SEVEN, topics=(Topic.EVENTS,), shard_tasks=3, **more)  # type: ignore[arg-type]
    round_of(world)
    return world


def round_of(world: World) -> list[str]:
    """A scheduled run and its shards; the kinds of the events that were saved."""
    done = [world.run(forward=timedelta(0)), *world.run_shards()]
    world.clock.forward()
    assert [summary.errors for summary in done] == [()] * len(done)
    return [str(event.kind) for summary in done for event in summary.events]


def told(world: World) -> list[str]:
    """The kinds of what programs were told, in order."""
    return [kind for kind, _ in kinds(world.sns.accepted)]


# --- The ranges -----------------------------------------------------------------------------------


@given(
    keys=st.sets(st.text("ab-/~0", min_size=1, max_size=6), min_size=1, max_size=60),
    most=st.integers(min_value=1, max_value=70),
)
def test_every_key_is_in_exactly_one_range_and_none_holds_more_than_asked(keys: set[str], most: int) -> None:
    """In order and without an overlap, as few as can be, and of two no one holds two keys more."""
    found = ranges(keys, most)
    shards = [Shard(first=first, last=last) for first, last in found]
    assert all([shard.holds(key) for shard in shards].count(True) == 1 for key in keys)
    sizes = [sum(map(shard.holds, keys)) for shard in shards]
    assert max(sizes) <= most
    assert max(sizes) - min(sizes) <= 1
    assert len(found) == -(-len(keys) // most)
    assert all(last < first for (_, last), (first, _) in pairwise(found))


# --- The scheduled run ----------------------------------------------------------------------------


def test_a_run_leaves_more_tasks_than_it_may_check_to_shards_and_does_the_rest() -> None:
    """It reads, sends, publishes and writes its item; a shard reads its range, checks and publishes."""
    world = sharded()
    assert world.calls_of_a_run() == ["load_monitor", "load_states", "outbox", "put", "save_monitor"]
    previous_run_at = world.clock.now - timedelta(minutes=2)
    assert world.queue.shards == [
        Shard(first=f"-/udts-{first}", last=f"-/udts-{last}", previous_run_at=previous_run_at)
        for first, last in ((0, 1), (2, 3), (4, 6))
    ]
    world.fuse.calls.clear()
    assert [summary.checked for summary in world.run_shards()] == [2, 2, 3]
    assert sorted(world.fuse.calls) == ["check"] * 7 + [
        name for name in ("load_monitor", "load_states_between", "outbox") for _ in range(3)
    ]
    assert world.run().as_dict()["shards"] == 3


@pytest.mark.parametrize(("shard_tasks", "checked"), [(0, 7), (7, 7), (6, 0)])
def test_as_many_tasks_as_a_shard_holds_are_checked_by_the_run_itself(shard_tasks: int, checked: int) -> None:
    """And all of them where shards are off."""
    world = World(SEVEN, shard_tasks=shard_tasks)
    assert world.run().checked == checked


def test_a_shard_that_the_queue_does_not_take_is_an_error_of_the_run_and_the_others_go_on() -> None:
    """It names the range and the reason."""
    world = sharded()
    world.queue.refuse = "-/udts-2"
    summary = world.run()
    assert summary.errors == ("-/udts-2 to -/udts-3: the queue did not take the shard: full",)
    assert [shard.first for shard in world.queue.shards] == ["-/udts-0", "-/udts-4"]


def test_a_task_that_a_list_shows_for_the_first_time_is_checked_by_the_run_that_read_it() -> None:
    """From then on its state says that it is watched, and a shard sees it fail."""
    world = World((), topics=(Topic.EVENTS,), projects=("org-a",), shard_tasks=2)
    world.insights.lists["org-a"] = listing("udts-1", "udts-2", "udts-3")
    assert world.run().checked == 3
    assert [summary.checked for summary in world.run_shards()] == [1, 2]
    assert world.run().checked == 0
    world.ucloud.set(udts_3="Failed")
    assert [event.task.name for summary in world.run_shards() for event in summary.events] == ["udts-3-db"]


def test_what_happened_in_a_gap_of_the_scheduled_runs_is_asked_for_by_the_shards() -> None:
    """They cannot see it themselves: that run has noted itself by then."""
    world = sharded()
    round_of(world)
    world.clock.forward(timedelta(minutes=30))
    world.fuse.calls.clear()
    round_of(world)
    assert world.fuse.calls.count("history") == len(SEVEN)


def test_a_shard_knows_since_when_nobody_looked() -> None:
    """Since the run before the one that made it, which has noted itself in the monitor's item by then."""
    world = sharded()
    seen_at = world.clock.now
    round_of(world)
    world.ucloud.set(udts_3="Failed")
    round_of(world)
    assert world.store.states["-/udts-3"].last_seen_at == seen_at


# --- What is told ---------------------------------------------------------------------------------


def test_a_failure_is_told_once_by_its_shard() -> None:
    """However often the shard comes, and beside whatever the scheduled run does."""
    world = sharded()
    world.ucloud.set(udts_3="Failed")
    world.run(forward=timedelta(0))
    world.queue.shards *= 3
    world.run_shards()
    assert round_of(world) == []
    assert told(world) == ["failed"]


def test_a_cause_that_keeps_several_shards_from_answers_is_one_outage_with_one_end() -> None:
    """The first shard tells it, the others join; the run that finds nobody in it any more tells its end."""
    world = sharded()
    world.ucloud.answers = dict.fromkeys(SEVEN, REFUSED)
    assert round_of(world) == ["unreachable"]
    assert round_of(world) == []
    world.ucloud.answers = {}
    assert round_of(world) == []
    assert round_of(world) == ["reachable"]
    assert told(world) == ["unreachable", "reachable"]


def test_a_reminder_of_an_outage_names_the_tasks_of_all_shards() -> None:
    """So the scheduled run tells it, which knows them."""
    world = sharded()
    world.ucloud.answers = dict.fromkeys(SEVEN, X)
    for _ in range(4):
        round_of(world)
    world.run(forward=timedelta(0))
    world.clock.forward(timedelta(minutes=61))
    assert [event.kind for summary in world.run_shards() for event in summary.events] == []
    (reminder,) = world.run().events
    assert (reminder.kind, len(reminder.tasks)) == ("reminder", len(SEVEN))


def test_a_task_that_a_shard_has_no_time_for_is_skipped_and_says_nothing_about_it() -> None:
    """The next shard may have the time; nobody repeats this one for it."""
    world = sharded()
    world.run()
    found = world.start(seconds=0).check_shard(world.watch(), world.queue.shards[0])
    assert (found.checked, found.no_answer, found.skipped, found.errors) == (0, 0, 2, ())


def test_the_last_task_of_a_shard_is_the_first_now_and_then() -> None:
    """Of a hundred beginnings each of four tasks has some."""
    world = World(SEVEN, shard_tasks=4, max_concurrency=1)
    round_of(world)
    world.run()
    asked: list[str] = []

    def check(task: TaskRef, _: float) -> Observation:
        asked.append(task.key)
        return Observation(status="Syncing")

    world.ucloud.check = check  # type: ignore[method-assign,assignment]
    for _ in range(100):
        world.start().check_shard(world.watch(), world.queue.shards[0])
    assert set(asked[::3]) == {f"-/udts-{number}" for number in range(3)}


def test_what_is_not_published_does_not_make_a_shard_come_again() -> None:
    """Its tasks were checked, and every run tries to publish: Lambda would slow down for all the others."""
    world = sharded()
    world.ucloud.set(udts_3="Failed")
    world.sns.refuse = lambda _: PublishError("no right", permanent=True)
    world.run()
    assert [summary.errors for summary in world.run_shards()] == [(), (), ()]
    assert world.run().outbox.pending == 1


def test_a_shard_that_cannot_save_says_so() -> None:
    """It is to come again: what it saw may be gone by then, but is not given up silently."""
    world = sharded()
    world.ucloud.set(udts_3="Failed")
    world.run()
    world.store.save = lambda *_: (_ for _ in ()).throw(StoreError("no right", transient=False))  # type: ignore[method-assign]
    assert [summary.errors for summary in world.run_shards()] == [(), ("-/udts-3: no right",), ()]


# --- Crashes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_failure_is_told_wherever_a_run_or_a_shard_dies(*, after: bool) -> None:
    """At each call of both; what it held is told once its lease is over, a repeat under the same id."""
    calls = 1
    while True:
        world = sharded()
        world.ucloud.set(udts_1="Failed", udts_6="Done")
        world.fuse.calls.clear()
        world.fuse.kill_at, world.fuse.after = calls, after
        died = False
        try:
            round_of(world)
        except KilledError:
            died = True
        world.fuse.kill_at = 0
        for _ in range(2):
            world.clock.forward(LEASE)
            world.run_shards()
            round_of(world)
        found = {message.event_id for message in world.sns.accepted}
        assert sorted(identity.rpartition("/")[2] for identity in found) == ["failed", "finished"]
        assert len(world.sns.accepted) - len(found) <= 1
        assert not world.store.waiting
        if not died:
            break
        calls += 1
    assert calls > 20
