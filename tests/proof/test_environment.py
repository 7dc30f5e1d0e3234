"""The world of the proofs finds the keys wherever a run may leave them."""

from collections.abc import Callable

import pytest

from tests.proof.canary_keys import MARKED, asked
from tests.proof.conftest import Environments
from tests.proof.environment import Environment
from udts_monitor.adapters.ucloud import signed
from udts_monitor.outbox.notification import Topic

KEY = MARKED.private_key


def _in_an_error(environment: Environment) -> None:
    environment.run(event={"command": KEY})


def _in_an_item(environment: Environment) -> None:
    item = {"pk": {"S": "TASK#gone"}, "sk": {"S": KEY}}
    environment.aws.client("dynamodb").put_item(TableName=environment.table, Item=item)


def _in_a_message(environment: Environment) -> None:
    environment.aws.client("sns").publish(TopicArn=environment.topics[Topic.CHAT], Message=KEY)


def _as_a_signature(environment: Environment) -> None:
    environment.run(event={"command": signed(asked("udts-a"), MARKED)["Signature"]})


@pytest.mark.parametrize(
    "leave",
    [_in_an_error, _in_an_item, _in_a_message, _as_a_signature],
    ids=lambda leave: leave.__name__.strip("_").replace("_", " "),
)
def test_a_key_that_is_left_fails_the_stage(
    environments: Environments, leave: Callable[[Environment], None]
) -> None:
    """A check that finds nothing has to be able to."""
    with pytest.raises(AssertionError, match="the runs left"), environments() as environment:
        leave(environment)
