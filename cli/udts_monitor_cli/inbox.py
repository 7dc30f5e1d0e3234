"""A queue of our own at a topic, for as long as a test message takes; nothing of it is left behind."""

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from udts_monitor_cli.stack import Stack

# Less than what a client waits for any answer.
_WAIT_SECONDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A message, as a subscriber gets it, and how long it took."""

    seconds: float
    body: str
    attributes: Mapping[str, Any]
    subject: str

    @property
    def event(self) -> str:
        """Its attribute of that name, empty where there is none."""
        return str(self.attributes.get("event", {}).get("Value", ""))


@dataclass(frozen=True, slots=True)
class Inbox:
    """What a topic's subscriber gets."""

    sqs: Any
    url: str
    began: float

    def wait_for(self, seconds: float, *, event: str = "", word: str = "") -> Arrived | None:
        """The first message of this event, or with this word in its text; None when none comes in time."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            wait = max(1, min(_WAIT_SECONDS, int(give_up - time.monotonic())))
            found = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=wait)
            for message in found.get("Messages", []):
                envelope = json.loads(message["Body"])
                arrived = Arrived(
                    seconds=time.monotonic() - self.began,
                    body=envelope.get("Message", ""),
                    attributes=envelope.get("MessageAttributes", {}),
                    subject=envelope.get("Subject") or "",
                )
                if word in arrived.body and event in ("", arrived.event):
                    return arrived
        return None


@contextmanager
def temporary_inbox(stack: Stack, topic_arn: str) -> Iterator[Inbox]:
    """A queue that is subscribed to a topic and gone afterwards, whatever happens in between."""
    sqs, sns = stack.client("sqs"), stack.client("sns")
    name = f"{stack.name[:40]}-test-{uuid.uuid4().hex[:12]}"
    url = sqs.create_queue(QueueName=name, Attributes={"MessageRetentionPeriod": "300"})["QueueUrl"]
    try:
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": _policy(arn, topic_arn)})
        subscription = sns.subscribe(
            TopicArn=topic_arn, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True
        )["SubscriptionArn"]
        try:
            yield Inbox(sqs, url, time.monotonic())
        finally:
            sns.unsubscribe(SubscriptionArn=subscription)
    finally:
        sqs.delete_queue(QueueUrl=url)


def _policy(queue_arn: str, topic_arn: str) -> str:
    """Only this topic may write into the queue."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "sns.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": queue_arn,
                    "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
                }
            ],
        }
    )
