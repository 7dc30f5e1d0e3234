"""A stack is updated in place: configuration changes, nothing that is known gets lost."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.simulator.simulator import Simulator
from tests.e2e.stack import PARAMETERS, TASKS, Stack

ANSWER = "    return summary.as_dict()\n"


def next_version(built: Path, folder: Path) -> Path:
    """A build of changed code, which shows in its answers; dependencies and template are the same."""
    out = shutil.copytree(built.parent, folder / "out", symlinks=True)
    app = out / "CheckTasksFunction/functions/check_tasks/app.py"
    source = app.read_text()
    assert source.count(ANSWER) == 1
    app.write_text(source.replace(ANSWER, ANSWER.replace("()\n", '() | {"version": "next"}\n')))
    return out / built.name


def leave_something_to_tell(stack: Stack, simulator: Simulator) -> None:
    """Notifications that this version has written and cannot publish before it is replaced."""
    simulator.set_status("udts-updated", "Failed")
    with stack.without("sns:Publish"):
        assert stack.run()[0] == "Unhandled"
    wait_with_publishing(stack, "2999-01-01T00:00:00.000000Z")
    # After a red run the local AWS starts a new execution environment; an update would meet it half-started.
    stack.summary()


def wait_with_publishing(stack: Stack, until: str) -> None:
    """Nobody tries again before that."""
    waiting = [item for item in stack.items("OUTBOX") if item.get("task_key") == "-/udts-updated"]
    assert len(waiting) == 2
    for item in waiting:
        stack.aws.client("dynamodb").update_item(
            TableName=stack.outputs["TableName"],
            Key={"pk": {"S": "OUTBOX"}, "sk": {"S": item["sk"]}},
            UpdateExpression="SET lease_until = :until",
            ExpressionAttributeValues={":until": {"S": until}},
        )


def versions(stack: Stack) -> dict[str, int]:
    """How often each task's state has changed."""
    return {item["sk"]: int(item["version"]) for item in stack.items("STATE")}


def run_until(stack: Stack, over: threading.Event) -> list[tuple[str, str]]:
    """Run after run; of each its error, empty for none, and the version of its code."""
    ended = []
    while not over.is_set():
        error, answer = stack.run()
        ended.append((error, answer.get("version", "this")))
    return ended


def test_an_update_keeps_what_is_known_and_changes_what_was_asked(
    stack: Stack, simulator: Simulator, built: Path, tmp_path: Path
) -> None:
    """`sam deploy` is all it takes, for new code and a new value, while runs go on and one task fails.

    What was told is not told again; what is seen, or was left, while the version changes is told once.
    """
    simulator.set_status("udts-updated", "Done")
    stack.summary()
    assert len(stack.about("udts-updated")) == 2
    leave_something_to_tell(stack, simulator)
    before, variables = versions(stack), stack.variables()

    tasks = PARAMETERS["UdtsTasks"]
    stack.aws.client("ssm").put_parameter(Name="/team/tasks", Value=tasks, Type="String")
    over = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run_until, stack, over)
        try:
            simulator.set_status("udts-meanwhile", "Failed")
            outputs = stack.aws.deploy(
                next_version(built, tmp_path), {"UdtsTasks": "ssm:/team/tasks", "EnableChat": "true"}
            )
        finally:
            over.set()
    assert ("", "this") in running.result()

    assert outputs.items() >= stack.outputs.items()
    changed = {"UDTS_TASKS": "ssm:/team/tasks", "CHAT_TOPIC_ARN": outputs["ChatTopicArn"]}
    assert stack.variables() == {**variables, **changed}
    assert versions(stack) == before | {"-/udts-meanwhile": before["-/udts-meanwhile"] + 1}
    assert len(stack.about("udts-updated")) == 2
    wait_with_publishing(stack, "2020-01-01T00:00:00.000000Z")
    # The role may read this parameter now, and still do everything else.
    summary = stack.summary()
    assert (summary["checked"], summary["version"]) == (len(TASKS), "next")
    # What the old version had still to tell is told, once.
    stack.summary()
    assert [told.attributes["event"] for told in stack.about("udts-meanwhile")] == ["failed"] * 2
    told = [message.attributes["event"] for message in stack.about("udts-updated")]
    assert told == ["finished"] * 2 + ["failed"] * 2
    assert "-/udts-updated" not in {item.get("task_key") for item in stack.items("OUTBOX")}
