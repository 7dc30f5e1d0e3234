"""The handler as SQS calls it: what a message says, what becomes of one, and what is red."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import boto3
import botocore.client
import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from moto import mock_aws

from tests.handler.conftest import TASKS, Clock, Deployed, Log, refused
from udts_monitor.adapters.shard_queue import ShardQueue, message_of, shard_in
from udts_monitor.errors import ConfigurationError, RunError
from udts_monitor.run.shards import Shard

FOREIGN = {
    "no JSON": "call Ada",
    "no object": "[1]",
    "another version": '{"schema": 2, "first": "-/a", "last": "-/b"}',
    "no version": '{"first": "-/a", "last": "-/b"}',
    "half a range": '{"schema": 1, "first": "-/a"}',
    "no range": '{"schema": 1, "first": "-/b", "last": "-/a"}',
    "an empty key": '{"schema": 1, "first": "", "last": "-/a"}',
    "no time": '{"schema": 1, "first": "-/a", "last": "-/b", "previous_run_at": "soon"}',
    "a time without a zone": (
        '{"schema": 1, "first": "-/a", "last": "-/b", "previous_run_at": "2026-11-23T12:00:00"}'
    ),
}


@pytest.fixture
def queue(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> str:
    """The function with a queue, for shards of two of its five tasks at most; its URL."""
    assert deployed.run()["shards"] == 0
    url = boto3.client("sqs").create_queue(QueueName="shards")["QueueUrl"]
    monkeypatch.setenv("SHARD_TASKS", "2")
    monkeypatch.setenv("SHARD_QUEUE_URL", url)
    return url


def bodies(queue: str) -> Iterator[str]:
    """What is on the queue, which is empty then."""
    sqs = boto3.client("sqs")
    while found := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        for message in found:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            yield message["Body"]


def batch(*texts: str) -> dict[str, Any]:
    """As Lambda hands messages over. Source: Lambda developer guide, "Example Amazon SQS message event"."""
    return {
        "Records": [
            {
                "messageId": f"message-{place}",
                "receiptHandle": "handle",
                "body": text,
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:shards",
                "awsRegion": "us-east-1",
            }
            for place, text in enumerate(texts)
        ]
    }


def test_a_message_names_a_range_and_when_the_run_before_was(deployed: Deployed, queue: str) -> None:
    """And its version; nothing else, and nothing secret."""
    answer = deployed.run()
    assert (answer["checked"], answer["shards"]) == (0, 3)
    sent = [json.loads(body) for body in bodies(queue)]
    first = boto3.client("dynamodb").get_item(
        TableName="monitor", Key={"pk": {"S": "MONITOR"}, "sk": {"S": "RUN"}}
    )["Item"]["previous_run_at"]["S"]
    assert sorted((body["first"], body["last"]) for body in sent) == [
        ("-/udts-1", "-/udts-1"),
        ("-/udts-2", "-/udts-3"),
        ("-/udts-4", "-/udts-5"),
    ]
    for body in sent:
        assert body == body | {"schema": 1, "previous_run_at": first, "after_gap": False}
        assert len(body) == 5


def test_shards_cost_a_call_for_each_ten_and_each_its_reads(deployed: Deployed, queue: str) -> None:
    """The run reads, sends, and writes its item; a shard reads its states, the item and the outbox."""
    deployed.run()
    assert deployed.counted() == {"Query": 2, "GetItem": 1, "SendMessageBatch": 1, "UpdateItem": 1}
    found = sorted(set(bodies(queue)))
    deployed.run(batch(found[0]))
    deployed.calls.clear()
    deployed.simulator.forget_calls()
    assert deployed.run(batch(found[0])) == {"batchItemFailures": []}
    assert deployed.calls == {"Query": 2, "GetItem": 1}
    assert len(deployed.simulator.log().calls) == 1


def test_a_failure_is_told_by_its_shard_once(deployed: Deployed, queue: str) -> None:
    """All shards of a run, and all of them once more, as a queue may."""
    deployed.run()
    found = list(bodies(queue))
    deployed.simulator.set_status("udts-3", "Failed")
    for body in found * 2:
        assert deployed.run(batch(body)) == {"batchItemFailures": []}
    assert [len(deployed.arrived(topic)) for topic in ("alerts", "events")] == [1, 1]


def test_a_shard_that_fails_is_red_and_comes_again(deployed: Deployed, log: Log, queue: str) -> None:
    """Alone it fails the invocation, which the alarm counts; in company SQS gets its name."""
    deployed.run()
    bad, good, _ = sorted(bodies(queue))
    log.forget()
    deployed.faults["GetItem"] = refused("ResourceNotFoundException", "GetItem")
    with pytest.raises(BatchProcessingError, match="ResourceNotFoundException"):
        deployed.run(batch(bad))
    (line,) = log.grave()
    assert (line["message"], line["cause"]) == ("run failed", "store")
    deployed.faults.clear()
    deployed.simulator.set_status("udts-1", "Failed")
    deployed.faults["TransactWriteItems"] = refused("ValidationException", "TransactWriteItems")
    assert deployed.run(batch(bad, good)) == {"batchItemFailures": [{"itemIdentifier": "message-0"}]}


@pytest.mark.parametrize("body", FOREIGN.values(), ids=FOREIGN)
def test_a_message_that_is_no_shard_is_one_line_and_gone(
    deployed: Deployed, log: Log, queue: str, body: str
) -> None:
    """Sent again it would be no better; nothing is checked, and nothing it says is quoted."""
    del queue
    log.forget()
    deployed.simulator.forget_calls()
    assert deployed.run(batch(body)) == {"batchItemFailures": []}
    (line,) = log.grave()
    assert (line["level"], line["message"], line["cause"]) == ("ERROR", "shard dropped", "unreadable_message")
    assert line["message_id"] == "message-0"
    assert not [word for word in ("Ada", "soon") if word in line["reason"]]
    assert deployed.simulator.log().calls == ()


@pytest.mark.parametrize(
    "shard", [Shard(first="-/a", last="-/b"), Shard(first="a/1", last="a/1", after_gap=True)]
)
def test_a_shard_comes_back_as_it_was_sent(shard: Shard) -> None:
    """Through JSON."""
    assert shard_in(message_of(shard)) == shard


def test_a_run_whose_queue_is_gone_is_red_and_does_the_rest(
    deployed: Deployed, log: Log, queue: str, clock: Clock
) -> None:
    """One line for each shard; the monitor's item is written, with the errors."""
    del clock
    boto3.client("sqs").delete_queue(QueueUrl=queue)
    log.forget()
    with pytest.raises(RunError, match="-/udts-2 to -/udts-3: the queue did not take the shard") as caught:
        deployed.run()
    assert Counter(line["message"] for line in log.grave()) == {"shard not sent": 3}
    assert {line["cause"] for line in log.grave()} == {"shard_queue"}
    assert "NonExistentQueue" in str(caught.value)
    assert deployed.calls["UpdateItem"] == 2


