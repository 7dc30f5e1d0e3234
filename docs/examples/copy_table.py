# ruff: noqa: INP001 - a file to run, no package
"""Copies everything the monitor keeps into the empty table of a new stack, for a move or after a restore.

No run may go on in either stack meanwhile: both are deployed with ScheduleState=DISABLED.
"""

import argparse
import sys
from collections.abc import Iterator
from typing import Any

import boto3


def main() -> None:
    """Copy, or say why not."""
    parser = argparse.ArgumentParser(description=__doc__)
    for side in ("from", "to"):
        parser.add_argument(f"--{side}-profile", help="AWS profile, instead of the environment's")
        parser.add_argument(f"--{side}-region", help="AWS region, instead of the environment's")
    parser.add_argument("source", help="the table to copy")
    parser.add_argument("target", help="the table of the new stack")
    asked = parser.parse_args()
    source = table(asked.source, asked.from_profile, asked.from_region)
    target = table(asked.target, asked.to_profile, asked.to_region)
    if any(True for _ in items(target)):
        # Two lives of one task in one table would give two events the same id.
        sys.exit(f"{asked.target} is not empty: only the table of a stack that never ran takes a copy.")
    copied = 0
    with target.batch_writer() as writer:
        for item in items(source):
            writer.put_item(Item=item)
            copied += 1
    print(f"{copied} items copied.")  # noqa: T201 - a command line tool prints


def table(name: str, profile: str | None, region: str | None) -> Any:  # noqa: ANN401 - not typed by boto3
    """A table of an account and region."""
    return boto3.Session(profile_name=profile, region_name=region).resource("dynamodb").Table(name)


def items(of: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - not typed by boto3
    """All items of a table, page by page."""
    for page in of.meta.client.get_paginator("scan").paginate(TableName=of.name, ConsistentRead=True):
        yield from page["Items"]


if __name__ == "__main__":
    main()
