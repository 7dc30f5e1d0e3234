"""What a step tells, in UCloud's field names.

Source: UCloud API reference, "GetUDTSTaskStatus", models Progress and SyncData; "GetUDTSPrecheckTask".
"""

from local.simulator.steps import FailedItem, Position, Progress


def progress_fields(progress: Progress, share: float) -> dict[str, object]:
    """The answer's Progress when `share` of the step is over."""
    numbers = {
        "TotalCount": progress.total_count,
        "CurCount": progress.cur_count,
        "TotalDuration": progress.total_duration_seconds,
        "CurDuration": progress.cur_duration_seconds,
        "RedisOffsetSize": progress.redis_offset_size,
        "RedisDelayTime": progress.redis_delay_seconds,
        "MongoDelayTime": progress.mongo_delay_seconds,
    }
    answer: dict[str, object] = {
        name: _whole(pair, share) for name, pair in numbers.items() if pair is not None
    }
    if progress.percentage is not None:
        first, last = progress.percentage
        answer["Percentage"] = first + (last - first) * share
    return answer


def sync_fields(position: Position, share: float) -> dict[str, object]:
    """The answer's Sync when `share` of the step is over."""
    answer: dict[str, object] = {
        "BinlogName": position.binlog_name,
        "BinlogPos": _whole(position.binlog_pos, share),
    }
    return answer if position.binlog_gtid is None else answer | {"BinlogGTID": position.binlog_gtid}


def precheck_fields(items: tuple[FailedItem, ...]) -> dict[str, object]:
    """The answer's Data about a pre-check that took place. The words of State are inventions."""
    rows = [
        {
            "State": "Failed",
            "Type": item.type,
            "ErrMessage": item.message,
            "Instruction": item.instruction,
            "IsTarget": item.is_target,
        }
        for item in items
    ]
    return {"State": "Failed" if items else "Success", "PrecheckResultItem": rows}


def _whole(pair: tuple[int, int], share: float) -> int:
    first, last = pair
    return first + int((last - first) * share)
