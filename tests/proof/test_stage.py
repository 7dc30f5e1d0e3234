"""The world of the proofs finds the keys wherever a run may leave them."""

from collections.abc import Callable

import pytest

from tests.proof.conftest import Stages
from tests.proof.marks import MARKED, asked
from tests.proof.stage import Stage
from udts_monitor.notification import Topic
from udts_monitor.ucloud import signed

KEY = MARKED.private_key


def _in_an_error(stage: Stage) -> None:
    stage.run(event={"command": KEY})


def _in_an_item(stage: Stage) -> None:
    item = {"pk": {"S": "TASK#gone"}, "sk": {"S": KEY}}
    stage.aws.client("dynamodb").put_item(TableName=stage.table, Item=item)


def _in_a_message(stage: Stage) -> None:
    stage.aws.client("sns").publish(TopicArn=stage.topics[Topic.CHAT], Message=KEY)


def _as_a_signature(stage: Stage) -> None:
    stage.run(event={"command": signed(asked("udts-a"), MARKED)["Signature"]})


@pytest.mark.parametrize(
    "leave",
    [_in_an_error, _in_an_item, _in_a_message, _as_a_signature],
    ids=lambda leave: leave.__name__.strip("_").replace("_", " "),
)
def test_a_key_that_is_left_fails_the_stage(stages: Stages, leave: Callable[[Stage], None]) -> None:
    """A check that finds nothing has to be able to."""
    with pytest.raises(AssertionError, match="the runs left"), stages() as stage:
        leave(stage)
