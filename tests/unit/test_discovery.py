"""Tasks that a project's list shows, metrics, and what happened between two checks, at the run's level."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from tests.fakes import kinds
from tests.walk import MINUTE, NOON
from tests.world import World
from udts_monitor.decision.assess import Assessment
from udts_monitor.decision.observation import Lag, NoAnswer, Observation
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.state import Listed
from udts_monitor.decision.unseen import PastStatus
from udts_monitor.errors import StoreError
from udts_monitor.outbox.notification import Notification, Topic
from udts_monitor.outbox.pending import Claim
from udts_monitor.task import TaskRef

REFUSED = NoAnswer(cause="RetCode 299", reason="grant it", configuration=True)
BUSY = NoAnswer(cause="HTTP 503", reason="busy")


def listing(*names: str, **more: object) -> dict[str, Listed]:
    """What a list shows."""
    return {name: Listed(name=f"{name}-db", type="transfer", **more) for name in names}  # type: ignore[arg-type]


def discovering(*names: str, **more: object) -> World:
    """A world that watches a whole project."""
    world = World((), topics=(Topic.EVENTS,), projects=("org-a",), **more)  # type: ignore[arg-type]
    world.insights.lists["org-a"] = listing(*names)
    return world


def checked(world: World) -> list[str]:
    """The tasks that a run asked for."""
    world.run()
    return sorted(key for key, state in world.store.states.items() if state.listed)


def test_every_task_of_a_project_is_watched_with_its_name_but_for_those_left_out() -> None:
    """New ones from the next reading on, five minutes later at the latest."""
    world = discovering("udts-1", "udts-2", "udts-9", excluded=frozenset({"udts-9"}))
    assert checked(world) == ["org-a/udts-1", "org-a/udts-2"]
    world.insights.lists["org-a"] = listing("udts-1", "udts-2", "udts-3")
    assert [world.run().checked for _ in range(6)][-1] == 3
    world.ucloud.set(udts_3="Failed")
    (event,) = world.run().events
    assert event.task == TaskRef(task_id="udts-3", project_id="org-a", type="transfer", name="udts-3-db")


def test_the_list_is_read_every_five_minutes_and_costs_nothing_between() -> None:
    """What it showed lives with the states."""
    world = discovering("udts-1")
    world.run()
    world.fuse.calls.clear()
    for _ in range(10):
        world.run()
    assert world.fuse.calls.count("listed") == 2
    assert world.fuse.calls.count("check") == 10
    assert world.fuse.calls.count("save") == 0


def test_a_list_that_fails_makes_no_task_vanish() -> None:
    """Neither at once nor at the next readings; when it is refused, somebody hears so, once."""
    world = discovering("udts-1")
    world.run()
    world.insights.lists["org-a"] = BUSY
    assert [world.run().checked for _ in range(12)] == [1] * 12
    assert world.sns.accepted == []
    world.insights.lists["org-a"] = REFUSED
    assert [world.run().checked for _ in range(12)] == [1] * 12
    assert kinds(world.sns.accepted) == [("unreachable", "events")]
    assert world.sns.accepted[0].task_key == "-/monitor"
    world.insights.lists["org-a"] = listing("udts-1")
    for _ in range(6):
        world.run()
    assert kinds(world.sns.accepted)[1:] == [("reachable", "events")]


def test_a_running_task_that_is_gone_from_the_list_is_told_once_and_not_asked_for_again() -> None:
    """One that has finished was deleted as it should be."""
    world = discovering("udts-1", "udts-2")
    world.ucloud.set(udts_1="Syncing", udts_2="Done")
    world.run()
    world.insights.lists["org-a"] = {}
    told = [str(event.kind) for _ in range(12) for event in world.run().events]
    assert told == ["missing"]
    assert world.run().checked == 0


def test_what_is_set_for_a_named_task_wins_over_the_list() -> None:
    """Its name; what it leaves out the list may know."""
    world = discovering("udts-1")
    world.tasks = [TaskRef(task_id="udts-1", project_id="org-a", name="mine")]
    world.ucloud.set(udts_1="Failed")
    (event,) = world.run().events
    assert (event.task.name, event.task.type) == ("mine", "transfer")


def test_the_lag_is_joined_to_what_the_check_says() -> None:
    """Stored with samples, and in the events."""
    world = World(topics=(Topic.EVENTS,))
    lag = Lag(measured_at=NOON, delay_seconds=7)
    world.insights.lag = {"-/udts-1": lag}
    world.ucloud.set(udts_1="Failed")
    assert world.run().events[0].lag == lag
    assert world.store.states["-/udts-1"].lag == lag


def test_metrics_that_are_refused_are_one_warning_and_stop_nothing() -> None:
    """And one end, when they can be read; what passes by itself is silent."""
    world = World(topics=(Topic.EVENTS,))
    world.insights.lag = BUSY
    for _ in range(5):
        world.run()
    assert world.sns.accepted == []
    world.insights.lag = REFUSED
    for _ in range(5):
        assert world.run().checked == 1
    world.insights.lag = {}
    world.run()
    assert kinds(world.sns.accepted) == [("unreachable", "events"), ("reachable", "events")]


def test_metrics_that_are_refused_do_not_end_with_an_outage_of_tasks() -> None:
    """Nor does that end with them; both end once."""
    world = World(topics=(Topic.EVENTS,))
    world.insights.refused = REFUSED
    world.ucloud.set(udts_1=REFUSED)
    for _ in range(3):
        world.run()
    assert [found.kind for found in world.sns.accepted] == ["unreachable", "unreachable"]
    world.ucloud.set(udts_1="Syncing")
    for _ in range(3):
        world.run()
    assert [found.kind for found in world.sns.accepted[2:]] == ["reachable"]
    assert [found.degraded for found in world.store.outages.values()] == [True]
    world.insights.refused = None
    for _ in range(3):
        world.run()
    assert [found.kind for found in world.sns.accepted[3:]] == ["reachable"]
    assert world.store.outages == {}


def test_of_metrics_that_two_runs_find_refused_and_find_again_each_is_told_once() -> None:
    """The slower of the two has read the monitor's item before the other one wrote it."""
    world = World(topics=(Topic.EVENTS,))
    for refused in (REFUSED, None):
        world.insights.refused = refused
        check = world.ucloud.check

        def crossed(task: TaskRef, deadline: float) -> Observation | NoAnswer:
            world.ucloud.check = check  # type: ignore[method-assign] # noqa: B023 - used at once
            world.run()
            return check(task, deadline)  # noqa: B023 - used at once

        world.ucloud.check = crossed  # type: ignore[method-assign]
        world.run()
    assert kinds(world.sns.accepted) == [("unreachable", "events"), ("reachable", "events")]


