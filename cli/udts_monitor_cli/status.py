"""`status`: all tasks, worst first, a line each; above them the monitor itself in one line."""

import time
from argparse import Namespace
from collections.abc import Iterator
from datetime import datetime

from rich.text import Text

from udts_monitor.messages.display import ENGLISH
from udts_monitor.messages.report import report
from udts_monitor.outbox.notification import Topic
from udts_monitor.query.concern import Concern
from udts_monitor.query.data import plain_data
from udts_monitor.query.overview import Overview, TaskView
from udts_monitor_cli.codes import Code
from udts_monitor_cli.look import look
from udts_monitor_cli.screen import WIDTH, Screen, ago, roughly, safe
from udts_monitor_cli.stack import Stack

_AGAIN_SECONDS = 5
_MEGABYTE = 1_000_000
# Words that say what a person is asked for; the colour only repeats them.
_WORDS = {
    Concern.ACT_NOW: ("act now", "bold red"),
    Concern.ACT_BY: ("act by", "bold yellow"),
    Concern.UNSEEN: ("unseen", "bold magenta"),
    Concern.LOOK: ("look", "yellow"),
    Concern.RUNNING: ("runs", "green"),
    Concern.READY: ("ready", "bold green"),
    Concern.FINISHED: ("done", "dim"),
}
_HEADS = ("", "STATUS", "TASK", "SINCE", "WHAT TO DO, OR HOW FAR", "LAG")


def show(given: Namespace, stack: Stack, screen: Screen) -> Code:
    """Once, or again and again until Ctrl-C."""
    _, seen = look(stack)
    if screen.as_json:
        screen.document(
            plain_data(seen) | {"is_late": seen.is_late, "needing_somebody": seen.needing_somebody}
        )
        return _code(seen)
    while given.watch:
        screen.console.clear()
        _render(seen, screen)
        time.sleep(_AGAIN_SECONDS)
        _, seen = look(stack)
    _render(seen, screen)
    return _code(seen)


def _code(seen: Overview) -> Code:
    return Code.TROUBLE if seen.needing_somebody or seen.is_late else Code.FINE


def _render(seen: Overview, screen: Screen) -> None:
    screen.console.print(_headline(seen))
    if seen.tasks:
        screen.table(_HEADS, (_row(view, seen.now) for view in seen.tasks), grows=4, widest=14)
    for place, problem in seen.unreadable.items():
        screen.line(f"Not readable: {place}: {problem}", "red")


def _headline(seen: Overview) -> Text:
    last = seen.last_run
    parts = [
        safe(f"ran {ago(last.ran_at, seen.now)} ago", "bold red" if seen.is_late else "")
        if last
        else safe("no run yet", "bold red"),
        safe(f"{len(seen.tasks)} watched"),
        safe(f"{seen.concerns.get(Concern.UNSEEN, 0)} unseen"),
        safe(f"{len(seen.pending)} pending"),
    ]
    silences = len(seen.silences)
    tail = safe(f"{silences} silence{'s' * (silences != 1)}")
    listeners = _listeners(seen)
    room = WIDTH - len(Text(" · ").join([*parts, tail])) - len(" · ")
    chosen = next((said for said in listeners if len(said) <= room), listeners[-1])
    return Text(" · ").join([*parts, safe(chosen, "bold red" if "nobody" in chosen else ""), tail])


def _listeners(seen: Overview) -> list[str]:
    """Who hears the topics, as long as there is room for; the shortest form last."""
    counted = seen.last_run.subscribers if seen.last_run else {}
    known = {str(topic): counted[topic] for topic in Topic if topic in counted}
    if not known:
        return ["not counted"]
    deaf = [topic for topic, number in known.items() if not number]
    if deaf:
        return [f"nobody hears {', '.join(deaf)}", f"nobody: {', '.join(deaf)}"]
    return [" ".join(f"{topic} {number}" for topic, number in known.items()), f"{len(known)} topics heard"]


def _row(view: TaskView, now: datetime) -> Iterator[str | Text]:
    word, style = _WORDS[view.concern]
    state = view.state
    unseen = state.unanswered if view.concern is Concern.UNSEEN else None
    yield safe(word, style)
    yield safe(state.status or "-")
    yield safe(view.task.display_name)
    yield roughly(now - (unseen.since if unseen else state.since))
    yield safe(_what(view))
    yield _lag(view)


def _what(view: TaskView) -> str:
    """Marks of silence and acknowledgement first: they say why nobody hears of it."""
    marks = ["silent"] if view.silences else []
    marks += [f"{said.by} has it" for one in view.incidents.values() if (said := one.acknowledged)]
    prefix = f"[{', '.join(dict.fromkeys(marks))}] " if marks else ""
    if view.event:
        return prefix + report(view.event, ENGLISH).headline
    return prefix + _how_far(view)


def _how_far(view: TaskView) -> str:
    if view.done is None:
        return ""
    end = view.measured_end
    until = f", ends {end.earliest:%m-%d %H:%M} to {end.latest:%m-%d %H:%M} UTC" if end else ""
    return f"{view.done:.0%}{until}"


def _lag(view: TaskView) -> str:
    lag = view.state.lag
    if lag is None:
        return "-"
    if lag.delay_seconds is not None:
        return f"{lag.delay_seconds:.0f} s"
    return "-" if lag.remaining_bytes is None else f"{lag.remaining_bytes / _MEGABYTE:.0f} MB"
