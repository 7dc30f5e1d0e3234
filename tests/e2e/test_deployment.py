"""The deployed function does its job with the rights the template gives it, and no others."""

import json

import pytest
from botocore.exceptions import ClientError

from local.simulator.simulator import Simulator
from tests.e2e.stack import TASKS, Stack
from udts_monitor.adapters.config import Settings

REASON = "Error 1040: Too many connections"


def test_a_failure_is_told_once_to_people_and_to_programs(stack: Stack, simulator: Simulator) -> None:
    """From UCloud's answer to the subscriber's queue, through SAM's build, the roles and the policies."""
    stack.run()
    simulator.set_status("udts-fails", "Failed", failed_message=REASON)
    stack.summary()
    stack.summary()
    alert, event = stack.about("udts-fails")
    assert alert.subject.startswith("[FAILED] fails-db (udts-fails): ")
    assert REASON in alert.text
    assert json.loads(event.text)["type"] == "udts.task.failed"
    for message in (alert, event):
        assert message.attributes["event"] == "failed"
        assert message.attributes["severity"] == "critical"
        assert message.attributes["incident_action"] == "open"


def test_what_one_run_has_for_programs_is_told_by_right(stack: Stack, simulator: Simulator) -> None:
    """Several events go in one call, PublishBatch, for which the right to publish has to do."""
    stack.summary()
    together = ("udts-batched", "udts-batched-too")
    for task in together:
        simulator.set_status(task, "Failed", failed_message=REASON)
    stack.summary()
    for task in together:
        assert "failed" in {message.attributes["event"] for message in stack.about(task)}


def test_a_finish_is_told_once_and_stays_in_the_history(stack: Stack, simulator: Simulator) -> None:
    """The history says what was told, and to which topics."""
    stack.run()
    simulator.set_status("udts-finishes", "Done")
    stack.summary()
    stack.summary()
    assert [message.attributes["event"] for message in stack.about("udts-finishes")] == ["finished"] * 2
    (told,) = [item for item in stack.items("TASK#-/udts-finishes") if item["sk"].endswith("#event")]
    assert set(told["published_at"]) == {"alerts", "events"}


def test_a_task_that_goes_on_is_checked_and_not_told(stack: Stack) -> None:
    """Nobody is woken by a task that does what it should."""
    summary = stack.summary()
    assert (summary["checked"], summary["no_answer"]) == (len(TASKS), 0)
    assert stack.about("udts-quiet") == []
    assert "-/udts-quiet" in {item["sk"] for item in stack.items("STATE")}


def test_the_test_command_of_the_outputs_proves_the_wiring(stack: Stack) -> None:
    """A person gets a message on every topic without waiting for a failure."""
    assert '\'{"command":"test"}\'' in stack.outputs["TestCommand"]
    stack.summary({"command": "test"})
    for inbox in (stack.alerts, stack.events):
        arrived = inbox.take()
        stack.told.extend(arrived)
        assert "test" in {message.attributes["event"] for message in arrived}


def test_the_deployed_variables_are_the_settings(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the template hands to the function is what the function reads, one to one."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in stack.variables().items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.table_name == stack.outputs["TableName"]
    assert settings.ucloud_secret_arn == stack.secret
    assert settings.events_topic_arn == stack.outputs["EventsTopicArn"]
    assert settings.chat_topic_arn == ""


@pytest.mark.parametrize(
    ("action", "task"),
    [
        ("dynamodb:GetItem", ""),
        ("dynamodb:Query", ""),
        ("dynamodb:UpdateItem", ""),
        ("dynamodb:PutItem", "udts-without-put"),
        ("dynamodb:DeleteItem", "udts-without-delete"),
        ("sns:Publish", "udts-without-publish"),
    ],
)
def test_every_right_is_needed_and_enforced(
    stack: Stack, simulator: Simulator, action: str, task: str
) -> None:
    """Without any one of them the run is red: the role has none to spare, and the local AWS looks at it."""
    stack.summary()
    with stack.without(action):
        if task:
            simulator.set_status(task, "Failed", failed_message=REASON)
        error, answer = stack.run()
    assert error == "Unhandled"
    assert action in answer["errorMessage"]


def test_keys_that_cannot_be_read_are_told_once_for_all_tasks(stack: Stack) -> None:
    """Without the right to read the secret nobody is asked, so somebody hears what to change."""
    stack.end_execution_environment()
    with stack.without("secretsmanager:GetSecretValue"):
        assert stack.summary()["no_answer"] == len(TASKS)
        assert stack.summary()["no_answer"] == len(TASKS)
    stack.end_execution_environment()
    assert stack.summary()["no_answer"] == 0
    told = [
        found for found in stack.about("monitor") if found.attributes["event"] not in {"test", "roll_call"}
    ]
    assert sorted(found.attributes["event"] for found in told) == ["reachable"] * 2 + ["unreachable"] * 2
    assert stack.secret in "".join(found.text for found in told)


def test_the_table_expires_its_history(stack: Stack) -> None:
    """The local fix-up turns on what the template says and the local CloudFormation drops."""
    found = stack.aws.client("dynamodb").describe_time_to_live(TableName=stack.outputs["TableName"])
    assert found["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}


@pytest.mark.parametrize("topic", ["AlertsTopicArn", "EventsTopicArn"])
def test_plain_http_is_refused(stack: Stack, topic: str) -> None:
    """The topics' policies hold for everybody, for the account's root too."""
    sns = stack.aws.client("sns")
    # How the local AWS, like a load balancer, is told by which way a request came.
    sns.meta.events.register(
        "before-sign.sns.Publish",
        lambda request, **_: request.headers.add_header("X-Forwarded-Proto", "http"),
    )
    with pytest.raises(ClientError, match="not authorized"):
        sns.publish(TopicArn=stack.outputs[topic], Message="seen by everybody on the way")
