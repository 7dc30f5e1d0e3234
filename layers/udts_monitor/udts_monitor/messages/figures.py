"""Figures as people read them: lengths of time, moments, counts, amounts, progress, lag and positions."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from udts_monitor.decision.estimate import Estimate
from udts_monitor.decision.observation import Lag, Number, Position, Progress
from udts_monitor.messages.phrases import LIST, Language, Text
from udts_monitor.text import one_line, truncate

_UNITS = (
    (Text("{number} d", "{number} 天"), 86_400),
    (Text("{number} h", "{number} 小时"), 3_600),
    (Text("{number} min", "{number} 分钟"), 60),
    (Text("{number} s", "{number} 秒"), 1),
)
# Days and hours say the next smaller unit too.
_PAIRED = 2
_LONGEST_SECONDS = 1e10
_POSITION_LIMIT = 200
_THOUSAND = 1_000
_OF_ROWS = Text("{moved} of {total} rows", "{moved} / {total} 行")
_ELAPSED = Text("{time} elapsed", "已用时 {time}")
_DELAY = Text("{time} behind", "延迟 {time}")
_REMAINING = Text("{amount} remaining", "剩余 {amount}")
_UNTIL_LEVEL = Text("level in about {time}", "预计 {time}后追平")
_BETWEEN = Text("between {earliest} and {latest}", "{earliest} 至 {latest}")
_BY_SERVICE = Text("{ours} (UCloud says {service})", "{ours}（UCloud 预计 {service}）")


def format_duration(time: timedelta, language: Language) -> str:
    """The two largest units: ``3 d 4 h``, ``4 h 5 min``, ``12 min``, ``40 s``."""
    seconds = max(0, round(time.total_seconds()))
    place = next((place for place, (_, size) in enumerate(_UNITS) if seconds >= size), len(_UNITS) - 1)
    unit, size = _UNITS[place]
    largest = unit.to(language, number=seconds // size)
    if place >= _PAIRED:
        return largest
    next_unit, next_size = _UNITS[place + 1]
    rest = seconds % size // next_size
    return f"{largest} {next_unit.to(language, number=rest)}" if rest else largest


def seconds(number: Number) -> timedelta:
    """A number of seconds as UCloud gives it; what cannot be a length of time is cut to one."""
    return timedelta(seconds=min(max(float(number), 0), _LONGEST_SECONDS))


def format_time(time: datetime, zone: ZoneInfo) -> str:
    """A time in UTC and, where another zone is wanted, in that zone first."""
    utc = f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return utc if zone.key == "UTC" else f"{time.astimezone(zone):%Y-%m-%d %H:%M} {zone.key} ({utc})"


def short_time(time: datetime, zone: ZoneInfo, language: Language) -> str:
    """A time of these months in few letters, with its distance from UTC: ``30 Nov 23:01 UTC+8``."""
    local = time.astimezone(zone)
    minutes = round((local.utcoffset() or timedelta(0)).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    distance = f"{sign}{hours}" + (f":{rest:02}" if rest else "") if minutes else ""
    day = f"{local:%m-%d}" if language is Language.ZH else f"{local.day} {local:%b}"
    return f"{day} {local:%H:%M} UTC{distance}"


def count(number: Number) -> str:
    """A count with thousands separators."""
    return f"{number:,.0f}"


def amount(number: Number) -> str:
    """An amount of data: ``0 B``, ``4.2 MB``."""
    value, unit = max(0.0, float(number)), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < _THOUSAND:
            break
        value, unit = value / _THOUSAND, larger
    return f"{value:,.0f} {unit}" if unit == "B" else f"{value:,.1f} {unit}"


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
        parts.append(_OF_ROWS.to(language, moved=count(progress.moved_rows), total=total))
    if progress.elapsed_seconds:
        parts.append(_ELAPSED.to(language, time=format_duration(seconds(progress.elapsed_seconds), language)))
    delays = (progress.redis_delay_seconds, progress.mongo_delay_seconds)
    parts += [delay_text(delay, language) for delay in delays if delay is not None]
    return LIST.to(language).join(parts)


def lag_line(lag: Lag | None, language: Language) -> str:
    """How far the target is behind its source; empty when nothing is known."""
    if lag is None:
        return ""
    parts = []
    if lag.delay_seconds is not None:
        parts.append(delay_text(lag.delay_seconds, language))
    if lag.remaining_bytes is not None:
        parts.append(_REMAINING.to(language, amount=amount(lag.remaining_bytes)))
    if lag.seconds_to_level:
        parts.append(_UNTIL_LEVEL.to(language, time=format_duration(seconds(lag.seconds_to_level), language)))
    return LIST.to(language).join(parts)


def delay_text(delay: Number, language: Language) -> str:
    """How long ago what is applied last at the target happened at the source."""
    return _DELAY.to(language, time=format_duration(seconds(delay), language))


def end_line(end: Estimate | None, zone: ZoneInfo, language: Language) -> str:
    """When a full load will end, as a range, beside what UCloud says; empty when nobody can say."""
    if end is None:
        return ""
    earliest, latest, service = (
        short_time(moment, zone, language) if moment else ""
        for moment in (end.earliest, end.latest, end.service)
    )
    ours = earliest if earliest == latest else _BETWEEN.to(language, earliest=earliest, latest=latest)
    return _BY_SERVICE.to(language, ours=ours, service=service) if service else ours


def position_line(position: Position | None) -> str:
    """The replication position; empty when nothing is known."""
    if position is None:
        return ""
    gtid = f" GTID {one_line(position.binlog_gtid)}" if position.binlog_gtid else ""
    return truncate(f"{binlog_place(position)}{gtid}".strip(), _POSITION_LIMIT)


def binlog_place(position: Position) -> str:
    """File and place in it, without the GTID."""
    place = "" if position.binlog_pos is None else f":{position.binlog_pos:.0f}"
    return f"{one_line(position.binlog_name)}{place}"
