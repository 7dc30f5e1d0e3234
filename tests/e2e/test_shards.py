"""Shards on the local AWS: through the queue, the mapping and the function that the template describes.

Its mapping looks into the queue by itself, without the function's role, and for SendMessageBatch it wants an
action that AWS does not have: there it is part of sqs:SendMessage. So the rights are judged in
tests/proof/test_rights.py.
"""

from pathlib import Path

import pytest

from local.simulator.simulator import Simulator
from tests.e2e.stack import TASKS, Stack, wait_until


def shards_left(stack: Stack) -> int:
    """Messages that wait, or are being worked on."""
    sqs, url = stack.aws.client("sqs"), stack.variables()["SHARD_QUEUE_URL"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return int(found["ApproximateNumberOfMessages"]) + int(found["ApproximateNumberOfMessagesNotVisible"])


def run_with_shards(stack: Stack) -> dict[str, object]:
    """A run and all its shards; what the run says."""
    summary = stack.summary()
    wait_until(lambda: not shards_left(stack), seconds=60)
    return summary


@pytest.mark.soak
def test_a_failure_is_told_once_through_a_shard(stack: Stack, simulator: Simulator, built: Path) -> None:
    """Switched on and off by one parameter; between, a run checks nothing and its shards check all."""
    stack.summary()
    stack.aws.deploy(built, {"ShardTasks": "2"})
    try:
        error, answer = stack.run()
        assert (error, "the queue did not take the shard" in answer["errorMessage"]) == ("Unhandled", True)
        with stack.on_everything("sqs:SendMessageBatch"):
            simulator.set_status("udts-sharded", "Failed")
            simulator.forget_calls()
            summary = run_with_shards(stack)
            assert (summary["checked"], summary["shards"]) == (0, (len(TASKS) + 1) // 2)
            assert simulator.log().per_task.keys() == set(TASKS)
            run_with_shards(stack)
    finally:
        stack.aws.deploy(built, {"ShardTasks": "0"})
    assert [message.attributes["event"] for message in stack.about("udts-sharded")] == ["failed"] * 2
    assert stack.variables()["SHARD_QUEUE_URL"] == ""
    summary = stack.summary()
    assert (summary["checked"], summary["shards"]) == (len(TASKS), 0)
