"""A version goes back to an older one: on items with fields that only the newer one knows nothing is lost.

Nothing was released yet, so there are no items of older versions to read; that a new version takes over from
a running one is shown on a whole stack (tests/e2e/test_update.py).
"""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from moto import mock_aws

from tests.proof.replaced import BEFORE, LAST, TABLE, Answers, client, live, world
from tests.walk import NOON, failed
from tests.world import LEASE, World

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# What UCloud says after the upgrade, and how long until the next run.
AFTER: list[tuple[Answers, timedelta]] = [
    ({}, MINUTE),
    ({}, MINUTE),
    ({"udts_failing": "RetryPending"}, MINUTE),
    ({"udts_failing": failed(1, 3)}, 20 * MINUTE),
    ({"udts_failing": failed(3, 3), "udts_lost": "Syncing", "udts_finished": "Success"}, MINUTE),
    ({"udts_refused": "Syncing", "udts_unseen": "Syncing", "udts_new_word": "Frobnicating"}, 5 * HOUR),
    ({"udts_crashed": "Starting"}, MINUTE),
    ({"udts_crashed": "Syncing", "udts_loading": "Done"}, 90 * HOUR),
    ({}, 40 * HOUR),
    (
        {"udts_failing": "Done", "udts_stopped": "Starting", "udts_stopped_told": "StoppedUnrecoverable"},
        MINUTE,
    ),
    ({}, MINUTE),
]
# Their names are data: topics, attributes, outcomes, aspects.
_MAPS = {
    "published_at",
    "withheld_at",
    "attributes",
    "seconds",
    "subscribers",
    "incidents",
    "memory",
    "thresholds",
    "told",
}

type Items = list[dict[str, Any]]


def from_the_future(item: dict[str, Any]) -> dict[str, Any]:
    """An item with fields, at every level, that only a later version knows."""
    grown = {name: _grown(name, value) for name, value in item.items()}
    schema = {"schema": {"N": "2"}} if "schema" in item else {}
    return grown | schema | {"a_later_field": {"S": "x"}, "another": {"M": {"deep": {"L": [{"N": "1"}]}}}}


def _grown(name: str, value: dict[str, Any]) -> dict[str, Any]:
    if set(value) != {"M"}:
        return value
    if name not in _MAPS:
        return {"M": from_the_future(value["M"])}
    return {"M": {key: _grown("", part) for key, part in value["M"].items()}}


type Told = dict[tuple[str, str], list[str]]


@pytest.fixture(scope="module")
def without_upgrade() -> Told:
    """What this version tells when it has always been there."""
    with mock_aws():
        made = client()
        live(world(made))
        return go_on(_awake(made))


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    """A table in the middle of things, on moto."""
    logging.disable()
    with mock_aws():
        made = client()
        live(world(made))
        yield made
    logging.disable(logging.NOTSET)


def rolled_back(dynamodb: Any) -> World:  # noqa: ANN401 - a DynamoDB client
    """A world in which this version finds the items as a later one left them."""
    for item in _items(dynamodb):
        dynamodb.put_item(TableName=TABLE, Item=from_the_future(item))
    return _awake(dynamodb)


def go_on(made: World) -> Told:
    """Live through what comes after; the kinds told, by topic and task."""
    already, told = len(made.sns.accepted), dict[tuple[str, str], list[str]]()
    for answers, forward in AFTER:
        made.ucloud.set(**answers)
        assert made.run(forward=forward).errors == ()
    for found in made.sns.accepted[already:]:
        told.setdefault((str(found.topic), found.task_key), []).append(str(found.kind))
    return told


def test_an_older_version_goes_on_where_a_newer_one_stopped(
    without_upgrade: Told,
    dynamodb: Any,  # noqa: ANN401 - a DynamoDB client
) -> None:
    """It tells, task by task and topic by topic, what it would tell had it written the items itself."""
    already = {item["event_id"]["S"] for item in _items(dynamodb) if item.get("published_at", {}).get("M")}
    made = rolled_back(dynamodb)
    told = go_on(made)
    assert not already & {found.event_id for found in made.sns.accepted}
    assert not made.store.outbox().pending
    assert told == without_upgrade
    assert len({task for _, task in told}) > len(LAST) + 5


def test_a_newer_version_s_notification_is_published_as_it_was_written(dynamodb: Any) -> None:  # noqa: ANN401
    """What it meant when it happened; and its mark is left in the history that the newer version wrote."""
    waiting = [item for item in _items(dynamodb) if item["pk"]["S"] == "OUTBOX"]
    assert len(waiting) == 2
    made = rolled_back(dynamodb)
    made.run()
    accepted = {(found.event_id, str(found.topic)): found for found in made.sns.accepted}
    for item in waiting:
        found = accepted[item["event_id"]["S"], item["topic"]["S"]]
        assert found.body == item["body"]["S"]
        assert found.subject == item.get("subject", {}).get("S", "")
        assert found.attributes == {name: value["S"] for name, value in item["attributes"]["M"].items()}
        (event,) = [kept for kept in _items(dynamodb) if [kept["pk"], kept["sk"]] == item["history"]["L"]]
        assert item["topic"]["S"] in event["published_at"]["M"]


def _items(dynamodb: Any) -> Items:  # noqa: ANN401 - a DynamoDB client
    found: Items = dynamodb.scan(TableName=TABLE)["Items"]
    return found


def _awake(dynamodb: Any) -> World:  # noqa: ANN401 - a DynamoDB client
    made = world(dynamodb)
    for answers, _ in BEFORE:
        made.ucloud.set(**answers)
    made.ucloud.set(**LAST)
    made.clock.now = NOON + 28 * MINUTE + LEASE
    return made
