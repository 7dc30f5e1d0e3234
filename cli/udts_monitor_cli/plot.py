"""Progress and lag over time, drawn with characters; times in which nobody looked stay empty."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from udts_monitor.decision import estimate
from udts_monitor.decision.schedule import Gap
from udts_monitor.messages.figures import count
from udts_monitor.query.overview import Overview, TaskView
from udts_monitor.query.stored import History, HistoryPoint
from udts_monitor.query.timeline import timeline_of

_COLUMNS = 66
_HEIGHT = 6
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_UNSEEN = "░"

type Value = float | None


def plots(view: TaskView, history: History, seen: Overview) -> Iterator[str]:
    """A plot of each figure the task has; a sentence where it has none."""
    unwatched = seen.last_run.gaps if seen.last_run else ()
    gaps = timeline_of(view.state, history.points, history.since, seen.now, unwatched).gaps
    series: dict[str, Callable[[HistoryPoint], Value]] = {
        "done, %": _percent,
        "behind, s": _delay,
        "remaining, MB": _megabytes,
    }
    drawn = False
    for title, value_of in series.items():
        values = [(point.at, value_of(point)) for point in history.points]
        columns = sampled(values, gaps, history.since, seen.now)
        if any(value is not None for value in columns):
            drawn = True
            yield from _plot(title, columns, gaps, history.since, seen.now)
    if not drawn:
        yield "There are no figures in this time: UCloud gave neither progress nor lag."


def sampled(
    values: Sequence[tuple[datetime, Value]], gaps: Sequence[Gap], since: datetime, until: datetime
) -> list[Value]:
    """One value a column: the last one before its end, because an unchanged figure is not stored again."""
    width, found, place = (until - since) / _COLUMNS, list[Value](), 0
    known: Value = None
    for column in range(_COLUMNS):
        end = since + width * (column + 1)
        while place < len(values) and values[place][0] <= end:
            # A failed task says no figures; what it said before still holds.
            known = values[place][1] if values[place][1] is not None else known
            place += 1
        found.append(None if _in_gap(end - width / 2, gaps) else known)
    return found


def _plot(
    title: str, columns: Sequence[Value], gaps: Sequence[Gap], since: datetime, until: datetime
) -> Iterator[str]:
    known = [value for value in columns if value is not None]
    highest = max(*known, 0.0) or 1.0
    yield title
    for row in reversed(range(_HEIGHT)):
        label = count(highest) if row == _HEIGHT - 1 else "0" if row == 0 else ""
        cells = (_cell(value, highest, row) for value in columns)
        yield f"{label:>10} │{''.join(cells).rstrip()}"
    width = (until - since) / _COLUMNS
    middles = (since + width * (column + 0.5) for column in range(_COLUMNS))
    unseen = "".join(_UNSEEN if _in_gap(middle, gaps) else "─" for middle in middles)
    yield f"{'':>10} └{unseen}"
    left, right = f"{since:%m-%d %H:%M}", f"{until:%m-%d %H:%M} UTC"
    note = f"{_UNSEEN} nobody saw" if _UNSEEN in unseen else ""
    yield f"{'':>12}{left}{note:^{_COLUMNS - len(left) - len(right)}}{right}"


def _cell(value: Value, highest: float, row: int) -> str:
    if value is None:
        return " "
    filled = max(0, min(8, round((value / highest * _HEIGHT - row) * 8)))
    # A zero is a figure too, and not the same as none.
    return _EIGHTHS[max(filled, 1)] if row == 0 else _EIGHTHS[filled]


def _in_gap(moment: datetime, gaps: Sequence[Gap]) -> bool:
    return any(gap.since <= moment < gap.until for gap in gaps)


def _percent(point: HistoryPoint) -> Value:
    done = estimate.done_of(point.progress)
    return None if done is None else done * 100


def _delay(point: HistoryPoint) -> Value:
    return point.lag.delay_seconds if point.lag else None


def _megabytes(point: HistoryPoint) -> Value:
    remaining = point.lag.remaining_bytes if point.lag else None
    return None if remaining is None else remaining / 1_000_000
