"""A queue subscribed to a topic: what its subscribers get, to look at."""

import json
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

from local.aws import LocalAws


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message exactly as it arrived through SNS."""

    subject: str
    """Empty when there is none."""
    text: str
    attributes: dict[str, str]
    published_at: str = ""
    """In ISO form, by SNS's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """A queue that gets everything a topic publishes from now on."""

    aws: LocalAws
    url: str

    @classmethod
    def subscribe(cls, aws: LocalAws, topic_arn: str) -> Self:
        """Create the topic's queue and subscribe it; both may exist already."""
        sqs = aws.client("sqs")
        url = sqs.create_queue(QueueName=f"{topic_arn.rsplit(':', 1)[1]}-inbox")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": _only_from(topic_arn, arn)})
        aws.client("sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn)
        return cls(aws=aws, url=url)

    def take(self, *, wait_seconds: int = 0) -> list[Message]:
        """Take out what has arrived, in order of arrival; wait for the first message if there is none."""
        sqs = self.aws.client("sqs")
        taken: list[Message] = []
        while found := sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=0 if taken else wait_seconds
        ).get("Messages"):
            for message in found:
                taken.append(_opened(message["Body"]))
                sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return taken

    def look(self) -> list[Message]:
        """Return what has arrived and was not taken out, in order of arrival; all of it stays."""
        # The local AWS's own way to look: receiving hides messages for a while.
        query = urlencode({"QueueUrl": self.url})
        accounts = json.loads(self.aws.read(f"/_ministack/sqs/messages?{query}"))["messages"]
        return [
            _opened(message["Body"])
            for regions in accounts.values()
            for queues in regions.values()
            for messages in queues.values()
            for message in messages
        ]


def _only_from(topic_arn: str, queue_arn: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _opened(body: str) -> Message:
    envelope = json.loads(body)
    attributes = envelope.get("MessageAttributes", {})
    return Message(
        subject=envelope.get("Subject") or "",
        text=envelope["Message"],
        attributes={name: attribute["Value"] for name, attribute in attributes.items()},
        published_at=envelope.get("Timestamp", ""),
    )
