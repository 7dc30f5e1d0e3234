"""The calls beside the checks: how many there are, what each is for, and what a refusal tells a person."""

import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.ucloud.answers import REFUSED_CALL, Answers
from udts_monitor.adapters.answer import Answer, FailedCall
from udts_monitor.adapters.insights import Insights
from udts_monitor.adapters.ucloud import Reader
from udts_monitor.decision.observation import NoAnswer
from udts_monitor.run.ports import Listing
from udts_monitor.task import TaskRef

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TASKS = (
    TaskRef(task_id="udts-1", project_id="org-a", type="transfer"),
    TaskRef(task_id="udts-2", project_id="org-a"),
    TaskRef(task_id="udts-3", project_id="org-a", type="integration"),
    TaskRef(task_id="udts-4", project_id="org-b"),
    TaskRef(task_id="udts-5"),
)


class ByQuestion:
    """Answers by what is asked: the values of the parameters that decide, and all others alike."""

    def __init__(self, answers: Mapping[tuple[str, str], Mapping[str, Any] | FailedCall]) -> None:
        self._answers = answers
        self.asked: list[tuple[str, str]] = []

    def call[T](self, parameters: Mapping[str, str], deadline: float, read: Reader[T]) -> T | FailedCall:
        """What is read in the answer to this question; an empty one where none was put down."""
        del deadline
        kind = parameters.get("ProductKey") or parameters.get("Type", "")
        question = parameters.get("ProjectId", ""), kind
        self.asked.append(question)
        answer = self._answers.get(question, {"RetCode": 0, "Data": []})
        return answer if isinstance(answer, FailedCall) else read(Answer(answer))


def metrics(task_id: str) -> dict[str, object]:
    """An answer with the delay of one task."""
    sample = {"Value": {"Timestamp": int(NOW.timestamp()), "Value": 7}}
    row = {"ResourceId": task_id, "MonitorAttr": {"udts_sync_syncing_delay_time": [sample]}}
    return {"RetCode": 0, "Data": {"List": [row]}}


def listed(task_id: str, **more: object) -> dict[str, object]:
    """An answer with one task."""
    return {"RetCode": 0, "Data": [{"TaskId": task_id, **more}]}


def test_metrics_cost_a_call_for_each_project_and_product() -> None:
    """However many tasks there are; and none where no region is set."""
    caller = ByQuestion({("org-a", "udts"): metrics("udts-2")})
    found = Insights(caller, "cn-bj2").lags(TASKS, NOW, time.monotonic() + 5)
    assert Counter(caller.asked) == Counter(
        [("org-a", "udts"), ("org-a", "udtsdis"), ("org-b", "udts"), ("", "udts")]
    )
    assert [*found.by_key] == ["org-a/udts-2"]
    assert found.refused is None
    off = Answers(REFUSED_CALL)
    assert not Insights(off, "").lags(TASKS, NOW, time.monotonic() + 5).by_key
    assert off.asked == []


def test_a_project_whose_metrics_are_refused_says_what_to_grant_and_stops_no_other() -> None:
    """Or what to do without."""
    caller = ByQuestion({("org-a", "udts"): REFUSED_CALL, ("org-b", "udts"): metrics("udts-4")})
    found = Insights(caller, "cn-bj2").lags(TASKS, NOW, time.monotonic() + 5)
    assert [*found.by_key] == ["org-b/udts-4"]
    assert found.refused
    assert "QueryMetricDataSummary" in found.refused.reason
    assert "UCLOUD_REGION" in found.refused.reason
    assert found.refused.cause == "RetCode 299"


def test_tasks_without_a_project_are_told_that_metrics_want_one() -> None:
    """Only where UCloud refuses: whether it does is not known, and a network that fails has another cure."""
    for failed, said in (
        (FailedCall(cause="RetCode 21003", reason="UCloud answered RetCode 21003"), True),
        (REFUSED_CALL, False),
        (FailedCall(cause="timeout", reason="UCloud did not answer"), False),
    ):
        found = Insights(ByQuestion({("", "udts"): failed}), "cn-bj2").lags(
            TASKS[-1:], NOW, time.monotonic() + 5
        )
        assert found.refused
        assert ("It wants a project: set one, or leave UCLOUD_REGION empty." in found.refused.reason) is said


def test_a_list_is_that_of_both_types_or_none() -> None:
    """What fails for one of them spoils the whole; what is no list is none of that type."""
    both = ByQuestion({("org-a", "transfer"): listed("udts-1"), ("org-a", "integration"): listed("udts-2")})
    found = Insights(both, "").listed("org-a", time.monotonic() + 5)
    assert isinstance(found, Listing)
    assert (sorted(found.tasks), sorted(found.types)) == (["udts-1", "udts-2"], ["integration", "transfer"])
    half = ByQuestion({("org-a", "transfer"): listed("udts-1"), ("org-a", "integration"): REFUSED_CALL})
    refused = Insights(half, "").listed("org-a", time.monotonic() + 5)
    assert isinstance(refused, NoAnswer)
    assert "ListUDTSTask" in refused.reason
    example = ByQuestion({("org-a", "transfer"): listed("udts-1"), ("org-a", "integration"): {"RetCode": 0}})
    some = Insights(example, "").listed("org-a", time.monotonic() + 5)
    assert isinstance(some, Listing)
    assert (sorted(some.tasks), sorted(some.types)) == (["udts-1"], ["transfer"])


def test_a_task_that_is_paid_by_the_hour_or_renewed_does_not_expire() -> None:
    """Nor one whose list does not say that it is not."""
    rows = {
        "Dynamic": {"ChargeType": "Dynamic", "AutoRenew": "No"},
        "Yes": {"ChargeType": "Month", "AutoRenew": "Yes"},
        "unknown": {},
        "No": {"ChargeType": "Month", "AutoRenew": "No"},
    }
    renewed = {}
    for name, row in rows.items():
        caller = ByQuestion({("org-a", "transfer"): listed("udts-1", **row)})
        found = Insights(caller, "").listed("org-a", time.monotonic() + 5)
        assert isinstance(found, Listing)
        renewed[name] = found.tasks["udts-1"].renewed
    assert renewed == {"Dynamic": True, "Yes": True, "unknown": True, "No": False}


def test_what_a_pre_check_found_is_a_line_each_with_the_remedy() -> None:
    """In UCloud's own words."""
    item = {
        "State": "Failed",
        "Type": "binlog",
        "ErrMessage": "format is STATEMENT",
        "Instruction": "set ROW",
    }
    caller = Answers({"RetCode": 0, "Data": {"PrecheckResultItem": [item]}})
    found = Insights(caller, "").failed_prechecks(TASKS[0], time.monotonic() + 5)
    assert found == ("binlog: format is STATEMENT: set ROW",)
