"""Plays a scenario in which one run is killed at one call."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from tests.proof.conftest import Environments
from tests.proof.environment import Environment
from tests.proof.handlers import Ended
from tests.proof.proxy import Fault
from tests.proof.scenario import Scenario, Verdict, judge, set_step
from udts_monitor.outbox.notification import Topic

# A killed run holds its leases this long and a little more. On a busy machine a run with so little time
# ends before it gets to the call where it is to die, or gives up checks, which is another scenario: then the
# world is played again with more.
_KILLED_SECONDS = (1.5, 6.0, 18.0)
# Most of a world's time is waiting for a lease to end.
_WORLDS_AT_ONCE = 10
_LEASE_MARGIN_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where a run is killed.

    Attributes:
        step: of the scenario.
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
        accepted, marked = ("Publish ", "PublishBatch "), ("TransactWriteItems mark ",)
        return self.call.startswith(accepted if self.executed else marked)

    def __str__(self) -> str:
        return f"step {self.step}, run {self.run}, {'after' if self.executed else 'before'} {self.call}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A point and what came of it.

    Attributes:
        reached: the run was killed there, and up to there it went as the scenario wants it.
        stolen: notifications published by another run while the killed one still held their lease.
    """

    point: Point
    reached: bool
    stolen: int
    verdict: Verdict


def points_of(environments: Environments, scenario: Scenario, steps: Iterable[int]) -> list[Point]:
    """Every call of the runs of each of these steps, before and after it took effect.

    The calls are those of a scenario without a crash, which has to go well.
    """
    calls: dict[tuple[int, int], list[str]] = {}
    with environments(tasks=scenario.tasks, **scenario.variables) as environment:
        for place, step in enumerate(scenario.steps):
            set_step(environment, step)
            for run in range(scenario.runs_a_step):
                begun = len(environment.proxy.records)
                _run(environment, scenario, red=run == 0 and place in scenario.red)
                calls[place, run] = environment.proxy.names_since(begun)
        environment.runs_until_quiet()
        verdict = judge(environment, scenario)
    assert verdict == Verdict(lost=[], repeated=[], wrong=[]), verdict
    return [
        Point(step=step, run=run, call=call, executed=executed)
        for step in steps
        for run in range(scenario.runs_a_step)
        for call in calls[step, run]
        for executed in (False, True)
    ]


def try_points(environments: Environments, scenario: Scenario, points: Iterable[Point]) -> list[Tried]:
    """The scenario once for each point, killed there."""
    with ThreadPoolExecutor(_WORLDS_AT_ONCE) as pool:
        return list(pool.map(lambda point: _reach(environments, scenario, point), points))


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A point at which the one run was killed that saw a failure before it was over.

    Attributes:
        kept: the failure was saved.
        told: how often programs were told of it.
    """

    point: Point
    kept: bool
    told: int


def try_passing(environments: Environments, points: Iterable[Point]) -> list[Passed]:
    """A task fails, is seen by a run that is killed at the point, and is well again before the next one."""
    with ThreadPoolExecutor(_WORLDS_AT_ONCE) as pool:
        return list(pool.map(lambda point: _pass(environments, point), points))


def _pass(environments: Environments, point: Point) -> Passed:
    for seconds in _KILLED_SECONDS:
        with environments(tasks=("udts-a",)) as environment:
            environment.run()
            set_step(environment, {"udts-a": "Failed"})
            begun = len(environment.proxy.records)
            killed = _kill(environment, point.call, executed=point.executed, seconds=seconds).killed
            set_step(environment, {"udts-a": "Syncing"})
            if not killed:
                continue
            saves = "TransactWriteItems save STATE -/udts-a"
            records = environment.proxy.records[begun:]
            kept = any(record.call.name == saves and record.status == HTTPStatus.OK for record in records)
            environment.runs_until_quiet()
            told = [message.attributes["event"] for message in environment.messages(Topic.EVENTS)]
            return Passed(point=point, kept=kept, told=told.count("failed"))
    raise AssertionError(f"no run got to {point}")


def die(environment: Environment, call: str, *, executed: bool) -> None:
    """A run that is killed at this call, and the time until its leases are over."""
    assert any(
        _kill(environment, call, executed=executed, seconds=seconds).killed for seconds in _KILLED_SECONDS
    )
    environment.wait_for_leases()


def _reach(environments: Environments, scenario: Scenario, point: Point) -> Tried:
    for seconds in _KILLED_SECONDS:
        tried = _play(environments, scenario, point, seconds)
        if tried.reached:
            break
    return tried


def _play(environments: Environments, scenario: Scenario, point: Point, seconds: float) -> Tried:
    reached, stolen = False, 0
    with environments(tasks=scenario.tasks, **scenario.variables) as environment:
        for place, step in enumerate(scenario.steps):
            set_step(environment, step)
            for run in range(scenario.runs_a_step):
                here = (place, run) == (point.step, point.run)
                if here:
                    ended = _kill(environment, point.call, executed=point.executed, seconds=seconds)
                    reached = ended.killed and not _gave_up(ended, scenario)
                    stolen = _stolen(environment, scenario)
                    # The dead run's leases; what SNS did not accept waits longer.
                    environment.wait_for_leases(at_most=seconds + _LEASE_MARGIN_SECONDS)
                # The killed run is one more, so that each step has its two runs to the end.
                _run(environment, scenario, red=run == 0 and place in scenario.red and not here)
        environment.runs_until_quiet()
        verdict = judge(environment, scenario, point.step)
    return Tried(point=point, reached=reached, stolen=stolen, verdict=verdict)


def _kill(environment: Environment, call: str, *, executed: bool, seconds: float) -> Ended:
    running = environment.prepare(seconds=seconds)
    environment.proxy.rule_at(call, Fault(executed=executed, act=running.kill, hang=True))
    running.go()
    ended = running.wait()
    environment.proxy.clear()
    return ended


def _gave_up(ended: Ended, scenario: Scenario) -> bool:
    """Whether it had too little time for a check that should have been answered."""
    cut_off = {line["task"] for line in ended.said("no answer") if line["cause"] == "timeout"}
    return not cut_off <= {f"-/{task}" for task in scenario.slow}


def _stolen(environment: Environment, scenario: Scenario) -> int:
    """What a run takes from the dead one, though nobody can know yet that it is dead."""
    held = environment.outbox()
    _run(environment, scenario)
    left = environment.outbox()
    now = datetime.now(UTC)
    return sum(1 for sk, until in held.items() if sk not in left and now < until)


def _run(environment: Environment, scenario: Scenario, *, red: bool = False) -> None:
    """A run to its end, and the end of what befell its calls."""
    ended = environment.run(seconds=scenario.seconds)
    environment.proxy.clear()
    assert bool(ended.error) == red, ended.error
