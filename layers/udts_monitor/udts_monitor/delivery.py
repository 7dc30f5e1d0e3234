"""Empty the outbox: settle silences, claim, publish, mark.

Publish first, mark second: a crash in between repeats a message, the other order would lose one.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from aws_lambda_powertools import Logger

from udts_monitor.digest import digest, digest_id
from udts_monitor.errors import PublishError
from udts_monitor.event import MONITOR
from udts_monitor.notification import PEOPLE, Notification, Topic
from udts_monitor.outbox import MARKED_TOGETHER, Pending, next_attempt, publishable
from udts_monitor.ports import SERVICE, Limits, Ports, Rules, Summary
from udts_monitor.silence import Silence, after_silence

logger = Logger(service=SERVICE, child=True)


class Delivery:
    """Publishes what one run may publish, and leaves the rest to the next."""

    def __init__(self, ports: Ports, rules: Rules, limits: Limits, summary: Summary) -> None:
        self._ports = ports
        self._rules = rules
        self._limits = limits
        self._summary = summary
        self._left: list[Pending] = []
        # What waits for SNS keeps its successors waiting, so that a task is told in order; what SNS refused
        # for what it is must not.
        self._blocked: set[tuple[str, Topic]] = set()

    def publish(self) -> None:
        """Settle the silences that are over, then publish the outbox, oldest first, people before programs.

        Raises:
            StoreError: the table cannot be used; what was published may be told again.
        """
        self._left.clear()
        self._blocked.clear()
        outbox, now = self._ports.store.outbox(), self._ports.clock()
        self._note_unreadable(outbox.unreadable)
        active = [silence for silence in outbox.silences if silence.until > now]
        over = [silence for silence in outbox.silences if silence.until <= now]
        due = self._due(self._settle(outbox.pending, active, over), active)
        for topic in Topic:
            self._publish_topic(topic, [pending for pending in due if pending.notification.topic is topic])
        for silence in over:
            self._ports.store.end_silence(silence)
        self._summary.silences = [silence.scope for silence in active]
        self._summary.pending = len(self._left)
        # What a silence holds does not wait for SNS.
        late = [pending.notification for pending in self._left if not _held(pending.notification, active)]
        oldest = min((notification.time for notification in late), default=now)
        self._summary.oldest_pending_seconds = (now - oldest).total_seconds()

    def _settle(
        self,
        waiting: Sequence[Pending],
        active: Sequence[Silence],
        over: Sequence[Silence],
    ) -> Sequence[Pending]:
        """Drop what came up in a silence that is over and no longer matters; the rest is told now.

        So is dropped what waits for a topic that was switched off.
        """
        on = [pending for pending in waiting if pending.notification.topic in self._rules.topics]
        off = [pending for pending in waiting if pending.notification.topic not in self._rules.topics]
        held = [
            pending
            for pending in on
            if _held(pending.notification, over) and not _held(pending.notification, active)
        ]
        # What matters is how the tasks are by what is stored, not by what this run could not save.
        moot = after_silence(held, waiting, self._ports.store.load_states() if held else {})
        for together in _together([*moot, *([pending] for pending in off)]):
            self._ports.store.withhold(together, self._ports.clock())
            for pending in reversed(together):  # a task's oldest first
                logger.info("withheld", **_named(pending.notification))
        dropped = {pending.sk for pending in (*chain.from_iterable(moot), *off)}
        return [pending for pending in waiting if pending.sk not in dropped]

    def _due(self, waiting: Sequence[Pending], active: Sequence[Silence]) -> list[Pending]:
        """Those this run may try to publish now."""
        claim, now = self._limits.claim, self._ports.clock()
        barred = {
            pending.sk
            for pending in waiting
            if _held(pending.notification, active) or not (pending.held_by(claim) or pending.free(now))
        }
        due = publishable(waiting, barred)
        told = {pending.sk for pending in due}
        self._left += [pending for pending in waiting if pending.sk not in told]
        return due

    def _publish_topic(self, topic: Topic, due: Sequence[Pending]) -> None:
        begun: dict[str, list[Pending]] = defaultdict(list)
        for pending in due:
            begun[pending.digest_id].append(pending)
        fresh = begun.pop("", [])
        # A digest that was begun may have been accepted: it is repeated as it was, under its id.
        for identity, members in begun.items():
            ours = self._claimed(members)
            if len(ours) == len(members):
                self._hand_over(self._digest(identity, members, topic), members)
            else:
                self._leave_all(ours)
        if topic in PEOPLE and len(fresh) > self._rules.digest_above:
            self._tell_together(self._claimed(fresh), topic)
        else:
            for pending in fresh:
                # One by one: what was claimed and then not told would wait for the end of its lease.
                for claimed in self._claimed([pending]):
                    self._hand_over(claimed.notification, [claimed])

    def _claimed(self, due: Iterable[Pending]) -> list[Pending]:
        """Those that are ours now; another run may have been faster, or time may be over."""
        ours = []
        for pending in due:
            if pending.way not in self._blocked and self._claim(pending):
                ours.append(pending)
            else:
                self._leave(pending, blocks=not pending.permanent)
        return ours

    def _claim(self, pending: Pending) -> bool:
        claim = self._limits.claim
        if pending.held_by(claim):
            return True
        return not self._late() and self._ports.store.claim(pending, claim, self._ports.clock())

    def _tell_together(self, members: Sequence[Pending], topic: Topic) -> None:
        if not members:
            return
        identity = digest_id([pending.notification for pending in members])
        if self._ports.store.bind(members, identity):
            self._hand_over(self._digest(identity, members, topic), members)
        else:
            self._leave_all(members)

    def _digest(self, identity: str, members: Sequence[Pending], topic: Topic) -> Notification:
        told = [pending.notification for pending in members]
        return digest(identity, told, topic, self._ports.clock(), self._rules.display.language)

    def _hand_over(self, message: Notification, members: Sequence[Pending]) -> None:
        """Publish one message that stands for these notifications, and mark them."""
        if self._late() or any(pending.way in self._blocked for pending in members):
            self._leave_all(members)
            return
        try:
            self._ports.topics.publish(message)
        except PublishError as error:
            self._failed(message, members, error)
            return
        # SNS has it, whatever becomes of the mark.
        for pending in members:
            logger.info("published", **_named(pending.notification, message))
        self._ports.store.mark_published(members, self._ports.clock())
        self._summary.published += len(members)

    def _failed(self, message: Notification, members: Sequence[Pending], error: PublishError) -> None:
        self._summary.errors.append(f"{message.event_id} was not accepted: {error}")
        for pending in members:
            about = _named(pending.notification, message)
            logger.error("not published", **about, cause=str(error), attempts=pending.attempts + 1)
        # One moment for all, so that the members of a digest are due together again.
        attempts, now = max(pending.attempts for pending in members) + 1, self._ports.clock()
        due = next_attempt(attempts, now, permanent=error.permanent)
        for pending in members:
            self._leave(pending, blocks=not error.permanent)
            if not self._late():
                self._ports.store.mark_failed(pending, str(error), due, permanent=error.permanent)

    def _note_unreadable(self, unreadable: Mapping[str, str]) -> None:
        """They wait for a person, not for a run; everything else goes on."""
        for key, problem in unreadable.items():
            logger.error("not readable", task=MONITOR.key, cause=problem, item=key)
            self._summary.errors.append(f"the item {key} of the outbox cannot be read: {problem}")

    def _leave(self, pending: Pending, *, blocks: bool) -> None:
        self._left.append(pending)
        if blocks:
            self._blocked.add(pending.way)

    def _leave_all(self, members: Iterable[Pending]) -> None:
        for pending in members:
            self._leave(pending, blocks=True)

    def _late(self) -> bool:
        return time.monotonic() >= self._limits.publish_until


def _together(matters: Iterable[Sequence[Pending]]) -> Iterator[list[Pending]]:
    """In parts that are withheld as a whole: half of a matter would look like another one."""
    part: list[Pending] = []
    for matter in matters:
        if part and len(part) + len(matter) > MARKED_TOGETHER:
            yield part
            part = []
        part = [*part, *matter]
    if part:
        yield part


def _held(notification: Notification, silences: Iterable[Silence]) -> bool:
    return any(silence.holds(notification) for silence in silences)


def _named(told: Notification, message: Notification | None = None) -> dict[str, Any]:
    """What a log line says of a notification, and of one that went in a digest also which."""
    digest = {"digest": message.event_id} if message and message.event_id != told.event_id else {}
    return {"task": told.task_key, "event_id": told.event_id, "topic": told.topic, **digest}
