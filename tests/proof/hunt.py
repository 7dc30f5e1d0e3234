"""`make hunt SECONDS=60 SEED=1`: random lives of a monitor, and the promises that are broken in them.

A life is a list of happenings drawn from its seed: whoever has the seed can live it again. Of one in which a
promise is broken as few happenings as still break it are shown.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.proof.happenings import Happening, draw
from tests.proof.lives import live
from tests.proof.promises import Broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A life in which a promise was broken.

    Attributes:
        broken: the promises, each with what shows it.
        happenings: as few as still break the first of them.
    """

    seed: int
    broken: Sequence[Broken]
    happenings: Sequence[Happening]

    def __str__(self) -> str:
        lines = [f"seed {self.seed}:", *(f"    {found}" for found in self.broken), "in the life"]
        return "\n".join([*lines, *(f"    {happening}" for happening in self.happenings)])


@dataclass(slots=True, kw_only=True)
class Hunted:
    """What a hunt went through, and what it found."""

    lives: int = 0
    runs: int = 0
    events: int = 0
    killed: int = 0
    happenings: Counter[str] = field(default_factory=Counter)
    found: list[Found] = field(default_factory=list)

    def as_dict(self) -> dict[str, object]:
        """The figures."""
        return {
            "lives": self.lives,
            "runs": self.runs,
            "killed": self.killed,
            "events": self.events,
            "happenings": sum(self.happenings.values()),
            "found": len(self.found),
        }


def hunt(seed: int, *, seconds: float = 0, lives: int = 0, patience_seconds: float = 60) -> Hunted:
    """Live life after life from this seed on until something is found, for a time or a number of lives.

    Args:
        seed: of the first life; each has the next one.
        seconds: how long.
        lives: how many at least.
        patience_seconds: how long to look for a shorter life in which the same promise is broken.
    """
    hunted, until = Hunted(), time.monotonic() + seconds
    while (time.monotonic() < until or hunted.lives < lives) and not hunted.found:
        happenings = draw(seed + hunted.lives)
        lived = live(happenings)
        hunted.runs += lived.runs
        hunted.killed += lived.killed
        hunted.events += lived.events
        hunted.happenings.update(type(happening).__name__ for happening in happenings)
        if lived.broken:
            fewer = shortened(happenings, lived.broken[0].promise, patience_seconds)
            broken = live(fewer).broken
            hunted.found.append(Found(seed=seed + hunted.lives, broken=broken, happenings=fewer))
        hunted.lives += 1
    return hunted


def shortened(happenings: Sequence[Happening], promise: str, patience_seconds: float) -> Sequence[Happening]:
    """Pieces are left out, ever smaller ones, as long as the promise stays broken."""
    size, until = len(happenings) // 2, time.monotonic() + patience_seconds
    while size:
        start = 0
        while start < len(happenings) and time.monotonic() < until:
            fewer = [*happenings[:start], *happenings[start + size :]]
            if any(found.promise == promise for found in live(fewer).broken):
                happenings = fewer
            else:
                start += size
        size //= 2
    return happenings


def main() -> int:
    """Hunt, say what was lived through and what was found; 1 when something was."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None, help="another one each time when it is not given")
    given = parser.parse_args()
    seed = int(time.time()) if given.seed is None else given.seed
    hunted = hunt(seed, seconds=given.seconds)
    figures = ", ".join(f"{value} {name}" for name, value in hunted.as_dict().items())
    sys.stdout.write("\n".join([*map(str, hunted.found), f"from seed {seed}: {figures}", ""]))
    return 1 if hunted.found else 0


if __name__ == "__main__":
    sys.exit(main())
