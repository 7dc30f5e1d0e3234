"""One run and the next: what is called, what is told, what survives a crash."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes import kinds
from tests.walk import NOON, Answer, X, failed
from tests.world import LEASE, World
from udts_monitor.decision.assess import Assessment
from udts_monitor.decision.event import Kind
from udts_monitor.decision.observation import NoAnswer, Observation
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.state import TaskState
from udts_monitor.errors import PublishError, StoreError
from udts_monitor.outbox.notification import Notification, Topic
from udts_monitor.outbox.pending import Claim
from udts_monitor.run.run import in_turn
from udts_monitor.task import TaskRef

REFUSED = NoAnswer(cause="RetCode 171", reason="wrong signature", configuration=True)
TEN = [f"udts-{number}" for number in range(10)]
STEADY = ["check"] * 10 + ["load_monitor", "load_states", "outbox", "save_monitor"]


def test_a_steady_run_makes_one_call_a_task_three_reads_and_one_write() -> None:
    """The price of ten unchanged tasks, and nothing else."""
    world = World(TEN)
    world.run()
    assert world.calls_of_a_run() == STEADY


def test_one_changed_task_adds_a_look_at_its_history_a_save_and_for_each_topic_a_publish_and_a_mark() -> None:
    """And nothing else: a notification is born claimed by the run that writes it."""
    world = World(TEN)
    world.run()
    world.ucloud.set(udts_3="Failed")
    added = Counter(world.calls_of_a_run()) - Counter(STEADY)
    assert added == {"history": 1, "save": 1, "publish": 2, "mark_published": 2}


def test_the_summary_says_what_the_run_did() -> None:
    """The contract of the handler's answer."""
    world = World(["udts-1", "udts-2", "udts-3"])
    world.ucloud.set(udts_1="Failed", udts_2=X)
    assert world.run().as_dict() == {
        "checked": 3,
        "no_answer": 1,
        "skipped": 0,
        "shards": 0,
        "events": [{"kind": "failed", "task": "-/udts-1"}],
        "published": 2,
        "pending": 0,
        "subscribers": {"alerts": 1, "events": 1},
        "silences": [],
    }
    assert world.store.monitor["events"] == [{"kind": "failed", "task": "-/udts-1"}]


def test_the_history_keeps_every_kind_the_topics_only_what_is_wanted() -> None:
    """NOTIFY_ON chooses what is published, not what is remembered."""
    world = World(policy=Policy(kinds=frozenset({Kind.FINISHED})))
    world.ucloud.set(udts_1="Failed")
    assert world.run().as_dict()["events"] == [{"kind": "failed", "task": "-/udts-1"}]
    assert world.sns.accepted == []
    assert len(world.store.history) == 2


def test_several_events_of_a_task_are_told_in_order() -> None:
    """Reachable before failed, on every topic."""
    world = World().checks("Syncing", X, X, X, "Failed")
    alerts = [kind for kind, topic in kinds(world.sns.accepted) if topic == "alerts"]
    assert alerts == ["unreachable", "reachable", "failed"]


def test_a_lost_condition_is_silent() -> None:
    """Another run saved the same change first: it has told it, this one tells nothing."""
    world = World()
    world.run()
    world.ucloud.set(udts_1="Failed")
    first, second = world.start(), world.start()
    stale = world.store.load_states()
    first.check_tasks(world.watch())
    world.store.load_states = lambda: stale  # type: ignore[method-assign]
    summary = second.check_tasks(world.watch())
    assert summary.events == ()
    assert kinds(world.sns.accepted) == [("failed", "alerts"), ("failed", "events")]


def begins_with(world: World, states: dict[str, TaskState]) -> None:
    """The next run reads these states; when it reads again, what is there."""
    load, reads = world.store.load_states, iter([states])
    world.store.load_states = lambda: next(reads, None) or load()  # type: ignore[method-assign]


def overtaken(before: list[Answer], faster: list[Answer], slower: Answer) -> list[tuple[str, str]]:
    """What programs are told when a run loses against others and all is well afterwards."""
    world = World(topics=(Topic.EVENTS,), policy=Policy(unreachable_after_checks=1)).checks(*before)
    stale = world.store.load_states()
    world.checks(*faster)
    begins_with(world, stale)
    world.checks(slower)
    assert world.store.waiting == {}
    return [(found.kind, found.event_id) for found in world.sns.accepted]


