"""Figures as people read them: lengths of time, moments, counts, progress and positions."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from udts_monitor.decision.observation import Number, Position, Progress
from udts_monitor.messages.phrases import Language, say
from udts_monitor.text import one_line, truncate

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_LONGEST_SECONDS = 1e10
_POSITION_LIMIT = 200


def format_duration(time: timedelta, language: Language) -> str:
    """The two largest units: ``3 d 4 h``, ``4 h 5 min``, ``12 min``, ``40 s``."""
    seconds = max(0, round(time.total_seconds()))
    place = next((place for place, (_, size) in enumerate(_UNITS) if seconds >= size), len(_UNITS) - 1)
    unit, size = _UNITS[place]
    largest = say(language, unit, number=seconds // size)
    if unit not in {"d", "h"}:
        return largest
    next_unit, next_size = _UNITS[place + 1]
    rest = seconds % size // next_size
    return f"{largest} {say(language, next_unit, number=rest)}" if rest else largest


def seconds(number: Number) -> timedelta:
    """A number of seconds as UCloud gives it; what cannot be a length of time is cut to one."""
    return timedelta(seconds=min(max(float(number), 0), _LONGEST_SECONDS))


def format_time(time: datetime, zone: ZoneInfo) -> str:
    """A time in UTC and, where another zone is wanted, in that zone first."""
    utc = f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return utc if zone.key == "UTC" else f"{time.astimezone(zone):%Y-%m-%d %H:%M} {zone.key} ({utc})"


def count(number: Number) -> str:
    """A count with thousands separators."""
    return f"{number:,.0f}"


def progress_line(progress: Progress | None, language: Language) -> str:
    """How far the full load is, or how far replication is behind; empty when nothing is known."""
    if progress is None:
        return ""
    parts = []
    counted = bool(progress.total_rows)
    # Tasks without a full load report zeros.
    if progress.percent is not None and (progress.percent or counted):
        parts.append(f"{progress.percent:.4g} %")
    if progress.moved_rows is not None and progress.total_rows:
        total = count(progress.total_rows)
        parts.append(say(language, "of rows", moved=count(progress.moved_rows), total=total))
    if progress.elapsed_seconds:
        parts.append(
            say(language, "elapsed", time=format_duration(seconds(progress.elapsed_seconds), language))
        )
    delays = [
        delay for delay in (progress.redis_delay_seconds, progress.mongo_delay_seconds) if delay is not None
    ]
    parts += [say(language, "delay", seconds=count(delay)) for delay in delays]
    return say(language, "listed").join(parts)


def position_line(position: Position | None) -> str:
    """The replication position; empty when nothing is known."""
    if position is None:
        return ""
    place = "" if position.binlog_pos is None else f":{position.binlog_pos:.0f}"
    gtid = f" GTID {one_line(position.binlog_gtid)}" if position.binlog_gtid else ""
    return truncate(f"{one_line(position.binlog_name)}{place}{gtid}".strip(), _POSITION_LIMIT)
