"""What a task went through between two checks, by the service's own history of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from udts_monitor.decision.state import TaskState

# Two clocks: a row this close to a check may be what that check saw.
TOLERANCE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastStatus:
    """A status that the service says a task entered, to the second of the service's clock."""

    at: datetime
    status: str


def unseen(
    state: TaskState, rows: Iterable[PastStatus], status: str, now: datetime
) -> tuple[PastStatus, ...]:
    """The statuses that were entered after the stored one and before this check's, in order.

    Args:
        state: as stored.
        rows: the service's history of the task, in any order.
        status: what this check saw.
        now: the moment of this check.
    """
    if not state.status:
        return ()
    entered = [row for row in sorted(rows, key=lambda row: row.at) if row.at <= now + TOLERANCE]
    known = [place for place, row in enumerate(entered) if row.status == state.status and _is(row, state)]
    # The row of the stored status, where the service keeps one; otherwise what is surely later.
    later = (
        entered[known[-1] + 1 :] if known else [row for row in entered if row.at > state.since + TOLERANCE]
    )
    missed: list[PastStatus] = []
    for row in later:
        if row.status != (missed[-1].status if missed else state.status):
            missed.append(row)
    if missed and missed[-1].status == status:
        missed.pop()
    return tuple(missed)


def _is(row: PastStatus, state: TaskState) -> bool:
    """The row is the beginning of the stored status: the check that saw it came later."""
    return row.at <= state.since + TOLERANCE
