"""`history`: what happened to a task or to all of them, and where each of it was told."""

from argparse import Namespace
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.text import Text

from udts_monitor.adapters.reader import Reader
from udts_monitor.query.data import plain_data
from udts_monitor.query.overview import Overview, TaskView
from udts_monitor.query.stored import History, HistoryPoint
from udts_monitor.query.told import Told, told
from udts_monitor.task import MONITOR
from udts_monitor_cli.codes import Code
from udts_monitor_cli.look import beginning, look, task_called
from udts_monitor_cli.plot import plots
from udts_monitor_cli.screen import Screen, clock, safe
from udts_monitor_cli.stack import Stack

# With the heading and the line about what is left out: twenty.
_ROWS = 18
# An event lies some microseconds after the transition it belongs to.
_TOGETHER = timedelta(milliseconds=1)
_STYLES = {"critical": "red", "warning": "yellow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    at: datetime
    key: str
    what: str
    detail: str
    told: str
    style: str = ""


def show(given: Namespace, stack: Stack, screen: Screen) -> Code:
    """The latest at the end, as in a log."""
    reader, seen = look(stack)
    since = beginning(given.since, seen.now)
    if given.task:
        view = task_called(given.task, seen)
        histories = {view.task.key: reader.history(view.task.key, since, seen.now)}
    else:
        view, histories = None, _of_all(reader, seen, since)
    if screen.as_json:
        screen.document(plain_data(histories[view.task.key] if view else histories))
    elif view and given.plot:
        screen.drawing(plots(view, histories[view.task.key], seen))
    else:
        _render(histories, view, seen, screen)
    return Code.FINE


def _of_all(reader: Reader, seen: Overview, since: datetime) -> dict[str, History]:
    keys = [MONITOR.key, *(view.task.key for view in seen.tasks)]
    return reader.histories(keys, since, seen.now)


def _render(histories: Mapping[str, History], view: TaskView | None, seen: Overview, screen: Screen) -> None:
    rows = sorted(
        (
            row
            for key, history in histories.items()
            for row in _rows(key, history, seen, all_tasks=view is None)
        ),
        key=lambda row: row.at,
    )
    left_out = len(rows) - _ROWS
    if left_out > 0:
        screen.line(f"{left_out} earlier ones are left out: --json has all of them.", "dim")
    names = {shown.task.key: shown.task.display_name for shown in seen.tasks}
    heads = (
        ("TIME (UTC)", "WHAT", "TOLD", "DETAIL") if view else ("TIME (UTC)", "TASK", "WHAT", "TOLD", "DETAIL")
    )
    cells: list[list[str | Text]] = [
        [
            clock(row.at, seen.now),
            *([] if view else [names.get(row.key, "monitor")]),
            safe(row.what, row.style),
            row.told,
            row.detail,
        ]
        for row in rows[-_ROWS:]
    ]
    if cells:
        screen.table(heads, cells)
    else:
        screen.line("Nothing happened in this time.")


def _rows(key: str, history: History, seen: Overview, *, all_tasks: bool) -> Iterable[_Row]:
    moments = [event.at for event in history.events]
    for event in history.events:
        said = told(event, seen)
        yield _Row(
            at=event.at,
            key=key,
            what=event.kind,
            detail=event.summary,
            told=_told(said),
            style=_STYLES.get(event.severity, ""),
        )
    for point in () if all_tasks else history.points:
        alone = not any(timedelta(0) <= moment - point.at <= _TOGETHER for moment in moments)
        if point.previous_status is not None and alone:
            yield _Row(at=point.at, key=key, what=point.status, detail=_change(point), told="")


def _change(point: HistoryPoint) -> str:
    return f"{point.previous_status} -> {point.status}" if point.previous_status else "first seen"


def _told(said: Iterable[Told]) -> str:
    """Each topic, those that did not tell it with the reason in a word."""
    return (
        ", ".join(one.topic if one.at and not one.why else f"{one.topic} {one.why}" for one in said)
        or "nobody"
    )
