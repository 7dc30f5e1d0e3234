"""What a task's pre-check found wrong, with UCloud's own remedy.

Source: UCloud API reference, GetUDTSPrecheckTask.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from udts_monitor.adapters import fields, rows
from udts_monitor.adapters.calls import Caller, Content, call, task_parameters
from udts_monitor.decision.observation import NoAnswer
from udts_monitor.task import TaskRef

# A message has room for a few; more of them have one cause.
MAX_ITEMS = 20
_TYPE_LIMIT = 64
_TEXT_LIMIT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedItem:
    """One thing the pre-check refused; each text is on one line and may be empty.

    Attributes:
        type: UCloud's word for what was checked.
        message: what is wrong.
        instruction: UCloud's own remedy.
        is_target: whether it concerns the target (else the source), None when not given.
    """

    type: str = ""
    message: str = ""
    instruction: str = ""
    is_target: bool | None = None


def failed_items(caller: Caller, task: TaskRef, *, deadline: float) -> tuple[FailedItem, ...] | NoAnswer:
    """What the pre-check of a task found wrong; empty when it found nothing, or there was none.

    Args:
        caller: the client.
        task: whose.
        deadline: seconds of ``time.monotonic``.
    """
    answer = call(caller, task_parameters("GetUDTSPrecheckTask", task), deadline)
    return answer if isinstance(answer, NoAnswer) else read_failed_items(answer)


def read_failed_items(content: Content) -> tuple[FailedItem, ...]:
    """The failed items of an answer, in its order; the documented example answers ``{}``: none."""
    data = content.get("Data")
    items = data.get("PrecheckResultItem") if isinstance(data, dict) else None
    found = [_item(row) for row in rows.objects(items) if _has_failed(row)]
    return tuple(found[:MAX_ITEMS])


def _has_failed(row: Mapping[str, Any]) -> bool:
    # The words of State are not documented; one that passed has nothing to say in ErrMessage.
    return bool(_line(row, "ErrMessage")) or "fail" in fields.text(row.get("State")).lower()


def _item(row: Mapping[str, Any]) -> FailedItem:
    return FailedItem(
        type=fields.line(row.get("Type"), _TYPE_LIMIT),
        message=_line(row, "ErrMessage"),
        instruction=_line(row, "Instruction"),
        is_target=rows.flag(row.get("IsTarget")),
    )


def _line(row: Mapping[str, Any], name: str) -> str:
    return fields.line(row.get(name), _TEXT_LIMIT)
