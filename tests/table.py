"""The table of the template, for tests of what is stored in it, and clients of any service."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3

from local.template import load
from udts_monitor.adapters.wire import Item, from_wire, to_wire

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def aws_client(service: str, **more: Any) -> Any:  # noqa: ANN401 - any service, and what boto3 takes
    """A client whose keys open nothing: for moto, for a stub, or for an address of the test."""
    # A session of its own: boto3's default one is no place for two threads.
    session: Any = boto3.Session("test", "test", region_name="us-east-1")
    return session.client(service, **more)


def create_table(client: "DynamoDBClient", name: str) -> None:
    """Create the table as the template describes it; the key schema exists only there."""
    properties = load()["Resources"]["Table"]["Properties"]
    client.create_table(
        TableName=name,
        BillingMode=properties["BillingMode"],
        AttributeDefinitions=properties["AttributeDefinitions"],
        KeySchema=properties["KeySchema"],
    )
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    client.update_time_to_live(TableName=name, TimeToLiveSpecification=properties["TimeToLiveSpecification"])


def stored(item: Mapping[str, Any]) -> Item:
    """The item as it comes back from the table."""
    found: Item = from_wire(json.dumps({"Item": to_wire(item)}).encode())["Item"]
    return found
