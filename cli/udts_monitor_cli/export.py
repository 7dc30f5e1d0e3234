"""`export`: the report of a migration, for people who were not there."""

import csv
import io
from argparse import Namespace
from collections.abc import Iterator
from datetime import datetime

from udts_monitor.messages.figures import format_duration, progress_line, seconds
from udts_monitor.messages.phrases import Language
from udts_monitor.query.data import plain_data
from udts_monitor.query.incidents import incidents_of
from udts_monitor.query.overview import TaskView
from udts_monitor.query.stored import History, HistoryEvent
from udts_monitor.text import one_line
from udts_monitor_cli.codes import Code
from udts_monitor_cli.look import beginning, look, task_called
from udts_monitor_cli.screen import Screen
from udts_monitor_cli.stack import Stack

_COLUMNS = ("time", "what", "status", "severity", "incident", "summary", "percent", "rows", "delay_seconds")
# A table program would take these for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MARKDOWN = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]<>#|!~"})


def show(given: Namespace, stack: Stack, screen: Screen) -> Code:
    """The whole history of one task."""
    reader, seen = look(stack)
    view = task_called(given.task, seen)
    history = reader.history(view.task.key, beginning(given.since, seen.now), seen.now)
    if screen.as_json or given.format == "json":
        screen.document(
            {"task": plain_data(view.task), "state": plain_data(view.state), "history": plain_data(history)}
        )
    elif given.format == "csv":
        screen.text(_csv(history))
    else:
        screen.text("\n".join(_report(view, history, seen.now)) + "\n")
    return Code.FINE


def _csv(history: History) -> str:
    """A line for each point and each event, in order."""
    rows: list[tuple[datetime, list[object]]] = []
    for point in history.points:
        progress, lag = point.progress, point.lag
        what = "sample" if point.previous_status is None else "transition"
        percent = progress.percent if progress else None
        moved = progress.moved_rows if progress else None
        delay = lag.delay_seconds if lag else None
        rows.append((point.at, [what, point.status, "", "", point.reason, percent, moved, delay]))
    for event in history.events:
        said = [event.kind, event.status, event.severity, event.incident_id, event.summary, None, None, None]
        rows.append((event.at, list(said)))
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for at, cells in sorted(rows, key=lambda row: row[0]):
        writer.writerow([f"{at:%Y-%m-%dT%H:%M:%SZ}", *map(_cell, cells)])
    return written.getvalue()


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = one_line(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _report(view: TaskView, history: History, now: datetime) -> Iterator[str]:
    state, task = view.state, view.task
    yield f"# {_safe(task.display_name)}"
    yield ""
    yield f"UDTS task `{task.key}`, {task.type or 'type not given'}; written {now:%Y-%m-%d %H:%M} UTC."
    yield ""
    before = _safe(state.previous_status or "none")
    yield f"- Status: {_safe(state.status)} since {state.since:%Y-%m-%d %H:%M} UTC, before it {before}"
    if figures := progress_line(state.progress, Language.EN):
        yield f"- Progress: {figures}"
    life = state.lifecycle
    unseen = _seconds(life.unanswered_seconds)
    yield f"- Watched for {_time(now, life.started_at)}, {life.failures} failures, {unseen} without an answer"
    spent = ", ".join(f"{name} {_seconds(time)}" for name, time in life.seconds.items() if time)
    yield f"- Phases that are over: {spent or 'none'}"
    yield ""
    yield "## Incidents"
    yield ""
    open_now = [one.id for one in view.incidents.values() if one.id]
    incidents = incidents_of(task.key, history.events, open_now, now)
    if incidents:
        yield "| since (UTC) | aspect | severity | lasted | what |"
        yield "|---|---|---|---|---|"
    for one in incidents:
        lasted = format_duration(one.lasted, Language.EN) if one.lasted is not None else "-"
        cells = one.aspect, one.severity, f"{lasted}, open" if one.is_open else lasted, _safe(one.summary)
        yield f"| {one.since:%Y-%m-%d %H:%M} | {' | '.join(cells)} |"
    yield from [] if incidents else ["None."]
    yield ""
    yield "## Events"
    yield ""
    if history.events:
        yield "| time (UTC) | event | what happened | told |"
        yield "|---|---|---|---|"
    for event in history.events:
        yield f"| {event.at:%Y-%m-%d %H:%M} | {event.kind} | {_safe(event.summary)} | {_told(event)} |"
    yield from [] if history.events else ["None."]


def _told(event: HistoryEvent) -> str:
    return ", ".join(sorted(event.published_at)) or "nobody"


def _time(until: datetime, since: datetime) -> str:
    return format_duration(until - since, Language.EN)


def _seconds(number: float) -> str:
    return format_duration(seconds(number), Language.EN)


def _safe(text: str) -> str:
    """No markup of Markdown or HTML."""
    return one_line(text).translate(_MARKDOWN)
