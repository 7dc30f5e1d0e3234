"""When the monitor itself is late, told from the times of its runs: nobody tells it how often it runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# A run that was started by hand between two others must not make the next one late.
_SHORTEST = timedelta(minutes=3)
_INTERVALS = 3
GAPS_KEPT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time in which nobody looked."""

    since: datetime
    until: datetime


def late_at(ran_at: datetime, previous_run_at: datetime | None) -> datetime:
    """From when on the next run is late: three times the interval of the last two, and three minutes."""
    interval = ran_at - previous_run_at if previous_run_at else timedelta(0)
    return ran_at + max(_SHORTEST, _INTERVALS * interval)


def is_late(ran_at: datetime | None, previous_run_at: datetime | None, now: datetime) -> bool:
    """Whether a run of this moment comes late; the first one does not."""
    return ran_at is not None and now >= late_at(ran_at, previous_run_at)


def with_gap(
    gaps: Sequence[Gap], ran_at: datetime | None, previous_run_at: datetime | None, now: datetime
) -> tuple[Gap, ...]:
    """The latest times without a run, oldest first; the one that ends with the run of ``now`` among them."""
    late = is_late(ran_at, previous_run_at, now)
    found = (*gaps, Gap(since=ran_at, until=now)) if late and ran_at else tuple(gaps)
    return found[-GAPS_KEPT:]
