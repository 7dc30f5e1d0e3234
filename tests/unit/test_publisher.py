"""Several messages in one call: what SNS says of each is what the outbox is told of it."""

from typing import Any

from botocore.stub import ANY, Stubber

from tests.table import aws_client
from tests.walk import NOON
from udts_monitor.adapters.publisher import Publisher
from udts_monitor.decision.event import Severity
from udts_monitor.outbox.notification import Notification, Topic

ARN = "arn:aws:sns:us-east-1:123456789012:events"


def notification(number: int) -> Notification:
    """One of several events."""
    return Notification(
        event_id=f"-/udts-{number}/v2/failed",
        kind="failed",
        task_key=f"-/udts-{number}",
        topic=Topic.EVENTS,
        time=NOON,
        severity=Severity.CRITICAL,
        summary="failed",
        subject="",
        body=f"body {number}",
        attributes={"event": "failed"},
    )


def published(answer: dict[str, Any] | None, *, number: int = 4, error: str = "") -> list[str]:
    """What became of each of several notifications, after an answer or an error of SNS."""
    client = aws_client("sns")
    with Stubber(client) as sns:
        if answer is None:
            sns.add_client_error("publish_batch", error, "in the test", http_status_code=400)
        else:
            sns.add_response("publish_batch", answer, {"TopicArn": ARN, "PublishBatchRequestEntries": ANY})
        found = Publisher(client, {Topic.EVENTS: ARN}).publish_in_one_call(
            [notification(place) for place in range(number)]
        )
    return [
        "" if error is None else f"{'refused' if error.permanent else 'later'} {error}" for error in found
    ]


def test_each_entry_has_its_own_answer() -> None:
    """Accepted, refused for what it is, not accepted just now, and not mentioned at all."""
    failed = [
        {"Id": "1", "Code": "InvalidParameter", "Message": "too\nodd", "SenderFault": True},
        {"Id": "2", "Code": "InternalError", "SenderFault": False},
    ]
    successful = [{"Id": "0", "MessageId": "x"}]
    assert published({"Successful": successful, "Failed": failed}) == [
        "",
        f"refused {ARN}: InvalidParameter: too odd",
        f"later {ARN}: InternalError:",
        f"later {ARN}: SNS did not answer for it",
    ]


def test_a_call_that_fails_as_a_whole_fails_for_each() -> None:
    """Throttling passes; a missing right is a refusal."""
    assert all(found.startswith("later ") for found in published(None, error="Throttling"))
    assert all(found.startswith("refused ") for found in published(None, error="AuthorizationError"))
