"""The tasks of a project, as ListUDTSTask shows them.

Source: UCloud API reference, ListUDTSTask.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from udts_monitor.adapters import fields, rows
from udts_monitor.adapters.calls import Caller, Content, Page, call_pages
from udts_monitor.decision.observation import NoAnswer
from udts_monitor.task import is_id

# The documented default. Whether the service shortens longer pages is not documented: a page that it
# shortened would look like the last one.
PAGE_ROWS = 20
_NAME_LIMIT = 128
# Source: UCloud API reference, ChargeType: paid by the hour, and so never paid up for long.
_BY_THE_HOUR = frozenset({"dynamic", "postpay", "hour"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTask:
    """One task of a project.

    Attributes:
        task_id: fit to be part of a task's key.
        type: ``transfer`` or ``integration``, whichever was asked for.
        mode: UCloud's Type, such as ``full`` or ``full+incremental``; empty when there was none.
        name: for people, on one line; empty when UCloud gave none that prints.
        status: UCloud's word, empty when there was none.
        created_at: None when not given.
        expires_at: until when it is paid for, None when not given.
        auto_renew: whether it is paid on by itself then, None when not given.
        is_expired: whether that time has passed, None when not given.
        by_the_hour: it is paid hour by hour.
    """

    task_id: str
    type: str
    mode: str = ""
    name: str = ""
    status: str = ""
    created_at: datetime | None = None
    expires_at: datetime | None = None
    auto_renew: bool | None = None
    is_expired: bool | None = None
    by_the_hour: bool = False


def list_tasks(
    caller: Caller, *, project_id: str, task_type: str, deadline: float
) -> tuple[ListedTask, ...] | NoAnswer:
    """All tasks of a project and type, or why they are not known; never a part of them.

    Args:
        caller: the client.
        project_id: empty for the account's default project.
        task_type: ``transfer`` or ``integration``; each has a list, and failures, of its own.
        deadline: seconds of ``time.monotonic``.
    """
    parameters = {"Action": "ListUDTSTask", "Type": task_type}
    if project_id:
        parameters["ProjectId"] = project_id
    found = call_pages(caller, parameters, deadline, page_of=_page, limit=PAGE_ROWS)
    return found if isinstance(found, NoAnswer) else read_listing(found, task_type)


def read_listing(listed: list[Any], task_type: str) -> tuple[ListedTask, ...]:
    """The tasks in the rows of a list, each once; rows without a usable id are skipped."""
    tasks: dict[str, ListedTask] = {}
    for row in rows.objects(listed):
        task_id = fields.text(row.get("TaskId"))
        if is_id(task_id):
            # A task that appears while pages are read moves others to the next page: they come twice.
            tasks.setdefault(task_id, _task(task_id, task_type, row))
    return tuple(tasks.values())


def _page(content: Content) -> Page:
    data = content.get("Data")
    return Page(data if isinstance(data, list) else None)


def _task(task_id: str, task_type: str, row: Mapping[str, Any]) -> ListedTask:
    return ListedTask(
        task_id=task_id,
        type=task_type,
        mode=rows.status(row.get("Type")),
        name=fields.line(row.get("Name"), _NAME_LIMIT),
        status=rows.status(row.get("Status")),
        created_at=rows.parse_time(row.get("CreateTime")),
        expires_at=rows.parse_time(row.get("ExpireTime")),
        auto_renew=rows.flag(row.get("AutoRenew")),
        is_expired=rows.flag(row.get("IsExpire")),
        by_the_hour=fields.text(row.get("ChargeType")).strip().lower() in _BY_THE_HOUR,
    )
