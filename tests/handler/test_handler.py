"""The handler: what a run costs, what it answers, and what wrong input leads to."""

import json
from collections import Counter
from pathlib import Path

import boto3
import pytest

from tests.handler.conftest import KEYS, TASKS, Clock, Deployed, confirm
from udts_monitor.errors import ConfigurationError, RunError, StoreError

EVENTS = Path(__file__).parents[2] / "events"
STEADY = Counter({"UCloud": 5, "Query": 2, "GetItem": 1, "UpdateItem": 1})


def test_a_steady_run_makes_these_calls_and_no_other(deployed: Deployed) -> None:
    """Five unchanged tasks: five checks; the states and the outbox; the monitor's item, read and written."""
    deployed.run()
    assert deployed.counted() == STEADY


def test_the_checks_share_connections(deployed: Deployed) -> None:
    """Fifty checks in ten runs: never more connections than checks at once."""
    for _ in range(10):
        deployed.run()
    assert len(deployed.simulator.log().calls) == 50
    assert deployed.simulator.log().connections <= len(TASKS)


def test_the_answer_is_the_summary_of_the_run(deployed: Deployed) -> None:
    """Programs read these fields, and no others are there."""
    deployed.run()
    deployed.simulator.set_status("udts-3", "Failed")
    deployed.simulator.inject(http_status=503, task_id="udts-4")
    assert deployed.run() == {
        "checked": 5,
        "no_answer": 1,
        "skipped": 0,
        "shards": 0,
        "events": [{"kind": "failed", "task": "-/udts-3"}],
        "published": 2,
        "pending": 0,
        "subscribers": {"alerts": 1, "events": 1},
        "silences": [],
    }


def test_a_changed_task_adds_one_transaction_and_a_publish_and_a_mark_a_topic(deployed: Deployed) -> None:
    """And nothing else."""
    deployed.run()
    deployed.simulator.set_status("udts-3", "Failed", failed_message="boom")
    # The past between two checks is asked for once.
    assert deployed.counted() - STEADY == {"UCloud": 1, "TransactWriteItems": 1 + 2, "Publish": 2}
    assert deployed.counted() == STEADY


def test_subscribers_are_counted_once_an_hour_and_noted_with_the_rest(
    deployed: Deployed, clock: Clock
) -> None:
    """One more call a topic, and none to write it down. After a gap each task's history is looked at."""
    deployed.run()
    clock.forward(minutes=59)
    assert deployed.counted() - STEADY == {"UCloud": 5}
    clock.forward(minutes=1)
    assert deployed.counted() - STEADY == {"GetTopicAttributes": 2}


def test_an_outage_costs_a_transaction_when_it_begins_and_a_look_at_all_states_when_it_ends(
    deployed: Deployed,
) -> None:
    """Beside the five tasks' own writes; and what it costs to publish and to mark it."""
    deployed.run()
    deployed.simulator.inject(ret_code=294, message="ip not allowed")
    published = Counter({"Publish": 2, "TransactWriteItems": 2})
    assert deployed.counted() - STEADY - published == {"PutItem": 5, "TransactWriteItems": 1}
    assert deployed.counted() == STEADY
    deployed.simulator.clear_faults()
    again = {"UCloud": 5, "PutItem": 5, "TransactWriteItems": 1, "Query": 1}
    assert deployed.counted() - STEADY - published == again


def test_the_end_of_a_silence_costs_a_look_at_what_is_open(deployed: Deployed, clock: Clock) -> None:
    """Beside the digest that says it: claimed, bound, published, marked; its own end is a transaction."""
    deployed.run()
    deployed.run({"command": "silence", "scope": "all", "for": "2h", "by": "ada"})
    deployed.simulator.set_status("udts-3", "Failed")
    deployed.run()
    assert deployed.counted() == STEADY
    clock.forward(minutes=119)
    deployed.run()
    clock.forward(minutes=1)
    digest = Counter({"UpdateItem": 1, "TransactWriteItems": 2, "Publish": 1})
    assert deployed.counted() - STEADY - digest == {"Query": 1, "GetItem": 1, "TransactWriteItems": 1}


