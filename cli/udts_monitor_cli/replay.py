"""`replay`: which messages there would have been with other settings."""

from argparse import Namespace
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from rich.text import Text

from udts_monitor.decision.event import Event
from udts_monitor.decision.policy import THRESHOLDS
from udts_monitor.messages.display import ENGLISH
from udts_monitor.messages.report import report
from udts_monitor.query.data import plain_data
from udts_monitor.query.overview import Overview
from udts_monitor.query.replay import replay
from udts_monitor.task import MAX_THRESHOLD
from udts_monitor.text import one_line, truncate
from udts_monitor_cli.codes import Code, CommandLineError
from udts_monitor_cli.look import beginning, look, task_called
from udts_monitor_cli.screen import Screen, clock, safe
from udts_monitor_cli.stack import Stack

_ROWS = 14
_MINUTE = timedelta(minutes=1)
_HEADS = ("", "TIME (UTC)", "WHAT", "DETAIL")


def show(given: Namespace, stack: Stack, screen: Screen) -> Code:
    """Only what differs is marked; nothing is changed anywhere."""
    changes = dict(map(_setting, given.settings))
    reader, seen = look(stack)
    view = task_called(given.task, seen)
    history = reader.history(view.task.key, beginning(given.since, seen.now), seen.now)
    other = replace(view.policy, **dict[str, Any](changes))
    found = replay(
        view.task,
        history.points,
        (view.policy, other),
        every=_interval(seen),
        now=seen.now,
        unwatched=seen.last_run.gaps if seen.last_run else (),
    )
    if screen.as_json:
        screen.document(plain_data(found) | {"settings": changes})
        return Code.FINE
    named = ", ".join(f"{name} {number:g}" for name, number in changes.items()) or "the settings in force"
    screen.line(f"{found.checks:,} checks of {view.task.display_name}, with {named}:")
    rows = sorted(
        [
            *_rows(found.both, "  ", "", seen.now),
            *_rows(found.only_then, "+", "green", seen.now),
            *_rows(found.only_now, "-", "red", seen.now),
        ],
        key=lambda row: row[0],
    )
    if rows:
        screen.table(_HEADS, (row[1] for row in rows[-_ROWS:]))
    else:
        screen.line("Nothing would have been told.")
    screen.line(
        f"+ {len(found.only_then)} more would have been told, - {len(found.only_now)} fewer,"
        f" {len(found.both)} the same."
    )
    for limit in found.limits:
        screen.line(limit, "dim")
    return Code.FINE


def _rows(
    events: Iterable[Event], mark: str, style: str, now: datetime
) -> list[tuple[datetime, list[str | Text]]]:
    return [
        (
            event.time,
            [
                safe(mark, style),
                clock(event.time, now),
                safe(event.kind, style),
                report(event, ENGLISH).headline,
            ],
        )
        for event in events
    ]


def _interval(seen: Overview) -> timedelta:
    """The time between the last two runs, as far as it is known."""
    last = seen.last_run
    if last is None or last.previous_run_at is None:
        return _MINUTE
    return max(_MINUTE, last.ran_at - last.previous_run_at)


def _setting(text: str) -> tuple[str, float]:
    name, _, number = text.partition("=")
    name = name.strip().lower()
    shown = repr(truncate(one_line(text), 100))
    if name not in THRESHOLDS:
        raise CommandLineError(f"--set {shown}: no such threshold; there are {', '.join(THRESHOLDS)}")
    try:
        value = float(number)
    except ValueError as error:
        raise CommandLineError(f"--set {shown}: a number has to follow the =") from error
    if not 0 <= value <= MAX_THRESHOLD:
        raise CommandLineError(f"--set {shown}: from 0 to {MAX_THRESHOLD:,}")
    return name, value
