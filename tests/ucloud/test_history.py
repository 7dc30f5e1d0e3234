"""The statuses a task went through: sorted, each once, at sane times; what is wrong is left out."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given

from tests.ucloud.answers import ANYTHING, OBJECTS, REFUSED, REFUSED_CALL, Answers
from udts_monitor.adapters.history import MAX_ROWS, read_history, task_history
from udts_monitor.decision.unseen import PastStatus
from udts_monitor.task import TaskRef

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TASK = TaskRef(task_id="udts-1", project_id="org-a", type="integration")


def row(status: object, ago_seconds: int = 60, **fields: object) -> dict[str, object]:
    """One row of the answer."""
    at = int(NOW.timestamp()) - ago_seconds
    return {"AntID": "udts-1", "AntState": status, "CreateTime": at, "CreateTimeH": "2026-11-23"} | fields


def past(status: str, ago_seconds: int = 60) -> PastStatus:
    """What is read in such a row."""
    return PastStatus(at=NOW - timedelta(seconds=ago_seconds), status=status)


def read(*rows: object) -> tuple[PastStatus, ...]:
    """What is read in an answer with these rows."""
    return read_history({"Data": list(rows)}, "udts-1", NOW)


def test_rows_are_sorted_by_time_and_come_once() -> None:
    """Which end of the list is the newest is not documented."""
    assert read(row("Syncing", 10), row("Failed", 30), row("Failed", 30), row("Starting", 20)) == (
        past("Failed", 30),
        past("Starting", 20),
        past("Syncing", 10),
    )


@pytest.mark.parametrize("newest_first", [False, True])
def test_rows_of_one_second_stay_in_their_order(newest_first: bool) -> None:  # noqa: FBT001 - a column
    """Failed, Starting, Syncing within a second is no way from Starting to Failed."""
    happened = [row("Loading", 60), row("Syncing"), row("Failed", 30), row("Starting", 30), row("Done", 30)]
    found = read(*(reversed(happened) if newest_first else happened))
    assert [one.status for one in found] == ["Loading", "Syncing", "Failed", "Starting", "Done"]


def test_a_status_that_is_entered_again_within_a_second_is_the_last_one() -> None:
    """Failed, Syncing, Failed, Syncing within a second: without its last row it would have ended failed."""
    words = ["Failed", "Syncing", "Failed", "Syncing"]
    assert [one.status for one in read(*map(row, words))] == words


@pytest.mark.parametrize("content", [{}, {"Data": {}}, {"Data": None}, {"Data": []}, {"Data": "none"}])
def test_an_answer_without_rows_is_an_empty_history(content: dict[str, object]) -> None:
    """``{}`` is the documented example."""
    assert read_history(content, "udts-1", NOW) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        {},
        row(None),
        row(""),
        row("Fai\u200bled"),
        row("Done", CreateTime=None),
        row("Done", CreateTime=0),
        row("Done", CreateTime=int(NOW.timestamp()) * 1000),
        row("Done", -3600),
        row("Done", AntID="udts-2"),
    ],
    ids=str,
)
def test_a_wrong_row_costs_only_itself(wrong: object) -> None:
    """No word, no time, the time of another century or of the future, another task's."""
    assert read(row("Syncing", 10), wrong, row("Failed", 20)) == (past("Failed", 20), past("Syncing", 10))


def test_a_clock_slightly_ahead_is_believed() -> None:
    """Two clocks are never the same."""
    assert read(row("Done", -120)) == (past("Done", -120),)


def test_of_a_long_history_the_newest_rows_are_kept() -> None:
    """A busy task swings between Syncing and Synced for months."""
    found = read(*[row("Syncing", ago) for ago in range(MAX_ROWS + 100)])
    assert len(found) == MAX_ROWS
    assert found[-1] == past("Syncing", 0)


def test_a_call_names_the_task_its_project_and_its_type() -> None:
    """And leaves out what the configuration does not say."""
    caller = Answers({"Data": [row("Done")]})
    assert task_history(caller, TASK, now=NOW, deadline=7.5) == (past("Done"),)
    task_history(caller, TaskRef(task_id="udts-1"), now=NOW, deadline=7.5)
    assert caller.asked == [
        {
            "Action": "GetUDTSTaskHistory",
            "TaskId": "udts-1",
            "ProjectId": "org-a",
            "Type": "integration",
        },
        {"Action": "GetUDTSTaskHistory", "TaskId": "udts-1"},
    ]
    assert caller.deadlines == {7.5}


def test_a_refused_call_says_why() -> None:
    """It is not an empty history."""
    assert task_history(Answers(REFUSED_CALL), TASK, now=NOW, deadline=7.5) == REFUSED


@given(content=OBJECTS, data=ANYTHING)
def test_no_answer_of_any_shape_raises(content: dict[str, object], data: object) -> None:
    """And whatever comes out is sorted, of the past and of bounded length."""
    for found in (read_history(content, "udts-1", NOW), read_history({"Data": data}, "udts-1", NOW)):
        assert list(found) == sorted(found, key=lambda one: one.at)
        assert all(0 < len(past_status.status) <= 64 for past_status in found)
        assert all(past_status.at <= NOW + timedelta(minutes=5) for past_status in found)
