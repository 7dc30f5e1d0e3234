"""Storms: all tasks fail in the same minute, and the table takes no more writes than DynamoDB promises.

Runs follow each other a minute apart, as deployed: what a run did not tell waits for the end of its leases.
"""

import json
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from local.template import PROJECT
from tests.bench.figures import Row
from tests.bench.processes import taken_by
from tests.bench.world import World, world_running

SIZES = (1_000, 5_000)
_TOPICS = ("alerts", "chat", "events")
_ARN = "arn:aws:sns:us-east-1:123456789012:"


def measured(folder: Path, before: Path | None, sizes: Sequence[int] = SIZES) -> list[Row]:
    """A row for each size; an earlier version is measured instead where one is given."""
    rows = []
    for tasks in sizes:
        with world_running(folder, latency_seconds=0.1, limited=True) as world:
            _runs(world, tasks, before or PROJECT, until_told=False)
            told_before = figures(world, status="Failed")
            runs = _runs(world, tasks, before or PROJECT, until_told=True)
            rows.append(_row(tasks, runs, told_before, figures(world, status="Failed")))
    return rows


def figures(world: World, status: str) -> dict[str, int]:
    """What the world counted so far; from now on UCloud says this status."""
    asked = urllib.request.Request(world.aws, headers={"x-status": status})  # noqa: S310 - our own server
    with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310 - our own server
        found: dict[str, int] = json.loads(answer.read())
        return found


def _runs(world: World, tasks: int, code: Path, *, until_told: bool) -> list[dict[str, float]]:
    topics = {f"{topic.upper()}_TOPIC_ARN": f"{_ARN}{topic}" for topic in _TOPICS}
    found: list[dict[str, float]] = taken_by(
        "storm", world, tasks, 64, code, variables=topics, until_told=until_told
    )
    return found


def _row(tasks: int, runs: list[dict[str, float]], before: dict[str, int], after: dict[str, int]) -> Row:
    def since(name: str) -> int:
        return after.get(name, 0) - before.get(name, 0)

    return {
        "tasks": tasks,
        "runs until all is told": len(runs),
        "longest run s": max(run["wall_seconds"] for run in runs),
        "red runs": sum(bool(run["red"]) for run in runs),
        "failures told to programs": since("distinct events"),
        "mails": since("alerts"),
        "cards": since("chat"),
        "repeated": since("events") - since("distinct events"),
        "waiting in the end": after["waiting"],
        "OUTBOX units a failure": since("units OUTBOX") / tasks,
        "STATE units a failure": since("units STATE") / tasks,
        "writes refused": since("throttled"),
        "processor ms a failure": 1_000 * sum(run["processor_seconds"] for run in runs) / tasks,
    }
