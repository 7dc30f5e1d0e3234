"""Runs over the real UCloud client and a simulator, with a table, topics and a clock that are fakes."""

import json
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import Any

from local.simulator import Simulator, simulator_running
from tests.proof.canary_keys import MARKED, Everything, found_in
from tests.world import World
from udts_monitor.adapters.credentials import FixedKeys
from udts_monitor.adapters.ucloud import UCloud
from udts_monitor.decision.observation import NoAnswer, Observation
from udts_monitor.decision.policy import Policy
from udts_monitor.outbox.notification import Topic
from udts_monitor.run.summary import Summary
from udts_monitor.task import MONITOR, TaskRef

# A run may go on so long beyond the end of its checks: for the one that does not keep it, and to save.
GRACE_SECONDS = 2.5


@dataclass
class Weather:
    """A UCloud in which things go wrong, the runs that ask it, and what they saw.

    Attributes:
        seen: for each run the tasks that gave an observation.
        asked: for each run the tasks that were asked.
        causes: of the checks without an answer, by the reason given for them.
        longest_seconds: the longest run, beyond the end of its checks.
    """

    ucloud: Simulator
    world: World
    seen: list[set[str]] = field(default_factory=list)
    asked: list[set[str]] = field(default_factory=list)
    causes: dict[str, str] = field(default_factory=dict)
    longest_seconds: float = float("-inf")

    def run(self, *, seconds: float) -> Summary:
        """One run; a minute passes on the fake clock."""
        self.seen.append(set())
        self.asked.append(set())
        began = time.monotonic()
        try:
            return self.world.run(seconds=seconds)
        finally:
            self.longest_seconds = max(self.longest_seconds, time.monotonic() - began - seconds)

    @property
    def told(self) -> list[tuple[str, str]]:
        """Every event told on the events topic: kind, and task or cause."""
        return [
            (found.kind, found.event_id.split("/")[2] if found.task_key == MONITOR.key else found.task_key)
            for found in self.world.sns.accepted
            if found.topic is Topic.EVENTS
        ]

    @property
    def outages(self) -> Counter[str]:
        """How often the monitor told that a cause keeps it from seeing, by cause."""
        return Counter(
            found.event_id.split("/")[2]
            for found in self.world.sns.accepted
            if found.topic is Topic.EVENTS and found.task_key == MONITOR.key and found.kind == "unreachable"
        )

    def told_too_often(self) -> list[str]:
        """Tasks told on their own for a cause that was told before, of another one or of all.

        The very first that a cause keeps from being seen may have been alone with it. What never was told of
        all, a timeout here and there on a busy machine, is each task's own.
        """
        known, again = set[str](), list[str]()
        for found in self.world.sns.accepted:
            if found.topic is Topic.EVENTS and found.kind == "unreachable":
                cause = self.causes[json.loads(found.body)["data"]["reason"]]
                if found.task_key != MONITOR.key and cause in known & set(self.outages):
                    again.append(f"{found.task_key}: {cause}")
                known.add(cause)
        return again

    def told_out_of_turn(self) -> list[str]:
        """Whose beginnings and ends out of reach do not take turns."""
        turns: dict[str, list[str]] = defaultdict(list)
        for kind, about in self.told:
            if kind in {"unreachable", "reachable"}:
                turns[about].append(kind)
        return [
            about
            for about, kinds in turns.items()
            if kinds[0] != "unreachable" or any(one == other for one, other in pairwise(kinds))
        ]


@contextmanager
def faulty_ucloud(
    *,
    tasks: int,
    max_concurrency: int,
    url: str = "",
    statuses: Mapping[str, str] | None = None,
    patient: bool = True,
) -> Iterator[Weather]:
    """Tasks that are all Syncing, or what is given. Whatever happens, the keys are nowhere in the end.

    Args:
        tasks: how many.
        max_concurrency: how many are asked at once.
        url: another UCloud than the simulator.
        statuses: by task id.
        patient: pauses between attempts take their time.
    """
    names = [f"udts-{number:03}" for number in range(tasks)]
    steps = [{"id": name, "steps": [(statuses or {}).get(name, "Syncing")]} for name in names]
    scenario = {"tasks": steps}
    with (
        simulator_running(
            scenario, public_key=MARKED.public_key, private_key=MARKED.private_key
        ) as simulator,
        _all_that_is_logged() as logged,
    ):
        world = World(names, policy=Policy(), max_concurrency=max_concurrency, digest_above=1000)
        more: dict[str, Any] = {} if patient else {"sleep": lambda _: None}
        client = UCloud(
            base_url=url or simulator.url, keys=FixedKeys(MARKED), connections=max_concurrency, **more
        )
        made = Weather(ucloud=simulator, world=world)
        vars(world)["ucloud"] = _Watched(client, made)
        yield made
        assert logged
        store = world.store
        kept = [store.states, store.waiting, store.outages, store.monitor, world.sns.accepted]
        left = found_in("\n".join([*logged, *map(repr, kept)]), names)
        assert not left, f"the runs left {left}"


@contextmanager
def _all_that_is_logged() -> Iterator[list[str]]:
    everything, root = Everything(), logging.getLogger()
    root.addHandler(everything)
    try:
        yield everything.lines
    finally:
        root.removeHandler(everything)


class _Watched:
    """The client, and what it was asked and found."""

    def __init__(self, client: UCloud, noted: Weather) -> None:
        self._client = client
        self._noted = noted

    def check(self, task: TaskRef, deadline: float) -> Observation | NoAnswer:
        """The port."""
        place = len(self._noted.asked) - 1
        self._noted.asked[place].add(task.task_id)
        answer = self._client.check(task, deadline)
        if isinstance(answer, Observation):
            self._noted.seen[place].add(task.task_id)
        else:
            self._noted.causes[answer.reason] = answer.cause
        return answer


def longest_gap(runs: Sequence[set[str]], task: str) -> int:
    """How many runs at most from one that had the task to the next; also to the first, and after the last."""
    having = [-1, *(place for place, tasks in enumerate(runs) if task in tasks), len(runs)]
    return max(later - earlier for earlier, later in pairwise(having))


def quiet(made: Weather, *, minutes: int = 1) -> None:
    """Everything works again: runs that see everything."""
    made.ucloud.clear_faults()
    for _ in range(4):
        made.run(seconds=20)
        made.world.clock.forward(timedelta(minutes=minutes))
