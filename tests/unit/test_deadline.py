"""Overdue, by hours, by a deadline and by what the source keeps; and the end that is measured."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.walk import MINUTE, NOON, ORDERS, Walk, X
from udts_monitor.decision.event import Event
from udts_monitor.decision.observation import Observation, Position, Progress
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.state import Listed
from udts_monitor.messages.health_rows import RECOVERED
from udts_monitor.messages.situation import situation_of

ROWS = 100_000
HOUR = timedelta(hours=1)


def load(done: float, **more: float) -> Observation:
    """A full load of which so much is done."""
    return Observation(
        status="Loading", progress=Progress(total_rows=ROWS, moved_rows=round(ROWS * done), **more)
    )


def steady(walk: Walk, hours: float, *, to: float = 1.0, **more: float) -> Walk:
    """A load at one speed, up to a share of it."""
    minutes = int(hours * 60)
    for minute in range(int(minutes * to)):
        walk.check(load(minute / minutes, **more))
    return walk


def overdue(walk: Walk) -> list[Event]:
    """The warnings."""
    return [event for event in walk.events if event.kind == "overdue"]


@pytest.mark.parametrize("hours", [1, 6, 24 * 7])
def test_from_half_way_the_end_of_a_steady_load_is_known_within_15_percent(hours: float) -> None:
    """As a range, and its middle."""
    walk = steady(Walk(), hours, to=0.5)
    while (walk.now - NOON) / HOUR < hours - 0.1:
        found = walk.state.measured_end
        assert found
        left = NOON + timedelta(hours=hours) - walk.now
        assert found.earliest <= found.latest
        assert abs(found.middle - (walk.now + left)) <= max(left * 0.15, 6 * MINUTE)
        walk.check(load((walk.now - NOON) / HOUR / hours))


def test_a_load_that_slows_down_is_given_a_range() -> None:
    """The whole load's speed says one end, the last half hour's the other."""
    walk = steady(Walk(), 4, to=0.5)
    for minute in range(60):
        walk.check(load(0.5 + minute / 2400))
    found = walk.state.measured_end
    assert found
    assert found.latest - found.earliest > HOUR


def test_the_finish_says_how_far_off_the_estimates_half_way_were() -> None:
    """Ours, and UCloud's, which said ten hours more all along."""
    walk = steady(Walk(), 4, total_seconds=36_000, elapsed_seconds=0)
    walk.check("Done")
    score = walk.events[-1].estimate_score
    assert score
    assert abs(score.ours) <= 0.15
    assert score.service == pytest.approx(-4, abs=0.3)


def test_a_load_that_begins_anew_is_measured_anew() -> None:
    """What was done before is no speed of now."""
    walk = steady(Walk(), 2, to=0.6)
    walk.check(load(0))
    assert walk.state.measured_end is None
    assert walk.state.memory["deadline"].load_began == walk.now - MINUTE


def test_a_task_that_runs_longer_than_it_may_is_told_once_also_while_nobody_sees_it() -> None:
    """And 0 is off."""
    walk = Walk(policy=Policy(max_run_hours=2, unreachable_after_checks=9_999))
    walk.checks(["Syncing", *[X] * 200])
    assert [event.time - NOON for event in overdue(walk)] == [2 * HOUR + timedelta(microseconds=1)]
    assert overdue(walk)[0].cause == "max_run_hours"
    assert overdue(Walk().checks(["Syncing"] * 300)) == []


def test_a_deadline_that_the_load_will_miss_is_told_while_there_is_time() -> None:
    """As soon as even the faster of the two speeds is too slow."""
    walk = Walk(task=replace(ORDERS, deadline=NOON + 4 * HOUR))
    steady(walk, 8)
    (event,) = overdue(walk)
    assert event.time - NOON <= HOUR + MINUTE
    assert event.deadline == NOON + 4 * HOUR
    walk.check("Done")
    assert walk.events[-1].closes == (event.id,)


def test_a_deadline_that_is_kept_is_silent() -> None:
    """An hour to spare."""
    walk = Walk(task=replace(ORDERS, deadline=NOON + 5 * HOUR))
    assert overdue(steady(walk, 4)) == []


def test_a_load_that_outlives_the_logs_of_its_source_is_told_and_ends_with_the_load() -> None:
    """What follows is error 1236: nobody can do anything about it by then."""
    walk = steady(Walk(policy=Policy(source_log_retention_hours=3)), 6)
    (event,) = overdue(walk)
    assert event.cause == "log_retention"
    assert event.time - NOON <= HOUR + MINUTE
    walk.check(Observation(status="Syncing", position=Position(binlog_pos=1)))
    assert [(found.kind, found.incident_id) for found in walk.events[1:]] == [("recovered", event.id)]


