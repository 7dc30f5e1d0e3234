"""The cost model: what it assumes is what the code does, and the promise holds."""

from datetime import timedelta
from pathlib import Path

import pytest

from functions.check_tasks import app
from local.cost import ALARMS, AWS_CALLS, METRICS, READS, SAMPLE_BYTES, STATE_BYTES, WRITES, Use, lines, month
from local.template import load
from tests.bench.tables import size_of
from tests.handler.test_handler import STEADY
from tests.walk import Walk
from udts_monitor.adapters import items
from udts_monitor.adapters.wire import to_wire
from udts_monitor.decision.observation import Observation, Position, Progress


def cost(**use: float) -> float:
    """USD a month."""
    return sum(month(Use(**use)).values())  # type: ignore[arg-type]


def test_a_hundred_quiet_tasks_cost_about_a_dollar_a_month() -> None:
    """Checked each minute; that is a promise of the README."""
    assert cost(tasks=100) < 1.10


@pytest.mark.parametrize("tasks", [1, 15, 100, 1_000])
def test_more_tasks_or_more_runs_cost_more(tasks: int) -> None:
    """Each minute more than every five; ten times the tasks at most ten times as much."""
    assert cost(tasks=tasks) > cost(tasks=tasks, period_minutes=5) > 0.4
    assert cost(tasks=tasks) < cost(tasks=10 * tasks) < 10 * cost(tasks=tasks)


def test_tasks_that_move_cost_their_samples() -> None:
    """Two write units every five minutes: a state below a kilobyte, and a sample."""
    more = cost(tasks=100, moving=1) - cost(tasks=100)
    assert more == pytest.approx(100 * 730 * 12 * 2 * 0.625e-6)


def test_items_are_as_large_as_the_model_says() -> None:
    """A task that has progress and a position, and a name, is the usual one."""
    walk = Walk()
    progress = Progress(
        total_rows=1_000_000, moved_rows=250_000, total_seconds=300, elapsed_seconds=77, percent=25.1
    )
    seen = Observation(
        status="Loading",
        progress=progress,
        position=Position(binlog_name="mysql-bin.000006", binlog_pos=154),
        retries_used=0,
        retries_allowed=3,
    )
    walk.check("Dumping")
    found = walk.check(seen)
    assert 0.8 * STATE_BYTES < size_of(to_wire(items.state_item(walk.task, found.after))) <= STATE_BYTES
    sample = size_of(to_wire(items.sample_item(found, timedelta(days=90))))
    assert 0.6 * SAMPLE_BYTES < sample <= SAMPLE_BYTES


def test_calls_alarms_and_metrics_are_as_many_as_the_model_says() -> None:
    """Of a run with nothing to tell; the tests of the handler count the calls."""
    steady = dict(STEADY)
    del steady["UCloud"]
    assert sum(steady.values()) == AWS_CALLS
    assert (steady["Query"] - 1 + steady["GetItem"], steady["UpdateItem"]) == (READS, WRITES)
    resources = load()["Resources"].values()
    alarms = [found for found in resources if found["Type"] == "AWS::CloudWatch::Alarm"]
    # That of the shards is there only with them.
    assert len([found for found in alarms if "Condition" not in found]) == ALARMS
    assert Path(app.__file__).read_text().count("metrics.add_metric(") == METRICS


def test_what_is_printed_says_every_part_and_the_sum() -> None:
    """For a user's own figures."""
    printed = lines(Use(tasks=15, period_minutes=5, moving=0.5))
    assert printed[0].startswith("15 tasks every 5 min, 50% of them moving")
    assert any("secret" in line for line in printed)
    assert "a month" in printed[-2]
