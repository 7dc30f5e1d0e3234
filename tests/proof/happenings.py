"""What can happen in a life: drawn from a seed, plain data, so that a life can be lived again."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

TASKS = ("udts-1", "udts-2", "udts-3", "udts-4", "udts-5")
# Weighed: most tasks are well most of the time.
_WORDS = (
    *("Syncing",) * 6, *("Failed",) * 4, *("Starting", "Loading", "Synced", "Done", "Stopped") * 2,
    *("Created", "Checking", "Dumping", "Success", "RetryPending", "Stopping"),
    *("FailedUnrecoverable", "StoppedUnrecoverable", "Frobnicating", "Pondering"),
)  # fmt: skip
_CAUSES = ("timeout", "timeout", "HTTP 503", "RetCode 171", "RetCode 292")
# What of the table can fail; each for one task, where it is about one, or for all.
METHODS = (
    "save",
    "save_outage",
    "save_roll_call",
    "outbox",
    "claim",
    "mark_published",
    "withhold",
    "save_monitor",
)
KINDS_OFF = ("retrying", "stopped", "unreachable", "recovered", "failed", "finished", "reminder")


class Told:
    """Shows only what differs from the usual."""

    def __repr__(self) -> str:
        """The fields that say something."""
        said = {each.name: getattr(self, each.name) for each in fields(self)}  # type: ignore[arg-type]
        shown = (f"{name}={value!r}" for name, value in said.items() if value not in (None, ""))
        return f"{type(self).__name__}({', '.join(shown)})"


@dataclass(frozen=True, repr=False)
class Answer(Told):
    """What UCloud says of a task: a word, or why there is none."""

    word: str = ""
    cause: str = ""
    used: int | None = None
    reason: str = ""


type Answers = dict[str, Answer]


@dataclass(frozen=True, slots=True)
class Runs:
    """UCloud says something new; so many runs see it, so many minutes apart."""

    answers: Answers
    number: int
    minutes: int


@dataclass(frozen=True, slots=True)
class KilledRun:
    """A run dies at a call, before or after it took effect."""

    answers: Answers
    call: int
    after: bool


@dataclass(frozen=True, slots=True)
class Overlap:
    """While a run is at a call, another one begins and ends, to which UCloud says something else.

    Attributes:
        topics: those of the other one, None for the same: a deployment is under way.
    """

    answers: Answers
    call: int
    others: Answers
    topics: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class TableFault:
    """For so many runs a method of the table fails, perhaps for one task only, perhaps after its effect."""

    method: str
    task: str
    runs: int
    executed: bool


@dataclass(frozen=True, slots=True)
class TopicFault:
    """For so many runs a topic accepts nothing, or accepts and does not say so."""

    topic: str
    runs: int
    permanent: bool
    executed: bool


@dataclass(frozen=True, slots=True)
class Silenced:
    """Somebody asks for silence for some minutes, or for its end."""

    scope: str
    minutes: int


@dataclass(frozen=True, repr=False)
class Configured(Told):
    """The configuration changes; None leaves as it is."""

    watch: str = ""
    leave: str = ""
    rename: str = ""
    project: str = ""
    thresholds: dict[str, float] | None = None
    topics: tuple[str, ...] | None = None
    off: tuple[str, ...] | None = None
    digest_above: int | None = None
    deployed: int | None = None
    metrics: bool | None = None


type Happening = Runs | KilledRun | Overlap | TableFault | TopicFault | Silenced | Configured


@dataclass(frozen=True, slots=True)
class Traits:
    """What can happen in this life at all: in one with everything, much could be excused."""

    faults: bool
    kills: bool
    overlaps: bool
    silences: bool
    kinds: bool
    topics: bool
    tasks: bool


def draw(seed: int) -> list[Happening]:
    """The happenings of a life."""
    drawn = random.Random(seed)  # noqa: S311 - repeatable
    several = TASKS[: drawn.randint(1, len(TASKS))]
    traits = Traits(*(drawn.random() < 0.4 for _ in range(7)))
    drawing = Drawing(drawn, several)
    ways = drawing.ways(traits)
    begin: list[Happening] = [Configured(watch=name) for name in several]
    begin.append(Configured(thresholds=drawing.thresholds()))
    return begin + [drawn.choice(ways)() for _ in range(drawn.randint(5, 60))]


class Drawing:
    """Draws happenings.

    Args:
        drawn: where chance comes from.
        several: the ids of this life's tasks.
    """

    def __init__(self, drawn: random.Random, several: Sequence[str]) -> None:
        self._drawn = drawn
        self._several = several

    def ways(self, traits: Traits) -> list[Callable[[], Happening]]:
        """What can happen; what stands here more often happens more often."""
        ways = [self._runs] * 12 + [self._nobody_answers] * 2 + [self._settings, self._deployment]
        possible: list[tuple[bool, list[Callable[[], Happening]]]] = [
            (traits.faults, [self._table_fault] * 2 + [self._topic_fault] * 2),
            (traits.kills, [self._killed] * 3),
            (traits.overlaps, [self._overlap] * 3),
            (traits.silences, [self._silence] * 2),
            (traits.kinds, [self._kinds]),
            (traits.topics, [self._topics]),
            (traits.tasks, [self._tasks] * 2),
        ]
        return ways + [way for has, more in possible if has for way in more]

    def thresholds(self) -> dict[str, float]:
        """Small ones, so that much is told."""
        drawn = self._drawn
        return {
            "unreachable_after_checks": drawn.randint(0, 4),
            "recovered_after_checks": drawn.randint(0, 4),
            "stopped_grace_minutes": drawn.choice([0, 5, 20]),
            "resume_within_days": drawn.choice([0, 1, 7]),
            "synced_after_checks": drawn.randint(0, 3),
        }

    def _runs(self) -> Happening:
        minutes = self._drawn.choice([1, 1, 1, 2, 3, 21, 61, 241, 1500])
        return Runs(self._answers(), self._drawn.randint(1, 6), minutes)

    def _nobody_answers(self) -> Happening:
        answers = dict.fromkeys(self._several, Answer(cause=self._drawn.choice(_CAUSES)))
        return Runs(answers, self._drawn.randint(1, 6), self._drawn.choice([1, 1, 3, 31]))

    def _killed(self) -> Happening:
        return KilledRun(self._answers(), self._drawn.randint(1, 25), self._chance(0.5))

    def _overlap(self) -> Happening:
        topics = self._drawn.choice([None, None, ("alerts",), ("events",)])
        return Overlap(self._answers(), self._drawn.randint(1, 20), self._answers(), topics)

    def _table_fault(self) -> Happening:
        one = self._drawn.choice(["", *self._several])
        return TableFault(self._drawn.choice(METHODS), one, self._drawn.randint(1, 4), self._chance(0.3))

    def _topic_fault(self) -> Happening:
        which = self._drawn.choice(["alerts", "events"])
        return TopicFault(which, self._drawn.randint(1, 8), self._chance(0.3), self._chance(0.2))

    def _silence(self) -> Happening:
        scope = self._drawn.choice(["all", *self._several])
        return Silenced(scope, self._drawn.choice([0, 0, 5, 30, 300]))

    def _settings(self) -> Happening:
        return Configured(thresholds=self.thresholds(), digest_above=self._drawn.choice([0, 1, 5, 1000]))

    def _deployment(self) -> Happening:
        return Configured(
            rename=self._drawn.choice(self._several),
            deployed=self._drawn.randint(0, 3),
            metrics=self._chance(0.5),
        )

    def _kinds(self) -> Happening:
        return Configured(off=tuple(self._drawn.sample(KINDS_OFF, self._drawn.randint(0, 3))))

    def _topics(self) -> Happening:
        return Configured(topics=self._drawn.choice([("alerts",), ("events",), ("alerts", "events")]))

    def _tasks(self) -> Happening:
        name = self._drawn.choice(self._several)
        changes = Configured(watch=name), Configured(leave=name), Configured(project=name)
        return self._drawn.choice(changes)

    def _answers(self) -> Answers:
        some = self._drawn.sample(self._several, self._drawn.randint(0, min(3, len(self._several))))
        return {name: self._answer() for name in some}

    def _answer(self) -> Answer:
        if self._chance(0.25):
            return Answer(cause=self._drawn.choice(_CAUSES))
        word = self._drawn.choice(_WORDS)
        used = self._drawn.choice([None, 0, 1, 2, 3]) if word in {"Failed", "RetryPending"} else None
        return Answer(word=word, used=used, reason=self._drawn.choice(["", "Error 1040"]))

    def _chance(self, probability: float) -> bool:
        return self._drawn.random() < probability
