"""The commands that change something: each asks the function, and says what it answered."""

import getpass
import os
from argparse import Namespace
from typing import Any

from udts_monitor.times import parse_time
from udts_monitor_cli.codes import Code
from udts_monitor_cli.screen import Screen
from udts_monitor_cli.stack import Stack


def test(given: Namespace, stack: Stack, screen: Screen) -> Code:
    """A test notification on every topic."""
    del given
    answer = stack.ask({"command": "test"})
    published = answer.get("published", 0)
    return _said(answer, screen, f"SNS took {published} test notifications; they are on their way.")


def silence(given: Namespace, stack: Stack, screen: Screen) -> Code:
    """A silence, its change, or its end."""
    command = {"command": "silence", "scope": given.scope, "for": given.time, **_who(given)}
    answer = stack.ask(command)
    silent = [
        f"{found['scope']} until {parse_time(found['until']):%Y-%m-%d %H:%M} UTC"
        for found in answer.get("silences", [])
    ]
    return _said(answer, screen, f"Silent now: {', '.join(silent) or 'nothing'}.")


def acknowledge(given: Namespace, stack: Stack, screen: Screen) -> Code:
    """Who looks after an incident."""
    answer = stack.ask({"command": "acknowledge", "incident": given.incident, **_who(given)})
    told = "; nobody is reminded of it any more" if answer.get("events") else " already, in the same words"
    return _said(answer, screen, f"Acknowledged{told}.")


def _who(given: Namespace) -> dict[str, str]:
    return {"by": given.by or _name(), "why": given.why}


def _name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return f"user {os.getuid()}"


def _said(answer: dict[str, Any], screen: Screen, sentence: str) -> Code:
    if screen.as_json:
        screen.document(answer)
    else:
        screen.line(sentence)
    return Code.FINE
