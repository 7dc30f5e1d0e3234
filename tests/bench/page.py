"""The status page over its address: the second view of a process, of tasks with a day of changes behind them.

Its samples are not among what is sent: DynamoDB leaves them out, and the model of it here has none.
"""

import statistics
from pathlib import Path

from local.template import PROJECT
from tests.bench.figures import Row
from tests.bench.processes import taken_by
from tests.bench.world import world_running

SIZES = (10, 50, 200)
ROUNDS = 3
CHANGES = 12


def measured(folder: Path, _: Path | None, sizes: tuple[int, ...] = SIZES, rounds: int = ROUNDS) -> list[Row]:
    """A row for each size, the median of the rounds."""
    rows: list[Row] = []
    for tasks in sizes:
        taken = []
        for _round in range(rounds):
            with world_running(folder, latency_seconds=0.01) as world:
                taken.append(taken_by("page", world, tasks, 16, PROJECT, changes=CHANGES))
        rows.append(
            {
                "tasks": tasks,
                "seconds": statistics.median(one["wall_seconds"] for one in taken),
                "processor seconds": statistics.median(one["processor_seconds"] for one in taken),
                "peak MB": statistics.median(one["peak_megabytes"] for one in taken),
            }
        )
    return rows
