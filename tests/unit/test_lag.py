"""Delayed and caught up, ready for the cut-over and not any more."""

from datetime import datetime, timedelta

import pytest

from tests.walk import MINUTE, NOON, Walk, X
from udts_monitor.decision.observation import Lag, Observation, Progress
from udts_monitor.decision.policy import Policy

MB = 1_000_000


def behind(
    delay: float | None = None, remaining: float | None = None, at: datetime = NOON, status: str = "Syncing"
) -> Observation:
    """Syncing, so many seconds and bytes behind."""
    lag = Lag(measured_at=at, delay_seconds=delay, remaining_bytes=remaining)
    return Observation(status=status, lag=lag)


LEVEL = Observation(status="Synced")


def told(*answers: Observation, policy: Policy | None = None) -> list[str]:
    """What is told on the way, but for the cut-over."""
    walk = Walk(policy=policy or Policy())
    return [kind for kind in walk.checks(answers).told if not kind.startswith("cutover")]


def test_three_checks_above_the_limit_are_a_delay_and_three_in_order_its_end() -> None:
    """Two are none."""
    assert told(LEVEL, *[behind(301)] * 2, behind(300), *[behind(301)] * 2) == []
    assert told(LEVEL, *[behind(301)] * 5, *[behind(300)] * 3) == ["delayed", "caught_up"]
    assert told(LEVEL, *[behind(301)] * 5, *[behind(300)] * 2, *[behind(301)] * 5) == ["delayed"]


def test_level_is_caught_up_at_once() -> None:
    """Synced says it all."""
    assert told(LEVEL, *[behind(301)] * 3, LEVEL) == ["delayed", "caught_up"]


def test_before_the_task_was_level_for_the_first_time_it_has_to_catch_up() -> None:
    """That takes its time after every full load, and after a reset again."""
    assert told(*[behind(100_000)] * 50) == []
    assert "delayed" not in told(LEVEL, Observation(status="Loading"), *[behind(100_000)] * 50)


def test_redis_and_mongodb_say_their_delay_themselves() -> None:
    """Without metrics."""
    redis = Observation(status="Syncing", progress=Progress(redis_delay_seconds=400))
    mongo = Observation(status="Syncing", progress=Progress(mongo_delay_seconds=400))
    assert told(LEVEL, redis, redis, redis) == told(LEVEL, mongo, mongo, mongo) == ["delayed"]


def growing(*megabytes: float) -> list[Observation]:
    """So much remains at measurements as far apart as samples."""
    return [
        behind(remaining=amount * MB, at=NOON + place * 5 * MINUTE)
        for place, amount in enumerate(megabytes)
        for _ in range(5)
    ]


def test_a_target_that_loses_ground_at_three_measurements_is_told() -> None:
    """However small its delay still is; and why is said."""
    walk = Walk().checks([LEVEL, *growing(10, 20, 30, 40)])
    (event,) = [event for event in walk.events if event.kind == "delayed"]
    assert event.cause == "losing_ground"
    assert told(LEVEL, *growing(10, 20, 30, 25, 40, 50)) == []


def test_what_remains_of_a_level_target_may_grow_and_shrink() -> None:
    """Below what UCloud calls level nobody counts."""
    assert told(LEVEL, *growing(0.1, 1, 2, 3, 4, 4.5)) == []


def test_a_check_without_an_answer_neither_begins_nor_ends_a_delay() -> None:
    """Nothing was measured."""
    walk = Walk().checks([LEVEL, behind(301), X, behind(301), X, behind(301)])
    assert walk.told == ["delayed"]


def test_a_small_lag_costs_no_writes() -> None:
    """It moves at every check."""
    walk = Walk().checks([LEVEL, behind(0)])
    written = [walk.check(behind(place % 7, place % 5, walk.now)).changed for place in range(60)]
    assert sum(written) <= 3 + 60 // 5


def cutover(*answers: Observation, policy: Policy | None = None) -> list[str]:
    """What is told of the cut-over."""
    walk = Walk(policy=policy or Policy())
    return [kind for kind in walk.checks(answers).told if kind.startswith("cutover")]


def test_three_checks_level_are_ready_and_three_behind_are_not() -> None:
    """By UCloud's rule: less than 5 MB remain; without metrics Synced."""
    assert cutover(*[behind(remaining=5 * MB - 1)] * 2) == []
    assert cutover(*[behind(remaining=5 * MB - 1)] * 3) == ["cutover_ready"]
    assert cutover(*[behind(remaining=5 * MB)] * 9) == []
    assert cutover(*[LEVEL] * 3, *[Observation(status="Syncing")] * 3) == [
        "cutover_ready",
        "cutover_not_ready",
    ]


