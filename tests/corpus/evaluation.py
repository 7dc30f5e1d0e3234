"""What was told of lives against what is true about them: true, false, missed, and how late."""

import statistics
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from tests.corpus.life import KINDS, Life, Window
from tests.corpus.replay import Estimated, Replayed, Told
from udts_monitor.decision.event import Severity
from udts_monitor.decision.observation import Observation

# Kept in the history no oftener; and what a life's own events may cost beside it.
SAMPLE_MINUTES = 5
_SOME = 60


@dataclass(slots=True, kw_only=True)
class Score:
    """How one kind did.

    Attributes:
        true: told once where it had to be.
        allowed: told where it may be told or not.
        false: told where it is not true, with the life and the minute.
        missed: not told where it had to be, likewise.
        delays: of the true ones, in answered checks after the first that could have shown it.
    """

    true: int = 0
    allowed: int = 0
    false: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    delays: list[int] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Evaluation:
    """All lives together.

    Attributes:
        minutes: lived in all.
        costly: lives with more writes than changes of status, a sample every five minutes, and a few.
        false_warnings: the most in a life, none of which lasts a month, with that life.
    """

    lives: int = 0
    minutes: int = 0
    checks: int = 0
    written: int = 0
    scores: dict[str, Score] = field(default_factory=lambda: defaultdict(Score))
    estimates: list[Estimated] = field(default_factory=list)
    costly: list[str] = field(default_factory=list)
    false_critical: list[str] = field(default_factory=list)
    false_warnings: tuple[int, str] = (0, "")

    def add(self, life: Life, replayed: Replayed) -> None:
        """One more life."""
        self.lives += 1
        self.minutes += life.minutes
        self.checks += len(life.checks)
        self.written += replayed.written
        self.estimates += replayed.estimates
        if replayed.written > _changes(life) + life.minutes / SAMPLE_MINUTES + _SOME:
            self.costly.append(f"{life.name}: {replayed.written}")
        due = list(life.expected)
        false = [told for told in replayed.told if told.event.kind in KINDS and self._judge(life, told, due)]
        for window in due:
            self.scores[window.kind].missed.append(f"{life.name}: {window.earliest} to {window.latest}")
        self.false_critical += [
            f"{life.name}: {told.event.kind} at {told.minute}"
            for told in false
            if told.event.severity is Severity.CRITICAL
        ]
        warnings = sum(told.event.severity is Severity.WARNING for told in false)
        self.false_warnings = max(self.false_warnings, (warnings, life.name))

    def _judge(self, life: Life, told: Told, due: list[Window]) -> bool:
        """Whether it is a false one; each that is due is told once."""
        kind = str(told.event.kind)
        score = self.scores[kind]
        window = next((window for window in due if window.kind == kind and told.minute in window), None)
        if window:
            due.remove(window)
            score.true += 1
            score.delays.append(_answers(life, window.earliest, told.minute))
        elif life.is_false(kind, told.minute) or _told_twice(life, told):
            score.false.append(f"{life.name}: {told.minute}")
            return True
        else:
            score.allowed += 1
        return False

    def errors(self, *, steady: bool) -> list[float]:
        """Of the measured ends half-way, as shares of the time that was left."""
        return sorted(abs(found.ours) for found in self.estimates if found.steady is steady)

    def table(self) -> str:
        """For docs/proofs.md."""
        head = ("| kind | true | allowed | false | missed | checks until told |", "|---|---|---|---|---|---|")
        return "\n".join([*head, *(self._row(kind) for kind in KINDS)])

    def _row(self, kind: str) -> str:
        score = self.scores[kind]
        late = f"{statistics.median(score.delays):.0f}, at most {max(score.delays)}" if score.delays else "-"
        cells = score.true, score.allowed, len(score.false), len(score.missed), late
        return " | ".join([f"| `{kind}`", *map(str, cells)]) + " |"


def _changes(life: Life) -> int:
    """Of the status, and of whether there is an answer."""
    words = [check.answer.status if isinstance(check.answer, Observation) else "" for check in life.checks]
    return sum(before != after for before, after in pairwise(words))


def _answers(life: Life, since: int, until: int) -> int:
    checks = (check for check in life.checks if since <= check.minute < until)
    return sum(isinstance(check.answer, Observation) for check in checks)


def _told_twice(life: Life, told: Told) -> bool:
    """It had to be told then, and was already: no tolerance covers it."""
    return not any(window.kind == told.event.kind and told.minute in window for window in life.tolerated)


def evaluated(lives: Iterable[tuple[Life, Replayed]]) -> Evaluation:
    """Of these lives."""
    evaluation = Evaluation()
    for life, replayed in lives:
        evaluation.add(life, replayed)
    return evaluation
