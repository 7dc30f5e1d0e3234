"""What is done to a life, written down before it is lived: the task, its source, and what befalls it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

FOR_EVER = 10**9
WEEK = 7 * 1440
ENGINES = ("mysql", "redis", "mongodb", "integration")
NEW = ("Created", "Checking", "Starting", "Started")


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that befalls a task or its monitor from one minute until before another."""

    at: int
    until: int = FOR_EVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang(Happening):
    """Nothing moves, whatever the status says; at the target alone the source is still read."""

    at_target: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow(Happening):
    """The target takes only this share of what the source writes."""

    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail(Happening):
    """Failed until somebody starts the task again; or RetryPending, or for good."""

    status: str = "Failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(Happening):
    """Stopped until somebody starts the task again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset(Happening):
    """Somebody edits and saves the task, and starts it: it begins with the full load."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswers(Happening):
    """UCloud does not answer, or refuses."""

    cause: str = "timeout"
    configuration: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NoChecks(Happening):
    """The monitor itself does not run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockOff(Happening):
    """The monitor's clock is wrong by so many minutes."""

    by_minutes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NoMetrics(Happening):
    """The metrics have no fresh value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lie(Happening):
    """The metrics are wrong: ``spikes``, ``frozen``, ``nothing remains``, ``nothing is written``."""

    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """How a source is written to: ``idle``, ``slow``, ``steady``, ``bursty`` or ``daily``."""

    pattern: str
    bytes_per_second: float = 200_000
    burst_minutes: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A full load: ``steady``, ``slowing`` (half as fast from half-way) or ``tables`` (fast and slow)."""

    minutes: int
    pace: str = "steady"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One life to be lived.

    Attributes:
        name: unique; the seed of all chance in it.
        engine: ``mysql``, ``redis``, ``mongodb`` or ``integration``.
        mode: ``full``, ``incremental``, ``full+incremental`` or ``two-way``.
        refresh_minutes: how often the service brings its counters up to date.
        whole_percents: the progress has no figures but whole percents.
        jumping_percents: the service corrects its guess of the rows in all as it goes.
        estimate_factor: the service's estimate of the load's duration, in true durations.
        metrics_late_minutes: how old the metrics are when they can be read.
        every_minutes: minutes from check to check.
        repeats_bytes: of its log the task applies so much again when it goes on after a failure or a stop.
        idle_ages: the delay is taken literally, as the age of the last change, also when nothing is missing.
    """

    name: str
    engine: str
    mode: str
    minutes: int
    source: Source = field(default_factory=lambda: Source(pattern="idle"))
    load: Load | None = None
    happenings: tuple[Happening, ...] = ()
    thresholds: Mapping[str, float] = field(default_factory=dict)
    deadline_minute: int | None = None
    first_statuses: tuple[str, ...] = ()
    last_status: str = "Done"
    jitter_seconds: float = 5
    refresh_minutes: int = 1
    whole_percents: bool = False
    jumping_percents: bool = False
    estimate_factor: float = 1
    metrics: bool = True
    metrics_late_minutes: int = 1
    idle_ages: bool = False
    every_minutes: int = 1
    repeats_bytes: float = 0
    varieties: frozenset[str] = frozenset()

    def during[H: Happening](self, kind: type[H], minute: int) -> H | None:
        """What of this kind goes on in this minute."""
        found = (
            each for each in self.happenings if isinstance(each, kind) and each.at <= minute < each.until
        )
        return next(found, None)

    def of[H: Happening](self, kind: type[H]) -> list[H]:
        """All that happens of this kind."""
        return [each for each in self.happenings if isinstance(each, kind)]
