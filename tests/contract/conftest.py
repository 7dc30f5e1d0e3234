"""The same promises for three stores: the fake, the real one on moto, the real one on the local AWS."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws

from local.aws import LocalAws, local_aws
from tests.fakes import FakeStore
from tests.table import aws_client, create_table
from udts_monitor.adapters.store import Store
from udts_monitor.run.ports import Storage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

RETENTION = timedelta(days=90)


@dataclass(frozen=True)
class Table:
    """A real table beneath a store, to look into."""

    client: "DynamoDBClient"
    name: str
    # Ours reads the answers of its client in its own way, which is no other's.
    others: "DynamoDBClient"

    def items(self, pk: str) -> list[dict[str, Any]]:
        """The items of a partition as DynamoDB holds them, in the order of their sort keys."""
        answer = self.others.query(
            TableName=self.name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
            ConsistentRead=True,
        )
        return list(answer["Items"])

    def damage(self, pk: str, sk: str, **attributes: Any) -> None:  # noqa: ANN401 - DynamoDB's own values
        """Write attributes of an item by hand, as somebody does who should not."""
        places = list(enumerate(attributes))
        self.others.update_item(
            TableName=self.name,
            Key={"pk": {"S": pk}, "sk": {"S": sk}},
            UpdateExpression="SET " + ", ".join(f"#{place} = :{place}" for place, _ in places),
            ExpressionAttributeNames={f"#{place}": name for place, name in places},
            ExpressionAttributeValues={f":{place}": attributes[name] for place, name in places},
        )

    def store(self) -> Store:
        """A store above it."""
        return Store(self.client, self.name, RETENTION)


@pytest.fixture(scope="session")
def aws() -> Iterator[LocalAws]:
    """A local AWS for all tests of this folder."""
    with local_aws() as running:
        yield running


@contextmanager
def _table(where: str, request: pytest.FixtureRequest) -> Iterator[Table]:
    name = f"table-{uuid.uuid4().hex[:8]}"
    if where == "local-aws":
        aws = request.getfixturevalue("aws")
        client = aws.client("dynamodb")
        create_table(client, name)
        yield Table(client, name, aws.client("dynamodb"))
        return
    with mock_aws():
        client = aws_client("dynamodb")
        create_table(client, name)
        yield Table(client, name, aws_client("dynamodb"))


@pytest.fixture(params=["moto", "local-aws"])
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    """A new table, made from the template."""
    with _table(request.param, request) as made:
        yield made


@pytest.fixture(params=["fake", "local-aws"])
def concurrent_store(request: pytest.FixtureRequest) -> Iterator[Storage]:
    """A store that takes calls at once; moto's transactions run into each other."""
    yield from _store(request)


@pytest.fixture(params=["fake", "moto", "local-aws"])
def store(request: pytest.FixtureRequest) -> Iterator[Storage]:
    """A new and empty store."""
    yield from _store(request)


def _store(request: pytest.FixtureRequest) -> Iterator[Storage]:
    if request.param == "fake":
        yield FakeStore()
        return
    with _table(request.param, request) as made:
        yield made.store()
