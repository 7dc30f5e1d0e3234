"""Empty the outbox: withhold what is no news, claim, publish, mark.

Publish first, mark second: a crash in between repeats a message, the other order would lose one.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import batched
from typing import Any

from aws_lambda_powertools import Logger

from udts_monitor.decision.event import Kind
from udts_monitor.errors import PublishError
from udts_monitor.outbox.notification import PEOPLE, Notification, Topic
from udts_monitor.outbox.pending import Claim, Pending, in_one_call, next_attempt, publishable
from udts_monitor.outbox.silence import Silence, sort_out
from udts_monitor.run.monitor_events import silence_event, silence_notifications
from udts_monitor.run.ports import OutboxContents, Ports
from udts_monitor.run.render import digest, digest_id, on_time, silence_end
from udts_monitor.run.settings import SERVICE, Limits, RunSettings
from udts_monitor.run.summary import Published
from udts_monitor.task import MONITOR

# Withheld, and claimed, in one transaction.
_WITHHELD_TOGETHER = 50
_CLAIMED_TOGETHER = 100

logger = Logger(service=SERVICE, child=True)

# One message for many, under its id.
type Render = Callable[[str, Sequence[Pending]], Notification]


class Delivery:
    """Publishes what one run may publish, and leaves the rest to the next."""

    def __init__(self, ports: Ports, settings: RunSettings, limits: Limits) -> None:
        self._ports = ports
        self._settings = settings
        self._limits = limits
        self._published = 0
        self._left: list[Pending] = []
        self._errors: list[str] = []
        # What waits for SNS keeps its successors waiting, so that a task is told in order; what SNS refused
        # for what it is must not.
        self._blocked: set[tuple[str, Topic]] = set()

    def publish(self) -> Published:
        """Publish the outbox, oldest first, people before programs.

        Raises:
            StoreError: the table cannot be used; what was published may be told again.
        """
        outbox, now = self._ports.store.outbox(), self._ports.clock()
        self._note_unreadable(outbox)
        waiting = self._without_topics_that_are_off(outbox.pending)
        held = sort_out(waiting, outbox.silences, now)
        dropped = self._withhold(pending for pending in held.superseded if self._usable(pending))
        back = {pending.sk for pending in held.back}
        released = {pending.sk for pending in held.released}
        waiting = [pending for pending in waiting if pending.sk not in dropped]
        due = self._due(waiting, back)
        open_now = self._open_incidents() if released else frozenset[str]()
        for topic in Topic:
            ours = [pending for pending in due if pending.notification.topic is topic]
            self._publish_topic(topic, [pending for pending in ours if pending.sk not in released])
            self._publish_released([pending for pending in ours if pending.sk in released], topic, open_now)
        # What a silence holds does not wait for SNS.
        late = [pending.notification for pending in self._left if pending.sk not in back]
        # One that held what still waits stays: its message is told, or told again, as its end.
        over = [silence for silence in outbox.silences if silence.until <= now and not outbox.unread]
        self._end_silences(silence for silence in over if not any(map(silence.holds, late)))
        return Published(
            published=self._published,
            pending=len(self._left) + outbox.unread,
            oldest_pending_seconds=(now - min((one.time for one in late), default=now)).total_seconds(),
            silences=tuple(silence for silence in outbox.silences if silence.until > now),
            errors=tuple(self._errors),
        )

    def _usable(self, pending: Pending) -> bool:
        """No other living run has it: that one may know better what to do with it."""
        return pending.usable(self._limits.claim, self._ports.clock())

    def _without_topics_that_are_off(self, waiting: Sequence[Pending]) -> list[Pending]:
        """A run that is still alive may have the topic on."""
        off = [pending for pending in waiting if pending.notification.topic not in self._settings.topics]
        self._withhold(pending for pending in off if self._usable(pending))
        return [pending for pending in waiting if pending.notification.topic in self._settings.topics]

    def _withhold(self, dropped: Iterable[Pending]) -> set[str]:
        """Take them off the outbox unpublished; their keys."""
        keys = set[str]()
        for together in batched(dropped, _WITHHELD_TOGETHER, strict=False):
            self._ports.store.withhold(together, self._ports.clock())
            keys |= {pending.sk for pending in together}
            for pending in together:
                logger.info("withheld", **_named(pending.notification))
        return keys

    def _due(self, waiting: Sequence[Pending], held_back: set[str]) -> list[Pending]:
        """Those this run may try to publish now."""
        others = {pending.sk for pending in waiting if not self._usable(pending)}
        due = publishable(waiting, held_back | others)
        keys = {pending.sk for pending in due}
        self._left += [pending for pending in waiting if pending.sk not in keys]
        return due

    def _open_incidents(self) -> frozenset[str]:
        """Ids of what is open by what is stored, not by what this run could not save."""
        states = self._ports.store.load_states().values()
        outages = {found.id for found in self._ports.store.load_monitor().outages}
        return frozenset(outages | {found.id for state in states for found in state.incidents.values()})

    def _publish_topic(self, topic: Topic, due: Sequence[Pending]) -> None:
        render = partial(self._digest, topic)
        fresh = self._publish_begun_digests(due, render)
        if topic in PEOPLE and len(fresh) > self._settings.digest_above:
            self._publish_together(self._claimed(fresh), render)
            return
        # A few at a time: what was claimed and then not told would wait for the end of its lease.
        for few in in_one_call(fresh) if topic not in PEOPLE else ([pending] for pending in fresh):
            claimed = self._claimed(few)
            if len(claimed) > 1:
                self._publish_in_one_call(claimed)
            else:
                for pending in claimed:
                    self._publish(pending.notification, [pending])

    def _publish_released(self, due: Sequence[Pending], topic: Topic, open_now: frozenset[str]) -> None:
        """What silences held back and released is told in one message: what is open, what came and went."""

        def end(identity: str, members: Sequence[Pending]) -> Notification:
            told = [pending.notification for pending in members]
            return silence_end(identity, told, open_now, topic, self._ports.clock(), self._settings.display)

        self._publish_together(self._claimed(self._publish_begun_digests(due, end)), end)

    def _publish_begun_digests(self, due: Sequence[Pending], render: Render) -> list[Pending]:
        """A digest that was begun may have been accepted: it is repeated under its id. The others."""
        begun: dict[str, list[Pending]] = defaultdict(list)
        for pending in due:
            begun[pending.digest_id].append(pending)
        fresh = begun.pop("", [])
        for identity, members in begun.items():
            ours = self._claimed(members)
            if len(ours) == len(members):
                self._publish(render(identity, members), members)
            else:
                self._leave_all(ours)
        return fresh

    def _claimed(self, due: Iterable[Pending]) -> list[Pending]:
        """Those that are ours now; another run may have been faster, or time may be over."""
        ours = list[Pending]()
        for batch in batched(due, _CLAIMED_TOGETHER, strict=False):
            # One by one the members of a large digest would take all the time there is, run after run.
            if len(batch) > 1 and not self._any_blocked(batch) and self._claim(batch):
                ours += batch
                continue
            for pending in batch:
                if not self._any_blocked([pending]) and self._claim([pending]):
                    ours.append(pending)
                else:
                    self._leave(pending, blocks=not pending.permanent)
        return ours

    def _claim(self, members: Sequence[Pending]) -> bool:
        claim = self._limits.claim
        free = [pending for pending in members if not pending.held_by(claim)]
        return not free or (not self._late() and self._ports.store.claim(free, claim, self._ports.clock()))

    def _any_blocked(self, members: Iterable[Pending]) -> bool:
        return any(pending.notification.ordering_key in self._blocked for pending in members)

    def _publish_together(self, members: Sequence[Pending], render: Render) -> None:
        if not members:
            return
        identity = digest_id([pending.notification for pending in members])
        # To bind a thousand takes seconds, which a run that is late has no more.
        if not self._late() and self._ports.store.bind(members, identity):
            self._publish(render(identity, members), members)
        else:
            self._leave_all(members)

    def _digest(self, topic: Topic, identity: str, members: Sequence[Pending]) -> Notification:
        told = [pending.notification for pending in members]
        return digest(identity, told, topic, self._ports.clock(), self._settings.display)

    def _publish(self, message: Notification, members: Sequence[Pending]) -> None:
        """Publish one message that stands for these notifications, and mark them."""
        if self._late() or self._any_blocked(members):
            self._leave_all(members)
            return
        try:
            self._ports.topics.publish(on_time(message, self._ports.clock(), self._settings.display))
        except PublishError as error:
            self._defer(message, members, error)
            return
        self._mark(members, message)

    def _publish_in_one_call(self, members: Sequence[Pending]) -> None:
        """Publish each by itself, several in a call: what becomes of one is exact, and nothing of another."""
        if self._late():
            self._leave_all(members)
            return
        errors = self._ports.topics.publish_in_one_call([pending.notification for pending in members])
        told = list(zip(members, errors, strict=True))
        self._mark([pending for pending, error in told if error is None])
        for pending, error in told:
            if error:
                self._defer(pending.notification, [pending], error)

    def _mark(self, members: Sequence[Pending], message: Notification | None = None) -> None:
        # SNS has it, whatever becomes of the mark.
        for pending in members:
            logger.info("published", **_named(pending.notification, message))
        self._ports.store.mark_published(members, self._ports.clock())
        self._published += len(members)

    def _defer(self, message: Notification, members: Sequence[Pending], error: PublishError) -> None:
        self._errors.append(f"{message.event_id} was not accepted: {error}")
        cause = "refused" if error.permanent else "not_accepted"
        for pending in members:
            about = _named(pending.notification, message)
            attempts = pending.attempts + 1
            logger.error("not published", **about, cause=cause, reason=str(error), attempts=attempts)
        # One moment for all, so that the members of a digest are due together again.
        attempts, now = max(pending.attempts for pending in members) + 1, self._ports.clock()
        due = next_attempt(attempts, now, permanent=error.permanent)
        for pending in members:
            self._leave(pending, blocks=not error.permanent)
        if not self._late():
            self._ports.store.mark_failed(members, str(error), due, permanent=error.permanent)

    def _end_silences(self, over: Iterable[Silence]) -> None:
        for silence in over:
            event = silence_event(Kind.SILENCE_ENDED, silence, self._ports.clock())
            # Claimed by nobody: this outbox is read, so the next run publishes it.
            free = Claim(owner=self._limits.claim.owner, until=event.time)
            told = silence_notifications(event, self._settings)
            self._ports.store.end_silence(silence, event, told, free)

    def _note_unreadable(self, outbox: OutboxContents) -> None:
        """They wait for a person, not for a run; everything else goes on."""
        for key, problem in outbox.unreadable.items():
            logger.error("not readable", task=MONITOR.key, cause="unreadable_item", reason=problem, item=key)
            self._errors.append(f"the item OUTBOX {key} cannot be read, repair or delete it: {problem}")

    def _leave(self, pending: Pending, *, blocks: bool) -> None:
        self._left.append(pending)
        if blocks:
            self._blocked.add(pending.notification.ordering_key)

    def _leave_all(self, members: Iterable[Pending]) -> None:
        for pending in members:
            self._leave(pending, blocks=True)

    def _late(self) -> bool:
        return time.monotonic() >= self._limits.publish_until


def _named(told: Notification, message: Notification | None = None) -> dict[str, Any]:
    """What a log line says of a notification, and of one that went in a digest also which."""
    digest = {"digest": message.event_id} if message and message.event_id != told.event_id else {}
    return {"task": told.task_key, "event_id": told.event_id, "topic": told.topic, **digest}
