"""Stalled and progressing: work to do and none done, and an idle source that is left in peace."""

from datetime import timedelta

import pytest

from tests.walk import MINUTE, NOON, Walk, X
from udts_monitor.decision.observation import Lag, Observation, Position, Progress
from udts_monitor.decision.policy import Policy

HOUR = 60


def loading(rows: int | None, status: str = "Loading") -> Observation:
    """A full load that has moved so many rows."""
    progress = Progress(total_rows=10_000, moved_rows=rows) if rows is not None else None
    return Observation(status=status, progress=progress)


def syncing(place: int, status: str = "Syncing", lag: Lag | None = None) -> Observation:
    """Replication at a position."""
    position = Position(binlog_name="mysql-bin.000004", binlog_pos=place)
    return Observation(status=status, position=position, lag=lag)


def flow(read: float, written: float, remaining: float = 0) -> Lag:
    """What UCloud's metrics say of the flow."""
    return Lag(
        measured_at=NOON,
        remaining_bytes=remaining,
        read_bytes_per_second=read,
        written_bytes_per_second=written,
    )


def told(*answers: Observation) -> list[str]:
    """What is told of the progress on the way through these checks."""
    return [kind for kind in Walk().checks(answers).told if kind in {"stalled", "progressing"}]


@pytest.mark.parametrize("status", ["Dumping", "Loading"])
def test_a_load_without_progress_is_told_after_an_hour(status: str) -> None:
    """And not a check earlier."""
    walk = Walk().checks([loading(1, status)] * HOUR)
    assert walk.told == []
    walk.check(loading(1, status))
    assert walk.told == ["stalled"]
    assert walk.events[0].since == NOON


def test_any_progress_ends_it_at_once_and_it_can_begin_again() -> None:
    """One row is enough."""
    assert told(*[loading(1)] * 70, loading(2), *[loading(2)] * 70) == ["stalled", "progressing", "stalled"]


