"""What an event says, in words that every format shares."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from udts_monitor.event import Event, Kind
from udts_monitor.observation import Number, Position, Progress
from udts_monitor.text import cut, one_line

_REASON_LINE = 300


def headline(event: Event) -> str:
    """What happened and why, in one line without the task's name: the end of a subject."""
    reason = cut(one_line(event.reason), _REASON_LINE)
    match event.kind:
        case Kind.FAILED:
            return _failed(event, reason)
        case Kind.FINISHED:
            return f"{event.status} after a failure" if event.incident_id else event.status
        case Kind.RECOVERED:
            return f"{event.status} again after a failure"
        case Kind.STOPPED:
            return f"stopped for {duration(event.time - event.since)}"
        case Kind.UNREACHABLE:
            return f"{len(event.tasks)} tasks: {reason}" if len(event.tasks) > 1 else reason
        case Kind.REACHABLE:
            return f"answers again: {event.status}" if event.status else "answers again"
        case Kind.UNKNOWN_STATUS:
            return f"unknown status {cut(one_line(event.status), 60)}"
        case _:
            return reason


def sentence(event: Event) -> str:
    """What happened, as a full sentence that stands alone: the first line of every text."""
    name = task_label(event)
    said = headline(event)
    match event.kind:
        case Kind.FAILED:
            return f"{name} failed: {said}"
        case Kind.FINISHED:
            return f"{name} finished: {said}."
        case Kind.RECOVERED:
            return f"{name} recovered: {said}."
        case Kind.STOPPED:
            return f"{name} is {said} and waits to be started again."
        case Kind.UNREACHABLE:
            return f"{name} cannot see {'what it watches' if event.tasks else 'the task'}: {said}"
        case Kind.REACHABLE:
            return f"{name} {said}."
        case Kind.UNKNOWN_STATUS:
            return f"{name} shows an {said}, which the monitor does not know."
        case _:
            return f"{name}: {said}"


def next_step(event: Event) -> str:
    """What a person should do now."""
    match event.kind:
        case Kind.FAILED if event.resume_until:
            return "Remove the cause, then start the task in the console: it resumes where it stopped."
        case Kind.FAILED:
            return "The task cannot be resumed: remove the cause, reset the task and load in full again."
        case Kind.FINISHED:
            return (
                "Validate the data, switch over, then delete the task: finished tasks are billed until then."
            )
        case Kind.STOPPED:
            return "Start the task again before its time to resume is over, or delete it."
        case Kind.UNREACHABLE:
            return "Nothing is known about the task until it answers; look at it in the console."
        case Kind.UNKNOWN_STATUS:
            return "Look at the task in the console; the monitor counts it neither as failed nor as finished."
        case Kind.TEST:
            return "Nothing: the way from the monitor to you works."
        case _:
            return ""


def task_label(event: Event) -> str:
    """The task as a person reads it: its name, and its id where the name is another."""
    name = cut(one_line(event.task.display_name), 60)
    return name if name == event.task.task_id else f"{name} ({event.task.task_id})"


def duration(length: timedelta) -> str:
    """The two largest units: ``3 d 4 h``, ``4 h 5 min``, ``12 min``, ``40 s``."""
    seconds = max(0, int(length.total_seconds()))
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    for place, (unit, size) in enumerate(units):
        if seconds >= size or unit == "s":
            rest_unit, rest_size = units[min(place + 1, 3)]
            rest = seconds % size // rest_size
            return f"{seconds // size} {unit}" + (
                f" {rest} {rest_unit}" if rest and unit in {"d", "h"} else ""
            )
    return ""  # cannot be: the last unit always answers


def moment(time: datetime, zone: ZoneInfo) -> str:
    """A time in UTC and, where another zone is wanted, in that zone first."""
    utc = f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return utc if zone.key == "UTC" else f"{time.astimezone(zone):%Y-%m-%d %H:%M} {zone.key} ({utc})"


def progress_line(progress: Progress | None) -> str:
    """How far the full load is; empty when nothing is known."""
    if progress is None:
        return ""
    parts = []
    if progress.percent is not None:
        parts.append(f"{progress.percent:g} %")
    if progress.moved_rows is not None and progress.total_rows:
        parts.append(f"{figure(progress.moved_rows)} of {figure(progress.total_rows)} rows")
    if progress.elapsed_seconds and progress.elapsed_seconds > 0:
        parts.append(f"{duration(_seconds(progress.elapsed_seconds))} so far")
    return ", ".join(parts)


def position_line(position: Position | None) -> str:
    """The replication position; empty when nothing is known."""
    if position is None:
        return ""
    place = f":{position.binlog_pos:.0f}" if position.binlog_pos is not None else ""
    gtid = f", GTID {one_line(position.binlog_gtid)}" if position.binlog_gtid else ""
    return cut(f"{one_line(position.binlog_name)}{place}{gtid}", 200)


def figure(number: Number) -> str:
    """A count with thousands separators."""
    return f"{number:,.0f}"


def _seconds(number: Number) -> timedelta:
    return timedelta(seconds=min(float(number), 1e10))


def _failed(event: Event, reason: str) -> str:
    said = reason or f"{event.status}, UCloud gave no reason"
    if event.status != "Failed" and reason:
        said = f"{event.status}: {reason}"
    return said