def test_states_cost_a_query_a_page(deployed: Deployed) -> None:
    """A page holds a megabyte: some large items are read in more than one."""
    deployed.run()
    for number in range(3):
        boto3.client("dynamodb").put_item(
            TableName="monitor",
            Item={"pk": {"S": "STATE"}, "sk": {"S": f"-/other-{number}"}, "note": {"S": "x" * 390_000}},
        )
    assert deployed.counted() - STEADY == {"Query": 1}


def test_the_secret_is_read_once_for_many_runs(deployed: Deployed) -> None:
    """A cold start reads it; five minutes long nobody does again."""
    deployed.run()
    assert deployed.calls["GetSecretValue"] == 1
    for _ in range(3):
        deployed.run()
    assert deployed.calls["GetSecretValue"] == 1


def test_a_failure_arrives_at_both_topics(deployed: Deployed) -> None:
    """Subject, attributes and CloudEvent as documented."""
    deployed.run(json.loads((EVENTS / "scheduled.json").read_text()))
    deployed.simulator.set_status("udts-3", "Failed", failed_message="Error 1040: Too many connections")
    answer = deployed.run()
    assert answer["events"] == [{"kind": "failed", "task": "-/udts-3"}]
    (mail,), (event,) = deployed.arrived("alerts"), deployed.arrived("events")
    assert mail["Subject"].startswith("[FAILED] udts-3 (udts-3): ")
    attributes = {name: found["Value"] for name, found in mail["MessageAttributes"].items()}
    assert attributes == {
        "event": "failed",
        "severity": "critical",
        "task_id": "udts-3",
        "task_name": "udts-3",
        "project_id": "-",
        "task_type": "-",
        "status": "Failed",
        "incident_action": "open",
        "owner": "-",
    }
    body = json.loads(event["Message"])
    assert (body["specversion"], body["type"], body["subject"]) == ("1.0", "udts.task.failed", "udts-3")
    assert body["data"]["status"] == {
        "previous": "Syncing",
        "current": "Failed",
        "since": body["data"]["status"]["since"],
        "last_seen_at": body["data"]["status"]["last_seen_at"],
    }


def test_a_run_without_an_event_is_a_run(deployed: Deployed) -> None:
    """`aws lambda invoke` without a payload."""
    assert deployed.run(None)["checked"] == 5


