"""Lives in fast motion: repeatable, and what the monitor would tell of them is their fate."""

from dataclasses import replace

import pytest

from local.simulator.lives import FATES, generated
from local.simulator.task import SimulatedTask
from tests.walk import NOON, Walk
from udts_monitor.adapters.answer import Answer
from udts_monitor.adapters.metrics import WatchedTasks, read_lags
from udts_monitor.adapters.task_status import read_observation
from udts_monitor.decision.observation import Observation
from udts_monitor.decision.status import OUTCOMES

TOLD = {
    "healthy": set[str](),
    "hangs": {"stalled", "progressing", "delayed", "caught_up"},
    "falls behind": {"delayed", "caught_up"},
    "fails": {"failed", "recovered"},
    "is stopped": {"stopped", "recovered"},
    "is reset": {"reset"},
}
# A target that is level, and falls behind.
CUT_OVER = {"cutover_ready", "cutover_not_ready"}


def lived(fate: str, seed: int) -> Walk:
    """What the monitor tells of a life, a check a minute."""
    plan = generated(len(FATES), seed=seed, minute_seconds=60).tasks[FATES.index(fate)]
    task, walk = SimulatedTask(plan, NOON.timestamp()), Walk()
    watched = WatchedTasks(
        task_type="transfer", project_id="org-a", region="cn-bj2", task_ids=frozenset({plan.id})
    )
    for _ in range(500):
        now = walk.now.timestamp()
        task.check(now)
        seen = read_observation(Answer({"Data": task.status_data(now)}))
        assert isinstance(seen, Observation)
        assert seen.status in OUTCOMES
        lags = read_lags([task.metrics_row(now, asked=(), shape="map")], watched, walk.now)
        walk.check(replace(seen, lag=lags.get(plan.id)))
    return walk


@pytest.mark.parametrize("seed", [1, 7, 21])
@pytest.mark.parametrize("fate", FATES)
def test_what_is_told_of_a_life_is_its_fate(fate: str, seed: int) -> None:
    """And each of it begins and ends."""
    walk = lived(fate, seed)
    assert set(walk.told) - CUT_OVER == TOLD[fate]
    assert "cutover_ready" in walk.told
    assert walk.state.incidents == {}


def test_a_seed_gives_the_same_lives_and_another_one_others() -> None:
    """In a minute of a second each takes as many seconds as it has minutes."""
    account = generated(12, seed=7, minute_seconds=1)
    assert account == generated(12, seed=7, minute_seconds=1)
    assert account != generated(12, seed=8, minute_seconds=1)
    assert len({task.id for task in account.tasks}) == 12
    slow = generated(12, seed=7, minute_seconds=60)
    seconds = [sum(step.seconds or 0 for step in task.steps) for task in account.tasks]
    assert [60 * length for length in seconds] == pytest.approx(
        [sum(step.seconds or 0 for step in task.steps) for task in slow.tasks]
    )
    assert min(seconds) > 120
