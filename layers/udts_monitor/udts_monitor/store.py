"""The DynamoDB table: states, history, outbox and heartbeat.

    STATE partition     one item a task, its ``version`` the lock        one Query a run
    TASK#... partition  transitions, samples, events, with expiry        written with the state
    OUTBOX partition    notifications SNS has not accepted yet           one Query a run
    MONITOR / RUN       heartbeat and open outages                       one update a run

A changed task is one transaction: state, history and notifications are all there or none is.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import batched, filterfalse
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError

from udts_monitor import item
from udts_monitor.assessment import Assessment
from udts_monitor.errors import StoreError
from udts_monitor.event import Event
from udts_monitor.item import Item
from udts_monitor.notification import Notification, Topic
from udts_monitor.outage import TOLD_AGAIN_AFTER, Outage
from udts_monitor.outbox import MARKED_TOGETHER, Claim, Pending
from udts_monitor.ports import Heartbeat, Outbox
from udts_monitor.silence import Silence
from udts_monitor.state import TaskState
from udts_monitor.text import said
from udts_monitor.times import iso

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()

# Conditions, by the promise each one keeps.
_NEVER_SAVED = "attribute_not_exists(pk)"
_STILL_THAT_VERSION = "version = :version"
_STILL_THERE = "attribute_exists(pk)"
_STILL_IN_THE_HISTORY = "attribute_exists(#mark)"
_STILL_THAT_SILENCE = "#until = :until"
# Or it is this very claim: the first attempt succeeded and its answer was lost.
_LEASE_IS_OVER = (
    "attribute_exists(pk) AND (lease_until <= :now OR (lease_owner = :owner AND lease_until = :until))"
)
_NOT_OPEN = "attribute_not_exists(#outage.#since)"
_NOT_TOLD_JUST_NOW = (
    "#outage.id = :id AND #outage.#since < :long_ago"
    " AND (attribute_not_exists(#outage.told_again_at) OR #outage.told_again_at < :long_ago)"
)
_STILL_THAT_OUTAGE = "#outage.id = :id"

# A cancelled transaction is an answer, not a fault, to botocore: it does not repeat it.
_PASSING = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
_CONFLICT_PAUSES_SECONDS = (0.05, 0.1, 0.2, 0.4)


# Source: TransactWriteItems takes 100 actions; taking a notification off is two.
_WRITES_A_TRANSACTION = 100


class Store:
    """The table, as the monitor needs it.

    Args:
        client: a DynamoDB client.
        table: the table's name.
        retention: how long the history is kept.
    """

    def __init__(self, client: "DynamoDBClient", table: str, retention: timedelta) -> None:
        self._client = client
        self._table = table
        self._retention = retention

    def load_states(self) -> dict[str, TaskState]:
        """All stored states by task key, with one consistent Query (a page holds about 1 MB).

        One that cannot be read is left out: its task fails alone, when its next state is refused.
        """
        return item.readable(item.state_from, _by_sk(self._query(item.STATE)))[0]

    def save(self, assessment: Assessment, notifications: Iterable[Notification], claim: Claim) -> bool:
        """Save a changed task in one transaction; False when another run was faster and nothing was saved."""
        key = item.history_pk(assessment.task.key)
        writes = [self._put_state(assessment)]
        if assessment.transition:
            writes.append(self._put(item.transition_item(assessment, self._retention)))
        if assessment.sample:
            writes.append(self._put(item.sample_item(assessment, self._retention)))
        writes += self._put_events(assessment.events, key, notifications, claim)
        return self._transact(writes)

    def load_outages(self) -> tuple[Outage, ...]:
        """The open outages, with one consistent Query."""
        return tuple(
            found
            for entry in self._query(item.MONITOR, item.RUN)
            for found in item.heartbeat_from(entry).outages
        )

    def open_outage(
        self, outage: Outage, event: Event, notifications: Iterable[Notification], claim: Claim
    ) -> bool:
        """Open an outage, or tell it again, and write its notifications; False when another run has."""
        again = outage.told_again_at
        opened = self._change(
            (item.MONITOR, item.RUN),
            "SET #outage = :outage",
            _NOT_TOLD_JUST_NOW if again else _NOT_OPEN,
            names={"#outage": item.outage_attribute(outage.cause), "#since": "since"},
            values={":outage": item.outage_value(outage)}
            | ({":id": outage.id, ":long_ago": again - TOLD_AGAIN_AFTER} if again else {}),
        )
        return self._transact([opened, *self._put_events([event], item.MONITOR, notifications, claim)])

    def close_outage(
        self, outage: Outage, event: Event, notifications: Iterable[Notification], claim: Claim
    ) -> bool:
        """Close an outage and write its notifications; False when it was closed already."""
        closed = self._change(
            (item.MONITOR, item.RUN),
            "REMOVE #outage",
            _STILL_THAT_OUTAGE,
            names={"#outage": item.outage_attribute(outage.cause)},
            values={":id": outage.id},
        )
        return self._transact([closed, *self._put_events([event], item.MONITOR, notifications, claim)])

    def save_event(self, event: Event, notifications: Iterable[Notification], claim: Claim) -> None:
        """Write an event that no state stands behind, and its notifications."""
        self._transact(self._put_events([event], item.MONITOR, notifications, claim))

    def outbox(self) -> Outbox:
        """All that waits, oldest first, and the silences, with one consistent Query."""
        found = list(self._query(item.OUTBOX))
        silences, not_silences = item.readable(item.silence_from, _by_sk(filter(_is_silence, found)))
        pending, not_pending = item.readable(item.pending_from, _by_sk(filterfalse(_is_silence, found)))
        return Outbox(
            pending=tuple(pending.values()),
            silences=tuple(silences.values()),
            unreadable=not_pending | not_silences,
        )

    def claim(self, pending: Pending, claim: Claim, now: datetime) -> bool:
        """Take over a notification whose lease is over; False when another run has it or it is gone."""
        return self._update_outbox(
            pending,
            "SET lease_owner = :owner, lease_until = :until",
            _LEASE_IS_OVER,
            {":owner": claim.owner, ":until": iso(claim.until), ":now": iso(now)},
        )

    def bind(self, members: Sequence[Pending], digest_id: str) -> bool:
        """Note the digest on each of its members, in transactions; False when one of them is gone."""

        def bound(pending: Pending) -> Item:
            values = {":digest": digest_id}
            return self._change(
                (item.OUTBOX, pending.sk), "SET digest_id = :digest", _STILL_THERE, values=values
            )

        batches = batched(members, _WRITES_A_TRANSACTION, strict=False)
        return all(self._transact(list(map(bound, batch))) for batch in batches)

    def mark_published(self, published: Sequence[Pending], now: datetime) -> None:
        """Take notifications off the outbox and leave the mark in the history, in transactions."""
        self._take_off(published, "published_at", now)

    def withhold(self, dropped: Sequence[Pending], now: datetime) -> None:
        """Take notifications off the outbox unpublished and say so in the history, in transactions."""
        self._take_off(dropped, "withheld_at", now)

    def save_silence(self, silence: Silence) -> None:
        """Begin a silence, instead of one with the same scope."""
        with _as_store_error("save a silence"):
            wire = _wire(item.silence_item(silence))
            self._patiently(lambda: self._client.put_item(TableName=self._table, Item=wire))

    def end_silence(self, silence: Silence) -> None:
        """Forget a silence that is over, unless it was extended meanwhile."""
        with (
            _as_store_error("end a silence"),
            suppress(self._client.exceptions.ConditionalCheckFailedException),
        ):
            self._patiently(
                lambda: self._client.delete_item(
                    TableName=self._table,
                    Key=_wire({"pk": item.OUTBOX, "sk": item.silence_sk(silence)}),
                    ConditionExpression=_STILL_THAT_SILENCE,
                    ExpressionAttributeNames={"#until": "until"},
                    ExpressionAttributeValues=_wire({":until": silence.until}),
                )
            )

    def mark_failed(
        self, pending: Pending, error: str, next_attempt_at: datetime, *, permanent: bool
    ) -> None:
        """Count an attempt that failed; nobody claims the notification before the next one is due."""
        self._update_outbox(
            pending,
            "SET attempts = :attempts, last_error = :error, lease_until = :until, permanent = :permanent",
            _STILL_THERE,
            {
                ":attempts": pending.attempts + 1,
                ":error": item.shortened(error),
                ":until": iso(next_attempt_at),
                ":permanent": permanent,
            },
        )

    def mark_left_off(self, key: str, now: datetime) -> None:
        """Leave the mark by which the next run finds where to begin. A task without a state needs none."""
        self._update(
            {"pk": item.STATE, "sk": key}, "SET left_off_at = :now", _STILL_THERE, {":now": iso(now)}
        )

    def save_heartbeat(self, summary: Mapping[str, Any]) -> Heartbeat:
        """Write the run's summary and return what else the same item holds."""
        written = {**summary, "schema": item.SCHEMA}
        names = {f"#{place}": name for place, name in enumerate(written)}
        values = {f":{place}": value for place, value in enumerate(written.values())}
        pairs = ", ".join(f"#{place} = :{place}" for place in range(len(written)))
        with _as_store_error("write the heartbeat"):
            answer = self._patiently(
                lambda: self._client.update_item(
                    TableName=self._table,
                    Key=_wire({"pk": item.MONITOR, "sk": item.RUN}),
                    UpdateExpression=f"SET {pairs}",
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues=_wire(values),
                    ReturnValues="ALL_NEW",
                )
            )
        return item.heartbeat_from(_unwired(answer["Attributes"]))

    def _take_off(self, done: Sequence[Pending], mark: str, now: datetime) -> None:
        # A transaction takes no item twice, and the topics of one event share its item in the history.
        by_topic = [[pending for pending in done if pending.way[1] is topic] for topic in Topic]
        for batch in (batch for part in by_topic for batch in _batches(part)):
            writes = [write for pending in batch for write in self._off_and_marked(pending, mark, now)]
            if not self._transact(writes):
                # The history of one of them has expired meanwhile: there is nothing left to mark.
                self._transact([self._off(pending) for pending in batch])

    def _off(self, pending: Pending) -> Item:
        key = _wire({"pk": item.OUTBOX, "sk": pending.sk})
        return {"Delete": {"TableName": self._table, "Key": key}}

    def _off_and_marked(self, pending: Pending, mark: str, now: datetime) -> list[Item]:
        marked = self._change(
            pending.history,
            "SET #mark.#topic = :now",
            _STILL_IN_THE_HISTORY,
            names={"#mark": mark, "#topic": pending.notification.topic},
            values={":now": now},
        )
        return [self._off(pending), marked]

    def _query(self, pk: str, sk: str = "") -> Iterator[Item]:
        """All items of a partition, or the one with this sort key."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND sk = :sk" if sk else "pk = :pk",
            ExpressionAttributeValues=_wire({":pk": pk} | ({":sk": sk} if sk else {})),
            ConsistentRead=True,
        )
        with _as_store_error(f"read the {pk} partition"):
            for page in pages:
                yield from map(_unwired, page["Items"])

    def _put_state(self, assessment: Assessment) -> Item:
        put = self._put(item.state_item(assessment.task, assessment.after))
        if assessment.before.version == 0:
            put["Put"]["ConditionExpression"] = _NEVER_SAVED
        else:
            put["Put"]["ConditionExpression"] = _STILL_THAT_VERSION
            put["Put"]["ExpressionAttributeValues"] = _wire({":version": assessment.before.version})
        return put

    def _put_events(
        self, events: Iterable[Event], pk: str, notifications: Iterable[Notification], claim: Claim
    ) -> list[Item]:
        history = {event.id: item.event_item(event, pk, self._retention) for event in events}
        outbox = [
            item.outbox_item(notification, history[notification.event_id], claim.owner, claim.until)
            for notification in notifications
        ]
        return [self._put(found) for found in (*history.values(), *outbox)]

    def _put(self, found: Mapping[str, Any]) -> Item:
        return {"Put": {"TableName": self._table, "Item": _wire(found)}}

    def _change(
        self,
        key: tuple[str, str],
        expression: str,
        condition: str,
        *,
        values: Mapping[str, Any],
        names: Mapping[str, str] | None = None,
    ) -> Item:
        """An update as part of a transaction."""
        update = {
            "TableName": self._table,
            "Key": _wire(dict(zip(("pk", "sk"), key, strict=True))),
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": _wire(values),
        }
        return {"Update": update | ({"ExpressionAttributeNames": dict(names)} if names else {})}

    def _update_outbox(
        self, pending: Pending, expression: str, condition: str, values: Mapping[str, Any]
    ) -> bool:
        return self._update({"pk": item.OUTBOX, "sk": pending.sk}, expression, condition, values)

    def _update(self, key: Item, expression: str, condition: str, values: Mapping[str, Any]) -> bool:
        with _as_store_error(f"update {key['pk']} {key['sk']}"):
            try:
                self._patiently(
                    lambda: self._client.update_item(
                        TableName=self._table,
                        Key=_wire(key),
                        UpdateExpression=expression,
                        ConditionExpression=condition,
                        ExpressionAttributeValues=_wire(values),
                    )
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def _patiently[T](self, write: Callable[[], T]) -> T:
        """A single write, again after a pause while another run's transaction has hold of its item."""
        for pause in _CONFLICT_PAUSES_SECONDS:
            try:
                return write()
            except self._client.exceptions.TransactionConflictException:
                _rest(pause)
        return write()

    def _transact(self, writes: list[Item]) -> bool:
        """All of the writes, or False and none when a condition did not hold."""
        with _as_store_error("write a transaction"):
            for pause in (*_CONFLICT_PAUSES_SECONDS, None):
                try:
                    # botocore adds the same ClientRequestToken to each of its retries, so a lost answer
                    # does not turn our own success into a lost condition.
                    self._client.transact_write_items(TransactItems=writes)  # type: ignore[arg-type]
                except self._client.exceptions.TransactionCanceledException as error:
                    codes = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
                    if "ConditionalCheckFailed" in codes:
                        return False
                    if pause is None or not codes & _PASSING:
                        raise
                    _rest(pause)
                else:
                    return True
        raise AssertionError  # not reached: the last attempt returns or raises


def _batches(done: Sequence[Pending]) -> Iterator[tuple[Pending, ...]]:
    return batched(done, MARKED_TOGETHER, strict=False)


def _rest(seconds: float) -> None:
    time.sleep(seconds * random.uniform(0.5, 1))  # noqa: S311 - jitter, no secret


def _is_silence(found: Item) -> bool:
    return str(found["sk"]).startswith(item.SILENCE_PREFIX)


def _by_sk(items: Iterable[Item]) -> Iterator[tuple[str, Item]]:
    return ((found["sk"], found) for found in items)


@contextmanager
def _as_store_error(attempt: str) -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise StoreError(f"The table could not be used to {attempt}: {said(error)}") from error


def _wire(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _serializer.serialize(item.plain(value)) for name, value in values.items()}


def _unwired(wire: Mapping[str, Any]) -> Item:
    return {name: _native(_deserializer.deserialize(value)) for name, value in wire.items()}


def _native(value: Any) -> Any:  # noqa: ANN401 - any item attribute
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dict():
            return {name: _native(part) for name, part in value.items()}
        case list():
            return [_native(part) for part in value]
        case _:
            return value