def test_a_wrong_configuration_touches_nothing(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is wrong in one error, and not a single call."""
    monkeypatch.setenv("UDTS_TASKS", "good=udts-1, bad entry!, udts-2:sideways")
    monkeypatch.setenv("STOPPED_GRACE_MINUTES", "-1")
    deployed.calls.clear()
    with pytest.raises(ConfigurationError) as caught:
        deployed.run()
    text = str(caught.value)
    assert all(part in text for part in ("entry!", "sideways", "STOPPED_GRACE_MINUTES"))
    assert deployed.calls == Counter()
    assert deployed.simulator.log().calls == ()


def test_a_task_list_may_live_in_parameter_store(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read once in five minutes; a wrong one fails like a wrong variable."""
    ssm = boto3.client("ssm")
    ssm.put_parameter(Name="/udts-monitor/tasks", Value="a=udts-1, b=udts-2", Type="String")
    monkeypatch.setenv("UDTS_TASKS", "ssm:/udts-monitor/tasks")
    assert deployed.run()["checked"] == 2
    assert deployed.run()["checked"] == 2
    assert deployed.calls["GetParameter"] == 1
    monkeypatch.setenv("UDTS_TASKS", "ssm:/udts-monitor/none")
    with pytest.raises(ConfigurationError, match="/udts-monitor/none"):
        deployed.run()


def test_an_unknown_secret_is_told_once(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one event for the monitor that says what to change; the runs stay green, the tasks unknown."""
    arn = f"{deployed.secret[:-6]}nobody"
    monkeypatch.setenv("UCLOUD_SECRET_ARN", arn)
    answers = [deployed.run() for _ in range(3)]
    assert [answer["no_answer"] for answer in answers] == [5, 5, 5]
    (mail,) = deployed.arrived("alerts")
    assert mail["Subject"].startswith("[UNREACHABLE] UDTS monitor (monitor): ")
    assert "UCLOUD_SECRET_ARN" in mail["Message"]
    told = [json.loads(found["Message"])["data"]["reason"] for found in deployed.arrived("events")]
    assert any(arn in reason for reason in told if reason)


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ({"ret_code": 294, "message": "ip not allowed"}, "allow-list"),
        ({"ret_code": 299, "message": "iam"}, "IAM"),
        ({"ret_code": 292, "message": "no project"}, "project"),
    ],
    ids=["address", "permission", "project"],
)
def test_a_refusal_is_told_once_with_what_to_change(
    deployed: Deployed, fault: dict[str, object], named: str
) -> None:
    """At the first check, and its end when it is mended."""
    deployed.run()
    deployed.simulator.inject(**fault)
    for _ in range(3):
        deployed.run()
    (mail,) = deployed.arrived("alerts")
    assert named in mail["Message"]
    deployed.simulator.clear_faults()
    deployed.run()
    (mail,) = deployed.arrived("alerts")
    assert mail["Subject"].startswith("[REACHABLE] UDTS monitor (monitor):")


def test_a_rotated_key_is_picked_up(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rejected keys are read again, within the same run, and no task misses an answer."""
    deployed.run()
    renewed = KEYS | {"private_key": "another-private-key"}
    deployed.simulator.set_keys(renewed["public_key"], renewed["private_key"])
    boto3.client("secretsmanager").put_secret_value(
        SecretId=deployed.secret, SecretString=json.dumps(renewed)
    )
    monkeypatch.setattr("udts_monitor.adapters.cached.RETRY_SECONDS", 0.0)
    assert deployed.run()["no_answer"] == 0


def test_a_missing_table_fails_the_run(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Red, with what could not be done."""
    monkeypatch.setenv("TABLE_NAME", "nowhere")
    with pytest.raises(StoreError, match="STATE"):
        deployed.run()


def test_a_deleted_topic_fails_the_run_and_nothing_else(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other topic gets its message, the lost one waits and says why."""
    deployed.run()
    monkeypatch.setenv("ALERTS_TOPIC_ARN", "arn:aws:sns:us-east-1:123456789012:deleted")
    deployed.simulator.set_status("udts-1", "Done")
    with pytest.raises(RunError, match="deleted"):
        deployed.run()
    assert len(deployed.arrived("events")) == 1
    assert deployed.run()["pending"] == 1


def test_two_runs_of_one_request_do_not_share_a_claim(deployed: Deployed) -> None:
    """Lambda may deliver a request twice: each run's notifications are its own."""
    claims = set()
    for _ in range(2):
        deployed.runs = 0
        deployed.run()
        claims.add(
            boto3.client("dynamodb").get_item(
                TableName="monitor", Key={"pk": {"S": "MONITOR"}, "sk": {"S": "RUN"}}
            )["Item"]["run_id"]["S"]
        )
    assert len(claims) == 2


def test_the_run_measures_itself(deployed: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    """One line of embedded metrics, at most ten of them, none with a task in it."""
    deployed.run()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    (document,) = lines
    (directive,) = document["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "UdtsMonitor"
    assert directive["Dimensions"] == [["service"]]
    assert {metric["Name"] for metric in directive["Metrics"]} == {
        "Runs", "RunSeconds", "Checked", "NoAnswer", "Skipped", "Events",
        "Published", "Pending", "OldestPendingSeconds", "Subscribers",
    }  # fmt: skip
    assert document["Checked"] == [5.0]


@pytest.mark.parametrize(
    ("subscribers", "fewest"),
    [
        pytest.param({"alerts": 2, "events": 0}, 2.0, id="no program subscribes"),
        pytest.param({"alerts": 0, "events": 3}, 0.0, id="no person subscribes"),
    ],
)
def test_the_fewest_subscribers_of_a_topic_for_people_are_measured(
    deployed: Deployed, capsys: pytest.CaptureFixture[str], subscribers: dict[str, int], fewest: float
) -> None:
    """Programs are optional; alerts that nobody hears are an alarm."""
    confirm(**subscribers)
    assert deployed.run()["subscribers"] == subscribers
    (document,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert document["Subscribers"] == [fewest]