def test_a_busy_source_that_swings_is_told_at_most_once_an_hour_each_way() -> None:
    """And what is not true any more when the hour is over is told then."""
    swing = [*[LEVEL] * 3, *[Observation(status="Syncing")] * 3]
    assert cutover(*swing * 5) == ["cutover_ready", "cutover_not_ready"]
    assert cutover(*swing, *[LEVEL] * 70) == ["cutover_ready", "cutover_not_ready", "cutover_ready"]


def test_a_task_that_was_never_ready_is_never_not_ready() -> None:
    """Nor one that failed meanwhile: that is told."""
    assert cutover(*[Observation(status="Syncing")] * 9) == []
    assert cutover(*[LEVEL] * 3, *[Observation(status="Failed")] * 3, *[behind()] * 9) == ["cutover_ready"]


@pytest.mark.parametrize("status", ["Synced", "Syncing"])
def test_a_level_task_that_stays_so_costs_no_writes(status: str) -> None:
    """Told is told."""
    walk = Walk().checks([behind(0, 0, status=status)] * 4)
    walk.now += timedelta(hours=1)
    assert not any(walk.check(behind(0, 0, status=status)).changed for _ in range(10))


def test_a_busy_source_swings_and_is_told_once_not_to_be_ready() -> None:
    """From the second time on it has to last for an hour; ready again is told as before."""
    day = [*[LEVEL] * 4, *[Observation(status="Syncing")] * 4] * 180
    assert cutover(*day) == ["cutover_ready", "cutover_not_ready", "cutover_ready"]
    assert cutover(*day, *[Observation(status="Syncing")] * 70)[3:] == ["cutover_not_ready"]


def test_metrics_that_vanish_say_nothing_about_the_cut_over() -> None:
    """A task that has some is not behind because a check came without."""
    assert cutover(*[behind(0, 0)] * 3, *[Observation(status="Syncing")] * 60) == ["cutover_ready"]


def test_nothing_remains_but_the_delay_is_long_is_not_ready() -> None:
    """One of the two figures is wrong, while the source is written to."""
    lag = Lag(measured_at=NOON, delay_seconds=9_000, remaining_bytes=0, read_bytes_per_second=9)
    assert cutover(*[Observation(status="Syncing", lag=lag)] * 9) == []


def test_the_old_last_change_of_an_idle_source_is_no_delay() -> None:
    """Its age grows by itself."""
    lag = Lag(measured_at=NOON, delay_seconds=9_000, remaining_bytes=0, read_bytes_per_second=0)
    assert told(LEVEL, *[Observation(status="Syncing", lag=lag)] * 9) == []


@pytest.mark.parametrize("status", ["Failed", "Stopped", "Loading"])
def test_a_delay_lasts_through_a_failure_until_the_task_is_level(status: str) -> None:
    """Nobody is told that a task has caught up while it does not replicate."""
    walk = Walk().checks([LEVEL, *[behind(301)] * 3, *[Observation(status=status)] * 5])
    assert "caught_up" not in walk.told
    walk.check(LEVEL)
    (over,) = [event for event in walk.events if event.kind == "caught_up"]
    assert (over.action, over.incident_id) == ("close", walk.events[0].id)


def test_checks_without_figures_do_not_end_a_delay() -> None:
    """Metrics vanish now and then."""
    assert told(LEVEL, *[behind(301)] * 3, *[Observation(status="Syncing")] * 60) == ["delayed"]


def test_a_two_way_task_is_level_by_its_figures() -> None:
    """It never says Synced."""
    assert told(behind(0, 0), *[behind(301, 9 * MB)] * 3) == ["delayed"]


def test_what_is_on_its_way_of_a_busy_source_may_grow_for_hours() -> None:
    """Seconds of it are megabytes."""
    places = range(60)
    wobbling = [
        Observation(
            status="Syncing",
            lag=Lag(
                measured_at=NOON + place * 5 * MINUTE,
                remaining_bytes=place * 9 * MB,
                read_bytes_per_second=50 * MB,
            ),
        )
        for place in places
        for _ in range(5)
    ]
    assert told(LEVEL, *wobbling) == []