def test_two_reasons_are_two_events_of_one_incident() -> None:
    """Each once."""
    walk = Walk(policy=Policy(max_run_hours=1), task=replace(ORDERS, deadline=NOON + 2 * HOUR))
    walk.checks(["Syncing"] * 300)
    first, second = overdue(walk)
    assert (first.cause, second.cause) == ("max_run_hours", "deadline")
    assert second.incident_id == first.id


def test_a_measured_load_costs_no_more_writes_than_its_samples() -> None:
    """One in five minutes."""
    walk = Walk()
    written = [walk.check(load(minute / 600)).changed for minute in range(300)]
    assert sum(written) <= 1 + 300 // 5


def test_a_jumping_percent_and_a_clock_that_steps_back_harm_nothing() -> None:
    """Whatever they say, an estimate is in the future and a range."""
    walk = Walk()
    for minute in range(200):
        walk.now += timedelta(minutes=-3 if minute % 50 == 49 else 0)
        walk.check(Observation(status="Loading", progress=Progress(percent=(minute * 7) % 100)))
        found = walk.state.measured_end
        assert found is None or found.earliest <= found.latest
    assert isinstance(walk.now, datetime)


def test_a_limit_that_is_moved_ends_what_was_overdue_and_is_told_anew_when_it_passes() -> None:
    """Nobody raises a limit to be told at once again, or lowers it to hear the same."""
    walk = Walk(policy=Policy(max_run_hours=1))
    walk.checks(["Syncing"] * 70)
    walk.policy = Policy(max_run_hours=0.5)
    walk.checks(["Syncing"] * 10)
    assert walk.told == ["overdue"]
    walk.policy = Policy(max_run_hours=2)
    walk.checks(["Syncing"] * 10)
    assert walk.told == ["overdue", "recovered"]
    assert walk.events[1].incident_id == walk.events[0].id
    walk.checks(["Syncing"] * 60)
    assert walk.told == ["overdue", "recovered", "overdue"]
    walk.policy = Policy()
    walk.checks(["Syncing"] * 3)
    assert walk.told == ["overdue", "recovered", "overdue", "recovered"]


def test_a_load_that_ends_before_its_deadline_after_all_is_not_overdue_any_more() -> None:
    """It was expected to be later; whoever still replicates at the deadline is told then."""
    walk = Walk(task=replace(ORDERS, deadline=NOON + 4 * HOUR))
    steady(walk, 8, to=0.2)
    walk.checks([Observation(status="Syncing")] * 60)
    assert [event.kind for event in walk.events] == ["overdue", "recovered"]
    walk.now = NOON + 4 * HOUR
    walk.check("Syncing")
    assert walk.told == ["overdue", "recovered", "overdue"]


def test_another_guess_of_the_rows_in_all_is_no_new_load() -> None:
    """The time for which the source has to keep its logs still runs from the beginning."""
    walk = steady(Walk(), 2, to=0.6)
    began = walk.state.memory["deadline"].load_began
    walk.check(Observation(status="Loading", progress=Progress(total_rows=ROWS * 2, moved_rows=ROWS * 0.6)))
    assert walk.state.memory["deadline"].load_began == began


def test_the_points_of_a_load_of_weeks_are_few() -> None:
    """They live in the task's one item."""
    walk, most = Walk(), 0
    for point in range(3 * 7 * 24 * 2):
        walk.check(load(point / 1008), after=timedelta(minutes=30))
        most = max(most, len(walk.state.memory["deadline"].points))
    assert most <= 12


@pytest.mark.parametrize(
    ("hours", "code"),
    [pytest.param(3, "logs-outlived", id="it took six"), pytest.param(5.9, "in-time", id="it was in time")],
)
def test_whether_the_logs_are_still_there_is_said_as_it_is(hours: float, code: str) -> None:
    """That they are when they are not would send somebody to switch over."""
    walk = steady(Walk(policy=Policy(source_log_retention_hours=hours)), 6, to=0.9)
    walk.check(Observation(status="Syncing", position=Position(binlog_pos=1)))
    assert walk.told == ["overdue", "recovered"]
    row = next(row for row in RECOVERED if row.when(situation_of(walk.events[-1])))
    assert row.code == code


def test_a_limit_that_was_moved_says_nothing_of_logs() -> None:
    """The load still goes on."""
    walk = steady(Walk(policy=Policy(source_log_retention_hours=3)), 6, to=0.5)
    walk.policy = Policy()
    walk.check(load(0.5))
    row = next(row for row in RECOVERED if row.when(situation_of(walk.events[-1])))
    assert row.code == "not-overdue"


@pytest.mark.parametrize(
    ("mode", "told"), [("full", []), ("full+incremental", ["overdue"]), ("", ["overdue"])]
)
def test_a_full_load_that_nothing_follows_needs_no_logs(mode: str, told: list[str]) -> None:
    """As far as its list says what it is."""
    walk = Walk(policy=Policy(source_log_retention_hours=1))
    walk.state = replace(walk.state, listed=Listed(mode=mode))
    assert steady(walk, 5).told == told
