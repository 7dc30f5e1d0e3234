"""The example consumer: behind a real topic and queue, it acts once on each event and loses none."""

import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from docs.examples import consumer
from tests.messages.scenes import SCENES
from udts_monitor.adapters.publisher import Publisher
from udts_monitor.messages.phrases import Language
from udts_monitor.outbox.notification import Notification, Topic

EVENTS = {
    scene.name: scene.told(Language.EN)[Topic.EVENTS]
    for scene in SCENES
    if scene.name in {"failed", "finished", "retrying"}
}


class Subscribed:
    """The consumer at the end of a topic, and what it does."""

    def __init__(self, *, raw: bool) -> None:
        self.acted: list[str] = []
        self.fails: set[str] = set()
        self.dies = False
        sns, self.sqs = boto3.client("sns"), boto3.client("sqs")
        arn = sns.create_topic(Name="events")["TopicArn"]
        self.queue = self.sqs.create_queue(QueueName="events")["QueueUrl"]
        sns.subscribe(
            TopicArn=arn,
            Protocol="sqs",
            Endpoint="arn:aws:sqs:us-east-1:123456789012:events",
            Attributes={"RawMessageDelivery": str(raw).lower()},
        )
        self.publisher = Publisher(sns, {Topic.EVENTS: arn})

    def act(self, event: dict[str, Any]) -> None:
        """In place of the example's own."""
        if event["type"] in self.fails:
            raise ValueError(event["type"])
        self.acted.append(event["type"])
        if self.dies:
            raise KeyboardInterrupt

    def publish(self, *names: str) -> None:
        """The monitor publishes these events."""
        for name in names:
            self.publisher.publish(EVENTS[name])

    def deliver(self) -> list[str]:
        """Lambda hands the function a batch; what the function wants back stays in the queue."""
        found = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
        records = [{"messageId": message["MessageId"], "body": message["Body"]} for message in found]
        answer = consumer.lambda_handler({"Records": records}, None)
        back = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for message in found:
            if message["MessageId"] in back:
                self.sqs.change_message_visibility(
                    QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
                )
            else:
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in found if message["MessageId"] in back]


@pytest.fixture(params=[True, False], ids=["raw", "in SNS's envelope"])
def subscribed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Subscribed]:
    """A consumer with an empty table."""
    for name, value in {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "TABLE_NAME": "ids",
    }.items():
        monkeypatch.setenv(name, value)
    consumer.table.cache_clear()
    with mock_aws():
        boto3.client("dynamodb").create_table(
            TableName="ids",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "event_id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "event_id", "KeyType": "HASH"}],
        )
        made = Subscribed(raw=request.param)
        monkeypatch.setattr(consumer, "act", made.act)
        yield made


def test_each_event_is_acted_on_once(subscribed: Subscribed) -> None:
    """Repeats in the same batch and in a later one are dropped."""
    subscribed.publish("failed", "finished", "failed")
    assert subscribed.deliver() == []
    subscribed.publish("failed", "retrying")
    assert subscribed.deliver() == []
    assert sorted(subscribed.acted) == ["udts.task.failed", "udts.task.finished", "udts.task.retrying"]


def test_what_fails_comes_back_alone_and_is_tried_again_at_once(subscribed: Subscribed) -> None:
    """The others of its batch are done; the mark of the one that failed is gone."""
    subscribed.fails = {"udts.task.failed"}
    subscribed.publish("failed", "finished")
    (back,) = subscribed.deliver()
    assert consumer.cloud_event(back)["type"] == "udts.task.failed"
    assert subscribed.acted == ["udts.task.finished"]
    subscribed.fails = set()
    assert subscribed.deliver() == []
    assert subscribed.acted == ["udts.task.finished", "udts.task.failed"]


def test_an_event_whose_function_died_is_acted_on_when_its_lease_is_over(
    subscribed: Subscribed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not before, because the function might be alive; and not never."""
    subscribed.dies = True
    subscribed.publish("failed")
    with pytest.raises(KeyboardInterrupt):
        subscribed.deliver()
    subscribed.dies = False
    subscribed.publish("failed")
    assert len(subscribed.deliver()) == 1
    assert subscribed.acted == ["udts.task.failed"]
    over = time.time() + consumer.LEASE_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: over)
    assert subscribed.deliver() == []
    assert subscribed.acted == ["udts.task.failed"] * 2


def test_a_message_that_is_no_event_does_not_stop_the_others(subscribed: Subscribed) -> None:
    """It comes back until the queue gives it up."""
    subscribed.sqs.send_message(QueueUrl=subscribed.queue, MessageBody="no event")
    subscribed.publish("failed")
    assert subscribed.deliver() == ["no event"]
    assert subscribed.acted == ["udts.task.failed"]


def test_events_of_two_monitors_are_two_events(subscribed: Subscribed) -> None:
    """An id is unique within its source only."""
    event: Notification = EVENTS["failed"]
    other = json.loads(event.body) | {"source": "urn:udts-monitor:org-other"}
    for body in (event.body, json.dumps(other)):
        subscribed.sqs.send_message(QueueUrl=subscribed.queue, MessageBody=body)
    assert subscribed.deliver() == []
    assert subscribed.acted == ["udts.task.failed"] * 2


def test_a_table_that_cannot_be_used_brings_all_back(
    subscribed: Subscribed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is acted on without knowing whether it was acted on before."""
    monkeypatch.setenv("TABLE_NAME", "no-such-table")
    consumer.table.cache_clear()
    subscribed.publish("failed")
    assert len(subscribed.deliver()) == 1
    assert subscribed.acted == []


def test_the_example_itself_logs_what_happened(caplog: pytest.LogCaptureFixture) -> None:
    """Copied as it is, it does something that can be seen."""
    consumer.act(json.loads(EVENTS["failed"].body))
    assert caplog.messages == [
        (
            "udts.task.failed: orders-db (udts-ixdp441) failed on 23 Nov 13:37 UTC during the full load: "
            "worker 7 exited with code 3"
        )
    ]
