"""SQS: the queue from which the function gets its shards."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from itertools import batched
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from udts_monitor.adapters.typed import parser
from udts_monitor.run.shards import Shard
from udts_monitor.text import error_text, one_line
from udts_monitor.times import iso

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

# Of a message; another one is of another version of this code.
SCHEMA = 1
# Source: SQS, SendMessageBatch: at most ten entries.
_TOGETHER = 10
_parse_shard = parser(Shard)


class ShardQueue:
    """The queue.

    Args:
        client: an SQS client.
        url: of the queue.
    """

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def put(self, shards: Sequence[Shard], deadline: float) -> list[tuple[Shard, str]]:
        """Put shards on the queue, ten a call. One whose answer is lost may be there nevertheless: no harm.

        Args:
            shards: in any number.
            deadline: seconds of ``time.monotonic``; no call begins after it.

        Returns:
            Those that the queue did not take, each with the reason.
        """
        refused: list[tuple[Shard, str]] = []
        for few in batched(shards, _TOGETHER, strict=False):
            reasons = (
                self._put(few) if time.monotonic() < deadline else ["no time was left for it"] * len(few)
            )
            refused += [(shard, reason) for shard, reason in zip(few, reasons, strict=True) if reason]
        return refused

    def _put(self, few: Sequence[Shard]) -> list[str]:
        """For each why it was not taken, empty where it was."""
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {"Id": str(place), "MessageBody": message_of(shard)} for place, shard in enumerate(few)
        ]
        try:
            answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
        except (BotoCoreError, ClientError) as error:
            return [error_text(error)] * len(few)
        reasons = {found["Id"]: "" for found in answer.get("Successful", [])}
        for found in answer.get("Failed", []):
            reasons[found["Id"]] = one_line(f"{found['Code']}: {found.get('Message', '')}")
        return [reasons.get(entry["Id"], "SQS did not answer for it") for entry in entries]


def message_of(shard: Shard) -> str:
    """A shard as the body of a message."""
    return json.dumps({"schema": SCHEMA, **asdict(shard)}, default=iso)


def shard_in(body: str) -> Shard:
    """The shard in the body of a message; ValueError when it is none that this version knows."""
    found = json.loads(body)
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise ValueError(f"no shard of schema {SCHEMA}")
    shard = _parse_shard(found)
    if not "" < shard.first <= shard.last:
        raise ValueError("first and last are no range")
    return shard
