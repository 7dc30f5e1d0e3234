"""A threshold that is changed in the middle of what it decides: nothing is told twice, no end is lost."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from tests.walk import NOON, ORDERS, Answer, Walk, X
from udts_monitor.adapters.task_list import parse_tasks
from udts_monitor.decision.observation import Lag, Observation, Progress
from udts_monitor.decision.policy import THRESHOLDS, Policy


def loading(rows: int) -> Observation:
    """A full load that has moved so many rows."""
    return Observation(status="Loading", progress=Progress(total_rows=100_000, moved_rows=rows))


def behind(seconds: float) -> Observation:
    """A target that is so far behind."""
    return Observation(status="Syncing", progress=Progress(redis_delay_seconds=seconds))


def remaining(megabytes: float) -> Observation:
    """A target that still lacks so much."""
    return Observation(status="Syncing", lag=Lag(measured_at=NOON, remaining_bytes=megabytes * 1_000_000))


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What one threshold decides.

    Attributes:
        value: before the change.
        until_told: answers until it is told.
        meanwhile: answers after the change.
        end: answers until its end is told.
        told: in all.
    """

    value: float
    until_told: list[Answer]
    meanwhile: list[Answer]
    end: list[Answer]
    told: list[str]


STORIES: Mapping[str, Story] = {
    "unreachable_after_checks": Story(
        value=3,
        until_told=["Syncing", X, X, X],
        meanwhile=[X] * 9,
        end=["Syncing"],
        told=["unreachable", "reachable"],
    ),
    "recovered_after_checks": Story(
        value=3,
        until_told=["Failed"],
        meanwhile=["Failed", "Starting"],
        end=["Loading"] * 400,
        told=["failed", "recovered"],
    ),
    "stopped_grace_minutes": Story(
        value=20,
        until_told=["Syncing", *["Stopped"] * 21],
        meanwhile=["Stopped"] * 60,
        end=["Starting", *["Syncing"] * 3],
        told=["stopped", "recovered"],
    ),
    "resume_within_days": Story(
        value=7,
        until_told=["Syncing", *["Stopped"] * 21],
        meanwhile=["Stopped"] * 60,
        end=["Starting", *["Syncing"] * 3],
        told=["stopped", "recovered"],
    ),
    "synced_after_checks": Story(
        value=3,
        until_told=["Synced"] * 3,
        meanwhile=["Synced"] * 60,
        end=["Syncing"] * 400,
        told=["cutover_ready", "cutover_not_ready"],
    ),
    "cutover_below_megabytes": Story(
        value=5,
        until_told=[remaining(1)] * 3,
        meanwhile=[remaining(1)] * 60,
        end=[remaining(9_000)] * 60,
        told=["cutover_ready", "cutover_not_ready"],
    ),
    "stalled_after_minutes": Story(
        value=60,
        until_told=[loading(1)] * 61,
        meanwhile=[loading(1)] * 60,
        end=[loading(2)],
        told=["stalled", "progressing"],
    ),
    "max_delay_seconds": Story(
        value=300,
        until_told=["Synced", *[behind(400)] * 3],
        meanwhile=[behind(400)] * 9,
        end=["Synced"],
        told=["delayed", "caught_up"],
    ),
    "max_run_hours": Story(
        value=1,
        until_told=["Syncing"] * 61,
        meanwhile=["Syncing"] * 9,
        end=["Done"],
        told=["overdue", "finished"],
    ),
    "source_log_retention_hours": Story(
        value=2,
        until_told=[loading(rows * 100) for rows in range(61)],
        meanwhile=[loading(rows * 100) for rows in range(61, 70)],
        end=["Syncing"],
        told=["overdue", "recovered"],
    ),
}
# Who moves a limit out of reach ends what was overdue at once, before the finish ends the rest.
ENDS_AT_ONCE = {("max_run_hours", 0.0), ("max_run_hours", 2.0), ("max_run_hours", 100.0)}


def test_every_threshold_has_its_story() -> None:
    """And each can be set for one task, by its own name."""
    assert sorted(STORIES) == sorted(THRESHOLDS)
    for name in THRESHOLDS:
        (task,) = parse_tasks(f'[{{"id": "udts-1", "{name}": 2}}]').tasks
        assert getattr(Policy().for_task(task), name) == 2


@pytest.mark.parametrize("factor", [0, 0.5, 2, 100])
@pytest.mark.parametrize("name", STORIES)
def test_a_changed_threshold_repeats_nothing_and_loses_no_end(name: str, factor: float) -> None:
    """Whether it is raised, lowered or taken away."""
    story = STORIES[name]
    walk = Walk(task=replace(ORDERS, thresholds={name: story.value})).checks(story.until_told)
    assert walk.told == story.told[:1]
    walk.task = replace(ORDERS, thresholds={name: story.value * factor})
    walk.checks([*story.meanwhile, *story.end])
    over = ["recovered"] if (name, story.value * factor) in ENDS_AT_ONCE else []
    assert walk.told == [story.told[0], *over, *story.told[1:]]
    opened = [event.id for event in walk.events if event.action == "open"]
    closed = [incident for event in walk.events for incident in event.closes]
    assert opened == closed
    assert len({event.id for event in walk.events}) == len(walk.events)


@pytest.mark.parametrize(("days", "marks"), [(3.5, 2), (14, 2), (0, 1)])
def test_another_time_to_resume_is_warned_of_by_its_own_marks(days: float, marks: int) -> None:
    """Of a nearer one that has all but passed once, of a later one when half of it has."""
    walk = Walk()
    for hour in range(24 * 8):
        walk.policy = Policy(resume_within_days=7 if hour < 24 * 4 else days)
        walk.check("Stopped", after=timedelta(hours=1))
    assert walk.told == ["stopped", *["resume_deadline"] * marks]
