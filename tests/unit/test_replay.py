"""Replays: the stored history once more through the decision, with other settings."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.walk import MINUTE, NOON, ORDERS, Answer, Walk, X
from udts_monitor.decision.observation import Observation, Progress
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.schedule import Gap
from udts_monitor.query import replay as replaying
from udts_monitor.query.replay import Replay, replay
from udts_monitor.query.stored import HistoryPoint

FORCE = Policy()


def lived(*answers: Answer) -> tuple[list[HistoryPoint], datetime, list[str]]:
    """What the history keeps of a life of a check a minute; its end; what was told in it."""
    walk, points = Walk(), list[HistoryPoint]()
    for answer in answers:
        before, at = walk.state, walk.now
        found = walk.check(answer)
        if found.transition or found.sample:
            after, gap = found.after, before.unanswered
            points.append(
                HistoryPoint(
                    at=at,
                    status=after.status,
                    previous_status=before.status if found.transition else None,
                    reason=after.failed_message,
                    progress=after.progress,
                    position=after.position,
                    lag=after.lag,
                    retries_used=after.retries_used,
                    retries_allowed=after.retries_allowed,
                    unanswered_since=gap.since if gap else None,
                )
            )
    return points, walk.now, walk.told


def again(points: list[HistoryPoint], now: datetime, gaps: tuple[Gap, ...] = (), **other: float) -> Replay:
    """That history with other settings."""
    tried = replace(FORCE, **other)  # type: ignore[arg-type]
    return replay(ORDERS, points, (FORCE, tried), every=MINUTE, now=now, unwatched=gaps)


def kinds(found: Replay) -> tuple[list[str], list[str], list[str]]:
    """The same, more, fewer."""
    return tuple(
        [str(event.kind) for event in part] for part in (found.both, found.only_then, found.only_now)
    )  # type: ignore[return-value]


@pytest.mark.parametrize(
    "answers",
    [
        ["Dumping", "Loading", "Done"],
        ["Syncing", "Failed", "Starting", *["Syncing"] * 3],
        ["Syncing", *["Stopped"] * 30, "Starting", *["Syncing"] * 3],
        ["Failed", "FailedUnrecoverable"],
        ["Syncing", "RetryPending", *["Syncing"] * 4],
        ["Syncing", "Frobnicating", "Syncing"],
        ["Syncing", *[X] * 10, "Syncing", "Failed"],
    ],
)
def test_with_the_settings_in_force_a_replay_tells_what_was_told(answers: list[Answer]) -> None:
    """What the history keeps is enough for it."""
    points, now, told = lived(*answers)
    assert kinds(again(points, now)) == (told, [], [])


def test_a_longer_grace_tells_fewer_stops() -> None:
    """And says which."""
    points, now, _ = lived("Syncing", *["Stopped"] * 30, *["Syncing"] * 4)
    assert kinds(again(points, now, stopped_grace_minutes=60)) == ([], [], ["stopped", "recovered"])


def test_a_shorter_standstill_tells_more() -> None:
    """At the moment at which it would have been told."""
    stands = Observation(status="Loading", progress=Progress(total_rows=100, moved_rows=5))
    points, now, told = lived(*[stands] * 40)
    assert told == []
    found = again(points, now, stalled_after_minutes=10)
    assert kinds(found) == ([], ["stalled"], [])
    assert found.only_then[0].time - NOON - 10 * MINUTE < MINUTE


def test_a_time_in_which_the_monitor_did_not_run_is_no_standstill() -> None:
    """Nobody checked then, with any settings."""
    stands = Observation(status="Loading", progress=Progress(total_rows=100, moved_rows=5))
    points, now, _ = lived(*[stands] * 40)
    gap = Gap(since=NOON + MINUTE, until=now)
    assert again(points, now, (gap,)).checks == 2


def test_a_history_that_begins_in_the_middle_begins_with_what_was_before() -> None:
    """Otherwise a failure seen first would be one that was never told."""
    points, now, _ = lived("Syncing", "Failed", "Starting", *["Syncing"] * 3)
    assert kinds(again(points[1:], now))[0] == ["failed", "recovered"]


def test_a_history_of_years_is_gone_through_in_longer_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends in seconds; and an empty one says that it is empty."""
    monkeypatch.setattr(replaying, "MOST_CHECKS", 500)
    points, now, _ = lived("Syncing")
    assert 500 <= again(points, now + timedelta(days=300)).checks <= 501
    assert again([], now).limits == ("The history holds nothing of this task in this time.",)


def test_what_samples_cannot_show_is_said() -> None:
    """In sentences, with the interval in force."""
    points, now, _ = lived("Syncing", "Failed")
    assert "every 5 min" in " ".join(again(points, now).limits)
