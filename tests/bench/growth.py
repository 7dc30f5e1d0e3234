"""Growth: processor time and memory from ten tasks to ten thousand, and how many tasks one run carries.

The second is a model, that of the cost, held against runs whose process gets a share of a processor: it is
stopped for the rest of each fiftieth of a second in which it has used its share up, as by a quota.
"""

import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from local.cost import MB_PER_PROCESSOR, Use, run_seconds
from local.template import PROJECT
from tests.bench.figures import Row
from tests.bench.processes import taken_by
from tests.bench.world import world_running

SIZES = (10, 100, 1_000, 10_000)
# Tasks, checks at once, latency in milliseconds, memory in MB.
LIMITED = ((200, 16, 100, 256), (500, 16, 100, 512), (500, 16, 300, 256), (100, 16, 1_000, 256))
CHECK_SECONDS = 45.0
MEMORY_MB = (256, 512, 1_024, 1_769)
LATENCIES_MS = (100, 300, 1_000)


def measured(folder: Path, before: Path | None, sizes: Sequence[int] = SIZES, rounds: int = 3) -> list[Row]:
    """A row for each number of tasks."""
    rows = list[Row]()
    with world_running(folder, latency_seconds=0.1) as world:
        for tasks in sizes:
            found = [taken_by("handler", world, tasks, 64, before or PROJECT) for _ in range(rounds)]
            processor = statistics.median(one["processor_seconds"] for one in found)
            rows.append(
                {
                    "tasks": tasks,
                    "processor s": processor,
                    "processor ms a task": 1_000 * processor / tasks,
                    "peak MB": statistics.median(one["peak_megabytes"] for one in found),
                }
            )
    return rows


def limited(folder: Path, _: Path | None, cases: Sequence[tuple[int, int, int, int]] = LIMITED) -> list[Row]:
    """A row for each case: the wall of a run under a processor limit, and what the model says."""
    rows = list[Row]()
    for tasks, at_once, latency_ms, memory_mb in cases:
        use = Use(tasks=tasks, at_once=at_once, latency_ms=latency_ms, memory_mb=memory_mb)
        share = memory_mb / MB_PER_PROCESSOR
        with world_running(folder, latency_seconds=latency_ms / 1_000) as world:
            found = taken_by("handler", world, tasks, at_once, PROJECT, share=share)
        rows.append(
            {
                "tasks": tasks,
                "at once": at_once,
                "latency ms": latency_ms,
                "processors": share,
                "measured s": found["wall_seconds"],
                "model s": run_seconds(use),
                "measured / model": found["wall_seconds"] / run_seconds(use),
            }
        )
    return rows


def carried(_: Path, __: Path | None) -> list[Row]:
    """By the model: how many tasks one run gets through before it has to save and publish."""
    return [
        {"memory MB": memory, "processors": memory / MB_PER_PROCESSOR, "at once": at_once}
        | {f"at {latency} ms": _most(memory, at_once, latency) for latency in LATENCIES_MS}
        for memory in MEMORY_MB
        for at_once in (16, 64)
    ]


def _most(memory_mb: int, at_once: int, latency_ms: int) -> int:
    use = Use(tasks=0, memory_mb=memory_mb, at_once=at_once, latency_ms=latency_ms)
    fits, too_many = 0, 1_000_000
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        in_time = run_seconds(replace(use, tasks=middle)) <= CHECK_SECONDS
        fits, too_many = (middle, too_many) if in_time else (fits, middle)
    return fits
