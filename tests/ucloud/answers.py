"""A client for the readers' tests: gives out answers in turn and remembers what was asked."""

from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import strategies as st

from udts_monitor.adapters.answer import Answer, FailedCall
from udts_monitor.adapters.ucloud import Reader

REFUSED_CALL = FailedCall(cause="RetCode 299", reason="UCloud answered RetCode 299", configuration=True)
REFUSED = REFUSED_CALL.as_no_answer()

# Any JSON, with the names and values the readers look for among it.
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.sampled_from(["udts-1", "Failed", "Yes", "udts_sync_syncing_delay_time", 1_790_000_000, 10**39]),
)
FIELDS = (
    "Data List Total ResourceId MonitorAttr Metric MetricValues Value Timestamp "
    "TaskId Name Status CreateTime ExpireTime AutoRenew IsExpire AntID AntState "
    "PrecheckResultItem State Type ErrMessage Instruction IsTarget"
)
NAMES = st.one_of(st.text(), st.sampled_from(FIELDS.split()))
ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=40)
OBJECTS = st.dictionaries(NAMES, ANYTHING)


class Answers:
    """Answers in turn, the last one for ever."""

    def __init__(self, *answers: Mapping[str, Any] | FailedCall) -> None:
        self._answers = list(answers)
        self.asked: list[Mapping[str, str]] = []
        self.deadlines: set[float] = set()

    def call[T](self, parameters: Mapping[str, str], deadline: float, read: Reader[T]) -> T | FailedCall:
        """What is read in the next answer."""
        self.asked.append(parameters)
        self.deadlines.add(deadline)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return answer if isinstance(answer, FailedCall) else read(Answer(answer))


def rows_in_pages(rows: Iterable[object], limit: int) -> list[list[object]]:
    """The rows as a service gives them out, the last page short."""
    left = list(rows)
    return [left[start : start + limit] for start in range(0, len(left) + 1, limit)]
