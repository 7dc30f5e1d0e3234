"""Plays a story in which one run is killed at one call."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.proof.conftest import Stages
from tests.proof.handlers import Ended
from tests.proof.proxy import Fault
from tests.proof.stage import Stage
from tests.proof.story import Story, Verdict, judge, set_step

# A killed run holds its leases this long and a little more. On a busy machine a run with so little time
# ends before it gets to the call where it is to die, or gives up checks, which is another story: then the
# world is played again with more.
_KILLED_SECONDS = (1.5, 6.0, 18.0)
# Most of a world's time is waiting for a lease to end.
_WORLDS_AT_ONCE = 10
_LEASE_MARGIN_SECONDS = 2.0
_RUNS_A_STEP = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where a run is killed.

    Attributes:
        step: of the story.
        run: of the step, from 0.
        call: its name.
        executed: after it took effect and before its answer is seen; otherwise before it gets there.
    """

    step: int
    run: int
    call: str
    executed: bool

    @property
    def may_repeat(self) -> bool:
        """A message can be accepted and not yet marked here, and nowhere else."""
        return self.call.startswith("Publish " if self.executed else "TransactWriteItems mark ")

    def __str__(self) -> str:
        return f"step {self.step}, run {self.run}, {'after' if self.executed else 'before'} {self.call}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A point and what came of it.

    Attributes:
        reached: the run was killed there, and up to there it went as the story wants it.
        stolen: notifications published by another run while the killed one still held their lease.
    """

    point: Point
    reached: bool
    stolen: int
    verdict: Verdict


def points_of(stages: Stages, story: Story, steps: Iterable[int]) -> list[Point]:
    """Every call of both runs of each of these steps, before and after it took effect.

    The calls are those of a story without a crash, which has to go well.
    """
    calls: dict[tuple[int, int], list[str]] = {}
    with stages(tasks=story.tasks, **story.variables) as stage:
        for place, step in enumerate(story.steps):
            set_step(stage, step)
            for run in range(_RUNS_A_STEP):
                begun = len(stage.proxy.records)
                _run(stage, story, red=run == 0 and place in story.red)
                calls[place, run] = stage.proxy.names_since(begun)
        stage.runs_until_quiet()
        verdict = judge(stage, story)
    assert verdict == Verdict(lost=[], repeated=[], wrong=[])
    return [
        Point(step=step, run=run, call=call, executed=executed)
        for step in steps
        for run in range(_RUNS_A_STEP)
        for call in calls[step, run]
        for executed in (False, True)
    ]


def try_points(stages: Stages, story: Story, points: Iterable[Point]) -> list[Tried]:
    """The story once for each point, killed there."""
    with ThreadPoolExecutor(_WORLDS_AT_ONCE) as pool:
        return list(pool.map(lambda point: _reach(stages, story, point), points))


def die(stage: Stage, call: str, *, executed: bool) -> None:
    """A run that is killed at this call, and the time until its leases are over."""
    assert any(_kill(stage, call, executed=executed, seconds=seconds).killed for seconds in _KILLED_SECONDS)
    stage.wait_for_leases()


def _reach(stages: Stages, story: Story, point: Point) -> Tried:
    for seconds in _KILLED_SECONDS:
        tried = _play(stages, story, point, seconds)
        if tried.reached:
            break
    return tried


def _play(stages: Stages, story: Story, point: Point, seconds: float) -> Tried:
    reached, stolen = False, 0
    with stages(tasks=story.tasks, **story.variables) as stage:
        for place, step in enumerate(story.steps):
            set_step(stage, step)
            for run in range(_RUNS_A_STEP):
                here = (place, run) == (point.step, point.run)
                if here:
                    ended = _kill(stage, point.call, executed=point.executed, seconds=seconds)
                    reached = ended.killed and not _gave_up(ended, story)
                    stolen = _stolen(stage, story)
                    # The dead run's leases; what SNS did not accept waits longer.
                    stage.wait_for_leases(at_most=seconds + _LEASE_MARGIN_SECONDS)
                # The killed run is one more, so that each step has its two runs to the end.
                _run(stage, story, red=run == 0 and place in story.red and not here)
        stage.runs_until_quiet()
        verdict = judge(stage, story, point.step)
    return Tried(point=point, reached=reached, stolen=stolen, verdict=verdict)


def _kill(stage: Stage, call: str, *, executed: bool, seconds: float) -> Ended:
    running = stage.prepare(seconds=seconds)
    stage.proxy.rule_at(call, Fault(executed=executed, act=running.kill, hang=True))
    running.go()
    ended = running.wait()
    stage.proxy.clear()
    return ended


def _gave_up(ended: Ended, story: Story) -> bool:
    """Whether it had too little time for a check that should have been answered."""
    cut_off = {line["task"] for line in ended.said("no answer") if line["cause"] == "timeout"}
    return not cut_off <= {f"-/{task}" for task in story.slow}


def _stolen(stage: Stage, story: Story) -> int:
    """What a run takes from the dead one, though nobody can know yet that it is dead."""
    held = stage.outbox()
    _run(stage, story)
    left = stage.outbox()
    now = datetime.now(UTC)
    return sum(1 for sk, until in held.items() if sk not in left and now < until)


def _run(stage: Stage, story: Story, *, red: bool = False) -> None:
    """A run to its end, and the end of what befell its calls."""
    ended = stage.run(seconds=story.seconds)
    stage.proxy.clear()
    assert bool(ended.error) == red, ended.error
