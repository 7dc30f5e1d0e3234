"""What a synthetic life is made of: plain data; whoever judges it need not know how it was made."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from udts_monitor.decision.observation import Lag, NoAnswer, Observation

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
# The kinds a life knows the truth of.
KINDS = (
    *("stalled", "progressing", "delayed", "caught_up", "cutover_ready", "cutover_not_ready"),
    *("overdue", "reset"),
    *("failed", "retrying", "recovered", "finished", "stopped", "resume_deadline"),
    *("unreachable", "reachable"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check.

    Attributes:
        minute: of the life, in true time.
        at: by the monitor's clock, which jitters and may be stepped.
        lag: what the metrics bring beside the answer, None where they bring nothing fresh.
    """

    minute: int
    at: datetime
    answer: Observation | NoAnswer
    lag: Lag | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One event of a kind, in minutes of the life; both ends belong to it.

    Attributes:
        seen_afterwards: no check shows it; only the service's history of the task does.
    """

    kind: str
    earliest: int
    latest: int
    seen_afterwards: bool = False

    def __contains__(self, minute: int) -> bool:
        return self.earliest <= minute <= self.latest


@dataclass(frozen=True, slots=True, kw_only=True)
class FullLoad:
    """One full load from its first to its last minute; what an estimate of its end is measured by.

    Attributes:
        ended: the minute it was over, None when it never was.
        steady: its rate hardly varied, so that its end can be known from half-way.
    """

    began: int
    ended: int | None
    steady: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A task from its first check to its last, and what is true about it.

    Attributes:
        varieties: what was done to it, in words a report can group by.
        thresholds: its own settings, by their names in the task list; all others have their defaults.
        deadline: given in the task list, by the true clock.
        expected: each has to be told once.
        tolerated: may be told, and need not be.
        history: the statuses and when they began, as the service keeps them.
    """

    name: str
    engine: str
    mode: str
    task_type: str
    varieties: frozenset[str]
    minutes: int
    thresholds: Mapping[str, float] = field(default_factory=dict)
    deadline: datetime | None = None
    checks: tuple[Check, ...]
    expected: tuple[Window, ...]
    tolerated: tuple[Window, ...]
    history: tuple[tuple[datetime, str], ...]
    loads: tuple[FullLoad, ...]

    def is_false(self, kind: str, minute: int) -> bool:
        """Whether an event of this kind would be a false one in this minute."""
        windows = (*self.expected, *self.tolerated)
        return not any(window.kind == kind and minute in window for window in windows)

    def false_minutes(self, kind: str) -> Iterator[range]:
        """The stretches of minutes in which an event of this kind would be a false one."""
        free = 0
        windows = (window for window in (*self.expected, *self.tolerated) if window.kind == kind)
        for window in sorted(windows, key=lambda window: window.earliest):
            if free < window.earliest:
                yield range(free, window.earliest)
            free = max(free, window.latest + 1)
        if free < self.minutes:
            yield range(free, self.minutes)


def true_time(minute: float) -> datetime:
    """The moment of a minute by the true clock."""
    return START + timedelta(minutes=minute)
