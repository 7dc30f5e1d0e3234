"""What a month costs, for a user's own figures: ``make cost TASKS=100 PERIOD=1``.

Prices: us-east-1, without Lambda's free tier; ten metrics and ten alarms an account are free. How often what
is called, and how large it is, a test holds against the code; processor times are those of
docs/performance.md.
"""

import argparse
import math
from collections.abc import Mapping
from dataclasses import dataclass

HOURS = 730
SAMPLE_MINUTES = 5
# Measured by the benches, in milliseconds of one processor: a run without tasks, and each check.
RUN_MS, CHECK_MS = 17.0, 0.95
AWS_MS = 10.0
# Of a run, beside what its tasks need.
READS, WRITES, AWS_CALLS, SECRET_SECONDS = 2, 1, 4, 300
STATE_BYTES, SAMPLE_BYTES, MONITOR_BYTES = 950, 400, 1_000
# Two lines of ours and Lambda's three.
LOG_BYTES = 2_200
ALARMS, METRICS = 5, 10
MB_PER_PROCESSOR = 1_769

# Source: AWS price lists, us-east-1, USD.
_LAMBDA_GB_SECOND, _LAMBDA_CALL = 0.0000133334, 0.20e-6
_READ_UNIT, _WRITE_UNIT = 0.125e-6, 0.625e-6
_LOG_GB, _SCHEDULED = 0.50, 1.00e-6
_SECRET, _SECRET_CALL = 0.40, 5e-6
_ALARM, _METRIC = 0.10, 0.30
_SNS_CALL = 0.50e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What somebody runs.

    Attributes:
        period_minutes: from run to run.
        moving: share of the tasks whose progress or position moves: each of them leaves a sample every
            five minutes, or every run where runs are rarer.
        latency_ms: of UCloud.
        at_once: MAX_CONCURRENCY.
        memory_mb: of the function, with which its processor share grows.
    """

    tasks: int
    period_minutes: float = 1
    moving: float = 0
    latency_ms: float = 100
    at_once: int = 16
    memory_mb: int = 256

    @property
    def runs(self) -> float:
        """Runs a month."""
        return HOURS * 60 / self.period_minutes


def run_seconds(use: Use) -> float:
    """How long a run takes: it waits for UCloud or for its share of a processor, whichever is longer."""
    share = min(1.0, use.memory_mb / MB_PER_PROCESSOR)
    waiting = math.ceil(use.tasks / use.at_once) * (use.latency_ms + CHECK_MS / share)
    working = use.tasks * CHECK_MS / share
    return (RUN_MS / share + AWS_CALLS * AWS_MS + max(waiting, working)) / 1_000


def month(use: Use) -> Mapping[str, float]:
    """USD a month, by what they are for."""
    samples = use.moving * use.tasks * HOURS * 60 / max(SAMPLE_MINUTES, use.period_minutes)
    a_sample = _units(STATE_BYTES, 1_024) + _units(SAMPLE_BYTES, 1_024)
    reads = max(1, _units(use.tasks * STATE_BYTES, 4_096)) + READS
    secret_reads = HOURS * 3_600 / max(SECRET_SECONDS, use.period_minutes * 60)
    return {
        "Lambda": use.runs * (run_seconds(use) * use.memory_mb / 1_024 * _LAMBDA_GB_SECOND + _LAMBDA_CALL),
        "DynamoDB reads": use.runs * reads * _READ_UNIT,
        "DynamoDB writes of runs": use.runs * WRITES * _units(MONITOR_BYTES, 1_024) * _WRITE_UNIT,
        "DynamoDB writes of samples": samples * a_sample * _WRITE_UNIT,
        "secret": _SECRET + secret_reads * _SECRET_CALL,
        "logs": use.runs * LOG_BYTES / 1e9 * _LOG_GB,
        "schedule": use.runs * _SCHEDULED,
        "counting subscribers": HOURS * 3 * _SNS_CALL,
    }


def beyond_free_tier() -> float:
    """USD a month more where the account's ten free metrics and alarms are used up elsewhere."""
    return ALARMS * _ALARM + METRICS * _METRIC


def _units(size: float, unit: int) -> int:
    return math.ceil(size / unit)


def lines(use: Use) -> list[str]:
    """What is printed."""
    parts = month(use)
    run = f"{run_seconds(use):.2f} s a run at {use.memory_mb} MB"
    told = [f"{use.tasks} tasks every {use.period_minutes:g} min, {use.moving:.0%} of them moving: {run}"]
    told += [f"{usd:8.2f} USD  {what}" for what, usd in parts.items()]
    told.append(f"{sum(parts.values()):8.2f} USD  a month (us-east-1)")
    told.append(f"{beyond_free_tier():8.2f} USD  more where ten metrics and ten alarms are not free any more")
    return told


def main() -> None:
    """Print a month's cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=100)
    parser.add_argument("--period", type=float, default=1, help="minutes from run to run")
    parser.add_argument("--moving", type=float, default=0, help="share of the tasks that move, 0 to 1")
    asked = parser.parse_args()
    print("\n".join(lines(Use(tasks=asked.tasks, period_minutes=asked.period, moving=asked.moving))))


if __name__ == "__main__":
    main()
