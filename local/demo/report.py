"""Shows what came of it: the messages as they arrived, the history, the heartbeat, the verdict."""

import json

from rich.text import Text

from local.demo.screen import Screen
from local.demo.stage import ALERTS, EVENTS, Item, Run, Stage, cloud_event
from local.demo.story import ARCHIVE, CACHE, ORDERS
from local.inbox import Message

_STYLES = {"critical": "bold red", "warning": "yellow", "info": "green"}
# In a heartbeat, and not worth a word while they are 0.
_FIGURES = {"no_answer": "without answer", "published": "published", "pending": "pending"}


def show(screen: Screen, stage: Stage) -> None:
    """Everything but the verdict."""
    _show_alerts(screen, stage.messages[ALERTS])
    _show_events(screen, stage.messages[EVENTS])
    for task, name in ((ORDERS, "orders-db"), (ARCHIVE, "archive-db")):
        screen.heading(f"The history of {name}", "read back from DynamoDB")
        _show_history(screen, stage.history(task))
    screen.heading("The history of session-cache", "level with its source for a moment is no news")
    screen.show(_walk(stage.history(CACHE)))
    screen.heading("The runs", "the heartbeat, item MONITOR / RUN, as it was read after each")
    _show_runs(screen, stage.runs)


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
            screen.beside(Text("│ ", style), line, each_line=True)


def _show_events(screen: Screen, messages: list[Message]) -> None:
    """What programs get: every event with its incident, and the first critical one in full."""
    screen.heading("What programs get", f"topic events, {len(messages)} CloudEvents")
    events = [cloud_event(message) for message in messages]
    for event in events:
        data = event.get("data", {})
        style = _STYLES.get(str(data.get("severity")), "")
        action, incident = data.get("incident_action"), data.get("incident_id")
        screen.beside(Text(str(event.get("type")), style), f"{action}  {incident}" if incident else "")
        screen.beside(Text("  "), str(data.get("summary")))
    critical = next((event for event in events if event.get("data", {}).get("severity") == "critical"), None)
    if critical:
        screen.heading("The first critical one in full")
        screen.exactly(json.dumps(critical, indent=2, ensure_ascii=False))


def _show_history(screen: Screen, items: list[Item]) -> None:
    for item in items:
        head = Text.assemble(_clock(item["sk"]), (f"  {item['what']:<10}", "dim"))
        screen.beside(head, _said(item))
        if told := ", ".join(sorted(item.get("published_at", {}))):
            screen.beside(Text(" " * head.cell_len), f"published to {told}")


def _walk(items: list[Item]) -> Text:
    """A task's whole history in a line."""
    statuses = [str(item["status"]) for item in items if item["what"] == "transition"]
    events = [str(item["kind"]) for item in items if item["what"] == "event"]
    return Text(f"{' -> '.join(statuses)}; events: {', '.join(events) or 'none'}")


def _show_runs(screen: Screen, runs: list[Run]) -> None:
    for run in runs:
        beat = run.heartbeat
        caller = ("the schedule", "bold cyan") if run.by_schedule else ("make run    ", "dim")
        figures = [f"{beat[name]} {words}" for name, words in _FIGURES.items() if beat[name]]
        said = ", ".join([f"{beat['checked']} checked", *figures])
        events = ", ".join(map(str, run.told))
        screen.beside(
            Text.assemble(_clock(beat["ran_at"]), "  ", caller), f"{said}: {events}" if events else said
        )


def _clock(text: str) -> str:
    """12:30:59 of what begins with a time in ISO form."""
    return text[11:19]


def _said(item: Item) -> str:
    if item["what"] == "event":
        return str(item["summary"])
    change = " -> ".join(str(item[name]) for name in ("previous_status", "status") if item.get(name))
    percent = item.get("progress", {}).get("percent")
    return change if percent is None else f"{change}, {percent:.0f} %"
