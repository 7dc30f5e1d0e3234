"""The screen of `make up` and `make status`: where everything is, and commands to copy."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping

from local.aws import REGION, LocalAws
from local.background import Background

# Stands in the stack's outputs where a task has to be named.
EXAMPLE_TASK = "TASK#-/udts-abc123"
# The local AWS sends no mail.
_OF_NO_USE = frozenset({"SubscribeEmailCommand"})
_CREDENTIALS = f"AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION={REGION}"
_COMMAND_LINE = ".venv/bin/udts-monitor"
_OF_PROJECT = {
    "make inbox": "the mails, cards and events that arrived; also `make inbox LAST=50 TOPIC=alerts`",
    "make status": "this again",
    "make down": "ends it",
}
# Source: AWS CLI changelog, 2.13.0: service-specific endpoints, AWS_ENDPOINT_URL.
_OLDEST_WITH_ENDPOINT_URL = (2, 13)


def facts(running: Background, outputs: Mapping[str, str]) -> Iterator[str]:
    """A line for each thing that has an address or a name."""
    named = {"status page": running.page_url} if running.page_url else {}
    named |= {"local AWS": running.endpoint, "UCloud": running.simulator_url or "the real one"}
    named |= {name: value for name, value in outputs.items() if not name.endswith("Command")}
    yield from (f"{name:<16} {value}" for name, value in named.items())
    yield ""
    yield from (f"{command:<16} {meaning}" for command, meaning in _OF_PROJECT.items())


def commands(running: Background, outputs: Mapping[str, str], task: str) -> dict[str, str]:
    """Commands by what they do; each names the local AWS itself, whatever the shell's settings.

    Args:
        running: Where.
        outputs: Of the stack.
        task: The key of a task that is watched, empty when none has answered yet.
    """
    aws = f"aws --endpoint-url {running.endpoint}"
    function = outputs["FunctionName"]
    check = f"{aws} lambda invoke --region {REGION} --function-name {function} /dev/stdout"
    found = {
        "Once in each terminal (any keys do)": f"export AWS_ENDPOINT_URL={running.endpoint} {_CREDENTIALS}",
        "All tasks, worst first; --help shows what else there is": f"{_COMMAND_LINE} status",
        "What happened to all of them": f"{_COMMAND_LINE} history --since 1h",
        "Check now, without waiting for the schedule": check,
    }
    for name, command in outputs.items():
        if name.endswith("Command") and name not in _OF_NO_USE and (task or EXAMPLE_TASK not in command):
            local = command.replace("aws ", f"{aws} ", 1).replace(EXAMPLE_TASK, f"TASK#{task}")
            # It cannot follow a log: its log events have no ids, which the command line asks for.
            found[f"The stack's output {name}"] = local.removesuffix(" --follow")
    if running.simulator_url:
        found["Let a task fail"] = (
            f"curl -s -X PUT {running.simulator_url}/_control/tasks/udts-orders "
            """-d '{"status": "Failed", "failed_message": "Error 1040: Too many connections"}'"""
        )
    return found


def watched_task(aws: LocalAws, table: str) -> str:
    """Return the key of a task that has answered, empty when none has."""
    found = aws.client("dynamodb").query(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "STATE"}},
        Limit=1,
    )["Items"]
    return found[0]["sk"]["S"] if found else ""


def aws_cli_note() -> str:
    """Return what to know about the machine's aws command line, empty when it is new enough."""
    program = shutil.which("aws")
    if program is None:
        return "There is no aws command line on this machine; the `make` commands above need none."
    done = subprocess.run(  # noqa: S603 - the user's own tool
        [program, "--version"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    version = re.match(r"aws-cli/((\d+)\.(\d+)\S*)", done.stdout)
    if version is None or tuple(map(int, version.groups()[1:])) >= _OLDEST_WITH_ENDPOINT_URL:
        return ""
    return (
        f"The aws command line of this machine is {version[1]}, older than 2.13. 2.0 to 2.12 ignore "
        "AWS_ENDPOINT_URL and call the real AWS: keep the --endpoint-url of these commands. 1 does not know "
        "all of their options."
    )
