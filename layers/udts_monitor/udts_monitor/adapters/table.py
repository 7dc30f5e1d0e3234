"""One DynamoDB table: reads, single writes and transactions, with what passes by itself waited out.

It knows keys, conditions and errors, and nothing of what stands in the items.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from udts_monitor.adapters.aws_calls import error_code
from udts_monitor.adapters.wire import Item, from_wire, to_wire, value_to_wire
from udts_monitor.errors import StoreError
from udts_monitor.text import error_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

type Write = dict[str, Any]
type Key = tuple[str, str]

# A cancelled transaction is an answer, not a fault, to botocore: it does not repeat it.
_TRANSIENT = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
# Source: DynamoDB, error handling: the codes that the same request may get over.
_TRANSIENT_CODES = {
    "InternalServerError",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
}
_HTTP_SERVER_ERROR = 500
_CONFLICT_PAUSES_SECONDS = (0.05, 0.1, 0.2, 0.4)


class Table:
    """The table; every method but those that only describe a write raises StoreError.

    Args:
        client: a DynamoDB client for nobody else: the answers to its reads are left as they came.
        name: the table's name.
    """

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._client = client
        for operation in ("Query", "GetItem"):
            event = f"before-parse.dynamodb.{operation}"
            # Once, however many tables a client has: a second time there would be nothing left.
            client.meta.events.register(event, _leave_as_it_is, unique_id=event)
        self._name = name
        self._unchanged: dict[tuple[str, int], tuple[bytes, dict[str, Any]]] = {}

    def query(
        self,
        pk: str,
        which: str = "",
        kept: str = "",
        *,
        consistent: bool = True,
        **values: Any,  # noqa: ANN401 - any value of our items
    ) -> Iterator[Item]:
        """The items of a partition, page by page (one holds about 1 MB).

        Args:
            pk: the partition.
            which: a condition on the sort key, empty for all.
            kept: a filter on what that leaves.
            consistent: as of now; otherwise half the price, and at most a moment old.
            values: what ``which`` and ``kept`` name, without the colon.
        """
        asked: dict[str, Any] = {"FilterExpression": kept} if kept else {}
        for page in self._pages(pk, which, values, ConsistentRead=consistent, **asked):
            yield from page["Items"]

    def pages[T](self, pk: str, read: Callable[[list[Item]], T]) -> Iterator[T]:
        """What ``read`` makes of each page of a partition, as of now.

        Of a page that is byte by byte as it was it is what ``read`` made of it the last time, for nobody to
        change: few states change from one run to the next, and to read one is a tenth of the work of a check.
        """

        def read_unless_known(place: int, answer: bytes) -> dict[str, Any]:
            digest, at = sha256(answer).digest(), (pk, place)
            if at in self._unchanged and self._unchanged[at][0] != digest:
                # It may take ten megabytes, and goes before its successor comes.
                del self._unchanged[at]
            if at not in self._unchanged:
                page = from_wire(answer)
                self._unchanged[at] = digest, page | {"Items": read(page["Items"])}
            return self._unchanged[at][1]

        pages = self._pages(pk, "", {}, read_unless_known, ConsistentRead=True)
        return (page["Items"] for page in pages)

    def count(self, pk: str) -> int:
        """How many items a partition has, as of now."""
        return sum(page["Count"] for page in self._pages(pk, "", {}, ConsistentRead=True, Select="COUNT"))

    def _pages(
        self,
        pk: str,
        which: str,
        values: Mapping[str, Any],
        read: Callable[[int, bytes], dict[str, Any]] = lambda _, answer: from_wire(answer),
        **asked: Any,  # noqa: ANN401 - what else a Query may be asked
    ) -> Iterator[dict[str, Any]]:
        asked |= {
            "TableName": self._name,
            "KeyConditionExpression": f"pk = :pk AND {which}" if which else "pk = :pk",
            "ExpressionAttributeValues": {
                f":{name}": value_to_wire(value) for name, value in {"pk": pk, **values}.items()
            },
        }
        with _as_store_error(f"read the {pk} partition"):
            for place in count():
                page = read(place, _body(self._client.query(**asked)))
                yield page
                if "LastEvaluatedKey" not in page:
                    return
                asked["ExclusiveStartKey"] = to_wire(page["LastEvaluatedKey"])

    def get(self, pk: str, sk: str) -> Item | None:
        """One item, None when there is none."""
        with _as_store_error(f"read the item {pk} {sk}"):
            found = self._client.get_item(TableName=self._name, Key=_key((pk, sk)), ConsistentRead=True)
            return from_wire(_body(found)).get("Item")

    def put(
        self, item: Mapping[str, Any], condition: str = "", values: Mapping[str, Any] | None = None
    ) -> Write:
        """A write of a whole item, as part of a transaction or, by ``alone``, on its own."""
        put = {"TableName": self._name, "Item": to_wire(item)}
        return {"Put": put | _given(ConditionExpression=condition, values=values)}

    def delete(
        self,
        key: Key,
        condition: str = "",
        *,
        values: Mapping[str, Any] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> Write:
        """A deletion, as part of a transaction."""
        delete = {"TableName": self._name, "Key": _key(key)}
        return {"Delete": delete | _given(ConditionExpression=condition, values=values, names=names)}

    def change(
        self,
        key: Key,
        expression: str,
        condition: str = "",
        *,
        values: Mapping[str, Any],
        names: Mapping[str, str] | None = None,
    ) -> Write:
        """An update, as part of a transaction or, by ``alone``, on its own."""
        update = {"TableName": self._name, "Key": _key(key), "UpdateExpression": expression}
        return {"Update": update | _given(ConditionExpression=condition, values=values, names=names)}

    def alone(self, write: Write) -> bool:
        """A put or change on its own, for half the price; False and nothing when its condition fails."""
        ((kind, what),) = write.items()
        pk, sk = (what["Item" if kind == "Put" else "Key"][name]["S"] for name in ("pk", "sk"))
        call = self._client.put_item if kind == "Put" else self._client.update_item
        with _as_store_error(f"write {pk} {sk}"):
            try:
                self._retry_on_conflict(lambda: call(**what))
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def transact(self, writes: list[Write]) -> bool:
        """All of the writes, or False and none when a condition did not hold."""
        pauses = iter(_CONFLICT_PAUSES_SECONDS)
        with _as_store_error("write a transaction"):
            while True:
                try:
                    # botocore adds the same ClientRequestToken to each of its retries, so a lost answer
                    # does not turn our own success into a lost condition.
                    self._client.transact_write_items(TransactItems=writes)  # type: ignore[arg-type]
                except self._client.exceptions.TransactionCanceledException as error:
                    codes = _cancellation_codes(error)
                    if "ConditionalCheckFailed" in codes:
                        return False
                    pause = next(pauses, None)
                    if pause is None or not codes & _TRANSIENT:
                        raise
                    _sleep_with_jitter(pause)
                else:
                    return True

    def _retry_on_conflict[T](self, write: Callable[[], T]) -> T:
        """A single write, again after a pause while another run's transaction has hold of its item."""
        for pause in _CONFLICT_PAUSES_SECONDS:
            try:
                return write()
            except self._client.exceptions.TransactionConflictException:
                _sleep_with_jitter(pause)
        return write()


