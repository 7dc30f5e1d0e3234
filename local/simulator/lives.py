"""Lives of tasks from a seed, in fast motion: `python -m local.simulator --lives 6 --seed 7`.

Each task has a source that is written to and a fate: nothing, a hang, a delay that is caught up, a failure,
a stop or a reset. Whoever watches them shortens the monitor's thresholds as much as the minutes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

from local.simulator.scenario import Scenario, TaskPlan
from local.simulator.steps import Lag, Position, Progress, Step

FATES = ("healthy", "hangs", "falls behind", "fails", "is stopped", "is reset")
ROWS_A_MINUTE = 60_000
BYTES_A_SECOND = 400_000
_FILE = "mysql-bin.000004"


def generated(number: int, *, seed: int, minute_seconds: float) -> Scenario:
    """An account with so many tasks; the same one for a seed every time.

    Args:
        number: of tasks; their fates follow one after the other.
        seed: of all chance in them.
        minute_seconds: how long a minute of their lives takes.
    """
    return Scenario(tasks=tuple(_plan(place, seed, minute_seconds) for place in range(number)))


def _plan(place: int, seed: int, minute_seconds: float) -> TaskPlan:
    fate = FATES[place % len(FATES)]
    life = _Life(Random(f"{seed}/{place}"))  # noqa: S311 - repeatable on purpose
    steps = [_in_fast_motion(step, minute_seconds) for step in life.steps(fate)]
    name = f"{fate.replace(' ', '-')}-{place + 1}"
    return TaskPlan(id=f"udts-life{place + 1:03}", name=name, max_retry=3, steps=tuple(steps))


def _in_fast_motion(step: Step, minute_seconds: float) -> Step:
    """A step whose seconds are those of the life; the counters keep counting them."""
    return replace(step, seconds=step.seconds * minute_seconds / 60) if step.seconds else step


class _Life:
    """One MySQL task that loads and then replicates; positions only move on."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._pos = rng.randint(10_000, 90_000)

    def steps(self, fate: str) -> Iterator[Step]:
        """From its creation to the end of what befalls it; the last step never ends."""
        yield from _prepared()
        minutes = self._rng.randint(60, 120)
        yield from _load(minutes)
        yield from self._level(self._rng.randint(20, 40))
        yield from self._fate(fate, minutes)
        yield from self._level(60)
        yield self._syncing(1, status="Synced")

    def _fate(self, fate: str, minutes: int) -> Sequence[Step]:
        match fate:
            case "hangs":
                return [self._standing(self._rng.randint(80, 120))]
            case "falls behind":
                worst = self._rng.randint(600, 1800)
                return [self._behind(0, worst), self._behind(worst, 0)]
            case "fails":
                said = "Error 1205: Lock wait timeout exceeded"
                failed = Step(status="Failed", seconds=_minutes(30), failed_message=said)
                return [failed, Step(status="Starting", seconds=_minutes(2))]
            case "is stopped":
                stop = (
                    Step(status="Stopping", seconds=_minutes(1)),
                    Step(status="Stopped", seconds=_minutes(40)),
                )
                return [*stop, Step(status="Starting", seconds=_minutes(2))]
            case "is reset":
                return [*_prepared(), *_load(minutes)]
            case _:
                return self._level(30)

    def _level(self, minutes: int) -> list[Step]:
        """Behind by what is on its way, and level, in turn."""
        turns = [self._syncing(4, status=status) for status in ("Syncing", "Synced") * (minutes // 8)]
        return turns or [self._syncing(minutes)]

    def _syncing(self, minutes: int, *, status: str = "Syncing", lag: Lag | None = None) -> Step:
        began, self._pos = self._pos, self._pos + minutes * 60 * BYTES_A_SECOND // 1_000
        position = Position(binlog_name=_FILE, binlog_pos=(began, self._pos))
        usual = _lag(delay=(0, 1), remaining=(0, 200_000))
        return Step(status=status, seconds=_minutes(minutes), position=position, lag=lag or usual)

    def _standing(self, minutes: int) -> Step:
        """The source is read, and nothing arrives."""
        lag = _lag(delay=(0, minutes * 60), remaining=(0, minutes * 60 * BYTES_A_SECOND), written=0)
        position = Position(binlog_name=_FILE, binlog_pos=(self._pos, self._pos))
        return Step(status="Syncing", seconds=_minutes(minutes), position=position, lag=lag)

    def _behind(self, first: int, last: int) -> Step:
        lag = _lag(delay=(first, last), remaining=(first * BYTES_A_SECOND, last * BYTES_A_SECOND))
        return self._syncing(30, lag=lag)


def _prepared() -> list[Step]:
    return [Step(status=status, seconds=_minutes(1)) for status in ("Created", "Checking", "Starting")]


def _load(minutes: int) -> list[Step]:
    """A third of its time dumping, the rest loading."""
    dumped = minutes // 3
    return [_loading("Dumping", 0, dumped, minutes), _loading("Loading", dumped, minutes, minutes)]


def _loading(status: str, began: int, ended: int, minutes: int) -> Step:
    progress = Progress(
        total_count=(minutes * ROWS_A_MINUTE,) * 2,
        cur_count=(began * ROWS_A_MINUTE, ended * ROWS_A_MINUTE),
        total_duration_seconds=(minutes * 60,) * 2,
        cur_duration_seconds=(began * 60, ended * 60),
        percentage=(100 * began / minutes, 100 * ended / minutes),
    )
    return Step(status=status, seconds=_minutes(ended - began), progress=progress)


def _lag(
    *, delay: tuple[float, float], remaining: tuple[float, float], written: float = BYTES_A_SECOND
) -> Lag:
    return Lag(
        delay_seconds=delay,
        remaining_bytes=remaining,
        read_bytes_per_second=(BYTES_A_SECOND,) * 2,
        written_bytes_per_second=(written,) * 2,
    )


def _minutes(number: float) -> float:
    return number * 60.0
