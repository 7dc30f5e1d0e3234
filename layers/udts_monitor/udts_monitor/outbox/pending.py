"""The outbox: who may publish a notification now, and when one that failed is tried again.

    write (born claimed)  -->  publish  -->  mark published (off the outbox)
            run dies ... lease over ... claim  --^   publish fails ... wait ... claim  --^

Publish first, mark second: a crash in between repeats a message, the other order would lose one.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from udts_monitor.outbox.notification import Notification, Topic

_FIRST_WAIT = timedelta(minutes=1)
# Short, because what follows for the same task waits as well, so that it is told in order.
_LONGEST_WAIT = timedelta(minutes=5)
_LONGEST_PERMANENT_WAIT = timedelta(hours=1)
_CALL_ENTRIES = 10
# Below SNS's 256 KiB: the types of attributes count as well.
_CALL_BYTES = 250_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A run's right to publish what it claimed.

    Attributes:
        owner: the run.
        until: when the run cannot be alive any more, whatever happened to it.
    """

    owner: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A notification that SNS has not accepted yet.

    Attributes:
        sk: its key in the outbox.
        history: partition and sort key of its event in the history.
        lease_owner: the run that claimed it last.
        lease_until: before this moment only that run may publish it; also how a failed one waits.
        attempts: how often publishing it failed.
        permanent: SNS refused it for what it is, so trying again helps only after a person changed something.
        digest_id: the digest in which it was or is to be told, and would be repeated; mostly empty.
    """

    notification: Notification
    sk: str
    history: tuple[str, str]
    lease_owner: str
    lease_until: datetime
    attempts: int
    permanent: bool = False
    digest_id: str = ""

    @property
    def digest_key(self) -> tuple[str, Topic]:
        """What of it is told together: a digest, whose id stands for one content on a topic."""
        return self.digest_id, self.notification.topic

    def held_by(self, claim: Claim) -> bool:
        """It was born in this run, or claimed by it, and has not failed yet."""
        return self.lease_owner == claim.owner and self.attempts == 0

    def free(self, now: datetime) -> bool:
        """Whoever held it is dead, or its wait is over."""
        return self.lease_until <= now

    def usable(self, claim: Claim, now: datetime) -> bool:
        """No other living run has it."""
        return self.held_by(claim) or self.free(now)


def publishable(waiting: Sequence[Pending], excluded: Collection[str]) -> list[Pending]:
    """What may be told now: nothing before what precedes it, and of a digest that was begun all or nothing.

    Args:
        waiting: the outbox, oldest first.
        excluded: sort keys of those that may not be told now.
    """
    while True:
        due, blocked = [], set[tuple[str, Topic]]()
        incomplete = {found.digest_key for found in waiting if found.digest_id and found.sk in excluded}
        for pending in waiting:
            key = pending.notification.ordering_key
            if pending.sk in excluded or pending.digest_key in incomplete or key in blocked:
                # What SNS refused for what it is must not keep its successors waiting.
                blocked |= set() if pending.permanent else {key}
            else:
                due.append(pending)
        left = {pending.sk for pending in waiting} - {pending.sk for pending in due}
        if left == excluded:
            return due
        excluded = left


def in_one_call(due: Iterable[Pending]) -> Iterator[list[Pending]]:
    """Groups that SNS takes in one call each; no two of one task, so that one that fails stops what follows.

    What was refused before goes alone: it may be what the whole call was refused for.
    Source: SNS, PublishBatch: ten entries, 256 KiB with their attributes.
    """
    group, size = list[Pending](), 0
    for pending in due:
        bytes_more = pending.notification.size_bytes
        keys = {found.notification.ordering_key for found in group}
        full = len(group) == _CALL_ENTRIES or size + bytes_more > _CALL_BYTES
        alone = pending.permanent or any(found.permanent for found in group)
        if group and (full or alone or pending.notification.ordering_key in keys):
            yield group
            group, size = [], 0
        group.append(pending)
        size += bytes_more
    if group:
        yield group


def next_attempt(failed_attempts: int, now: datetime, *, permanent: bool) -> datetime:
    """When a notification is due again: a minute after the first failure, then twice as long each time."""
    doublings = min(max(failed_attempts - 1, 0), 10)
    wait = _FIRST_WAIT * (1 << doublings)
    return now + min(wait, _LONGEST_PERMANENT_WAIT if permanent else _LONGEST_WAIT)
