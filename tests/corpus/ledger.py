"""The windows of one life as they are found, and when its checks could see anything at all."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import groupby

from tests.corpus.life import Check, FullLoad, Window
from tests.corpus.model import Minute
from tests.corpus.plan import Hang, Plan
from udts_monitor.decision.observation import NoAnswer

A_MOMENT = 2  # checks: jitter, and the one under way


class Ledger:
    """What is expected and what is tolerated in one life."""

    def __init__(self, plan: Plan, minutes: list[Minute], checks: list[Check]) -> None:
        self.plan = plan
        self.minutes = minutes
        self.expected: list[Window] = []
        self.tolerated: list[Window] = []
        self.loads = tuple(_loads(plan, minutes))
        self.unanswered = [check.minute for check in checks if isinstance(check.answer, NoAnswer)]
        self._answered = [check.minute for check in checks if not isinstance(check.answer, NoAnswer)]

    @property
    def end(self) -> int:
        """The first minute after the life."""
        return len(self.minutes)

    def expect(self, kind: str, earliest: int, latest: int | None, *, seen_afterwards: bool = False) -> None:
        """An event that has to be told; one that no check could show before the life's end need not be."""
        if latest is None:
            self.tolerate(kind, earliest, None)
            return
        last = latest + A_MOMENT
        self.expected.append(
            Window(kind=kind, earliest=earliest, latest=last, seen_afterwards=seen_afterwards)
        )

    def tolerate(self, kind: str, earliest: int, latest: int | None) -> None:
        """An event that may be told; until the life's end where ``latest`` is None."""
        last = self.end if latest is None else latest + A_MOMENT
        self.tolerated.append(Window(kind=kind, earliest=earliest, latest=last))

    def seen(self, minute: int, *, times: int = 1) -> int | None:
        """The minute of the n-th answered check from then on; None when the life ends before."""
        number = bisect_left(self._answered, minute) + times - 1
        return self._answered[number] if number < len(self._answered) else None

    def lag_seen(self, minute: int, *, times: int = 1) -> int | None:
        """The same for what only metrics show; they are late."""
        return self.seen(minute + self.plan.metrics_late_minutes, times=times)


def runs[T](values: Iterable[T]) -> Iterator[tuple[T, int, int]]:
    """Each value with the first and the first beyond its last place in a row."""
    start = 0
    for value, group in groupby(values):
        end = start + len(list(group))
        yield value, start, end
        start = end


def _loads(plan: Plan, minutes: list[Minute]) -> Iterator[FullLoad]:
    steady = plan.load is not None and plan.load.pace == "steady" and not plan.of(Hang)
    for phase, start, end in runs(minute.phase for minute in minutes):
        if phase == "loading":
            yield FullLoad(began=start, ended=end if minutes[end - 1].percent >= 100 else None, steady=steady)