@pytest.mark.parametrize("told", ["Failed", "FailedUnrecoverable", "Done"])
def test_a_failure_or_finish_only_the_slower_run_saw_is_told(told: str) -> None:
    """The faster run saw how the task was a moment before or after: nobody else would tell it."""
    kind = "finished" if told == "Done" else "failed"
    assert overtaken(["Loading"], ["Starting"], told) == [(kind, f"-/udts-1/v3/{kind}")]


@pytest.mark.parametrize(
    ("before", "faster", "slower", "told"),
    [
        pytest.param(["Loading"], ["Failed"], "Failed", ["failed"], id="a failure both saw"),
        pytest.param(["Loading"], ["Done"], "Done", ["finished"], id="a finish both saw"),
        # Two runs were faster: one told it, the next saw the task started again, or the incident's end.
        pytest.param(["Loading"], ["Failed", "Starting"], "Failed", ["failed"], id="a failure, restarted"),
        pytest.param(["Loading"], ["Done", "Starting"], "Done", ["finished"], id="a finish, begun anew"),
        pytest.param(["Loading"], ["Failed", "Stopped"], "Failed", ["failed"], id="a failure, then stopped"),
        pytest.param(["Loading"], ["Failed", "Done"], "Failed", ["failed", "finished"], id="a failure, over"),
        # Its incident says nothing of the finish.
        pytest.param(["Loading"], ["Failed"], "Done", ["failed", "finished"], id="a finish after a failure"),
        pytest.param(
            ["Done", "Failed"],
            [X],
            "Done",
            ["finished", "failed", "unreachable", "reachable", "finished"],
            id="a second finish where the faster run had no answer",
        ),
        pytest.param(
            ["Failed"], ["RetryPending"], "FailedUnrecoverable", ["failed"] * 2, id="a worse failure"
        ),
        # Counting a check on top of another run's would make three checks in a row of one moment.
        pytest.param(["Loading"], ["Syncing"], "Frobnicating", [], id="what can be seen again"),
    ],
)
def test_what_overlapping_runs_saw_is_told_once(
    before: list[Answer], faster: list[Answer], slower: Answer, told: list[str]
) -> None:
    """By the faster one, or by the slower one where nobody else would tell it."""
    assert [kind for kind, _ in overtaken(before, faster, slower)] == told


def test_a_state_nobody_can_read_fails_its_task_and_no_other() -> None:
    """As if never seen, but refused by the table: that is no other run."""
    world = World(["udts-1", "udts-2"])
    world.run()
    load = world.store.load_states
    world.store.load_states = lambda: {  # type: ignore[method-assign]
        key: state for key, state in load().items() if key != "-/udts-1"
    }

    def unreadable(key: str) -> TaskState:
        raise StoreError(f"State item STATE/{key} cannot be read", transient=False)

    world.store.load_state = unreadable  # type: ignore[method-assign]
    world.ucloud.set(udts_1="Failed", udts_2="Failed")
    summary = world.run()
    assert summary.errors == ("-/udts-1: State item STATE/-/udts-1 cannot be read",)
    assert [event.task.task_id for event in summary.events] == ["udts-2"]
    assert summary.outbox.published == 2


def test_an_item_of_the_outbox_nobody_can_read_is_named_and_holds_nothing_up() -> None:
    """Every run fails for it until a person has looked; everything else is told."""
    world = World()
    world.run()
    outbox = world.store.outbox
    world.store.outbox = lambda: replace(outbox(), unreadable={"2020#x#pager": "KeyError"})  # type: ignore[method-assign]
    world.ucloud.set(udts_1="Failed")
    summary = world.run()
    assert summary.errors == ("the item OUTBOX 2020#x#pager cannot be read, repair or delete it: KeyError",)
    assert kinds(world.sns.accepted) == [("failed", "alerts"), ("failed", "events")]


def test_an_attribute_that_should_be_an_outage_is_named_and_holds_nothing_up() -> None:
    """Every run fails for it until a person has looked; everything else is told."""
    world = World()
    world.run()
    load, broken = world.store.load_monitor, {"outage timeout": "KeyError: 'since'"}
    world.store.load_monitor = lambda: replace(load(), unreadable=broken)  # type: ignore[method-assign]
    world.ucloud.set(udts_1="Failed")
    (error,) = world.run().errors
    assert error.startswith("-/monitor: The attribute outage timeout of the item MONITOR/RUN is no outage")
    assert kinds(world.sns.accepted) == [("failed", "alerts"), ("failed", "events")]


