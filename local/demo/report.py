"""Shows what came of it: the messages as they arrived, the history, the heartbeat, the verdict."""

import json
import textwrap

from rich.table import Table
from rich.text import Text

from local.demo.screen import Screen
from local.demo.stage import ALERTS, EVENTS, Item, Run, Stage, cloud_event
from local.demo.story import ARCHIVE, CACHE, ORDERS
from local.inbox import Message

_WIDEST = frozenset({"summary", "", "events"})
_STYLES = {"critical": "bold red", "warning": "yellow", "info": "green"}


def show(screen: Screen, stage: Stage) -> None:
    """Everything but the verdict."""
    _show_alerts(screen, stage.messages[ALERTS])
    _show_events(screen, stage.messages[EVENTS])
    for task, name in ((ORDERS, "orders-db"), (ARCHIVE, "archive-db")):
        screen.heading(f"The history of {name}", "read back from DynamoDB")
        screen.show(_history(screen, stage.history(task)))
    screen.heading("The history of session-cache", "level with its source for a moment is no news")
    screen.show(_walk(stage.history(CACHE)))
    screen.heading("The runs", "the heartbeat, item MONITOR / RUN, as it was read after each")
    screen.show(_runs(screen, stage.runs))


def show_verdict(screen: Screen, verdict: str, *, passed: bool) -> None:
    """Whether everything expected arrived, and nothing else."""
    screen.heading("Verdict")
    screen.show(Text(verdict, "bold green" if passed else "bold red"))


def _show_alerts(screen: Screen, messages: list[Message]) -> None:
    """What people get: subject and text, in the order of arrival."""
    screen.heading(
        "What people get", f"topic alerts, {len(messages)} messages exactly as they came through SNS"
    )
    for place, message in enumerate(messages):
        style = _STYLES.get(message.attributes.get("severity", ""), "")
        screen.show(Text(f"\n{message.subject}" if place else message.subject, style))
        for line in message.text.rstrip().splitlines():
            for part in textwrap.wrap(line, screen.width - 2) or [""]:
                screen.show(Text.assemble(("│ ", style), part))


def _show_events(screen: Screen, messages: list[Message]) -> None:
    """What programs get: every event in a row with its incident, and the first critical one in full."""
    screen.heading("What programs get", f"topic events, {len(messages)} CloudEvents")
    table = _table(screen, "type", "incident_action", "incident_id", "summary")
    events = [cloud_event(message) for message in messages]
    for event in events:
        data = event.get("data", {})
        table.add_row(
            Text(str(event.get("type")), _STYLES.get(str(data.get("severity")), "")),
            str(data.get("incident_action") or "none"),
            str(data.get("incident_id") or "-"),
            str(data.get("summary")),
        )
    screen.show(table)
    critical = next((event for event in events if event.get("data", {}).get("severity") == "critical"), None)
    if critical:
        screen.heading("The first critical one in full")
        screen.exactly(json.dumps(critical, indent=2, ensure_ascii=False))


def _history(screen: Screen, items: list[Item]) -> Table:
    table = _table(screen, "time", "what", "", "published to")
    for item in items:
        told = ", ".join(sorted(item.get("published_at", {})))
        table.add_row(_clock(item["sk"]), str(item["what"]), _said(item), told)
    return table


def _walk(items: list[Item]) -> Text:
    """A task's whole history in a line."""
    statuses = [str(item["status"]) for item in items if item["what"] == "transition"]
    events = [str(item["kind"]) for item in items if item["what"] == "event"]
    return Text(f"{' -> '.join(statuses)}; events: {', '.join(events) or 'none'}")


def _runs(screen: Screen, runs: list[Run]) -> Table:
    table = _table(screen, "ran_at", "called by", "checked", "no_answer", "published", "pending", "events")
    for run in runs:
        beat = run.heartbeat
        figures = (str(beat[name]) for name in ("checked", "no_answer", "published", "pending"))
        events = ", ".join(map(str, run.told))
        caller = Text("the schedule", "bold cyan") if run.by_schedule else Text("make run", "dim")
        table.add_row(_clock(beat["ran_at"]), caller, *figures, events)
    return table


def _table(screen: Screen, *columns: str) -> Table:
    """A table without lines, in which only the widest text wraps where there is room."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        table.add_column(column, no_wrap=not (screen.narrow or column in _WIDEST), overflow="fold")
    return table


def _clock(text: str) -> str:
    """12:30:59 of what begins with a time in ISO form."""
    return text[11:19]


def _said(item: Item) -> str:
    if item["what"] == "event":
        return str(item["summary"])
    change = " -> ".join(str(item[name]) for name in ("previous_status", "status") if item.get(name))
    percent = item.get("progress", {}).get("percent")
    return change if percent is None else f"{change}, {percent:.0f} %"
