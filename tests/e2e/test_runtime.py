"""The built artifact runs in AWS's own runtime: its layer is complete, and its metrics meet the alarms."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.template import PROJECT, load
from tests.e2e.lambda_runtime import Runtime, lambda_runtime
from tests.e2e.stack import TASKS, Stack

TEMPLATE = load()
FUNCTION = TEMPLATE["Resources"]["CheckTasksFunction"]["Properties"]


@pytest.fixture(scope="module")
def runtime(stack: Stack, built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """The deployed configuration in the real runtime, beside the deployed function."""
    environment = {**stack.aws.environment, "AWS_REGION": "us-east-1", **stack.variables()}
    folder = tmp_path_factory.mktemp("runtime")
    with lambda_runtime(built, FUNCTION["Handler"], environment, folder) as running:
        yield running


@pytest.fixture(scope="module")
def summary(runtime: Runtime) -> dict[str, Any]:
    """The answer to a scheduled event."""
    return runtime.invoke(json.loads((PROJECT / "events/scheduled.json").read_text()))


def test_a_scheduled_event_is_answered_with_the_summary(summary: dict[str, Any]) -> None:
    """The contract of the handler, from the layer's own packages."""
    assert set(summary) == {
        "checked", "no_answer", "skipped", "shards", "events", "published", "pending",
        "subscribers", "silences",
    }  # fmt: skip
    assert (summary["checked"], summary["no_answer"]) == (len(TASKS), 0)


@pytest.mark.usefixtures("summary")
@pytest.mark.parametrize("alarm", ["NoRunsAlarm", "PendingNotificationsAlarm"])
def test_the_alarms_look_at_metrics_that_a_run_writes(runtime: Runtime, alarm: str) -> None:
    """An alarm on a misspelt metric or dimension would never go off, or always."""
    watched = TEMPLATE["Resources"][alarm]["Properties"]
    written = [line for line in runtime.printed() if "_aws" in line]
    assert written
    for line in written:
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        dimensions = {name: line[name] for name in directive["Dimensions"][0]}
        assert directive["Namespace"] == watched["Namespace"]
        assert watched["MetricName"] in {metric["Name"] for metric in directive["Metrics"]}
        # By function name, so that two stacks in one account do not vouch for each other.
        assert dimensions == {"service": "check-tasks"}
        assert watched["Dimensions"] == [{"Name": "service", "Value": {"Ref": "CheckTasksFunction"}}]


@pytest.mark.usefixtures("summary")
def test_every_log_line_is_json(runtime: Runtime) -> None:
    """CloudWatch Logs Insights finds fields only in JSON."""
    lines = [line for line in runtime.printed() if "message" in line]
    assert "run finished" in {line["message"] for line in lines}
    assert all({"level", "timestamp", "service"} <= line.keys() for line in lines)