def test_what_waits_for_a_topic_that_was_switched_off_waits_no_longer() -> None:
    """It would be tried for ever, and every run would fail for it."""
    world = World()
    no_right = PublishError("no right", permanent=True)
    world.sns.refuse = lambda found: no_right if found.topic is Topic.ALERTS else None
    world.ucloud.set(udts_1="Failed")
    assert world.run().errors
    world.topics = (Topic.EVENTS,)
    world.clock.forward(timedelta(hours=2))
    summary = world.run()
    assert (summary.errors, summary.outbox.pending, world.store.waiting) == ((), 0, {})
    assert [sorted(marks) for marks in world.store.withheld.values()] == [["alerts"]]


def test_an_outage_that_cannot_be_saved_keeps_nothing_from_being_told() -> None:
    """The run is to fail for it, after the outbox; the outage is told as soon as the table takes it."""
    world = World(["udts-1", "udts-2", "udts-3"])
    world.run()

    def broken(*_: object) -> bool:
        raise StoreError("throttled", transient=False)

    vars(world.store)["save_outage"] = broken
    world.ucloud.set(udts_1="Failed", udts_2=REFUSED)
    assert world.run().errors == ("-/monitor: throttled",)
    assert kinds(world.sns.accepted) == [("failed", "alerts"), ("failed", "events")]
    del vars(world.store)["save_outage"]
    world.run()
    assert kinds(world.sns.accepted)[2:] == [("unreachable", "alerts"), ("unreachable", "events")]


def test_a_slow_table_is_not_taken_for_a_ucloud_that_does_not_answer() -> None:
    """The answer was there: no check without answer is counted, the run is to fail for the table."""
    world = World()
    world.run()
    save = world.store.save

    def slow(*assessed):  # type: ignore[no-untyped-def] # noqa: ANN002, ANN202
        time.sleep(1.6)
        return save(*assessed)

    world.store.save = slow  # type: ignore[method-assign]
    world.ucloud.set(udts_1="Done")
    summary = world.run(seconds=0.1)
    assert summary.no_answer == 0
    assert summary.errors == ("-/udts-1: Saving did not finish before the deadline",)


def test_one_task_s_error_stops_neither_the_others_nor_the_telling() -> None:
    """It is noted, and the run is to fail for it."""
    world = World(["udts-1", "udts-2"])
    world.ucloud.set(udts_1="Failed", udts_2="Failed")
    save = world.store.save

    def broken(assessment, notifications, claim):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
        if assessment.task.task_id == "udts-1":
            raise StoreError("The table is full", transient=False)
        return save(assessment, notifications, claim)

    world.store.save = broken  # type: ignore[method-assign]
    summary = world.run()
    assert summary.errors == ("-/udts-1: The table is full",)
    assert [event.task.task_id for event in summary.events] == ["udts-2"]
    assert summary.outbox.published == 2


# Crashes


# Checks in which two tasks fail, finish, recover, vanish for a while and come back.
STORY: list[dict[str, str | Observation | NoAnswer]] = [
    {"udts_1": "Syncing", "udts_2": "Loading"},
    {"udts_1": failed(0, 3, "boom"), "udts_2": "Done"},
    {"udts_1": "Starting", "udts_2": REFUSED},
    {"udts_1": X, "udts_2": REFUSED},
    {"udts_1": "Syncing", "udts_2": "Done"},
    {"udts_1": "Syncing"},
    {"udts_1": "Syncing"},
    {"udts_1": "Frobnicating"},
]


EXPECTED = ["failed", "finished", "unreachable", "recovered", "reachable", "unknown_status"]


def play(world: World, *, kill_in: int = -1, call: int = 0, after: bool = False) -> str:
    """Play the story; at one of its steps a first run dies and the next takes over.

    Returns:
        The call it died at, empty when it lived.
    """
    died_at = ""
    for step, answers in enumerate(STORY):
        world.ucloud.set(**answers)
        if step == kill_in:
            died_at = world.run_killed_at(call, after=after)
        world.run()
    for _ in range(3):
        world.run()
    return died_at


def test_the_story_tells_what_it_should() -> None:
    """Without any crash every event is told once on each topic."""
    world = World(["udts-1", "udts-2"])
    play(world)
    assert sorted(kind for kind, topic in kinds(world.sns.accepted) if topic == "alerts") == sorted(EXPECTED)
    assert len(world.sns.accepted) == 2 * len(EXPECTED)


