"""Reset, expiring, gone, and what happened while nobody looked."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.walk import MINUTE, NOON, ORDERS, Answer, Walk, told
from udts_monitor.decision.assess import assess, gone
from udts_monitor.decision.observation import Observation, Position
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.state import Listed, TaskState
from udts_monitor.decision.unseen import PastStatus, Unseen, unseen


def at(file: int, place: int, gtid: str = "") -> Observation:
    """Syncing at a position."""
    position = Position(binlog_name=f"mysql-bin.{file:06}", binlog_pos=place, binlog_gtid=gtid)
    return Observation(status="Syncing", position=position)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param(["Syncing", "Dumping", "Loading"], ["reset"], id="it loads again"),
        pytest.param(["Syncing", "Created", "Checking", "Dumping"], ["reset"], id="it was put back"),
        pytest.param(["Syncing", "Failed", "Starting", "Dumping"], ["failed", "reset"], id="after a failure"),
        pytest.param(["Dumping", "Loading", "Failed", "Dumping"], ["failed"], id="a load begins anew"),
        pytest.param(["Done", "Starting", "Dumping", "Done"], ["finished"] * 2, id="a second load"),
        pytest.param(["Done", "Created", "Dumping"], ["finished", "reset"], id="a finished one was put back"),
        pytest.param([at(4, 10), at(4, 9), at(4, 9)], ["reset"], id="its position moves backwards"),
        pytest.param([at(4, 10), at(3, 99), at(3, 99)], ["reset"], id="back to an older file"),
        pytest.param([at(4, 10), at(5, 1), at(6, 0)], [], id="the next file begins at its beginning"),
        pytest.param([at(4, 10, "a:1"), at(1, 4, "a:1-2")], [], id="a fail-over of a source with GTID"),
    ],
)
def test_a_reset_is_told_once(answers: list[Answer], expected: list[str]) -> None:
    """Whoever did it: the data at the target are not what they were."""
    assert told(*answers) == expected


def listed(walk: Walk, now_listed: Listed | None, status: str = "Syncing") -> list[str]:
    """A check in which the list says something of the task."""
    found = assess(walk.state, ORDERS, Observation(status=status), Policy(), walk.now, listed=now_listed)
    walk.state, walk.now = found.after, walk.now + MINUTE
    return [str(event.kind) for event in found.events]


def test_the_end_of_the_paid_time_is_told_once_three_days_before() -> None:
    """Unless it is paid on by itself; a new end is told anew."""
    walk, ends = Walk(), NOON + timedelta(days=4)
    assert listed(walk, Listed(expires_at=ends)) == []
    walk.now += timedelta(days=1)
    assert listed(walk, None) == ["expiring"]
    assert listed(walk, Listed(expires_at=ends)) == []
    assert listed(walk, Listed(expires_at=ends, renewed=True)) == []
    later = walk.now + timedelta(days=2)
    assert listed(walk, Listed(expires_at=later)) == ["expiring"]
    assert listed(walk, Listed(expires_at=later), "Done") == ["finished"]


@pytest.mark.parametrize(("days", "expected"), [(-1, ["expiring"]), (-3, []), (2, ["expiring"]), (4, [])])
def test_a_task_whose_time_is_over_is_told_until_it_is_deleted(days: float, expected: list[str]) -> None:
    """Also when the monitor comes late."""
    assert listed(Walk(), Listed(expires_at=NOON + timedelta(days=days))) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [("Syncing", ["missing"]), ("Failed", ["missing"]), ("Created", []), ("Done", [])],
)
def test_a_task_that_is_gone_from_its_list_is_told_where_it_was_running(
    status: str, expected: list[str]
) -> None:
    """One that was only created, or has finished, was deleted for good reason. Its incidents are over."""
    walk = Walk().checks([status])
    found = gone(walk.state, ORDERS, walk.now)
    assert [str(event.kind) for event in found.events] == expected
    assert (found.after.incidents, found.after.listed) == ({}, None)
    assert found.after.version == walk.state.version + 1


def row(minutes: float, status: str) -> PastStatus:
    """A row of the service's history."""
    return PastStatus(at=NOON + timedelta(minutes=minutes), status=status)


def between(walk: Walk, rows: list[PastStatus], status: str) -> list[str]:
    """The statuses nobody saw."""
    return [found.status for found in unseen(walk.state, rows, status, walk.now).missed]


def test_a_failure_that_was_restarted_within_the_minute_is_known() -> None:
    """With its time."""
    walk = Walk().checks(["Syncing"] * 10)
    rows = [row(-60, "Syncing"), row(9.1, "Failed"), row(9.5, "Starting"), row(9.9, "Syncing")]
    assert between(walk, rows, "Syncing") == ["Failed", "Starting"]
    assert unseen(walk.state, rows, "Syncing", walk.now).missed[0].at == NOON + timedelta(minutes=9.1)


def test_what_was_seen_is_not_told_again() -> None:
    """The row of the stored status, and whatever came before it."""
    walk = Walk().checks(["Loading", "Syncing", "Failed"])
    rows = [row(-9, "Dumping"), row(-5, "Loading"), row(0.5, "Syncing"), row(1.2, "Failed")]
    assert between(walk, rows, "Failed") == []
    assert between(walk, [*rows, row(2.5, "Starting")], "Starting") == []


def test_no_history_is_no_news() -> None:
    """The call is refused, or answers nothing; and a new task has no past that somebody missed."""
    assert between(Walk().checks(["Syncing"]), [], "Failed") == []
    assert unseen(TaskState.unseen(NOON), [row(-5, "Failed")], "Syncing", NOON) == Unseen()


def test_of_several_rounds_each_is_told() -> None:
    """Failed, restarted, failed, restarted."""
    walk = Walk().checks(["Syncing"])
    walk.now += timedelta(hours=1)
    rounds = ["Failed", "Starting", "Syncing", "Failed", "Starting", "Syncing"]
    rows = [row(0, "Syncing"), *[row(5 + place, status) for place, status in enumerate(rounds)]]
    assert between(walk, rows, "Syncing") == rounds[:-1]


def test_a_source_that_is_written_to_swings_and_nobody_has_to_have_seen_it() -> None:
    """Each swing would cost a write."""
    walk = Walk().checks(["Syncing"])
    walk.now += timedelta(hours=1)
    swings = [row(place, "Synced" if place % 2 else "Syncing") for place in range(60)]
    assert between(walk, swings, "Synced") == []
    assert between(walk, [*swings, row(60.1, "Failed"), row(60.2, "Syncing")], "Synced") == [
        "Failed",
        "Syncing",
    ]


STATUSES = st.sampled_from(["Syncing", "Synced", "Failed", "Starting", "Done", "Odd"])


@given(st.lists(STATUSES, min_size=1, max_size=12))
def test_rows_that_say_what_was_seen_add_nothing(statuses: list[str]) -> None:
    """Whatever the clocks: nothing is told twice."""
    walk = Walk()
    rows: list[PastStatus] = []
    for status in statuses:
        if not rows or rows[-1].status != status:
            rows.append(PastStatus(at=walk.now - timedelta(seconds=30), status=status))
        assert between(walk, rows, status) == []
        walk.check(status)


@pytest.mark.parametrize("down", ["Failed", "Stopped"])
def test_what_a_task_repeats_when_it_resumes_is_no_reset(down: str) -> None:
    """The last it had done, up to the file before; further back is."""
    resumed: list[Answer] = ["Starting", at(4, 5)]
    assert "reset" not in told(at(4, 10), down, *resumed)
    assert "reset" not in told(at(5, 10), down, *resumed)
    assert "reset" in told(at(6, 10), down, *resumed)