def test_a_failure_that_was_restarted_between_two_checks_is_told_with_its_time() -> None:
    """Marked as seen afterwards, and only once."""
    world = World(topics=(Topic.EVENTS,))
    world.ucloud.set(udts_1="Loading")
    world.run()
    failed_at = world.clock() - timedelta(seconds=40)
    world.insights.rows["udts-1"] = (
        PastStatus(at=NOON - MINUTE, status="Loading"),
        PastStatus(at=failed_at, status="Failed"),
        PastStatus(at=failed_at + timedelta(seconds=10), status="Starting"),
        PastStatus(at=failed_at + timedelta(seconds=20), status="Syncing"),
    )
    world.ucloud.set(udts_1="Syncing")
    (failure,) = world.run().events
    assert (failure.kind, failure.seen_afterwards) == ("failed", True)
    assert abs(failure.time - failed_at) < timedelta(seconds=1)
    assert [str(event.kind) for _ in range(4) for event in world.run().events] == ["recovered"]


def test_the_history_is_asked_for_only_where_something_changed() -> None:
    """A status, a count of retries, or nobody looked for a while."""
    world = World(policy=Policy(unreachable_after_checks=9))
    world.run()
    walk: list[tuple[str | Observation | NoAnswer, int]] = [
        ("Syncing", 0),
        ("Synced", 1),
        (Observation(status="Synced", retries_used=1), 1),
        (BUSY, 0),
        (Observation(status="Synced", retries_used=1), 1),
    ]
    for answer, asked in walk:
        world.ucloud.set(udts_1=answer)
        assert world.calls_of_a_run().count("history") == asked


