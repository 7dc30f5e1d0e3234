"""Shards: ranges of the task list, each for an invocation of its own, where one run no longer suffices."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """The watched tasks of a range of keys, and what only the scheduled run knows about their last check.

    Attributes:
        first: the least key of the range.
        last: the greatest, which belongs to it.
        previous_run_at: when the scheduled run before the one that made this shard began, None for its first.
        after_gap: the run that made it came late: anything can have happened meanwhile.
    """

    first: str
    last: str
    previous_run_at: datetime | None = None
    after_gap: bool = False

    def holds(self, key: str) -> bool:
        """Whether a task is in the range."""
        return self.first <= key <= self.last


def ranges(keys: Collection[str], most: int) -> list[tuple[str, str]]:
    """Cut keys into as few contiguous ranges as hold at most so many each, evenly.

    Args:
        keys: at least one, in any order, none twice.
        most: at least one.

    Returns:
        The first and the last key of each, in the order in which DynamoDB sorts them too.
    """
    ordered = sorted(keys)
    number = math.ceil(len(ordered) / most)
    cuts = [len(ordered) * place // number for place in range(number + 1)]
    return [(ordered[begin], ordered[end - 1]) for begin, end in pairwise(cuts)]
