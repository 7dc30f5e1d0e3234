"""The tasks of a project: all pages or none, every text safe, a wrong row costs only itself."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from tests.ucloud.answers import ANYTHING, OBJECTS, REFUSED, REFUSED_CALL, Answers, rows_in_pages
from udts_monitor.adapters.calls import MAX_PAGES
from udts_monitor.adapters.listing import PAGE_ROWS, ListedTask, list_tasks, read_listing
from udts_monitor.decision.observation import NoAnswer
from udts_monitor.task import is_id
from udts_monitor.text import one_line

CREATED, EXPIRES = 1_790_000_000, 1_792_592_000
ROW = {
    "TaskId": "udts-1",
    "Name": "orders-db",
    "Type": "full+incremental",
    "Status": "Syncing",
    "MaxRetryCount": 3,
    "CurRetryCount": 0,
    "CreateTime": CREATED,
    "ServiceType": "transfer",
    "ChargeType": "Month",
    "AutoRenew": "Yes",
    "IsExpire": "No",
    "ExpireTime": EXPIRES,
    "Progress": {},
}
TASK = ListedTask(
    task_id="udts-1",
    type="transfer",
    mode="full+incremental",
    name="orders-db",
    status="Syncing",
    created_at=datetime.fromtimestamp(CREATED, UTC),
    expires_at=datetime.fromtimestamp(EXPIRES, UTC),
    auto_renew=True,
    is_expired=False,
)


def answer(*rows: object) -> dict[str, object]:
    """A successful answer."""
    return {"RetCode": 0, "Data": list(rows)}


def asked(*answers: Any, project_id: str = "org-a") -> tuple[Any, Answers]:  # noqa: ANN401 - any answer
    """What is read from these answers, and the client that gave them."""
    caller = Answers(*answers)
    return list_tasks(caller, project_id=project_id, task_type="transfer", deadline=7.5), caller


def read(**fields: object) -> ListedTask:
    """The documented row with other values."""
    (task,) = read_listing([ROW | fields], "transfer")
    return task


def test_a_documented_row_is_read_whole() -> None:
    """Its type is the one that was asked for: the row's own Type is another thing."""
    assert read_listing([ROW], "transfer") == (TASK,)
    assert read_listing([ROW], "integration")[0].type == "integration"


def test_a_row_needs_nothing_but_an_id() -> None:
    """All else may be missing, and is then unknown instead of made up."""
    assert read_listing([{"TaskId": "udts-1"}], "transfer") == (
        ListedTask(task_id="udts-1", type="transfer"),
    )


def test_the_project_and_type_are_asked_for() -> None:
    """The default project is the one a request does not name."""
    _, caller = asked(answer())
    assert caller.asked == [
        {"Action": "ListUDTSTask", "Type": "transfer", "ProjectId": "org-a", "Offset": "0", "Limit": "20"}
    ]
    assert caller.deadlines == {7.5}
    assert "ProjectId" not in asked(answer(), project_id="")[1].asked[0]


@pytest.mark.parametrize("count", [0, 1, PAGE_ROWS - 1, PAGE_ROWS, PAGE_ROWS + 1, 3 * PAGE_ROWS])
def test_pages_are_read_until_a_short_one(count: int) -> None:
    """No task twice, none left out, whatever their number."""
    rows = [{"TaskId": f"udts-{number}"} for number in range(count)]
    tasks, caller = asked(*(answer(*page) for page in rows_in_pages(rows, PAGE_ROWS)))
    assert [task.task_id for task in tasks] == [row["TaskId"] for row in rows]
    assert len(caller.asked) == count // PAGE_ROWS + 1


def test_a_page_that_fails_spoils_the_list() -> None:
    """Its tasks would look like tasks that are gone."""
    assert asked(answer(*[ROW] * PAGE_ROWS), REFUSED_CALL)[0] == REFUSED


def test_pages_without_end_are_no_answer() -> None:
    """A service that ignores Offset shows the first tasks for ever, and never the others."""
    found, caller = asked(answer(*[ROW] * PAGE_ROWS))
    assert isinstance(found, NoAnswer)
    assert len(caller.asked) == MAX_PAGES


def test_wrong_rows_are_skipped_and_count_for_the_page() -> None:
    """One that was skipped did not make the page short."""
    wrong: list[object] = [
        None,
        [],
        "udts-2",
        {},
        {"TaskId": 5},
        {"TaskId": "a/b"},
        {"TaskId": "-x"},
        {"TaskId": ""},
    ]
    page = [*wrong, *[{"TaskId": f"udts-{number}"} for number in range(PAGE_ROWS - len(wrong))]]
    tasks, caller = asked(answer(*page), answer(ROW))
    assert (len(tasks), len(caller.asked)) == (PAGE_ROWS - len(wrong), 2)


def test_a_task_that_comes_twice_is_one() -> None:
    """A new task moves another one to the next page while pages are read."""
    assert len(read_listing([ROW, ROW | {"Name": "again"}], "transfer")) == 1


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("订单", "订单", id="Chinese"),
        pytest.param("a\n\tb\u202e", "a b", id="line breaks and marks"),
        pytest.param("x" * 500, "x" * 125 + "...", id="endless"),
        pytest.param(None, "", id="none"),
        pytest.param(["a"], "", id="a list"),
    ],
)
def test_a_name_is_safe_to_show(name: object, shown: str) -> None:
    """Whoever may name a task may not write lines of a message."""
    assert read(Name=name).name == shown


@pytest.mark.parametrize("status", ["Fai\u200bled", "Failed\nDone", "x" * 65, None, 5])
def test_a_status_that_would_have_to_be_cleaned_is_none(status: object) -> None:
    """It could pass for another word, and a new task is told by its word."""
    assert read(Status=status).status == ""


@pytest.mark.parametrize(
    "epoch", [None, "", 0, -1, 1e18, CREATED * 1000, "soon", True, [], float("nan")], ids=str
)
def test_a_moment_that_is_none_is_unknown(epoch: object) -> None:
    """0 is the year 1970 to a calendar, and nothing to a person who pays."""
    assert (read(CreateTime=epoch).created_at, read(ExpireTime=epoch).expires_at) == (None, None)


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        *[("Yes", True), ("yes", True), (True, True), (1, True)],
        *[("No", False), (False, False), (0, False)],
        *[(None, None), ("", None), ("Perhaps", None), (2, None), ([], None)],
    ],
)
def test_yes_and_no_are_understood_and_nothing_else(word: object, meaning: bool | None) -> None:  # noqa: FBT001 - a row of the table
    """An unknown word does not mean that nobody pays."""
    assert read(AutoRenew=word).auto_renew is meaning
    assert read(IsExpire=word).is_expired is meaning


@given(content=OBJECTS, data=ANYTHING)
def test_no_answer_of_any_shape_raises(content: dict[str, object], data: object) -> None:
    """And whatever comes out is safe and of bounded length."""
    for found, _ in (asked(content), asked({"Data": data})):
        for task in () if isinstance(found, NoAnswer) else found:
            assert is_id(task.task_id)
            assert task.name == one_line(task.name)
            assert len(task.name) <= 128
            assert len(task.status) <= 64
