"""The entry point: reads the command line, does what it says, and ends with a code that scripts can use."""

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence

from udts_monitor_cli import asking, doctor, explain, export, history, incidents, replay, silences, status
from udts_monitor_cli.codes import Code, CommandLineError
from udts_monitor_cli.parser import PROGRAM, parser
from udts_monitor_cli.screen import Screen
from udts_monitor_cli.stack import Stack, open_stack, said_in_one_line

type Command = Callable[[Namespace, Stack, Screen], Code]
COMMANDS: Mapping[str, Command] = {
    "status": status.show,
    "history": history.show,
    "incidents": incidents.show,
    "explain": explain.show,
    "silence": asking.silence,
    "silences": silences.show,
    "acknowledge": asking.acknowledge,
    "test": asking.test,
    "doctor": doctor.show,
    "export": export.show,
    "replay": replay.show,
}
# Source: bash, exit status of a command that a signal ended: 128 and the signal's number (SIGINT is 2).
_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Do one command; whatever goes wrong is one line on the error stream."""
    try:
        given = parser().parse_args(argv)
        stack = open_stack(given.stack, given.region, given.profile)
        with said_in_one_line(f"What the stack {given.stack} names is not there any more: was it deleted?"):
            return COMMANDS[given.command](given, stack, Screen(as_json=given.json))
    except CommandLineError as error:
        sys.stderr.write(f"{PROGRAM}: {error}\n")
        return error.code
    except BrokenPipeError:
        # Whoever read it has seen enough: `udts-monitor history | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Code.FINE
    except KeyboardInterrupt:
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
