"""`silences`: what is held back, until when, by whom, and what it matches."""

from argparse import Namespace

from udts_monitor.query.data import plain_data
from udts_monitor.query.overview import Overview, SilenceView
from udts_monitor_cli.codes import Code
from udts_monitor_cli.look import look
from udts_monitor_cli.screen import Screen, clock, lasted
from udts_monitor_cli.stack import Stack

_HEADS = ("SCOPE", "UNTIL (UTC)", "LEFT", "BY", "MATCHES", "HELD", "WHY")


def show(given: Namespace, stack: Stack, screen: Screen) -> Code:
    """A line each, the next to end first."""
    del given
    _, seen = look(stack)
    found = sorted(seen.silences, key=lambda view: view.silence.until)
    if screen.as_json:
        screen.document(plain_data(found))
    elif found:
        screen.table(_HEADS, (_row(view, seen) for view in found))
    else:
        screen.line("Nothing is silent.")
    return Code.FINE


def _row(view: SilenceView, seen: Overview) -> tuple[str, ...]:
    silence = view.silence
    return (
        _scope(silence.scope, seen),
        clock(silence.until, seen.now),
        lasted(silence.until - seen.now),
        silence.by,
        f"{len(view.tasks)} task{'s' * (len(view.tasks) != 1)}",
        str(view.held),
        silence.why,
    )


def _scope(scope: str, seen: Overview) -> str:
    """A task by its name."""
    return next((view.task.display_name for view in seen.tasks if view.task.key == scope), scope)
