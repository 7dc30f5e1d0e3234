# ruff: noqa: INP001 - a file to copy, no package
"""A Lambda function that acts on the monitor's events, each one once.

SQS and SNS deliver at least once, and the monitor repeats an event after a crash, under the same id. So this
function keeps the ids it has dealt with in a DynamoDB table and drops what it finds there.

What it needs:

- a queue subscribed to the events topic, best with RawMessageDelivery and a filter policy, and with a
  dead-letter queue for events that fail again and again. Its visibility timeout has to be longer than
  LEASE_SECONDS;
- an event source mapping with FunctionResponseTypes: [ReportBatchItemFailures], so that one event that fails
  does not bring the others of its batch back;
- a table with the string key ``event_id`` and time to live on ``expires_at``, its name in TABLE_NAME;
- the rights dynamodb:PutItem and dynamodb:DeleteItem on that table.

Events may arrive in another order than they happened: compare ``time`` where that matters. Fields and kinds
that are not known have to be ignored, because later versions add some (see notification.schema.json).
"""

import json
import logging
import os
import time
from functools import cache
from typing import Any

import boto3
from botocore.exceptions import ClientError

# Longer than this function may run: only a function that has died leaves a lease to end.
LEASE_SECONDS = 60
# Longer than the queue keeps a message.
KEEP_SECONDS = 15 * 86_400

logger = logging.getLogger(__name__)


class InProgressError(Exception):
    """Another function has this event now, or died with it: it comes back when the lease is over."""


def act(event: dict[str, Any]) -> None:
    """What you want to happen: replace this. Whatever it raises brings the event back later."""
    logger.warning("%s: %s", event["type"], event["data"]["summary"])


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Act on each event of a batch that was not acted on before; answer with those that have to come back."""
    failed = []
    for record in event["Records"]:
        try:
            handle(cloud_event(record["body"]))
        except Exception:  # whatever it is, the rest of the batch goes on
            logger.exception("event comes back")
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def cloud_event(body: str) -> dict[str, Any]:
    """The event in a message, delivered raw or in the envelope of SNS."""
    message: dict[str, Any] = json.loads(body)
    opened: dict[str, Any] = json.loads(message["Message"]) if "Message" in message else message
    return opened


def handle(event: dict[str, Any]) -> None:
    """Act on an event unless that was done.

    Raises:
        InProgressError: another function is at it.
    """
    # CloudEvents: source and id together name an event.
    event_id = f"{event['source']} {event['id']}"
    if not claim(event_id):
        logger.info("dropped a repeat of %s", event_id)
        return
    try:
        act(event)
    except Exception:
        # Whoever tries again need not wait for the lease.
        table().delete_item(Key={"event_id": event_id})
        raise
    # Act first, note second: a crash in between acts twice, the other order would act never.
    note(event_id, done=True, until=KEEP_SECONDS)


def claim(event_id: str) -> bool:
    """Whether this function may act on the event now; False when that was done.

    Raises:
        InProgressError: another function is at it.
    """
    try:
        note(event_id, done=False, until=LEASE_SECONDS)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        found: dict[str, Any] = error.response.get("Item", {})  # type: ignore[assignment]
        if found.get("done", {}).get("BOOL"):
            return False
        raise InProgressError(event_id) from error
    return True


def note(event_id: str, *, done: bool, until: int) -> None:
    """Note an event as done or, if nobody holds it, as being dealt with; holds for so many seconds."""
    now = int(time.time())
    item = {"event_id": event_id, "done": done, "until": now + until, "expires_at": now + KEEP_SECONDS}
    if done:
        table().put_item(Item=item)
        return
    table().put_item(
        Item=item,
        ConditionExpression="attribute_not_exists(event_id) OR #until < :now",
        ExpressionAttributeNames={"#until": "until"},
        ExpressionAttributeValues={":now": now},
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )


@cache
def table() -> Any:  # noqa: ANN401 - boto3's resources have no static types
    """The table of ids."""
    return boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])
