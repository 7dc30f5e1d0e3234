"""Delay: from a change at the simulator to the message in a subscriber's queue.

The real handler against the local AWS, a run each period in a process of its own; changes come at any moment.
"""

import random
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.aws import local_aws
from tests.bench.figures import Row
from tests.proof.environment import Environment, SharedAws, environment, keep_keys
from tests.proof.handlers import handlers_running
from udts_monitor.outbox.notification import Topic

CHANGES, PERIOD_SECONDS = 100, 5.0
_BETWEEN_SECONDS = 1.0
_ALLOWED_SECONDS = PERIOD_SECONDS + 2


def measured(folder: Path, _: Path | None, changes: int = CHANGES) -> list[Row]:
    """One row."""
    tasks = [f"udts-{number:03}" for number in range(changes)]
    with local_aws() as running, handlers_running(folder) as handlers:
        aws = SharedAws(endpoint=running.endpoint, folder=running.folder)
        with environment(aws, handlers, secret=keep_keys(aws), tasks=tasks) as world:
            assert not world.run().error
            delays = sorted(_delays(world))
    return [
        {
            "changes": changes,
            "period s": PERIOD_SECONDS,
            "median s": statistics.median(delays),
            "95 % s": delays[int(0.95 * len(delays)) - 1],
            "longest s": delays[-1],
            "within a period + 2 s": sum(delay <= _ALLOWED_SECONDS for delay in delays) / len(delays),
        }
    ]


def _delays(world: Environment) -> Iterator[float]:
    """Seconds from each task's failure to its message."""
    changed, arrived = dict[str, float](), dict[str, float]()
    with ThreadPoolExecutor(2) as pool:
        changing = pool.submit(_change, world, changed)
        watching = pool.submit(_watch, world, arrived)
        while not watching.done():
            world.prepare().go()
            time.sleep(PERIOD_SECONDS)
        changing.result(), watching.result()
    return (arrived[task] - changed[task] for task in changed)


def _change(world: Environment, changed: dict[str, float]) -> None:
    for task in world.tasks:
        time.sleep(random.uniform(0, 2 * _BETWEEN_SECONDS))  # noqa: S311 - no secret
        world.ucloud.set_status(task, "Failed")
        changed[task] = time.monotonic()


def _watch(world: Environment, arrived: dict[str, float]) -> None:
    while len(arrived) < len(world.tasks):
        for message in world.inboxes[Topic.EVENTS].take(wait_seconds=1):
            if message.attributes["event"] == "failed":
                arrived.setdefault(message.attributes["task_id"], time.monotonic())
