"""What a pre-check found wrong: only what failed, in safe texts, and nothing made up."""

import pytest
from hypothesis import given

from tests.ucloud.answers import ANYTHING, OBJECTS, REFUSED, REFUSED_CALL, Answers
from udts_monitor.adapters.precheck import MAX_ITEMS, FailedItem, failed_items, read_failed_items
from udts_monitor.task import TaskRef
from udts_monitor.text import one_line

TASK = TaskRef(task_id="udts-1", project_id="org-a", type="transfer")
ROW = {
    "State": "Failed",
    "Type": "binlog_format",
    "ErrMessage": "binlog_format is STATEMENT",
    "Instruction": "SET GLOBAL binlog_format = ROW",
    "IsTarget": False,
}
ITEM = FailedItem(
    type="binlog_format",
    message="binlog_format is STATEMENT",
    instruction="SET GLOBAL binlog_format = ROW",
    is_target=False,
)


def read(*items: object) -> tuple[FailedItem, ...]:
    """What is read in an answer with these items."""
    return read_failed_items({"Data": {"State": "Failed", "PrecheckResultItem": list(items)}})


def test_a_failed_item_is_read_whole() -> None:
    """In the order of the answer."""
    assert read(ROW, ROW | {"Type": "server_id"}) == (
        ITEM,
        FailedItem(type="server_id", message=ITEM.message, instruction=ITEM.instruction, is_target=False),
    )


@pytest.mark.parametrize(
    "content", [{}, {"Data": {}}, {"Data": None}, {"Data": []}, {"Data": {"PrecheckResultItem": {}}}]
)
def test_an_answer_without_items_found_nothing(content: dict[str, object]) -> None:
    """``{}`` is the documented example."""
    assert read_failed_items(content) == ()


@pytest.mark.parametrize(
    ("fields", "failed"),
    [
        pytest.param({"ErrMessage": ""}, True, id="the state alone says so"),
        pytest.param({"State": "fail", "ErrMessage": None}, True, id="in another spelling"),
        pytest.param({"State": "Warning"}, True, id="the message alone says so"),
        pytest.param({"State": None}, True, id="without a state"),
        pytest.param({"State": "Success", "ErrMessage": ""}, False, id="passed"),
        pytest.param({"State": "Success", "ErrMessage": None}, False, id="passed, with advice"),
        pytest.param({"State": "Checking", "ErrMessage": " \n"}, False, id="not checked yet"),
    ],
)
def test_an_item_has_failed_when_it_says_what_is_wrong_or_that_something_is(
    fields: dict[str, object],
    failed: bool,  # noqa: FBT001 - a row of the table
) -> None:
    """The words of State are not documented."""
    assert bool(read(ROW | fields)) is failed


def test_texts_are_on_one_line_and_cut() -> None:
    """They go into messages as they are."""
    (item,) = read(ROW | {"ErrMessage": "a\n\u202eb", "Instruction": "do " * 1000, "Type": "t" * 100})
    assert item.message == "a b"
    assert (len(item.instruction) <= 500, item.instruction[-3:]) == (True, "...")
    assert len(item.type) == 64


def test_what_is_missing_stays_empty() -> None:
    """Source or target is not guessed."""
    assert read({"State": "Failed"}) == (FailedItem(),)


def test_a_bounded_number_of_items_is_kept() -> None:
    """The first ones."""
    assert len(read(*[ROW] * 1000)) == MAX_ITEMS


def test_a_call_names_the_task_its_project_and_its_type() -> None:
    """As a check does."""
    caller = Answers({"Data": {"PrecheckResultItem": [ROW, None, "row"]}})
    assert failed_items(caller, TASK, deadline=7.5) == (ITEM,)
    assert caller.asked == [
        {"Action": "GetUDTSPrecheckTask", "TaskId": "udts-1", "ProjectId": "org-a", "Type": "transfer"}
    ]
    assert caller.deadlines == {7.5}


def test_a_refused_call_says_why() -> None:
    """It is not a pre-check that found nothing."""
    assert failed_items(Answers(REFUSED_CALL), TASK, deadline=7.5) == REFUSED


@given(content=OBJECTS, items=ANYTHING)
def test_no_answer_of_any_shape_raises(content: dict[str, object], items: object) -> None:
    """And whatever comes out is safe and of bounded length."""
    for answer in (content, {"Data": {"PrecheckResultItem": items}}):
        found = read_failed_items(answer)
        texts = [text for item in found for text in (item.type, item.message, item.instruction)]
        assert len(found) <= MAX_ITEMS
        assert all(text == one_line(text) and len(text) <= 500 for text in texts)