def _key(key: Key) -> Item:
    return to_wire({"pk": key[0], "sk": key[1]})


def _given(
    *,
    values: Mapping[str, Any] | None = None,
    names: Mapping[str, str] | None = None,
    **expressions: str,
) -> dict[str, Any]:
    """What an expression needs, without what is empty: DynamoDB refuses empty parts."""
    wire = {name: value_to_wire(value) for name, value in (values or {}).items()}
    parts = {"ExpressionAttributeValues": wire, "ExpressionAttributeNames": dict(names or {}), **expressions}
    return {name: part for name, part in parts.items() if part}


def _leave_as_it_is(
    response_dict: Mapping[str, Any], customized_response_dict: dict[str, Any], **_: object
) -> None:
    """Spare botocore the walk through every value of every item, which takes seven times as long as ours.

    Of what is no success it makes the exception as always.
    """
    if response_dict["status_code"] == HTTPStatus.OK:
        customized_response_dict["body"] = response_dict["body"]
        response_dict["body"] = b"{}"  # type: ignore[index]


def _body(answer: Mapping[str, Any]) -> bytes:
    body: bytes = answer["body"]
    return body


def _sleep_with_jitter(seconds: float) -> None:
    time.sleep(seconds * random.uniform(0.5, 1))  # noqa: S311 - jitter, no secret


@contextmanager
def _as_store_error(attempt: str) -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        text = f"The table could not be used to {attempt}: {error_text(error)}"
        raise StoreError(text, transient=_is_transient(error)) from error


def _is_transient(error: BotoCoreError | ClientError) -> bool:
    """Whether the same request may succeed a moment later; what never reached the table may."""
    if not isinstance(error, ClientError):
        return True
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    cancelled = bool(_cancellation_codes(error) & _TRANSIENT)
    return error_code(error) in _TRANSIENT_CODES or status >= _HTTP_SERVER_ERROR or cancelled


def _cancellation_codes(error: ClientError) -> set[str]:
    return {reason.get("Code", "") for reason in error.response.get("CancellationReasons", [])}
