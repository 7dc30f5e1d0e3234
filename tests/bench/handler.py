"""The whole handler against bare pooled requests and the official SDK: wall, processor time and memory.

Of each subject a fresh process does the same work three times, and the third time counts, as in a warm
execution environment. The subjects take turns, and the median of the rounds stands in the table.
"""

import statistics
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from local.template import PROJECT
from tests.bench.figures import Row
from tests.bench.processes import taken_by
from tests.bench.world import world_running

LATENCY_SECONDS = 0.1
SIZES = {1_000: (32, 3), 10_000: (64, 2)}  # tasks: so many at once, so many rounds
# The official SDK would need minutes for more.
_SDK_UP_TO = 1_000
TODAY = "handler"


def measured(
    folder: Path, before: Path | None, sizes: Mapping[int, tuple[int, int]] = MappingProxyType(SIZES)
) -> list[Row]:
    """A row for each subject and size.

    Args:
        folder: for what is written on the way.
        before: a checkout of an earlier version to measure as well.
        sizes: how many tasks, and for each how many are checked at once and in how many rounds.
    """
    handlers = {TODAY: PROJECT} | ({"handler before": before} if before else {})
    rows: list[Row] = []
    with world_running(folder, latency_seconds=LATENCY_SECONDS) as world:
        for tasks, (threads, rounds) in sizes.items():
            taken = defaultdict[str, list[dict[str, float]]](list)
            for _ in range(rounds):
                others = {"bare requests": "bare"} | ({"official SDK": "sdk"} if tasks <= _SDK_UP_TO else {})
                for name, subject in others.items():
                    taken[name].append(taken_by(subject, world, tasks, threads, PROJECT))
                for name, code in handlers.items():
                    taken[name].append(taken_by("handler", world, tasks, threads, code))
            rows += [
                _row(name, found, taken["bare requests"], tasks, threads) for name, found in taken.items()
            ]
    return rows


def _row(
    name: str, found: list[dict[str, float]], bare: list[dict[str, float]], tasks: int, threads: int
) -> Row:
    def median(of: list[dict[str, float]], field: str) -> float:
        return statistics.median(one[field] for one in of)

    # Each against bare requests of its own round: the machine is not the same from round to round.
    pairs = list(zip(found, bare, strict=True))
    ideal = tasks / threads * LATENCY_SECONDS
    return {
        "subject": name,
        "tasks": tasks,
        "at once": threads,
        "ideal / wall": ideal / median(found, "wall_seconds"),
        "wall / bare": statistics.median(one["wall_seconds"] / other["wall_seconds"] for one, other in pairs),
        "processor ms a check": 1_000 * median(found, "processor_seconds") / tasks,
        "processor / bare": statistics.median(
            one["processor_seconds"] / other["processor_seconds"] for one, other in pairs
        ),
        "peak MB": median(found, "peak_megabytes"),
    }
