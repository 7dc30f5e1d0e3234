"""What a task went through between two checks, by the service's own history of it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from udts_monitor.decision.state import TaskState
from udts_monitor.decision.status import Outcome, outcome_of

# Two clocks: a row this close to a check may be what that check saw.
TOLERANCE = timedelta(minutes=2)
# More than the events of one check lie apart.
APART = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastStatus:
    """A status that the service says a task entered, to the second of the service's clock."""

    at: datetime
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """What the history tells of the time between two checks.

    Attributes:
        missed: the statuses nobody saw, in order; each has a time of its own after the stored status.
        entered_at: when the task entered the status that this check saw, None where that is not told.
    """

    missed: tuple[PastStatus, ...] = ()
    entered_at: datetime | None = None


def unseen(state: TaskState, rows: Iterable[PastStatus], status: str, now: datetime) -> Unseen:
    """The statuses that were entered after the stored one and before this check's, in order.

    Args:
        state: as stored.
        rows: the service's history of the task, in any order.
        status: what this check saw.
        now: the moment of this check.
    """
    if not state.status:
        return Unseen()
    entered = [row for row in sorted(rows, key=lambda row: row.at) if row.at <= now + TOLERANCE]
    known = [place for place, row in enumerate(entered) if row.status == state.status and _is(row, state)]
    # The row of the stored status, where the service keeps one; otherwise what is surely later.
    later = (
        entered[known[-1] + 1 :] if known else [row for row in entered if row.at > state.since + TOLERANCE]
    )
    missed: list[PastStatus] = []
    for row in later:
        if _is_news(row.status, missed[-1].status if missed else state.status):
            missed.append(row)
    placed = _in_order(missed, state.since, now)
    if placed and placed[-1].status == status:
        return Unseen(missed=placed[:-1], entered_at=placed[-1].at)
    return Unseen(missed=placed)


def _is_news(status: str, before: str) -> bool:
    """A source that is written to swings between Syncing and Synced: nobody has to have seen that."""
    swings = outcome_of(status) is outcome_of(before) is Outcome.SYNCING
    return status != before and not swings


def _is(row: PastStatus, state: TaskState) -> bool:
    """The row is the beginning of the stored status: the check that saw it came later."""
    return row.at <= state.since + TOLERANCE


def _in_order(rows: list[PastStatus], since: datetime, now: datetime) -> tuple[PastStatus, ...]:
    """Whatever the service's clock says: after the stored status, before this check, one after the other.

    The history in the table tells two of them apart by their times.
    """
    placed: list[PastStatus] = []
    for place, row in enumerate(rows):
        latest = now - APART * (len(rows) - place)
        since = max(since + APART, min(row.at, latest))
        placed.append(replace(row, at=since))
    return tuple(placed)
