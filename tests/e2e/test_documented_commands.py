"""Every command of the README and of the operating guide, typed one after the other, does what it says.

From nothing to a deployed stack, through a day of its operator, to nothing again, on a local AWS of its own.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local.aws import LocalAws, local_aws
from local.simulator.serving import simulator_running
from local.simulator.simulator import TEST_PRIVATE_KEY, TEST_PUBLIC_KEY, Simulator
from tests.e2e.documented import Block, Shell, blocks, clone, outside

DOCUMENTS = ("README.md", "docs/operating.md")
BLOCKS = [block for document in DOCUMENTS for block in blocks(document)]
# Blocks that are not run here, by their first words, each with its reason.
NOT_RUN: Mapping[str, str] = {
    "make run": "`make test` runs this test, and make run has tests of its own (tests/local/test_demo.py)",
}
KEYS = json.dumps({"public_key": TEST_PUBLIC_KEY, "private_key": TEST_PRIVATE_KEY})
SCENARIO = {
    "tasks": [
        {"id": "udts-ixdp441", "project": "org-hiny12", "name": "orders", "steps": ["Syncing"]},
        {"id": "udts-abc123", "steps": ["Syncing"]},
    ]
}
COMMAND = re.compile(r"^\s*(\$ )?(aws|sam|make|git|udts-monitor|curl|python\S*|\.venv/\S+) ", re.MULTILINE)


def runs(block: Block) -> bool:
    """Whether a block is run here."""
    return not any(map(block.starts_with, NOT_RUN))


def test_every_command_stands_in_a_shell_block() -> None:
    """What stands anywhere else is run by nobody."""
    for document in DOCUMENTS:
        assert not [found[0] for found in COMMAND.finditer(outside(document))], document


def test_no_block_is_left_out_that_is_not_there() -> None:
    """Each reason belongs to a block."""
    for command in NOT_RUN:
        assert any(block.starts_with(command) for block in BLOCKS), command
    assert len([block for block in BLOCKS if runs(block)]) >= 15


@pytest.fixture
def world() -> Iterator[tuple[LocalAws, Simulator]]:
    """A local AWS with nothing in it, and a simulated UCloud with the tasks of the documents."""
    with simulator_running(SCENARIO) as simulator, local_aws() as aws:
        yield aws, simulator


# "Within two minutes of the deployment."
SCHEDULED = "timeout 120 sh -c 'until udts-monitor status | grep -q orders; do sleep 2; done'"


def between(simulator: Simulator) -> Mapping[str, str]:
    """What happens in the world before a block, as shell commands by the block's first words."""
    failed = '{"status": "Failed", "failed_message": "Error 1040: Too many connections"}'
    fails = (
        f"curl -sf -X PUT {simulator.url}/_control/tasks/udts-ixdp441 -d '{failed}' >/dev/null\n"
        'aws lambda invoke --function-name "$(output FunctionName)" /dev/null >/dev/null'
    )
    return {"udts-monitor status": SCHEDULED, "udts-monitor acknowledge orders": fails}


@pytest.mark.timeout(900)
def test_the_commands_of_the_documents_do_what_they_say(
    world: tuple[LocalAws, Simulator], tmp_path: Path
) -> None:
    """None fails, and what they were typed for is so afterwards."""
    aws, simulator = world
    shell = Shell(aws=aws, folder=clone(tmp_path, simulator.url), keys=KEYS)
    script = [block for block in BLOCKS if runs(block)]
    code, said = shell.run(script, between(simulator))
    last = list(said)[-1]
    assert code == 0, f"{last} failed:\n{said[last][-3000:]}"
    assert len(said) == len(script)
    assert not (shell.folder / "keys.json").exists()

    def printed(command: str) -> str:
        return "\n".join(said[block.place] for block in script if command in block.text)

    for task in ("orders", "udts-abc123"):
        assert re.search(rf"Syncing +{task} ", printed("udts-monitor status"))
    assert len(re.findall("^udts-monitor-", printed("aws cloudwatch describe-alarms"), re.MULTILINE)) >= 5
    assert re.search(r"^[1-9]\d* items copied", printed("copy_table.py"), re.MULTILINE)
    moved_and_gone(aws)


def moved_and_gone(aws: LocalAws) -> None:
    """Of the first stack nothing is left; the second goes on with what it kept, and tells of no task anew."""
    tables = aws.client("dynamodb").list_tables()["TableNames"]
    assert tables == []
    with pytest.raises(ClientError, match="does not exist"):
        aws.outputs("udts-monitor")
    secret = aws.client("secretsmanager").describe_secret(SecretId="udts-monitor")
    assert "DeletedDate" in secret
    moved = replace(aws, region="eu-central-1")
    kept = moved.client("dynamodb").scan(TableName=moved.outputs("udts-second")["TableName"])["Items"]
    told = {item.get("kind", {}).get("S") for item in kept}
    assert told >= {"test", "silenced", "silence_ended", "failed", "roll_call"}
    assert "the source is being moved" in str(kept)
    answer = moved.client("lambda").invoke(FunctionName="udts-second-check-tasks", Payload=b"{}")
    summary = json.loads(answer["Payload"].read())
    assert summary["checked"] == 1
    # That of the new deployment, unless the schedule was faster.
    assert {event["kind"] for event in summary["events"]} <= {"roll_call"}