@pytest.mark.parametrize("after", [False, True], ids=["before-the-call", "after-the-call"])
def test_a_crash_at_any_call_loses_nothing(after: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Killed at each call of each run: all events arrive, a repeat has its id, nothing is saved twice."""
    points = 0
    for step in range(len(STORY)):
        for call in range(1, 100):
            world = World(["udts-1", "udts-2"])
            died_at = play(world, kill_in=step, call=call, after=after)
            if not died_at:
                break
            points += 1
            where = f"killed at call {call} ({died_at}) of step {step}"
            # A repeat is possible only for what was accepted and not marked: the messages of one call.
            repeats = died_at == ("publish" if after else "mark_published")
            for topic in world.topics:
                told = [found for found in world.sns.accepted if found.topic is topic]
                once = {found.event_id: found.kind for found in told}
                assert sorted(once.values()) == sorted(EXPECTED), where
            assert repeats <= len(world.sns.accepted) - 2 * len(EXPECTED) <= 2 * repeats, where
            assert len(world.store.history) == len(set(world.store.history)), where
            assert world.store.waiting == {}, where
    assert points > 50


def test_a_dead_run_s_notifications_wait_for_its_lease_and_no_longer() -> None:
    """While the run may live nobody else publishes; afterwards the next run does."""
    world = World()
    world.ucloud.set(udts_1="Failed")
    # load_states, load_monitor, check, save, outbox: it dies before the first publish.
    assert world.run_killed_at(6, after=False)
    world.clock.forward(timedelta(seconds=-30))
    assert world.run(forward=LEASE - timedelta(seconds=31)).outbox.pending == 2
    assert world.sns.accepted == []
    world.clock.forward(timedelta(seconds=1))
    assert world.run().outbox.published == 2


# The outbox


def test_a_topic_that_fails_does_not_stop_the_other() -> None:
    """Alerts down, events go on; the run fails loudly and the notification waits."""
    world = World()
    down = PublishError("down", permanent=False)
    world.sns.refuse = lambda found: down if found.topic is Topic.ALERTS else None
    world.ucloud.set(udts_1="Failed")
    summary = world.run()
    assert (summary.outbox.published, summary.outbox.pending) == (1, 1)
    assert len(summary.errors) == 1
    assert kinds(world.sns.accepted) == [("failed", "events")]


def test_what_waits_for_sns_is_told_in_order_when_it_is_back() -> None:
    """An hour without SNS: afterwards every event of a task arrives in the order it happened."""
    world = World(digest_above=100)
    world.sns.refuse = lambda _: PublishError("down", permanent=False)
    statuses = ["Failed", "Syncing", "Done", "Starting", "Failed", "Syncing", "Done"]
    for minute in range(60):
        world.ucloud.set(udts_1=statuses[min(minute // 8, len(statuses) - 1)])
        world.run()
    world.sns.refuse = lambda _: None
    for _ in range(12):
        world.run()
    for topic in world.topics:
        told = [found for found in world.sns.accepted if found.topic is topic]
        assert [found.kind for found in told] == ["failed", "recovered", "finished"] * 2
        assert told == sorted(told, key=lambda found: found.time)
    assert world.store.waiting == {}


def test_a_notification_sns_will_never_take_stands_in_nobody_s_way() -> None:
    """It keeps its attempts and waits ever longer, up to an hour; the next event of the task goes past it."""
    world = World(topics=(Topic.ALERTS,))
    poison = "-/udts-1/v1/failed"
    invalid = PublishError("InvalidParameter", permanent=True)
    world.sns.refuse = lambda found: invalid if found.event_id == poison else None
    world.checks("Failed", "Starting", "Done")
    assert kinds(world.sns.accepted) == [("finished", "alerts")]
    for _ in range(300):
        world.run()
    (stuck,) = world.store.waiting.values()
    assert stuck.notification.event_id == poison
    assert 6 <= stuck.attempts <= 12
    assert stuck.lease_until - world.clock() <= timedelta(hours=1)


# Time runs out


def test_what_was_not_checked_is_first_in_the_next_run() -> None:
    """Every task is seen before one is seen twice, whatever the time allows."""
    world = World(TEN, max_concurrency=1)
    world.run()
    asked: list[str] = []
    check = world.ucloud.check

    def slow(task: TaskRef, deadline: float) -> Observation | NoAnswer:
        asked.append(task.task_id)
        time.sleep(0.05)
        return check(task, deadline)

    world.ucloud.check = slow  # type: ignore[method-assign]
    while len(asked) < 30:
        seen = len(asked)
        summary = world.run(seconds=0.12)
        assert summary.skipped + summary.checked == 10
        assert len(asked) > seen
    assert asked[:30] == TEN * 3


def test_tasks_nobody_has_seen_come_first() -> None:
    """A new task does not wait behind a thousand known ones."""
    tasks = [TaskRef(task_id=name) for name in ["a", "b", "c", "new"]]
    known = {task.key: TaskState.unseen(NOON) for task in tasks[:3]}
    assert [task.task_id for task in in_turn(tasks, known, "")] == ["new", "a", "b", "c"]


def test_a_check_that_never_returns_is_no_answer_and_does_not_hold_the_run() -> None:
    """A hanging socket costs its own task an answer, not the others theirs."""
    world = World(["udts-1", "udts-2"])
    world.ucloud.set(udts_2="Failed")
    check = world.ucloud.check

    def hanging(task: TaskRef, deadline: float) -> Observation | NoAnswer:
        if task.task_id == "udts-1":
            time.sleep(3)
        return check(task, deadline)

    world.ucloud.check = hanging  # type: ignore[method-assign]
    began = time.monotonic()
    summary = world.run(seconds=0.2)
    assert time.monotonic() - began < 2.5
    assert (summary.no_answer, summary.outbox.published) == (1, 2)


# Outages


def test_wrong_keys_are_told_once_for_all_tasks_and_their_end_once() -> None:
    """Ten tasks, one wrong key: one message at the first check, one when it is mended, none between."""
    world = World(TEN)
    world.run()
    world.ucloud.set(**{name.replace("-", "_"): REFUSED for name in TEN})
    for _ in range(10):
        world.run()
    assert kinds(world.sns.accepted) == [("unreachable", "alerts"), ("unreachable", "events")]
    world.ucloud.answers.clear()
    world.run()
    assert kinds(world.sns.accepted)[2:] == [("reachable", "alerts"), ("reachable", "events")]
    assert world.store.outages == {}
    first, last = world.sns.accepted[1].body, world.sns.accepted[-1].body
    assert '"incident_id":"-/monitor/RetCode 171/' in first
    assert first.split('"incident_id":')[1][:60] == last.split('"incident_id":')[1][:60]


def test_an_outage_that_lasts_costs_no_writes_but_the_monitor_s_item() -> None:
    """Told is told."""
    world = World(TEN)
    world.ucloud.set(**{name.replace("-", "_"): REFUSED for name in TEN})
    world.run()
    assert world.calls_of_a_run() == STEADY


def test_an_outage_ends_only_when_the_last_task_answers() -> None:
    """Also when the tasks come back in different runs, or are no longer watched."""
    world = World(["udts-1", "udts-2", "udts-3"], policy=Policy(unreachable_after_checks=1))
    world.ucloud.set(udts_1=X, udts_2=X, udts_3=X)
    world.run()
    world.ucloud.set(udts_1="Syncing")
    world.run()
    assert len(world.sns.accepted) == 2
    world.ucloud.set(udts_2="Syncing")
    world.tasks = world.tasks[:2]
    assert [event.kind for event in world.run().events] == ["reachable"]


def test_a_test_notification_goes_to_every_topic() -> None:
    """The same way as every other, so that it proves the whole way."""
    world = World()
    summary = world.commands().test(world.watch())
    assert (summary.outbox.published, summary.outbox.pending) == (2, 0)
    assert kinds(world.sns.accepted) == [("test", "alerts"), ("test", "events")]


def test_a_task_that_is_watched_again_and_still_out_of_reach_is_told_again() -> None:
    """Its outage was told to be over when it was taken off the list; silence would now mean health."""
    world = World(["udts-1", "udts-2"])
    world.run()
    both = world.tasks
    world.ucloud.set(udts_1=REFUSED)
    world.run()
    world.tasks = both[1:]
    assert [event.kind for event in world.run().events] == ["reachable"]
    world.tasks = both
    assert [event.kind for _ in range(3) for event in world.run().events] == ["unreachable"]
    world.ucloud.set(udts_1="Syncing")
    assert [event.kind for event in world.run().events] == ["reachable"]


def test_a_task_no_longer_watched_makes_no_outage_and_its_incidents_end_silently() -> None:
    """One task out of reach is its own affair, whoever was out of reach before."""
    world = World(["udts-1", "udts-2"], policy=Policy(unreachable_after_checks=1))
    world.ucloud.set(udts_1=X)
    world.run()
    world.tasks = world.tasks[1:]
    world.ucloud.set(udts_2=X)
    assert [event.task.key for event in world.run().events] == ["-/udts-2"]
    left = world.store.states["-/udts-1"]
    assert (left.incidents, left.unanswered) == ({}, None)


def test_a_task_whose_project_is_written_otherwise_takes_its_state_along() -> None:
    """Nothing of it is told again under another id, also when the old spelling comes back."""
    world = World().checks("Failed", "Failed")
    world.tasks = [TaskRef(task_id="udts-1", project_id="org-a")]
    assert world.run().events == ()
    world.ucloud.set(udts_1="Done")
    (finished,) = world.run().events
    assert (finished.task.key, finished.incident_id) == ("org-a/udts-1", "-/udts-1/v1/failed")
    assert set(world.store.states) == {"org-a/udts-1"}
    world.tasks = [TaskRef(task_id="udts-1")]
    assert world.run().events == ()
    world.ucloud.set(udts_1="Failed")
    (failed_again,) = world.run().events
    assert failed_again.id not in {found.event_id for found in world.sns.accepted[:-2]}
    assert set(world.store.states) == {"-/udts-1"}


# Saving


def throttled(world: World, seconds: float) -> list[str]:
    """Every save fails for a passing reason for so long; the tasks in the order they were saved."""
    until, save, saved = time.monotonic() + seconds, world.store.save, list[str]()

    def saves(assessment: Assessment, notifications: Iterable[Notification], claim: Claim) -> bool:
        if time.monotonic() < until:
            raise StoreError("throttled", transient=True)
        saved.append(assessment.task.task_id)
        return save(assessment, notifications, claim)

    world.store.save = saves  # type: ignore[method-assign]
    return saved


def test_what_was_seen_and_not_saved_is_tried_again_the_weightiest_first() -> None:
    """UCloud's next word may be another one: a failure is known to nobody else."""
    names = ["udts-1", "udts-2", "udts-3", "udts-4"]
    world = World(names, policy=Policy(unreachable_after_checks=1))
    world.run()
    saved = throttled(world, 0.5)
    world.ucloud.set(udts_1="Synced", udts_2="Odd", udts_3="Failed", udts_4="Done")
    summary = world.run()
    assert summary.errors == ()
    assert (set(saved[:2]), saved[2:]) == ({"udts-3", "udts-4"}, ["udts-2", "udts-1"])
    assert sorted(str(event.kind) for event in summary.events) == ["failed", "finished", "unknown_status"]


def test_what_cannot_be_kept_ends_the_run_red_with_a_line_each() -> None:
    """The table was not able until there was no time left."""
    world = World(["udts-1", "udts-2"])
    world.run()
    throttled(world, 60)
    world.ucloud.set(udts_1="Failed", udts_2="Done")
    errors = world.run(seconds=0.2, reserve=0.5).errors
    assert sorted(errors) == ["-/udts-1: throttled", "-/udts-2: throttled"]


def test_three_overlapping_runs_tell_a_second_failure_of_an_incident_once() -> None:
    """Each saw the task restarted, and failed again."""
    world = World(topics=(Topic.EVENTS,)).checks("Failed", "Starting")
    stale = world.store.load_states()
    for _ in range(3):
        begins_with(world, stale)
        world.checks("Failed")
    assert [found.kind for found in world.sns.accepted] == ["failed", "failed"]


def test_a_topic_that_is_just_being_switched_on_loses_nothing_to_a_run_with_the_old_configuration() -> None:
    """What a living run has claimed is that run's."""
    world = World(topics=(Topic.ALERTS, Topic.EVENTS))
    world.ucloud.set(udts_1="Failed")
    assert world.run_killed_at(6, after=False)
    world.topics = (Topic.EVENTS,)
    world.run(forward=LEASE)
    assert world.store.withheld == {}
    world.topics = (Topic.ALERTS, Topic.EVENTS)
    world.run()
    assert ("failed", "alerts") in kinds(world.sns.accepted)


def test_where_a_run_left_off_stands_in_the_monitor_s_item() -> None:
    """And is gone when one got through all."""
    world = World(["udts-1", "udts-2"])
    world.run(seconds=0)
    assert world.store.monitor["cursor"] == "-/udts-1"
    world.run()
    assert world.store.monitor["cursor"] == ""
