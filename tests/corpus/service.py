"""What the service, its metrics and the monitor's clock make of a life: rounded, late, wrong or silent."""

from dataclasses import replace
from datetime import timedelta
from random import Random

from tests.corpus.life import Check, true_time
from tests.corpus.model import ROW_BYTES, Minute, rows_in_all
from tests.corpus.plan import ClockOff, Lie, NoAnswers, NoChecks, NoMetrics, Plan
from udts_monitor.decision.observation import Lag, NoAnswer, Observation, Position, Progress

_BINLOG_BYTES = 2**30
_FRESH = timedelta(minutes=10)
_SPIKE = 10**9


def load_starts(minutes: list[Minute]) -> list[int]:
    """For each minute the one in which the present or last load began."""
    starts, phase = [0], ""
    for number, minute in enumerate(minutes):
        begins = minute.phase == "loading" and phase != "loading"
        starts.append(number if begins else starts[-1])
        phase = minute.phase
    return starts[1:]


class Service:
    """Answers for one task, minute by minute."""

    def __init__(self, plan: Plan, minutes: list[Minute], rng: Random) -> None:
        self._plan = plan
        self._minutes = minutes
        self._rng = rng
        # Guesses of the rows in all, each for a fifth of the load; the last one is true.
        self._guesses = [rng.uniform(0.6, 1.6) for _ in range(4)] + [1.0]
        self._began = load_starts(minutes)

    def checks(self) -> list[Check]:
        """One check every so many minutes, but where the monitor did not run."""
        return [
            self._check(minute)
            for minute in range(0, len(self._minutes), self._plan.every_minutes)
            if not self._plan.during(NoChecks, minute)
        ]

    def _check(self, minute: int) -> Check:
        jitter = self._rng.uniform(-1, 1) * self._plan.jitter_seconds
        off = self._plan.during(ClockOff, minute)
        at = true_time(minute + (off.by_minutes if off else 0)) + timedelta(seconds=jitter)
        silent = self._plan.during(NoAnswers, minute)
        if silent:
            reason = (
                "UCloud did not answer in time" if silent.cause == "timeout" else "UCloud refused the call"
            )
            answer = NoAnswer(cause=silent.cause, reason=reason, configuration=silent.configuration)
            return Check(minute=minute, at=at, answer=answer)
        lag = self._lag(minute)
        # As the adapter does: no value that is older by the monitor's clock, none of its future.
        stale = lag is None or abs(at - lag.measured_at) > _FRESH
        if lag and lag.measured_at > at:
            lag = replace(lag, measured_at=at)
        return Check(minute=minute, at=at, answer=self._observation(minute), lag=None if stale else lag)

    def _observation(self, minute: int) -> Observation:
        now = self._minutes[minute]
        failed = now.status.startswith("Failed")
        return Observation(
            status=now.status,
            failed_message="Error 1205: Lock wait timeout exceeded" if failed else "",
            progress=self._progress(minute),
            position=self._position(minute),
            retries_used=now.retries,
            retries_allowed=3,
            request_uuid="",
        )

    def _progress(self, minute: int) -> Progress | None:
        now = self._minutes[minute]
        if self._plan.engine == "redis" and now.phase != "loading":
            return Progress(redis_offset=int(now.applied), redis_delay_seconds=int(now.delay_seconds))
        if self._plan.engine == "mongodb" and now.phase != "loading":
            return Progress(mongo_delay_seconds=int(now.delay_seconds))
        if not self._plan.load or now.phase != "loading":
            return Progress(percent=100) if self._plan.load and now.status in {"Done", "Success"} else None
        return self._load_progress(minute, self._shown(minute))

    def _shown(self, minute: int) -> Minute:
        """The minute whose counters are still shown; those of another load are not."""
        refreshed = minute - minute % self._plan.refresh_minutes
        return self._minutes[max(refreshed, self._began[minute])]

    def _load_progress(self, minute: int, shown: Minute) -> Progress:
        assert self._plan.load
        if self._plan.whole_percents:
            return Progress(percent=int(shown.percent))
        guess = self._guesses[min(4, int(shown.percent // 20))] if self._plan.jumping_percents else 1.0
        total = max(rows_in_all(self._plan) * guess, shown.rows)
        counted = self._plan.engine != "redis"
        return Progress(
            total_rows=int(total) if counted else None,
            moved_rows=int(shown.rows) if counted else None,
            total_seconds=int(self._plan.load.minutes * 60 * self._plan.estimate_factor),
            elapsed_seconds=(minute - self._began[minute]) * 60,
            percent=round(100 * shown.rows / total, 2),
        )

    def _position(self, minute: int) -> Position | None:
        if self._plan.engine not in {"mysql", "integration"} or self._minutes[minute].phase == "loading":
            return None
        number, pos = divmod(int(self._minutes[minute].applied), _BINLOG_BYTES)
        return Position(binlog_name=f"mysql-bin.{number:06d}", binlog_pos=pos)

    def _lag(self, minute: int) -> Lag | None:
        """The metrics that can be read in this minute; they were measured earlier."""
        measured = minute - self._plan.metrics_late_minutes
        if not self._plan.metrics or measured < 0 or self._plan.during(NoMetrics, minute):
            return None
        lie = self._plan.during(Lie, minute)
        seen = max(0, lie.at - 1) if lie and lie.about == "frozen" else measured
        true = self._minutes[seen]
        if not true.phase:
            return None
        syncing = true.phase == "syncing"
        about = lie.about if lie else ""
        spike = about == "spikes" and minute % 40 == 0
        written = 0.0 if about == "nothing is written" else true.written
        return Lag(
            measured_at=true_time(measured),
            delay_seconds=(_SPIKE if spike else self._metric_delay(true)) if syncing else None,
            remaining_bytes=self._remaining(true, about) if syncing else None,
            seconds_to_level=self._seconds_to_level(true) if syncing else None,
            read_bytes_per_second=self._measured(true.read),
            written_bytes_per_second=self._measured(written),
            read_rows_per_second=self._rows(true.read) if syncing else None,
            written_rows_per_second=self._rows(written) if syncing else None,
        )

    def _metric_delay(self, true: Minute) -> float:
        level = true.delay_seconds == 0
        return true.quiet_seconds if level and self._plan.idle_ages else true.delay_seconds

    def _remaining(self, true: Minute, about: str) -> int | None:
        if self._plan.engine == "mongodb":
            return None
        return 0 if about == "nothing remains" else int(true.remaining)

    def _seconds_to_level(self, true: Minute) -> int | None:
        """UCloud's own estimate is off by as much as its estimate of the load."""
        gained = max(true.written - true.read, 1.0)
        known = self._plan.engine in {"mysql", "integration"}
        return int(true.remaining / gained * self._plan.estimate_factor) if known else None

    def _rows(self, rate: float) -> float | None:
        return self._measured(rate / ROW_BYTES) if self._plan.engine in {"mysql", "integration"} else None

    def _measured(self, rate: float) -> float:
        return round(rate * self._rng.uniform(0.97, 1.03), 1)
