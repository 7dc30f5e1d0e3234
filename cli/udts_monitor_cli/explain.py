"""`explain`: why a task is shown as it is; without a task, which settings are in force."""

from argparse import Namespace
from collections.abc import Iterator
from datetime import timedelta

from udts_monitor.messages.figures import position_line, progress_line
from udts_monitor.messages.phrases import Language
from udts_monitor.query.data import plain_data
from udts_monitor.query.explain import Explanation, OpenIncident, explain, thresholds
from udts_monitor.query.overview import Overview
from udts_monitor_cli.codes import Code
from udts_monitor_cli.look import look, task_called
from udts_monitor_cli.screen import Screen, ago, clock
from udts_monitor_cli.stack import Stack

_LOOKS_BACK = timedelta(days=7)
_TOLD_SHOWN = 4
_TASKS_SHOWN = 6


def show(given: Namespace, stack: Stack, screen: Screen) -> Code:
    """In words, or as data."""
    reader, seen = look(stack)
    if not given.task:
        return _settings(seen, screen)
    view = task_called(given.task, seen)
    history = reader.history(view.task.key, seen.now - _LOOKS_BACK, seen.now, samples=False)
    found = explain(view, history.events, seen)
    if screen.as_json:
        screen.document(plain_data(found))
        return Code.FINE
    screen.line(f"{found.task.display_name} ({found.task.key})", "bold")
    for title, text in _lines(found):
        screen.titled(title, text)
    return Code.FINE


def _lines(found: Explanation) -> Iterator[tuple[str, str]]:
    """A title once for the lines that belong together."""
    state, now = found.state, found.now
    yield "Answer", found.answer
    yield (
        "Status",
        f"{state.status or 'none yet'} for {ago(state.since, now)}, before it {state.previous_status or '-'}",
    )
    figures = [progress_line(state.progress, Language.EN), position_line(state.position)]
    yield from _titled("Figures", [", ".join(filter(None, figures))] if any(figures) else [])
    yield from _titled("Open", [_incident(one, found) for one in found.incidents] or ["no incident"])
    yield from _titled("Waits", [f"{waiting.aspect}: {waiting.sentence}" for waiting in found.waits])
    told = [
        f"{clock(one.event.at, now)} {one.event.kind}: {one.sentence}" for one in found.tellings[:_TOLD_SHOWN]
    ]
    yield from _titled("Told", told or [f"nothing in {_LOOKS_BACK.days} days"])
    yield from _titled("Silent", [f"by the silence of {scope}" for scope in found.silences])
    own = [f"{name} {found.settings[name]:g}" for name in found.own if name in found.settings]
    yield from _titled("Own", [", ".join(own)] if own else [])


def _titled(title: str, lines: list[str]) -> Iterator[tuple[str, str]]:
    for place, line in enumerate(lines):
        yield "" if place else title, line


def _incident(one: OpenIncident, found: Explanation) -> str:
    parts = [f"{one.aspect} for {ago(one.since, found.now)}"]
    parts += ["critical"] if one.critical_since else []
    parts += [f"reminded {one.reminders} times"] if one.reminders else []
    said = one.acknowledged
    parts += [f"acknowledged by {said.by}{f': {said.why}' if said.why else ''}"] if said else []
    return ", ".join([*parts, one.id or "nobody was told of it"])


def _settings(seen: Overview, screen: Screen) -> Code:
    last = seen.last_run
    if last is None:
        screen.line("No run has come to its end yet: the settings in force are not known.")
        return Code.TROUBLE
    own = {view.task.display_name: dict(view.task.thresholds) for view in seen.tasks if view.task.thresholds}
    document = {
        "watched": [view.task.key for view in seen.tasks],
        "thresholds": thresholds(last.policy),
        "own": own,
        "notify_on": sorted(last.policy.kinds) if last.policy.kinds is not None else ["all"],
        "topics": last.topics,
        "language": last.language,
        "timezone": last.timezone,
    }
    if screen.as_json:
        screen.document(plain_data(document))
        return Code.FINE
    shown = sorted(view.task.display_name for view in seen.tasks)
    more = f" and {len(shown) - _TASKS_SHOWN} more" if len(shown) > _TASKS_SHOWN else ""
    screen.line(f"{len(shown)} watched: {', '.join(shown[:_TASKS_SHOWN])}{more}")
    rows = []
    for name, number in thresholds(last.policy).items():
        setters = [f"{task} {set_there[name]:g}" for task, set_there in own.items() if name in set_there]
        rows.append((name, f"{number:g}", ", ".join(setters)))
    screen.table(("THRESHOLD", "ALL", "TASKS WITH THEIR OWN"), rows, widest=30)
    screen.line(f"told: {', '.join(document['notify_on'])}; on {', '.join(last.topics) or 'no topic'}")
    return Code.FINE
