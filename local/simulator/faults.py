"""What can go wrong with an answer, and when it does."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, ConfigDict, Field

from local.simulator.strict import STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One misbehaviour, alone or after a latency; a latency alone only delays the true answer."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    latency_seconds: Annotated[float, Field(ge=0)] = 0
    # These take the place of the true answer: the call never reaches the task.
    ret_code: int | None = None
    message: str | None = None
    http_status: Annotated[int, Field(ge=400, le=599)] | None = None
    hang: bool = False
    close: bool = False
    not_json: bool = False
    body: str | None = None
    redirect_to: str | None = None
    # These damage the true answer on its way: for the task the call took place.
    truncated: bool = False
    trickle: bool = False
    huge_megabytes: Annotated[int, Field(ge=1)] | None = None

    def __post_init__(self) -> None:
        if len(self.kinds) > 1:
            raise ValueError(f"a fault misbehaves in one way only, not in: {', '.join(self.kinds)}")
        if not self.kinds and not self.latency_seconds:
            raise ValueError("a fault needs a misbehaviour, such as hang: true or http_status: 503")
        if self.message is not None and self.ret_code is None:
            raise ValueError("message belongs to ret_code")

    @property
    def kinds(self) -> tuple[str, ...]:
        """The names of the misbehaviours asked for, latency apart."""
        given = {name: getattr(self, name) for name in REPLACING + DAMAGING}
        # By identity: RetCode 0 without Data is a fault too, and 0 equals False.
        return tuple(name for name, value in given.items() if value is not None and value is not False)

    @property
    def name(self) -> str:
        """One word for the list of calls."""
        return (*self.kinds, "latency_seconds")[0]

    @property
    def replaces_answer(self) -> bool:
        """Whether the call is stopped before it reaches the task."""
        return self.name in REPLACING


REPLACING = ("ret_code", "http_status", "hang", "close", "not_json", "body", "redirect_to")
DAMAGING = ("truncated", "trickle", "huge_megabytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """A fault and the calls it befalls: of one task or of all, of one action or of all."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    fault: Fault
    task_id: str | None = None
    action: str | None = None
    probability: Annotated[float, Field(ge=0, le=1)] = 1
    count: Annotated[int, Field(ge=1)] | None = None
    seed: int = 0


def with_fault_apart(given: object) -> object:
    """Written down, a fault and its aim share one level: `{http_status: 503, task_id: udts-1}`."""
    if not isinstance(given, Mapping):
        return given
    aim = {field.name for field in fields(Injection)} - {"fault"}
    return {name: value for name, value in given.items() if name in aim} | {
        "fault": {name: value for name, value in given.items() if name not in aim},
    }


WrittenInjection = Annotated[Injection, BeforeValidator(with_fault_apart)]


class ActiveFault:
    """An injection at work: it knows how often it may still strike."""

    def __init__(self, injection: Injection) -> None:
        self.injection = injection
        self._left = injection.count
        self._draws: Counter[str] = Counter()

    @property
    def spent(self) -> bool:
        """Whether the count is used up."""
        return self._left == 0

    def strikes(self, action: str, task_id: str) -> bool:
        """Whether this call is hit; asking is drawing, so ask once per call."""
        aim = self.injection
        if self.spent or aim.task_id not in (None, task_id) or aim.action not in (None, action):
            return False
        # A draw per task and turn instead of one sequence for all: concurrent calls arrive in any
        # order, and the same seed must still hit the same calls.
        self._draws[task_id] += 1
        draw = random.Random(f"{aim.seed}/{task_id}/{self._draws[task_id]}")  # noqa: S311 - repeatable on purpose
        if draw.random() >= aim.probability:
            return False
        if self._left is not None:
            self._left -= 1
        return True
