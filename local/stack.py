"""`python -m local.stack up|down|status`: the whole monitor on this machine, to play with."""

import argparse
import os
import sys
from collections.abc import Mapping

from rich.console import Console

from local import background, sam
from local.aws import LocalAwsError
from local.background import SCENARIO, Background, StackError
from local.inbox import Inbox
from local.sam import SamError
from local.simulator.scenario import load_scenario
from local.watched import Watched

_TOPICS = ("AlertsTopicArn", "EventsTopicArn", "ChatTopicArn")
# Commands are copied: no line may be broken or cut.
_console = Console(soft_wrap=True, highlight=False)


def main() -> int:
    """Read the command line, do it, and say in one sentence what went wrong if anything did."""
    parser = argparse.ArgumentParser(prog="python -m local.stack", description=__doc__)
    commands = {"up": up, "down": down, "status": status}
    parser.add_argument("command", choices=commands)
    command = parser.parse_args().command
    try:
        commands[command]()
    except (StackError, SamError, LocalAwsError) as error:
        _console.print(str(error), style="red", markup=False)
        return 1
    return 0


def up() -> None:
    """Start the local AWS and the simulator, deploy the monitor, subscribe a queue to each topic."""
    watched = Watched.from_environment(os.environ)
    with _console.status("Starting the local AWS ..."):
        running = background.start(simulator=not watched.real)
    try:
        parameters = watched.parameters_for(running, load_scenario(SCENARIO))
        with _console.status("Building with `sam build` ..."):
            built = sam.build()
        with _console.status("Deploying with `sam deploy` ..."):
            outputs = running.aws.deploy(built, parameters)
        inboxes = _subscribe(running, outputs)
    except BaseException:
        # Half a stack helps nobody, and Ctrl-C means no stack.
        background.stop()
        raise
    _show(running, outputs, inboxes)


def down() -> None:
    """Stop everything."""
    background.stop()
    _console.print("The local stack is stopped.")


def status() -> None:
    """Show what runs."""
    running = background.find()
    if running is None:
        raise StackError("The local stack is not running; `make up` starts it.")
    outputs = running.aws.outputs()
    _show(running, outputs, _subscribe(running, outputs))


def _subscribe(running: Background, outputs: Mapping[str, str]) -> dict[str, Inbox]:
    return {name: Inbox.subscribe(running.aws, outputs[name]) for name in _TOPICS if name in outputs}


def _show(running: Background, outputs: Mapping[str, str], inboxes: Mapping[str, Inbox]) -> None:
    facts = {"local AWS": running.endpoint, "UCloud": running.simulator_url or "the real one"}
    facts |= {name: value for name, value in outputs.items() if not name.endswith("Command")}
    facts |= {f"{name.removesuffix('Arn')} inbox": inbox.url for name, inbox in inboxes.items()}
    for name, value in facts.items():
        _console.print(f"{name:<20} {value}", markup=False)
    _console.print("\nThe schedule checks all tasks each minute, the first time about a minute from now.")
    for title, command in _commands(running, outputs, inboxes).items():
        _console.print(f"\n[bold]{title}[/bold]")
        _console.print(command, markup=False)


def _commands(
    running: Background, outputs: Mapping[str, str], inboxes: Mapping[str, Inbox]
) -> dict[str, str]:
    commands = {
        "Point the aws command line to it": f"export AWS_ENDPOINT_URL={running.endpoint} "
        "AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1",
        "Check now, without waiting for the schedule": f"aws lambda invoke --function-name "
        f"{outputs['FunctionName']} /dev/stdout",
        "Send a test notification to every topic": outputs["TestCommand"],
        "See the latest states": outputs["StatesCommand"],
        "See the history of a task": outputs["HistoryCommand"],
        "Look at the alerts that arrived (no aws command line needed)": "curl -s "
        f"'{running.endpoint}/_ministack/sqs/messages?QueueUrl={inboxes['AlertsTopicArn'].url}'",
    }
    if running.simulator_url:
        commands["Let a task fail"] = (
            f"curl -s -X PUT {running.simulator_url}/_control/tasks/udts-orders "
            """-d '{"status": "Failed", "failed_message": "Error 1040: Too many connections"}'"""
        )
    return commands


if __name__ == "__main__":
    sys.exit(main())
