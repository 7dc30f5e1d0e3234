"""The DynamoDB table: states, history, outbox and the monitor's item.

    STATE partition     one item a task, its ``version`` the lock        one Query a run, or of its shard
    TASK#... partition  transitions, samples, events, with expiry        written with the state
    OUTBOX partition    notifications SNS has not accepted yet           one Query a run
    MONITOR / RUN       last run, cursor, open outages                   one read, one write a run

What is told of a task is one transaction: state, history and notifications are all there or none is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import batched, chain, islice
from typing import TYPE_CHECKING, Any

from udts_monitor.adapters import items
from udts_monitor.adapters.table import Table, Write
from udts_monitor.adapters.typed import problem_of
from udts_monitor.decision.assess import Assessment
from udts_monitor.decision.event import Event
from udts_monitor.decision.outage import OutageChange
from udts_monitor.decision.state import TaskState
from udts_monitor.errors import StoreError
from udts_monitor.outbox.notification import Notification, Topic
from udts_monitor.outbox.pending import Claim, Pending
from udts_monitor.outbox.silence import Silence
from udts_monitor.run.ports import MonitorItem, OutboxContents

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

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
_NO_ROLL_CALL = "attribute_not_exists(roll_called_at)"
_STILL_THAT_ROLL_CALL = "roll_called_at = :last"
_NOT_OPEN = "attribute_not_exists(#outage)"
_STILL_THAT_OUTAGE = "#outage.id = :id AND #outage.told_at = :told_at"

# Source: TransactWriteItems takes 100 actions; taking a notification off is two.
_WRITES_A_TRANSACTION = 100
_MARKED_TOGETHER = 50
# A thousand tasks on four topics. A second of processor time to read, seven of a function of 256 MB.
_READ_AT_MOST = 4_000


class Store:
    """The table, as the monitor needs it.

    Args:
        client: a DynamoDB client.
        table: the table's name.
        retention: how long the history is kept.
    """

    def __init__(self, client: "DynamoDBClient", table: str, retention: timedelta) -> None:
        self._table = Table(client, table)
        self._retention = retention

    def load_states(self) -> dict[str, TaskState]:
        """All stored states by task key, with one consistent Query (a page holds about 1 MB).

        One that cannot be read is left out: its task fails alone, when its next state is refused.
        """
        pages = self._table.pages(items.STATE, items.states_from)
        return dict(chain.from_iterable(page.items() for page in pages))

    def load_states_between(self, first: str, last: str) -> dict[str, TaskState]:
        """Those from one key to another, both included."""
        found = self._table.query(items.STATE, "sk BETWEEN :first AND :last", first=first, last=last)
        return items.states_from(found)

    def load_state(self, key: str) -> TaskState | None:
        """One stored state, None when there is none.

        Raises:
            StoreError: the table cannot be used, or the item is none of ours.
        """
        stored = self._table.get(items.STATE, key)
        if stored is None:
            return None
        try:
            return items.state_from(stored)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            problem = problem_of(error)
            text = f"State item STATE/{key} cannot be read: repair or delete it ({problem})"
            raise StoreError(text, transient=False) from error

    def load_monitor(self) -> MonitorItem:
        """The monitor's own item; an empty one before the first run."""
        return items.monitor_from(self._table.get(items.MONITOR, items.RUN) or {})

    def save(self, assessment: Assessment, notifications: Iterable[Notification], claim: Claim) -> bool:
        """Save a changed task; False when another run was faster and nothing was saved.

        What is told and what the history needs whole is one transaction. All else costs half as much without
        one, and comes every few minutes: a run that dies in between leaves out a sample.
        """
        key = items.history_pk(assessment.task.key)
        state = self._put_state(assessment)
        samples = [items.sample_item(assessment, self._retention)] if assessment.sample else []
        if not (assessment.transition or assessment.events or assessment.moved_from):
            return self._table.alone(state) and all(map(self._table.alone, map(self._table.put, samples)))
        transitions = [items.transition_item(assessment, self._retention)] if assessment.transition else []
        history = [self._table.put(found) for found in (*transitions, *samples)]
        events = self._put_events(assessment.events, key, notifications, claim)
        return self._table.transact([state, *self._delete_moved(assessment), *history, *events])

    def save_outage(self, change: OutageChange, notifications: Iterable[Notification], claim: Claim) -> bool:
        """Open, change or close an outage with its event; False and nothing when another run has.

        Of one that stays open only what has changed is written: a run that tells it again does not know of a
        person who acknowledges it at that moment.
        """
        outage = change.after or change.before
        if outage is None:
            return True
        before, after = change.before, change.after
        names = {"#outage": items.outage_attribute(outage.cause)}
        values: dict[str, Any] = {":id": before.id, ":told_at": before.told_at} if before else {}
        if before and after:
            fields = items.changed_fields(before, after)
            names |= {f"#{name}": name for name in fields}
            values |= {f":new_{name}": value for name, value in fields.items()}
            expression = "SET " + ", ".join(f"#outage.#{name} = :new_{name}" for name in fields)
        else:
            values |= {":outage": after} if after else {}
            expression = "SET #outage = :outage" if after else "REMOVE #outage"
        changed = self._table.change(
            (items.MONITOR, items.RUN),
            expression,
            _STILL_THAT_OUTAGE if before else _NOT_OPEN,
            names=names,
            values=values,
        )
        events = [change.event] if change.event else []
        return self._table.transact([changed, *self._put_events(events, items.MONITOR, notifications, claim)])

    def save_event(self, event: Event, notifications: Iterable[Notification], claim: Claim) -> None:
        """Write an event that no state stands behind, and its notifications."""
        self._table.transact(self._put_events([event], items.MONITOR, notifications, claim))

    def save_roll_call(
        self,
        event: Event,
        notifications: Iterable[Notification],
        claim: Claim,
        last: datetime | None,
        fingerprint: str,
    ) -> bool:
        """Tell a roll call and note it in one transaction; False and nothing when one came after ``last``."""
        noted = self._table.change(
            (items.MONITOR, items.RUN),
            "SET roll_called_at = :now, fingerprint = :fingerprint",
            _STILL_THAT_ROLL_CALL if last else _NO_ROLL_CALL,
            values={":now": event.time, ":fingerprint": fingerprint, **({":last": last} if last else {})},
        )
        return self._table.transact([noted, *self._put_events([event], items.MONITOR, notifications, claim)])

    def outbox(self) -> OutboxContents:
        """What waits, oldest first, and the silences, with one consistent Query.

        Of very much only the oldest that no silence holds: a run that has no time left after reading tells
        nothing, and neither does the next. The oldest of today are those of the next run as well, so that a
        digest that was begun is seen whole.
        """
        found = self._table.query(items.OUTBOX)
        oldest = list(islice(found, _READ_AT_MOST))
        more = list(islice(found, 1))
        if not more:
            return items.outbox_from(oldest)
        named = self._table.query(items.OUTBOX, "begins_with(sk, :silence)", silence=items.SILENCE_PREFIX)
        silences = items.outbox_from(named).silences
        told = (item for item in chain(oldest, more, found) if not items.is_held(item, silences))
        contents = items.outbox_from(islice(told, _READ_AT_MOST))
        read = len(contents.pending) + len(contents.unreadable) + len(silences)
        unread = max(0, self._table.count(items.OUTBOX) - read)
        return replace(contents, silences=silences, unread=unread)

    def claim(self, members: Sequence[Pending], claim: Claim, now: datetime) -> bool:
        """Take over notifications whose leases are over, at most a hundred.

        Returns:
            False, and none is taken over, when another run has one of them or one is gone.
        """
        values = {":owner": claim.owner, ":until": claim.until, ":now": now}
        claimed = [
            self._table.change(
                (items.OUTBOX, pending.sk),
                "SET lease_owner = :owner, lease_until = :until",
                _LEASE_IS_OVER,
                values=values,
            )
            for pending in members
        ]
        return self._all_of(claimed)

    def bind(self, members: Sequence[Pending], digest_id: str) -> bool:
        """Note the digest on each of its members, in transactions; False when one of them is gone."""

        def bound(pending: Pending) -> Write:
            values = {":digest": digest_id}
            return self._table.change(
                (items.OUTBOX, pending.sk), "SET digest_id = :digest", _STILL_THERE, values=values
            )

        batches = batched(members, _WRITES_A_TRANSACTION, strict=False)
        return all(self._table.transact(list(map(bound, batch))) for batch in batches)

    def mark_published(self, published: Sequence[Pending], now: datetime) -> None:
        """Take notifications off the outbox and leave the mark in the history, in transactions."""
        self._take_off(published, "published_at", now)

    def withhold(self, dropped: Sequence[Pending], now: datetime) -> None:
        """Take notifications off the outbox unpublished and say so in the history, in transactions."""
        self._take_off(dropped, "withheld_at", now)

    def save_silence(
        self, silence: Silence, event: Event, notifications: Iterable[Notification], claim: Claim
    ) -> None:
        """Begin a silence, instead of one with the same scope, and say so."""
        silenced = self._table.put(items.silence_item(silence))
        self._table.transact([silenced, *self._put_events([event], items.MONITOR, notifications, claim)])

    def end_silence(
        self, silence: Silence, event: Event, notifications: Iterable[Notification], claim: Claim
    ) -> bool:
        """Forget a silence that is over and say so; False when it was changed meanwhile."""
        ended = self._table.delete(
            (items.OUTBOX, items.silence_sk(silence)),
            _STILL_THAT_SILENCE,
            values={":until": silence.until},
            names={"#until": "until"},
        )
        return self._table.transact([ended, *self._put_events([event], items.MONITOR, notifications, claim)])

    def mark_failed(
        self, members: Sequence[Pending], error: str, next_attempt_at: datetime, *, permanent: bool
    ) -> None:
        """Count an attempt that failed; nobody claims them before the next one is due."""
        failed = [
            self._table.change(
                (items.OUTBOX, pending.sk),
                "SET attempts = :attempts, last_error = :error, lease_until = :until, permanent = :permanent",
                _STILL_THERE,
                values={
                    ":attempts": pending.attempts + 1,
                    ":error": items.shortened(error),
                    ":until": next_attempt_at,
                    ":permanent": permanent,
                },
            )
            for pending in members
        ]
        for batch in batched(failed, _WRITES_A_TRANSACTION, strict=False):
            if not self._all_of(batch):
                # One of them is gone: whoever took it off told it.
                for change in batch:
                    self._table.alone(change)

    def save_monitor(self, summary: Mapping[str, Any]) -> None:
        """Write the run's summary into the monitor's item; the outages stay as they are."""
        written = {**summary, "schema": items.SCHEMA}
        change = self._table.change(
            (items.MONITOR, items.RUN),
            "SET " + ", ".join(f"#{place} = :{place}" for place in range(len(written))),
            values={f":{place}": value for place, value in enumerate(written.values())},
            names={f"#{place}": name for place, name in enumerate(written)},
        )
        self._table.alone(change)

    def _take_off(self, done: Sequence[Pending], mark: str, now: datetime) -> None:
        # A transaction takes no item twice, and the topics of one event share its item in the history.
        by_topic = [[pending for pending in done if pending.notification.topic is topic] for topic in Topic]
        for batch in (batch for part in by_topic for batch in _batches(part)):
            writes = [write for pending in batch for write in self._off_and_marked(pending, mark, now)]
            if not self._table.transact(writes):
                # The history of one of them has expired: only that one has nothing left to mark.
                for pending in batch:
                    if not self._table.transact(self._off_and_marked(pending, mark, now)):
                        self._table.transact([self._off(pending)])

    def _all_of(self, changes: Sequence[Write]) -> bool:
        """All or none; a single one alone, which costs half of a transaction."""
        if len(changes) == 1:
            return self._table.alone(changes[0])
        return self._table.transact(list(changes))

    def _off(self, pending: Pending) -> Write:
        return self._table.delete((items.OUTBOX, pending.sk))

    def _off_and_marked(self, pending: Pending, mark: str, now: datetime) -> list[Write]:
        marked = self._table.change(
            pending.history,
            "SET #mark.#topic = :now",
            _STILL_IN_THE_HISTORY,
            names={"#mark": mark, "#topic": pending.notification.topic},
            values={":now": now},
        )
        return [self._off(pending), marked]

    def _delete_moved(self, assessment: Assessment) -> list[Write]:
        """The state under the key it was kept by before, while nobody has changed it there."""
        if assessment.moved_from is None:
            return []
        old, version = assessment.moved_from
        return [self._table.delete((items.STATE, old), _STILL_THAT_VERSION, values={":version": version})]

    def _put_state(self, assessment: Assessment) -> Write:
        state = items.state_item(assessment.task, assessment.after)
        version = assessment.before.version
        if version == 0:
            return self._table.put(state, _NEVER_SAVED)
        return self._table.put(state, _STILL_THAT_VERSION, {":version": version})

    def _put_events(
        self, events: Iterable[Event], pk: str, notifications: Iterable[Notification], claim: Claim
    ) -> list[Write]:
        history = {event.id: items.event_item(event, pk, self._retention) for event in events}
        outbox = [
            items.outbox_item(notification, history[notification.event_id], claim)
            for notification in notifications
        ]
        return [self._table.put(found) for found in (*history.values(), *outbox)]


def _batches(done: Sequence[Pending]) -> Iterator[tuple[Pending, ...]]:
    return batched(done, _MARKED_TOGETHER, strict=False)