def test_a_slow_load_is_not_stalled() -> None:
    """A row an hour is progress, also where samples are rare."""
    assert told(*[loading(minute // 50) for minute in range(600)]) == []


def test_a_load_whose_figures_nobody_gives_is_not_judged() -> None:
    """Nobody can say whether it moves."""
    assert told(*[loading(None)] * 300) == []


def test_from_dumping_to_loading_is_progress() -> None:
    """Though the rows are the same."""
    assert told(*[loading(0, "Dumping")] * 40, *[loading(0)] * 40) == []


def test_replication_that_stands_still_behind_its_source_is_told() -> None:
    """It was level once, so it would say Synced if there were nothing to do."""
    assert told(syncing(1), syncing(1, "Synced"), *[syncing(2)] * 70) == ["stalled"]


@pytest.mark.parametrize(
    "life",
    [
        pytest.param([syncing(1), *[syncing(1, "Synced")] * 300], id="a task that is level"),
        pytest.param([syncing(7, lag=flow(0, 0))] * 300, id="an idle source by its metrics"),
        pytest.param(
            [syncing(7, "Synced"), *[syncing(7, lag=flow(0, 0))] * 300], id="Syncing, and nothing to read"
        ),
        pytest.param([syncing(7, lag=flow(9, 9))] * 300, id="a position that lags behind what is written"),
        pytest.param([syncing(place) for place in range(300)], id="a busy source"),
        pytest.param(
            [syncing(7, "Synced"), *[syncing(place // 30) for place in range(300)]], id="a source in bursts"
        ),
    ],
)
def test_a_healthy_replication_is_never_stalled(life: list[Observation]) -> None:
    """Whatever its source does."""
    assert "stalled" not in told(*life)


def test_a_source_that_is_read_and_a_target_that_is_not_written_is_a_stall() -> None:
    """Metrics say it before the task was ever level."""
    assert told(*[syncing(7, lag=flow(9, 0))] * 70) == ["stalled"]
    assert told(*[syncing(7, lag=flow(0, 0, remaining=9_000_000))] * 70) == ["stalled"]


@pytest.mark.parametrize("status", ["Failed", "Stopped", "RetryPending"])
def test_a_stall_lasts_through_a_failure_until_the_task_moves(status: str) -> None:
    """Nobody is told that a task progresses while it is down."""
    walk = Walk().checks([*[loading(1)] * 70, Observation(status=status), X, Observation(status=status)])
    assert "progressing" not in walk.told
    walk.checks([Observation(status="Starting"), loading(0)])
    over = walk.events[-1]
    assert (over.kind, over.action, over.incident_id) == ("progressing", "close", walk.events[0].id)


def test_a_position_that_stands_still_is_a_stall_once_where_it_may_be_an_idle_source() -> None:
    """Without metrics, and never Synced: the second standstill of a two-way task may be its nights."""
    assert told(*[syncing(7)] * 61) == ["stalled"]
    assert told(*[syncing(7)] * 70, syncing(8), *[syncing(8)] * 300) == ["stalled", "progressing"]
    level = syncing(9, "Synced")
    again = told(*[syncing(7)] * 70, syncing(8), *[syncing(8)] * 300, level, *[syncing(9)] * 61)
    assert again == ["stalled", "progressing", "stalled"]


def test_the_time_a_task_was_down_is_no_time_without_progress() -> None:
    """It goes on where it stopped, hours later."""
    down = Observation(status="Failed")
    assert told(syncing(7, "Synced"), *[syncing(7)] * 30, *[down] * 300, *[syncing(7)] * 30) == []


def test_metrics_that_vanish_neither_begin_nor_end_a_stall() -> None:
    """Nothing was measured."""
    hung = [syncing(7, lag=flow(9, 0))] * 70
    assert told(*hung, *[syncing(7)] * 70) == ["stalled"]
    assert told(*hung, *[syncing(7)] * 70, syncing(8)) == ["stalled", "progressing"]
    assert told(*[syncing(7, lag=flow(9, 0))] * 30, *[syncing(8)] * 50) == []


def test_a_finish_ends_a_stall() -> None:
    """One event for all."""
    walk = Walk().checks([*[loading(1)] * 70, Observation(status="Done")])
    assert walk.told == ["stalled", "finished"]
    assert walk.events[1].closes == (walk.events[0].id,)


@pytest.mark.parametrize("checks", [120, 30])
def test_a_task_that_moves_costs_no_more_writes_than_its_samples(checks: int) -> None:
    """One in five minutes, and an unchanged one none."""
    walk = Walk()
    written = [walk.check(syncing(place)).changed for place in range(checks)]
    assert sum(written) <= 1 + checks // 5
    quiet = Walk().checks([syncing(1), *[syncing(1, "Synced")] * 3])
    assert not any(quiet.check(syncing(1, "Synced")).changed for _ in range(checks))


def test_a_threshold_that_is_raised_in_the_middle_keeps_the_end() -> None:
    """Nothing is told twice, and what was told ends."""
    walk = Walk().checks([loading(1)] * 70)
    walk.policy = Policy(stalled_after_minutes=600)
    walk.checks([*[loading(1)] * 70, loading(2)])
    assert walk.told == ["stalled", "progressing"]
    assert walk.now - NOON == 141 * MINUTE
    assert timedelta(hours=2) < walk.now - NOON


def percents(percent: float, elapsed: int | None = None) -> Observation:
    """A load that says nothing but percents."""
    return Observation(status="Loading", progress=Progress(percent=percent, elapsed_seconds=elapsed))


def test_a_load_of_a_week_in_whole_percents_is_given_the_time_that_one_takes() -> None:
    """An hour and three quarters each; three times as long is a stall. So it is where first seen half-way."""
    week = [percents(minute // 100) for minute in range(3_000)]
    assert told(*week) == []
    assert told(*week, *[percents(30)] * 299) == ["stalled"]
    assert told(*[percents(50, elapsed=300_000)] * 100) == []
    assert told(*[percents(50.01)] * 100) == ["stalled"]


@pytest.mark.parametrize(
    "progress",
    [
        pytest.param(Progress(total_rows=0, moved_rows=0, percent=0), id="nobody counts yet"),
        pytest.param(Progress(total_rows=9, moved_rows=9, percent=100), id="all rows are there: indexes"),
    ],
)
def test_what_is_not_counted_does_not_stand_still(progress: Progress) -> None:
    """Neither before the first row nor after the last."""
    assert told(*[Observation(status="Loading", progress=progress)] * 300) == []


def test_a_dump_that_reads_its_source_gets_on() -> None:
    """Its rows are counted at the target."""
    dumping = Observation(status="Dumping", progress=Progress(total_rows=9, moved_rows=0), lag=flow(9, 0))
    assert told(*[dumping] * 100) == []
    assert told(*[loading(3)] * 70) == ["stalled"]
