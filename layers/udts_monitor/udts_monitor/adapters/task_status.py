"""The observation in an answer to GetUDTSTaskStatus. Tolerant of all but a missing status word.

Source: UCloud API reference, GetUDTSTaskStatus, Data.
"""

from typing import Any

from udts_monitor.adapters import fields
from udts_monitor.adapters.answer import Answer, FailedCall
from udts_monitor.decision.observation import Observation, Position, Progress
from udts_monitor.task import TaskRef
from udts_monitor.text import one_line, truncate

STATUS_LIMIT = 64
# A DynamoDB item holds 400 KB; the reason stands in it up to three times, at most 4 bytes a character.
REASON_LIMIT = 8_000
_BINLOG_LIMIT = 128
_GTID_LIMIT = 1_000


def status_request(task: TaskRef) -> dict[str, str]:
    """The parameters that ask for a task's status."""
    parameters = {"Action": "GetUDTSTaskStatus", "TaskId": task.task_id}
    if task.project_id:
        parameters["ProjectId"] = task.project_id
    if task.type:
        parameters["Type"] = task.type
    return parameters


def read_observation(answer: Answer) -> Observation | FailedCall:
    """The observation in an answer; one without a status word says nothing about the task."""
    data = answer.content.get("Data")
    data = data if isinstance(data, dict) else {}
    status = _word(data.get("Status"))
    if not status:
        return FailedCall(
            cause="no status",
            reason="UCloud answered without a status",
            attempts=2,
            request_uuid=answer.request_uuid,
        )
    return Observation(
        status=status,
        failed_message=fields.lines(data.get("FailedMessage"), REASON_LIMIT),
        progress=read_progress(data.get("Progress")),
        position=_position(data.get("Sync")),
        retries_used=fields.count(data.get("CurRetryCount")),
        retries_allowed=fields.count(data.get("MaxRetryCount")),
        request_uuid=answer.request_uuid,
    )


def read_progress(progress: Any) -> Progress | None:  # noqa: ANN401 - anything may stand there
    """The figures of a Progress, None when it has none."""
    if not isinstance(progress, dict):
        return None
    found = Progress(
        total_rows=fields.number(progress.get("TotalCount")),
        moved_rows=fields.number(progress.get("CurCount")),
        total_seconds=fields.number(progress.get("TotalDuration")),
        elapsed_seconds=fields.number(progress.get("CurDuration")),
        percent=fields.number(progress.get("Percentage")),
        redis_offset=fields.number(progress.get("RedisOffsetSize")),
        redis_delay_seconds=fields.number(progress.get("RedisDelayTime")),
        mongo_delay_seconds=fields.number(progress.get("MongoDelayTime")),
    )
    return found if found != Progress() else None


def _word(value: Any) -> str:  # noqa: ANN401 - anything may stand there
    """A status word that can be shown; one that had to be cleaned for that passes for no other word."""
    word = fields.text(value).strip()
    shown = one_line(word)
    return truncate(shown if shown == word else f"{shown}?", STATUS_LIMIT) if shown else ""


def _position(sync: Any) -> Position | None:  # noqa: ANN401 - anything may stand there
    if not isinstance(sync, dict):
        return None
    found = Position(
        binlog_name=fields.line(sync.get("BinlogName"), _BINLOG_LIMIT),
        binlog_pos=fields.number(sync.get("BinlogPos")),
        binlog_gtid=fields.line(sync.get("BinlogGTID"), _GTID_LIMIT),
    )
    return found if found != Position() else None