def test_a_task_that_fails_in_its_preparation_says_what_the_pre_check_found() -> None:
    """In UCloud's own words, behind its reason."""
    world = World(topics=(Topic.EVENTS,))
    world.ucloud.set(udts_1="Checking")
    world.run()
    world.insights.prechecks["udts-1"] = ("binlog: format is STATEMENT: set ROW",)
    world.ucloud.set(udts_1=Observation(status="Failed", failed_message="precheck failed"))
    assert world.run().events[0].reason == "precheck failed\nbinlog: format is STATEMENT: set ROW"


def test_the_roll_is_called_after_a_deployment_and_then_weekly() -> None:
    """And never where nobody wants it."""
    world = World(topics=(Topic.EVENTS,), roll_call_every=timedelta(days=7), fingerprint="one")
    world.ucloud.set(udts_1="Failed")
    (found,) = [event for event in world.run().events if event.kind == "roll_call"]
    assert found.roll_call
    assert (found.roll_call.watched, found.roll_call.outcomes) == (1, {"failed": 1})
    assert [lasting.aspect for lasting in found.roll_call.open] == ["health"]
    assert found.roll_call.subscribers == world.sns.subscriptions
    assert world.run().events == ()
    world.fingerprint = "two"
    assert [event.kind for event in world.run().events] == ["roll_call"]
    world.clock.forward(timedelta(days=7))
    assert "roll_call" in [event.kind for event in world.run().events]
    world.roll_call_every = None
    world.fingerprint = "three"
    assert "roll_call" not in [event.kind for event in world.run().events]


@pytest.mark.parametrize(("status", "told"), [("Synced", ["failed"]), ("Done", ["failed", "finished"])])
def test_a_failure_nobody_saw_is_told_although_only_what_followed_it_could_be_saved_at_once(
    monkeypatch: pytest.MonkeyPatch, status: str, told: list[str]
) -> None:
    """The table was away for the one write between two that it took; what followed waits behind that."""
    world = World(topics=(Topic.EVENTS,))
    world.run()
    seen_at = world.clock() - timedelta(seconds=40)
    world.insights.rows["udts-1"] = (
        PastStatus(at=NOON - MINUTE, status="Syncing"),
        PastStatus(at=seen_at, status="Failed"),
        PastStatus(at=seen_at + timedelta(seconds=20), status=status),
    )
    world.ucloud.set(udts_1=status)
    save, refusals = world.store.save, iter([StoreError("throttled", transient=True)])

    def save_later(assessment: Assessment, told: Iterable[Notification], claim: Claim) -> bool:
        if error := next(refusals, None):
            raise error
        return save(assessment, told, claim)

    monkeypatch.setattr(world.store, "save", save_later)
    assert [str(event.kind) for event in world.run().events] == told


def test_a_list_without_a_list_makes_no_task_of_that_type_vanish() -> None:
    """UCloud's own examples answer an empty object where a list is declared."""
    world = discovering("udts-1")
    world.run()
    world.insights.types = frozenset({"integration"})
    world.insights.lists["org-a"] = {}
    assert [world.run().checked for _ in range(12)] == [1] * 12
    assert world.sns.accepted == []


def test_metrics_that_are_refused_for_one_project_are_told_although_another_has_some() -> None:
    """Once."""
    world = World(topics=(Topic.EVENTS,))
    world.insights.refused = REFUSED
    world.insights.lag = {"-/udts-1": Lag(measured_at=NOON, delay_seconds=7)}
    for _ in range(5):
        world.run()
    assert kinds(world.sns.accepted) == [("unreachable", "events")]


