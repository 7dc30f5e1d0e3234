"""The statuses a task went through, as GetUDTSTaskHistory keeps them.

Source: UCloud API reference, GetUDTSTaskHistory.
"""

from datetime import datetime, timedelta
from itertools import groupby

from udts_monitor.adapters import fields, rows
from udts_monitor.adapters.calls import Caller, Content, call, task_parameters
from udts_monitor.decision.observation import NoAnswer
from udts_monitor.decision.unseen import PastStatus
from udts_monitor.task import TaskRef

# The newest ones: a task that swings between Syncing and Synced for months has thousands.
MAX_ROWS = 500
# UCloud's clock may be ahead of ours by as much; what lies further ahead has not happened.
_AHEAD = timedelta(minutes=5)


def task_history(
    caller: Caller, task: TaskRef, *, now: datetime, deadline: float
) -> tuple[PastStatus, ...] | NoAnswer:
    """The statuses of a task, oldest first; empty when UCloud keeps none.

    Args:
        caller: the client.
        task: whose.
        now: rows from the future are no rows.
        deadline: seconds of ``time.monotonic``.
    """
    answer = call(caller, task_parameters("GetUDTSTaskHistory", task), deadline)
    return answer if isinstance(answer, NoAnswer) else read_history(answer, task.task_id, now)


def read_history(content: Content, task_id: str, now: datetime) -> tuple[PastStatus, ...]:
    """The rows of an answer; rows of another task, without a word or without a time are skipped.

    The documented example answers ``"Data": {}`` where an array is declared: no rows. Times are whole
    seconds: rows of the same one stay in the order of the answer, whichever end of it is the newest. A row
    that is repeated counts once; a status that is entered again within a second stands there again.
    """
    past: list[PastStatus] = []
    for row in rows.objects(content.get("Data")):
        at, status = rows.parse_time(row.get("CreateTime")), rows.status(row.get("AntState"))
        if at and at <= now + _AHEAD and status and fields.text(row.get("AntID")) in ("", task_id):
            past.append(PastStatus(at=at, status=status))
    if past and past[0].at > past[-1].at:
        past.reverse()
    once = [row for row, _ in groupby(sorted(past, key=lambda row: row.at))]
    return tuple(once[-MAX_ROWS:])
