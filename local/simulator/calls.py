"""What the simulator remembers about the calls it got, so that tests can count them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from local.simulator.account import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of the API; `ret_code` is None when a fault without one took the answer's place."""

    time: datetime
    action: str
    task_id: str
    ret_code: int | None
    fault: str | None
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLog:
    """Every call since the start, or since they were last forgotten, and the connections they came over."""

    calls: tuple[Call, ...]
    connections: int

    @property
    def per_action(self) -> Counter[str]:
        """Number of calls by action."""
        return Counter(call.action for call in self.calls)

    @property
    def per_task(self) -> Counter[str]:
        """Number of calls by task id; calls that name no task are not among them."""
        return Counter(call.task_id for call in self.calls if call.task_id)


class CallRecorder:
    """Writes down every call; forgetting is for tests that count from a certain moment."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._connections = 0

    def connection(self) -> None:
        """One more TCP connection carried a call."""
        self._connections += 1

    def call(self, parameters: Mapping[str, str], answer: Answer, now: float) -> None:
        """One call and what it is answered."""
        ret_code = answer.body.get("RetCode")
        self._calls.append(
            Call(
                time=datetime.fromtimestamp(now, UTC),
                action=parameters.get("Action", ""),
                task_id=parameters.get("TaskId", ""),
                ret_code=ret_code if isinstance(ret_code, int) else None,
                fault=answer.fault.name if answer.fault else None,
                parameters={name: text for name, text in parameters.items() if name != "Signature"},
            ),
        )

    def so_far(self) -> CallLog:
        """A copy that later calls leave alone."""
        return CallLog(calls=tuple(self._calls), connections=self._connections)
