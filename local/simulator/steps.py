"""One step in the life of a simulated task: what is told while it lasts, and how long it lasts."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, ConfigDict, Field

from local.simulator.faults import Fault
from local.simulator.strict import STRICT


def _from_and_to(given: object) -> object:
    match given:
        case int() | float():
            return given, given
        case [first, last]:
            return first, last
        case _:
            raise ValueError("must be a number, or [from, to] for one that moves during the step")


# A number during a step, from its start to its end. Written as one number it stands still.
Whole = Annotated[tuple[int, int], BeforeValidator(_from_and_to)]
Fraction = Annotated[tuple[float, float], BeforeValidator(_from_and_to)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What the answer's Progress holds; a field not given is left out of the answer."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    total_count: Whole | None = None
    cur_count: Whole | None = None
    total_duration_seconds: Whole | None = None
    cur_duration_seconds: Whole | None = None
    percentage: Fraction | None = None
    redis_offset_size: Whole | None = None
    redis_delay_seconds: Whole | None = None
    mongo_delay_seconds: Whole | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What the answer's Sync holds: where the replication of a MySQL source stands."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    binlog_name: str
    binlog_pos: Whole
    binlog_gtid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """What the metrics say; a figure not given has no value. They were measured `age_seconds` ago."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    delay_seconds: Fraction | None = None
    remaining_bytes: Fraction | None = None
    seconds_to_level: Fraction | None = None
    read_bytes_per_second: Fraction | None = None
    written_bytes_per_second: Fraction | None = None
    read_rows_per_second: Fraction | None = None
    written_rows_per_second: Fraction | None = None
    age_seconds: Annotated[float, Field(ge=0)] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedItem:
    """One thing a pre-check found wrong."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    type: str
    message: str
    instruction: str = ""
    is_target: bool = False


def _as_tuple(given: object) -> object:
    # A step is spelt out before it is checked; from there on a list no longer passes for a tuple.
    return tuple(given) if isinstance(given, list) else given


FailedItems = Annotated[tuple[FailedItem, ...], BeforeValidator(_as_tuple)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Lasts a number of status calls or a time, one call if neither is given; the last step never ends.

    A step may have a fault instead of a status: the task stays what it was, but asking for it goes wrong.
    Name, renewal, expiry and pre-check stay from then on; the expiry counts from the step's beginning.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    status: str | None = None
    checks: Annotated[int, Field(ge=1)] | None = None
    seconds: Annotated[float, Field(gt=0)] | None = None
    failed_message: str | None = None
    cur_retry: Annotated[int, Field(ge=0)] = 0
    progress: Progress | None = None
    position: Position | None = None
    lag: Lag | None = None
    name: str | None = None
    auto_renew: bool | None = None
    expires_in_seconds: float | None = None
    precheck: FailedItems | None = None
    fault: Fault | None = None

    def __post_init__(self) -> None:
        if self.status is None and self.fault is None:
            raise ValueError("a step needs a status or a fault")
        if self.checks is not None and self.seconds is not None:
            raise ValueError("a step lasts either checks or seconds, not both")


def _spelt_out(given: object) -> object:
    return {"status": given} if isinstance(given, str) else given


# A bare word is a status told once: `steps: [Dumping, Loading, Done]`.
WrittenStep = Annotated[Step, BeforeValidator(_spelt_out)]
