"""Killed with SIGKILL at every call: no event is lost, and a repeat is one that cannot be avoided."""

import time

import pytest

from tests.proof.conftest import Stages
from tests.proof.crash import Tried, points_of, try_points
from tests.proof.figures import note
from tests.proof.story import REFUSED, UNSEEN, Story, judge_storm

ONE_FAILURE = Story(
    steps=[{}, {"udts-a": "Failed"}],
    told=[("failed", "udts-a")],
    transitions={"udts-a": ["Syncing", "Failed"]},
    variables={},
)
# Six tasks fail, finish, recover, stop, start again, hide alone and together, and come back.
WHOLE = Story(
    steps=[
        {"udts-b": "Loading"},
        {"udts-a": "Failed", "udts-b": "Done", "udts-c": "Stopped", "udts-d": REFUSED, "udts-e": UNSEEN},
        {"udts-a": "Starting", "udts-c": "Starting", "udts-f": "Frobnicating"},
        {"udts-a": "Syncing", "udts-c": "Syncing", "udts-d": "Syncing", "udts-e": "Failed"},
        dict.fromkeys(("udts-a", "udts-b", "udts-c", "udts-d", "udts-e", "udts-f"), UNSEEN),
        {
            "udts-a": "Success",
            "udts-b": "Done",
            "udts-c": "Synced",
            "udts-d": "FailedUnrecoverable",
            "udts-e": "FailedUnrecoverable",
            "udts-f": "Stopped",
        },
    ],
    told=[
        ("failed", "udts-a"),
        ("finished", "udts-b"),
        ("stopped", "udts-c"),
        ("unreachable", "monitor"),  # the wrong project of d
        ("unreachable", "udts-e"),
        ("unknown_status", "udts-f"),
        ("recovered", "udts-a"),
        ("reachable", "monitor"),
        ("reachable", "udts-e"),
        ("failed", "udts-e"),
        ("unreachable", "monitor"),  # all of them
        ("reachable", "monitor"),
        ("finished", "udts-a"),
        ("failed", "udts-d"),
        ("failed", "udts-e"),
        ("stopped", "udts-f"),
    ],
    transitions={
        "udts-a": ["Syncing", "Failed", "Starting", "Syncing", "Success"],
        "udts-b": ["Loading", "Done"],
        "udts-c": ["Syncing", "Stopped", "Starting", "Syncing", "Synced"],
        "udts-d": ["Syncing", "FailedUnrecoverable"],
        "udts-e": ["Syncing", "Failed", "FailedUnrecoverable"],
        "udts-f": ["Syncing", "Frobnicating", "Stopped"],
    },
    variables={
        "unreachable_after_checks": 2,
        "recovered_after_checks": 2,
        "stopped_grace_minutes": 0,
        "max_concurrency": 4,
    },
)


# More at once than people are told one by one.
STORM_TASKS = tuple(f"udts-{letter}" for letter in "abcdefg")
STORM = Story(
    steps=[{}, dict.fromkeys(STORM_TASKS, "Failed")],
    told=[("failed", task) for task in STORM_TASKS],
    transitions={task: ["Syncing", "Failed"] for task in STORM_TASKS},
    # One after the other, so that the oldest of a digest is the same in every world.
    variables={"digest_above": 5, "max_concurrency": 1},
)


def _holds(tried: list[Tried]) -> None:
    """What has to be true of every point."""
    assert [str(found.point) for found in tried if not found.reached] == []
    assert {str(found.point): found.verdict.lost for found in tried if found.verdict.lost} == {}
    assert {str(found.point): found.verdict.wrong for found in tried if found.verdict.wrong} == {}
    assert {str(found.point): found.stolen for found in tried if found.stolen} == {}
    repeats = {str(found.point): len(found.verdict.repeated) for found in tried}
    assert repeats == {str(found.point): int(found.point.may_repeat) for found in tried}


def _figures(tried: list[Tried], began: float) -> dict[str, float]:
    return {
        "points": len(tried),
        "lost": sum(len(found.verdict.lost) for found in tried),
        "repeated": sum(len(found.verdict.repeated) for found in tried),
        "may_repeat": sum(found.point.may_repeat for found in tried),
        "seconds": round(time.monotonic() - began, 1),
    }


def test_a_failure_is_told_wherever_the_run_is_killed(stages: Stages) -> None:
    """Before and after each call of the run that sees it; the whole story is for `make soak`."""
    began = time.monotonic()
    points = points_of(stages, ONE_FAILURE, steps=[1])
    tried = try_points(stages, ONE_FAILURE, points)
    note("crash-one-failure", _figures(tried, began))
    _holds(tried)
    assert len(points) >= 2 * 10


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_story_is_told_wherever_a_run_is_killed(stages: Stages) -> None:
    """Six tasks that fail, finish, recover, stop and hide, killed at every call of every step."""
    began = time.monotonic()
    points = points_of(stages, WHOLE, steps=range(len(WHOLE.steps)))
    tried = try_points(stages, WHOLE, points)
    note("crash-whole-story", _figures(tried, began))
    _holds(tried)
    assert len(points) >= 300


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_storm_is_told_wherever_the_run_is_killed(stages: Stages) -> None:
    """Seven tasks fail at once: no digest swallows a task, and one that comes again has the same id."""
    began = time.monotonic()
    points = points_of(stages, STORM, steps=[1], judge=judge_storm)
    tried = try_points(stages, STORM, points, judge=judge_storm)
    note("crash-storm", _figures(tried, began))
    _holds(tried)
