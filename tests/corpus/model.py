"""The physical model: a source that is written to, a load that moves rows, a target that applies changes.

Rows and bytes with rates, a minute at a time. What the service says about it is not made here.
"""

import math
from collections import deque
from dataclasses import dataclass
from random import Random

from tests.corpus.plan import Fail, Hang, Happening, Plan, Reset, Slow, Source, Stop

ROW_BYTES = 400
# A target that is level still lacks what is on its way.
_IN_FLIGHT_SECONDS = (0.2, 3.0)
_CAPACITY = 4  # times the source's mean rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """What is true at the end of one minute.

    Attributes:
        phase: ``loading``, ``syncing``, or empty while the task does neither.
        percent: of the load, true.
        applied, remaining: bytes of the source's log.
        delay_seconds: age of the oldest change the target lacks; 0 when it is level.
        quiet_seconds: since the source was written to.
        read, written: bytes per second.
    """

    status: str
    phase: str
    percent: float
    rows: float
    retries: int
    applied: float
    remaining: float
    delay_seconds: float
    quiet_seconds: float
    read: float
    written: float


def writes(source: Source, minutes: int, rng: Random) -> list[float]:
    """Bytes per second that are written to the source, minute by minute."""
    mean = source.bytes_per_second
    match source.pattern:
        case "slow":
            pause, rates = 0, []
            for _ in range(minutes):
                rates.append(rng.uniform(300, 3_000) if pause == 0 else 0.0)
                pause = rng.randint(15, 45) if pause == 0 else pause - 1
            return rates
        case "steady":
            return [mean * rng.uniform(0.9, 1.1) for _ in range(minutes)]
        case "bursty":
            return [mean * (10 if minute % 90 < source.burst_minutes else 0.05) for minute in range(minutes)]
        case "daily":
            noon = [math.sin(math.pi * minute / 1440) ** 2 for minute in range(minutes)]
            return [mean * (0.3 + 0.7 * share) * rng.uniform(0.9, 1.1) for share in noon]
        case _:
            return [0.0] * minutes


class Model:
    """One task and its source, minute after minute."""

    def __init__(self, plan: Plan, rng: Random) -> None:
        self._plan = plan
        self._rng = rng
        self._rates = writes(plan.source, plan.minutes, rng)
        self._log: list[float] = []  # the source's log in bytes, at the end of each minute
        self._produced = self._applied = float(rng.randint(10**9, 9 * 10**9))
        self._oldest_missing = 0
        self._last_write = 0
        self._retries = 0
        self._percent = 0.0
        self._loads = plan.load is not None
        self._finished = False
        self._statuses = deque(plan.first_statuses)
        self._load_anew = False

    def live(self) -> list[Minute]:
        """The whole life."""
        return [self._minute(minute) for minute in range(self._plan.minutes)]

    def _minute(self, minute: int) -> Minute:
        for happening in self._plan.happenings:
            if happening.at == minute:
                self._befall(happening)
        rate = self._rates[minute]
        self._produced += rate * 60
        self._log.append(self._produced)
        self._last_write = minute if rate else self._last_write
        if self._statuses:
            return self._told(minute, self._statuses.popleft(), "", 0, 0)
        if self._load_anew:
            self._load_anew, self._loads, self._percent = False, True, 0.0
            self._applied = self._produced
        if self._loads:
            return self._load(minute)
        if self._finished:
            return self._told(minute, self._plan.last_status, "", 0, 0)
        return self._sync(minute, rate)

    def _befall(self, happening: Happening) -> None:
        lasts = min(happening.until, self._plan.minutes) - happening.at
        started = ["Starting"] * 2
        match happening:
            case Fail(status=status):
                self._retries += status == "RetryPending" or lasts < 3
                self._statuses = deque([status] * lasts + started)
                self._load_anew = self._loads
                self._applied -= self._plan.repeats_bytes
            case Stop():
                self._applied -= self._plan.repeats_bytes
                self._statuses = deque(["Stopping"] + ["Stopped"] * (lasts - 1) + started)
            case Reset():
                edited = ["Stopping"] + ["Stopped"] * 3 + ["Created"] * 4 + ["Checking"] * 2
                self._statuses = deque(edited + started)
                self._load_anew = True

    def _load(self, minute: int) -> Minute:
        load = self._plan.load
        assert load
        step = 0.0 if self._plan.during(Hang, minute) else self._pace(minute) * 100 / load.minutes
        step = min(step, 100 - self._percent)
        self._percent += step
        if self._percent >= 100 - 1e-9:
            self._loads, self._percent = False, 100.0
            self._finished = self._plan.mode == "full"
        rate = step / 100 * rows_in_all(self._plan) * ROW_BYTES / 60
        status = "Dumping" if self._percent < 30 else "Loading"
        return self._told(minute, status, "loading", rate, rate)

    def _pace(self, minute: int) -> float:
        assert self._plan.load
        match self._plan.load.pace:
            case "slowing":
                return (4 / 3 if self._percent < 50 else 2 / 3) * self._rng.uniform(0.95, 1.05)
            case "tables":
                return (1.6 if minute // 25 % 2 else 0.4) * self._rng.uniform(0.9, 1.1)
            case _:
                return self._rng.uniform(0.9, 1.1)

    def _sync(self, minute: int, rate: float) -> Minute:
        hang, slow = self._plan.during(Hang, minute), self._plan.during(Slow, minute)
        capacity = self._plan.source.bytes_per_second * _CAPACITY
        if slow:
            capacity = rate * slow.share
        # What is on its way changes from minute to minute: it wobbles, and that means nothing.
        in_flight = rate * self._rng.uniform(*_IN_FLIGHT_SECONDS)
        before = self._applied
        if not hang:
            self._applied = min(self._produced - in_flight, before + capacity * 60)
        read = 0.0 if hang and not hang.at_target else rate
        level = self._delay(minute) == 0
        chance = self._rng.random()
        synced = level and self._plan.mode != "two-way" and (rate == 0 or chance < 0.4)
        status = "Synced" if synced else "Syncing"
        return self._told(minute, status, "syncing", read, (self._applied - before) / 60)

    def _told(self, minute: int, status: str, phase: str, read: float, written: float) -> Minute:
        return Minute(
            status=status,
            phase=phase,
            percent=self._percent,
            rows=self._percent / 100 * rows_in_all(self._plan),
            retries=self._retries,
            applied=self._applied,
            remaining=self._produced - self._applied,
            delay_seconds=self._delay(minute),
            quiet_seconds=(minute - self._last_write) * 60.0,
            read=read,
            written=written,
        )

    def _delay(self, minute: int) -> float:
        """The oldest change the target lacks was written in the first minute whose log lies beyond it."""
        while self._oldest_missing < minute and self._log[self._oldest_missing] <= self._applied:
            self._oldest_missing += 1
        return (minute - self._oldest_missing) * 60.0


def rows_in_all(plan: Plan) -> float:
    """How much a load has to move: as much as takes its time at some thousand rows a second."""
    return plan.load.minutes * 60 * 5_000.0 if plan.load else 0.0
