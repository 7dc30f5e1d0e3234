"""The command line: what may be asked, and what it is called."""

import argparse

import shtab

from udts_monitor.decision.policy import THRESHOLDS
from udts_monitor_cli.codes import Code

PROGRAM = "udts-monitor"
DESCRIPTION = "Looks at a deployed UDTS monitor, and asks its function for what is to be written."
_CODES = (
    f"Exit codes: {Code.FINE} all is well or done; {Code.TROUBLE} something that is shown needs somebody; "
    f"{Code.WRONG} wrong command line or unknown name; {Code.NO_ACCESS} AWS or the stack cannot be asked; "
    f"{Code.NOT_DONE} the function did not do it."
)
_TASK = "name, id or <project>/<id> of a task"


def parser() -> argparse.ArgumentParser:
    """The whole of it; each command has the options of the stack as well."""
    common = _common()
    whole = argparse.ArgumentParser(prog=PROGRAM, description=DESCRIPTION, epilog=_CODES)
    shtab.add_argument_to(whole, help="print the completion script of a shell")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, says: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name, help=says, description=f"{says[0].upper()}{says[1:]}.", parents=[common]
        )

    status = command("status", "show all tasks, worst first")
    status.add_argument("--watch", action="store_true", help="show it again every 5 seconds")
    history = command("history", "show what happened to a task, or to all of them")
    history.add_argument("task", nargs="?", metavar="TASK", help=_TASK)
    history.add_argument("--plot", action="store_true", help="show progress and lag over time")
    _since(history, "24h")
    incidents = command("incidents", "show what is open, and what is over and how long it lasted")
    _since(incidents, "7d")
    explain = command("explain", "say why a task is shown as it is, and what each rule waits for")
    explain.add_argument("task", nargs="?", metavar="TASK", help=f"{_TASK}; without it the settings in force")
    _writing(commands, common)
    command("test", "send a test notification to every topic")
    doctor = command("doctor", "try everything the monitor depends on, and say what to do")
    doctor.add_argument("--quiet", action="store_true", help="without sending a test notification")
    export = command("export", "write the report of a migration")
    export.add_argument("task", metavar="TASK", help=_TASK)
    export.add_argument("--format", choices=("md", "csv", "json"), default="md")
    _since(export, "90d")
    replay = command("replay", "say which messages there would have been with other settings")
    replay.add_argument("task", metavar="TASK", help=_TASK)
    replay.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=NUMBER",
        dest="settings",
        help=f"a threshold: {', '.join(THRESHOLDS)}",
    )
    _since(replay, "90d")
    return whole


def _common() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(add_help=False)
    found.add_argument("--stack", default=PROGRAM, help="name of the stack (default: %(default)s)")
    found.add_argument("--region", help="AWS region, instead of that of environment and profile")
    found.add_argument("--profile", help="AWS profile")
    found.add_argument("--json", action="store_true", help="for programs: JSON instead of tables")
    return found


def _writing(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser
) -> None:
    says = "hold back what is told to people, for a time"
    silence = commands.add_parser("silence", help=says, description=f"H{says[1:]}.", parents=[common])
    silence.add_argument("scope", metavar="TASK", help=f"{_TASK}, a project, or all")
    silence.add_argument(
        "--for", required=True, dest="time", metavar="2h", help="such as 30m, 2h or 3d; 0m ends it"
    )
    says = "show what is silent, until when, by whom, and what it matches"
    commands.add_parser("silences", help=says, description=f"S{says[1:]}.", parents=[common])
    says = "say that you look after an open incident: nobody is reminded of it any more"
    acknowledge = commands.add_parser("acknowledge", help=says, description=f"S{says[1:]}.", parents=[common])
    acknowledge.add_argument(
        "incident", metavar="INCIDENT", help="its id, or its task where it is the only one"
    )
    for writing in (silence, acknowledge):
        writing.add_argument("--why", default="", help="the reason, for those who read it later")
        writing.add_argument("--by", default="", help="who (default: your name on this machine)")


def _since(command: argparse.ArgumentParser, default: str) -> None:
    command.add_argument(
        "--since",
        default=default,
        metavar="24h",
        help="how far back, such as 30m, 2h or 3d (default: %(default)s)",
    )