def test_what_happened_while_the_monitor_did_not_run_is_told_with_its_time() -> None:
    """The task is as it was, and the history knows better; a minute's pause is no gap."""
    world = World(topics=(Topic.EVENTS,))
    world.run(forward=timedelta(hours=3))
    failed_at = NOON + timedelta(hours=1)
    world.insights.rows["udts-1"] = (
        PastStatus(at=NOON - MINUTE, status="Syncing"),
        PastStatus(at=failed_at, status="Failed"),
        PastStatus(at=failed_at + MINUTE, status="Syncing"),
    )
    (failure,) = world.run().events
    assert (failure.kind, failure.seen_afterwards) == ("failed", True)
    assert failure.time - failed_at < timedelta(seconds=1)
    assert world.calls_of_a_run().count("history") == 0


def test_what_happened_while_a_task_was_out_of_reach_is_told_and_the_answer_ends_that() -> None:
    """The answer came now, and not when the task failed."""
    world = World(topics=(Topic.EVENTS,))
    world.run()
    world.ucloud.set(udts_1=BUSY)
    for _ in range(9):
        world.run()
    failed_at = NOON + 5 * MINUTE
    world.insights.rows["udts-1"] = (
        PastStatus(at=NOON - MINUTE, status="Syncing"),
        PastStatus(at=failed_at, status="Failed"),
        PastStatus(at=failed_at + MINUTE, status="Starting"),
    )
    world.ucloud.set(udts_1="Syncing")
    events = world.run().events
    assert [(event.kind, event.time - NOON > 9 * MINUTE) for event in events] == [
        ("failed", False),
        ("reachable", True),
    ]


def test_a_stop_within_a_gap_can_be_resumed_until_the_history_says() -> None:
    """Not counted from when it was last seen well, nor from when it was noticed."""
    world = World(topics=(Topic.EVENTS,), policy=Policy(stopped_grace_minutes=0))
    world.run(forward=timedelta(hours=9))
    stopped_at = NOON + timedelta(hours=4)
    world.insights.rows["udts-1"] = (PastStatus(at=stopped_at, status="Stopped"),)
    world.ucloud.set(udts_1="Stopped")
    (stop,) = world.run().events
    assert (stop.since, stop.resume_until) == (stopped_at, stopped_at + timedelta(days=7))


def test_a_history_that_is_refused_is_asked_for_once_a_run() -> None:
    """And changes nothing."""
    world = World(("udts-1", "udts-2", "udts-3"), max_concurrency=1)
    world.run()
    world.insights.history_refused = REFUSED
    world.ucloud.set(udts_1="Synced", udts_2="Synced", udts_3="Synced")
    assert world.calls_of_a_run().count("history") == 1
    assert world.sns.accepted == []


def test_a_task_that_stays_created_says_what_the_pre_check_found_where_it_is_told_of() -> None:
    """It costs a call only then."""
    world = World(topics=(Topic.EVENTS,), policy=Policy(max_run_hours=1))
    world.ucloud.set(udts_1="Created")
    world.insights.prechecks["udts-1"] = ("binlog: format is STATEMENT: set ROW",)
    assert world.calls_of_a_run().count("failed_prechecks") == 0
    world.clock.forward(timedelta(hours=2))
    (event,) = world.run().events
    assert (event.kind, event.reason) == ("overdue", "binlog: format is STATEMENT: set ROW")


def test_a_steady_run_costs_one_check_a_task_one_call_for_metrics_and_no_write() -> None:
    """Whatever the rules remember: level and behind, loading without progress, out of metrics."""
    world = World(("udts-1", "udts-2", "udts-3", "udts-4"), topics=(Topic.EVENTS,))
    lag = {"delay_seconds": 301, "remaining_bytes": 9_000_000, "read_bytes_per_second": 9}
    world.insights.lag = {"-/udts-1": Lag(measured_at=NOON, **lag)}
    world.ucloud.set(udts_1="Synced", udts_2="Loading", udts_3="Failed", udts_4="Syncing")
    world.run()
    world.ucloud.set(udts_1="Syncing")
    for _ in range(10):
        world.run()
    kept = ["load_monitor", "load_states", "outbox", "save_monitor"]
    assert world.calls_of_a_run() == sorted([*kept, *["check"] * 4, "lags"])
