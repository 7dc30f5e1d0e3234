"""Plays a story in which one run is killed at one call."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.proof.conftest import Stages
from tests.proof.proxy import Fault
from tests.proof.stage import Stage
from tests.proof.story import Story, Verdict, judge, set_step

# A killed run holds its leases this long and two seconds more. On a busy machine a run with so little time
# ends before it gets to the call where it is to die: then the world is played again with more.
_KILLED_SECONDS = (1.0, 4.0, 16.0)
# Most of a world's time is waiting for a lease to end.
_WORLDS_AT_ONCE = 12

type Judge = Callable[[Stage, Story], Verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where a run is killed.

    Attributes:
        step: of the story; its first run is killed.
        call: its name.
        executed: after it took effect and before its answer is seen; otherwise before it gets there.
    """

    step: int
    call: str
    executed: bool

    @property
    def may_repeat(self) -> bool:
        """A message can be accepted and not yet marked here, and nowhere else."""
        return self.call.startswith("Publish " if self.executed else "TransactWriteItems mark ")

    def __str__(self) -> str:
        return f"step {self.step}, {'after' if self.executed else 'before'} {self.call}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A point and what came of it.

    Attributes:
        reached: the run was killed there.
        stolen: notifications published by another run while the killed one still held their lease.
    """

    point: Point
    reached: bool
    stolen: int
    verdict: Verdict


def points_of(stages: Stages, story: Story, steps: Iterable[int], judge: Judge = judge) -> list[Point]:
    """Every call of the first run of each of these steps, before and after it took effect.

    The calls are those of a story without a crash, which has to go well.
    """
    calls: list[list[str]] = []
    with stages(tasks=story.tasks, **story.variables) as stage:
        for step in story.steps:
            set_step(stage, step)
            begun = len(stage.proxy.records)
            _healthy(stage)
            calls.append(stage.proxy.names_since(begun))
            _healthy(stage)
        stage.runs_until_quiet()
        verdict = judge(stage, story)
    assert verdict == Verdict(lost=[], repeated=[], wrong=[])
    return [
        Point(step=step, call=call, executed=executed)
        for step in steps
        for call in calls[step]
        for executed in (False, True)
    ]


def try_points(stages: Stages, story: Story, points: Iterable[Point], judge: Judge = judge) -> list[Tried]:
    """The story once for each point, killed there."""
    with ThreadPoolExecutor(_WORLDS_AT_ONCE) as pool:
        return list(pool.map(lambda point: _reach(stages, story, point, judge), points))


def _reach(stages: Stages, story: Story, point: Point, judge: Judge) -> Tried:
    for seconds in _KILLED_SECONDS:
        tried = _play(stages, story, point, seconds, judge)
        if tried.reached:
            break
    return tried


def _play(stages: Stages, story: Story, point: Point, seconds: float, judge: Judge) -> Tried:
    reached, stolen = False, 0
    with stages(tasks=story.tasks, **story.variables) as stage:
        for place, step in enumerate(story.steps):
            set_step(stage, step)
            if place == point.step:
                reached = _killed(stage, point, seconds)
                stolen = _stolen(stage)
                stage.wait_for_leases()
            _healthy(stage)
            _healthy(stage)
        stage.runs_until_quiet()
        verdict = judge(stage, story)
    return Tried(point=point, reached=reached, stolen=stolen, verdict=verdict)


def _killed(stage: Stage, point: Point, seconds: float) -> bool:
    running = stage.prepare(seconds=seconds)
    stage.proxy.rule_at(point.call, Fault(executed=point.executed, act=running.kill, hang=True))
    running.go()
    ended = running.wait()
    stage.proxy.clear()
    return ended.killed


def _stolen(stage: Stage) -> int:
    """What a run takes from the dead one, though nobody can know yet that it is dead."""
    held = stage.outbox()
    _healthy(stage)
    left = stage.outbox()
    now = datetime.now(UTC)
    return sum(1 for sk, until in held.items() if sk not in left and now < until)


def _healthy(stage: Stage) -> None:
    ended = stage.run()
    assert not ended.error, ended.error
    assert ended.summary is not None
