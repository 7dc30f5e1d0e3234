"""`python -m local.command stack up|status|inbox`: the whole monitor on this machine, to play with."""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from local import background, mailbox, overview, sam
from local.aws import LocalAws, LocalAwsError
from local.background import SCENARIO, Background
from local.first_check import FirstCheck, check_once
from local.inbox import Inbox
from local.lifetime import FOLDER, StackError
from local.sam import SamError
from local.simulator.scenario import load_scenario
from local.stack_inputs import StackInputs, keep_secret

_STACK = "udts-monitor"
_TOPIC_ARN = "TopicArn"
# Commands are copied: no line may be broken or cut.
_console = Console(soft_wrap=True, highlight=False)


def main(home: Path = FOLDER) -> int:
    """Read the command line, do it, and say in one sentence what went wrong if anything did."""
    parser = argparse.ArgumentParser(prog="python -m local.command stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start it, or show the screen again when it is running")
    commands.add_parser("status", help="show what runs, and commands to use it")
    inbox = commands.add_parser("inbox", help="show the messages that arrived")
    inbox.add_argument("--last", type=_count, default=10, help="how many")
    inbox.add_argument("--topic", default="", help="alerts, chat or another one; all of them without it")
    given = parser.parse_args()
    try:
        match given.command:
            case "up":
                return up(home)
            case "status":
                show(_running(home))
            case _:
                show_inbox(_running(home), given.topic, given.last)
    except (StackError, SamError, LocalAwsError) as error:
        _complain(str(error))
        return 1
    except (BotoCoreError, ClientError) as error:
        _complain(f"The local AWS does not do what it should: {error}. `make down` ends it.")
        return 1
    return 0


def up(home: Path) -> int:
    """Start the local AWS and the simulator, deploy the monitor, have it check once, show the screen."""
    inputs = StackInputs.from_environment(os.environ)
    running = background.find(home)
    if running is not None:
        show(running)
        changed = inputs.changed_since(running, load_scenario(SCENARIO), _STACK)
        if changed:
            _complain(
                f"It runs with other settings: {', '.join(changed)}. `make down && make up` takes yours."
            )
        return 1 if changed else 0
    running, first = _start(home, inputs)
    show(running)
    _console.print(f"\n{first}", style="red" if first.error else "bold", markup=False)
    return 1 if first.error else 0


def _start(home: Path, inputs: StackInputs) -> tuple[Background, FirstCheck]:
    try:
        with (
            _console.status("Starting the local AWS ...") as doing,
            background.started(home, simulator=not inputs.real) as running,
        ):
            secret = keep_secret(running.aws.client("secretsmanager"), inputs.keys)
            parameters = inputs.parameters_for(running, load_scenario(SCENARIO))
            doing.update("Building with `sam build` ...")
            built = sam.build()
            doing.update("Deploying with `sam deploy` ...")
            outputs = running.aws.deploy(built, {**parameters, "UcloudSecretArn": secret}, stack=_STACK)
            _inboxes(running.aws, outputs)
            doing.update("Checking the tasks ...")
            return running, check_once(running.aws, outputs["FunctionName"], outputs["LogGroupName"])
    except SystemExit:
        _console.print("Ended: nothing of the local stack is left running.")
        raise


def show(running: Background) -> None:
    """Where everything is, and commands to copy."""
    outputs = _outputs(running)
    for line in overview.facts(running, outputs):
        _console.print(line, markup=False)
    _console.print("\nThe schedule checks all tasks each minute, first about a minute after the start.")
    if note := overview.aws_cli_note():
        _console.print(f"\n{note}", style="yellow", markup=False)
    task = overview.watched_task(running.aws, outputs["TableName"])
    for title, command in overview.commands(running, outputs, task).items():
        _console.print(f"\n[bold]{title}[/bold]")
        _console.print(command, markup=False)


def show_inbox(running: Background, topic: str, number: int) -> None:
    """The last messages, the latest at the end."""
    inboxes = _inboxes(running.aws, _outputs(running))
    if topic not in {"", *inboxes}:
        raise StackError(f"There is no topic {topic}; there are {', '.join(inboxes)}.")
    chosen = {name: inbox for name, inbox in inboxes.items() if topic in {"", name}}
    messages = mailbox.latest(chosen, number)
    for name, message in messages:
        _console.print(mailbox.readable(name, message), end="\n\n", markup=False)
    if not messages:
        _console.print("Nothing has arrived yet.")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError("has to be a number from 1 on")
    return int(text)


def _running(home: Path) -> Background:
    running = background.find(home)
    if running is None:
        raise StackError("The local stack is not running; `make up` starts it.")
    return running


def _outputs(running: Background) -> dict[str, str]:
    try:
        return running.aws.outputs(_STACK)
    except ClientError as error:
        raise StackError(
            "The monitor is not deployed yet: wait for `make up`, or end it with `make down`."
        ) from error


def _inboxes(aws: LocalAws, outputs: Mapping[str, str]) -> dict[str, Inbox]:
    """A queue at each topic, by the topic's name; what is there already stays as it is."""
    arns = {name: arn for name, arn in outputs.items() if name.endswith(_TOPIC_ARN)}
    return {name.removesuffix(_TOPIC_ARN).lower(): Inbox.subscribe(aws, arn) for name, arn in arns.items()}


def _complain(text: str) -> None:
    _console.print(text, style="red", markup=False)


if __name__ == "__main__":
    sys.exit(main())
