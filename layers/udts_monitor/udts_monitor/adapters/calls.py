"""Calls of UCloud's API beside the checks: what their readers need of the client, and answers in pages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from udts_monitor.adapters.answer import FailedCall
from udts_monitor.adapters.ucloud import Reader
from udts_monitor.decision.observation import NoAnswer, Number
from udts_monitor.task import TaskRef

# A service that ignores Offset answers full pages for ever.
MAX_PAGES = 100
NO_LIST = "no list"

type Content = Mapping[str, Any]


class Caller(Protocol):
    """The client: signs, repeats what may pass, refuses what is no success, hides secrets."""

    def call[T](self, parameters: Mapping[str, str], deadline: float, read: Reader[T]) -> T | FailedCall:
        """What is read in the answer to one call, until a ``time.monotonic`` of ``deadline``."""


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one answer, of any shape, and how many there are in all; each None when it did not say."""

    rows: list[Any] | None
    total: Number | None = None


def task_parameters(action: str, task: TaskRef) -> dict[str, str]:
    """The parameters of a call about one task; what the task does not say is left to UCloud's defaults."""
    given = {"TaskId": task.task_id, "ProjectId": task.project_id, "Type": task.type}
    return {"Action": action, **{name: text for name, text in given.items() if text}}


def call(caller: Caller, parameters: Mapping[str, str], deadline: float) -> Content | NoAnswer:
    """The answer to one call, or why there is none."""
    found = caller.call(parameters, deadline, lambda answer: answer.content)
    return found.as_no_answer() if isinstance(found, FailedCall) else found


def call_pages(
    caller: Caller,
    parameters: Mapping[str, str],
    deadline: float,
    *,
    page_of: Callable[[Content], Page],
    limit: int,
) -> list[Any] | NoAnswer:
    """The rows of all pages, until a short one.

    One page that fails spoils the whole: whoever compares with an earlier list must not take rows that
    were not read for rows that are gone.
    """
    rows: list[Any] = []
    for _ in range(MAX_PAGES):
        window = {"Offset": str(len(rows)), "Limit": str(limit)}
        answer = call(caller, {**parameters, **window}, deadline)
        if isinstance(answer, NoAnswer):
            return answer
        page = page_of(answer)
        if page.rows is None:
            return NoAnswer(cause=NO_LIST, reason="UCloud answered without a list")
        rows += page.rows
        if _is_last(page, limit, read=len(rows)):
            return rows
    return NoAnswer(cause="too many pages", reason=f"UCloud's answer did not end after {MAX_PAGES} pages")


def _is_last(page: Page, limit: int, *, read: int) -> bool:
    # The longest page the service allows is not documented: one that it shortened is not the last.
    shortened = page.total is not None and read < page.total
    return not page.rows or (len(page.rows) < limit and not shortened)