def test_shards_without_a_queue_are_a_wrong_configuration(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what to do."""
    monkeypatch.setenv("SHARD_TASKS", "2")
    with pytest.raises(ConfigurationError, match=r"SHARD_QUEUE_URL: missing; .* deploy it with ShardTasks"):
        deployed.run()


def test_of_a_call_that_is_accepted_in_part_the_rest_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve shards are two calls; SQS refuses one entry and forgets another."""
    shards = [Shard(first=f"-/{place:02}", last=f"-/{place:02}") for place in range(12)]
    sizes = []

    def in_part(_: object, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        assert operation == "SendMessageBatch"
        sizes.append(len(parameters["Entries"]))
        names = [entry["Id"] for entry in parameters["Entries"]]
        refused_ones = [{"Id": "3", "Code": "InternalError", "Message": "try later", "SenderFault": False}]
        return {
            "Successful": [{"Id": name} for name in names if name not in {"3", "5"}],
            "Failed": refused_ones if "3" in names else [],
        }

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", in_part)
    with mock_aws():
        queue = ShardQueue(boto3.client("sqs"), "https://queue.example.com")
        left = queue.put(shards, float("inf"))
        assert [(shard.first, reason) for shard, reason in left] == [
            ("-/03", "InternalError: try later"),
            ("-/05", "SQS did not answer for it"),
        ]
        assert sizes == [10, 2]
        assert len(queue.put(shards, 0)) == len(shards)
        assert sizes == [10, 2]


def test_a_shard_is_measured_but_is_no_run(
    deployed: Deployed, queue: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Or the alarm on missing runs would be quiet while nobody makes shards."""
    deployed.run()
    (first, *_) = bodies(queue)
    capsys.readouterr()
    deployed.run(batch(first))
    (document,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert document["Runs"] == [0.0]
    assert document["Checked"] in ([1.0], [2.0])
    assert "Subscribers" not in document


def test_all_tasks_are_in_the_shards(deployed: Deployed, queue: str) -> None:
    """Each checked once."""
    deployed.run()
    deployed.simulator.forget_calls()
    for body in bodies(queue):
        deployed.run(batch(body))
    assert deployed.simulator.log().per_task == Counter(TASKS)
