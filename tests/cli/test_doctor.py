"""The doctor: what it finds is what is wrong, one line each, with what to do."""

from contextlib import suppress

import boto3
import pytest

from local.simulator import Simulator
from tests.cli.conftest import Ask, Shown
from tests.cli.recorded import held_to
from tests.handler.conftest import Deployed
from udts_monitor_cli.inbox import temporary_inbox
from udts_monitor_cli.stack import Stack


@pytest.fixture
def healthy(deployed: Deployed) -> Deployed:
    """After two runs."""
    deployed.run()
    deployed.run()
    return deployed


def line(shown: Shown, check: str) -> str:
    """What is said of one check, on one line."""
    found = [one for one in shown.document if one["check"] == check]
    assert len(found) == 1, shown.out
    mark = {True: "ok", False: "FAIL", None: "-"}[found[0]["ok"]]
    return f"{mark} {found[0]['says']} -> {found[0]['do']}"


def test_a_healthy_monitor_is_told_so_in_at_most_twenty_lines(udts_monitor: Ask, healthy: Deployed) -> None:
    """Every line says ok, or that something is not in use; the test message came by the real way.

    The document shows this answer.
    """
    del healthy
    shown = udts_monitor("doctor")
    assert not [text for text in shown.lines if text.startswith("FAIL")], shown.out
    assert shown.code == 0
    assert len(shown.lines) <= 20
    assert max(map(len, shown.lines)) <= 80
    assert "test message" in shown.lines[-1]
    held_to(udts_monitor, doctor=True)


def test_a_run_that_left_its_tasks_to_shards_says_how_many(
    udts_monitor: Ask, healthy: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That it checked none itself would worry people for nothing."""
    url = boto3.client("sqs").create_queue(QueueName="shards")["QueueUrl"]
    monkeypatch.setenv("SHARD_TASKS", "2")
    monkeypatch.setenv("SHARD_QUEUE_URL", url)
    healthy.run()
    assert line(udts_monitor("doctor", "--quiet", "--json"), "last run").endswith(": 3 shards -> ")


@pytest.mark.parametrize(
    ("code", "check", "do"),
    [
        (171, "keys", "put the right key pair into the secret"),
        (172, "keys", "put the right key pair into the secret"),
        (294, "address", "to the allow-list"),
        (292, "projects", "correct the project of these tasks"),
    ],
)
def test_what_ucloud_refuses_is_said_with_what_to_change(  # noqa: PLR0913, PLR0917 - a table of refusals
    udts_monitor: Ask, healthy: Deployed, simulator: Simulator, code: int, check: str, do: str
) -> None:
    """From the function's own address and with its own keys; the tasks that cannot be read are named."""
    del healthy
    simulator.inject(ret_code=code)
    shown = udts_monitor("doctor", "--quiet", "--json")
    assert shown.code == 1
    assert line(shown, check).startswith("FAIL")
    assert do in line(shown, check)
    assert "5 of 5 give no answer: udts-1 (RetCode" in line(shown, "tasks")


def test_one_task_that_cannot_be_read_is_named(
    udts_monitor: Ask, healthy: Deployed, simulator: Simulator
) -> None:
    """The account is fine."""
    del healthy
    simulator.remove_task("udts-3")
    shown = udts_monitor("doctor", "--quiet", "--json")
    assert line(shown, "keys").startswith("ok")
    assert "1 of 5 give no answer: udts-3" in line(shown, "tasks")


def test_metrics_that_want_a_project_are_said_to(
    udts_monitor: Ask, healthy: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything else does without one."""
    del healthy
    monkeypatch.setenv("UCLOUD_REGION", "cn-bj2")
    shown = udts_monitor("doctor", "--quiet", "--json")
    assert "Missing params [ProjectId]" in line(shown, "metrics")
    assert "-> set UcloudProjectId" in line(shown, "metrics")


def test_a_secret_of_another_form_is_told_without_its_text(
    udts_monitor: Ask, healthy: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stands in it."""
    secret = boto3.client("secretsmanager").create_secret(Name="other", SecretString='{"key": "marked-text"}')
    monkeypatch.setenv("UCLOUD_SECRET_ARN", secret["ARN"])
    del healthy
    shown = udts_monitor("doctor", "--quiet", "--json")
    assert line(shown, "secret").startswith("FAIL the secret has to be of the form")
    assert "marked-text" not in shown.out + shown.err


def test_the_other_things_are_told_too(
    udts_monitor: Ask, in_process: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No run yet, nobody who hears, a queue with evidence, a wrong configuration."""
    boto3.client("sqs").send_message(
        QueueUrl=in_process.output("FailureQueueUrl"), MessageBody="a run that failed"
    )
    monkeypatch.setenv("UDTS_TASKS", "")
    shown = udts_monitor("doctor", "--quiet", "--json")
    assert "none has come to its end yet" in line(shown, "last run")
    assert line(shown, "failure queue").startswith("FAIL 1 runs failed")
    assert "UDTS_TASKS: missing" in line(shown, "ucloud")
    assert line(shown, "chat") == "- is off -> "


def test_the_queue_of_a_test_is_gone_afterwards(healthy: Deployed, in_process: Stack) -> None:
    """Also when something goes wrong in between."""
    del healthy
    sqs, sns = boto3.client("sqs"), boto3.client("sns")
    before = sqs.list_queues()["QueueUrls"], len(sns.list_subscriptions()["Subscriptions"])
    with suppress(ZeroDivisionError), temporary_inbox(in_process, in_process.output("EventsTopicArn")):
        assert sqs.list_queues()["QueueUrls"] != before[0]
        raise ZeroDivisionError
    assert (sqs.list_queues()["QueueUrls"], len(sns.list_subscriptions()["Subscriptions"])) == before
