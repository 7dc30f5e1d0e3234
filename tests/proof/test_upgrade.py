"""A new version goes on where an old one stopped: on its items nothing is lost and nothing told again."""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from tests.proof.old_items import BEFORE, LAST, TABLE, Answers, client, live, world
from tests.walk import NOON, failed
from tests.world import LEASE, World
from udts_monitor.decision.event import Kind
from udts_monitor.outbox.notification import Topic
from udts_monitor.outbox.silence import Silence

# Written by old_items.py of commits 51fcb98, 22ae630 and 1ef25d9: without journeys, severities and summaries;
# with journeys, reminders and times to resume; with silences and digests.
RECORDED = {path.stem: path for path in sorted(Path(__file__).with_name("items").glob("*.json"))}

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

type Items = list[dict[str, Any]]


def recorded(name: str) -> Items:
    """The items of an old version, as DynamoDB held them."""
    items: Items = json.loads(RECORDED[name].read_text())
    return items


def from_the_future(item: dict[str, Any]) -> dict[str, Any]:
    """An item with fields, at every level, that only a later version knows: this one is a roll-back."""
    grown = {
        name: {"M": from_the_future(value["M"])} if set(value) == {"M"} and name not in _MAPS else value
        for name, value in item.items()
    }
    schema = {"schema": {"N": "2"}} if "schema" in item else {}
    return grown | schema | {"a_later_field": {"S": "x"}, "another": {"M": {"deep": {"L": [{"N": "1"}]}}}}


# Their names are data: topics, attributes, outcomes.
_MAPS = {"published_at", "withheld_at", "attributes", "seconds", "listeners"}


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    """An empty table of the template, on moto."""
    logging.disable()
    with mock_aws():
        yield client()
    logging.disable(logging.NOTSET)


def upgraded(dynamodb: Any, items: Items) -> World:  # noqa: ANN401 - a DynamoDB client
    """A world in which this version finds the items, when the lease of the run that died is over."""
    for item in items:
        dynamodb.put_item(TableName=TABLE, Item=item)
    made = world(dynamodb)
    for answers, _ in BEFORE:
        made.ucloud.set(**answers)
    made.ucloud.set(**LAST)
    made.clock.now = NOON + 28 * MINUTE + LEASE
    return made


def go_on(made: World) -> list[tuple[str, str, str]]:
    """Live through what comes after; what is told: topic, task, kind."""
    already = len(made.sns.accepted)
    for answers, forward in AFTER:
        made.ucloud.set(**answers)
        assert made.run(forward=forward).errors == []
    return [(str(found.topic), found.task_key, str(found.kind)) for found in made.sns.accepted[already:]]


@pytest.fixture(scope="module")
def without_upgrade() -> list[tuple[str, str, str]]:
    """What this version tells when it has always been there."""
    with mock_aws():
        made = world(client())
        live(made)
        made.clock.now = NOON + 28 * MINUTE + LEASE
        return go_on(made)


VARIANTS: list[Any] = [
    *(pytest.param(name, lambda item: item, id=f"written {name}") for name in RECORDED),
    pytest.param("with-silences", from_the_future, id="written by a later version"),
]


@pytest.mark.parametrize(("name", "change"), VARIANTS)
def test_a_version_goes_on_where_another_stopped(
    without_upgrade: list[tuple[str, str, str]],
    dynamodb: Any,  # noqa: ANN401 - a DynamoDB client
    name: str,
    change: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    """It tells, task by task and topic by topic, what it would tell had it written the items itself."""
    items = [change(item) for item in recorded(name)]
    told = go_on(made := upgraded(dynamodb, items))
    assert by_way(told) == by_way(without_upgrade)
    assert len({task for _, task, _ in told}) > len(LAST) + 5
    old = {item["event_id"]["S"] for item in items if item.get("published_at", {}).get("M")}
    assert not old & {found.event_id for found in made.sns.accepted}
    assert not made.store.outbox().pending


def by_way(told: list[tuple[str, str, str]]) -> dict[tuple[str, str], list[str]]:
    """The kinds of each task on each topic, in order."""
    ways: dict[tuple[str, str], list[str]] = {}
    for topic, task, kind in told:
        ways.setdefault((topic, task), []).append(kind)
    return ways


@pytest.mark.parametrize("name", RECORDED)
def test_an_old_notification_is_published_as_it_was_written(
    dynamodb: Any,  # noqa: ANN401 - a DynamoDB client
    name: str,
) -> None:
    """What it meant when it happened; and its mark is left in the history that the old version wrote."""
    items = recorded(name)
    made = upgraded(dynamodb, items)
    made.run()
    waiting = {item["sk"]["S"]: item for item in items if item["pk"]["S"] == "OUTBOX"}
    assert len(waiting) == 4
    accepted = {(found.event_id, str(found.topic)): found for found in made.sns.accepted}
    for item in waiting.values():
        found = accepted[item["event_id"]["S"], item["topic"]["S"]]
        assert found.body == item["body"]["S"]
        assert found.subject == item.get("subject", {}).get("S", "")
        assert found.attributes == {name: value["S"] for name, value in item["attributes"]["M"].items()}
        key = {"pk": item["history_pk"], "sk": item["history_sk"]}
        mark = dynamodb.get_item(TableName=TABLE, Key=key)["Item"]["published_at"]["M"]
        assert item["topic"]["S"] in mark


@pytest.mark.parametrize("name", RECORDED)
def test_old_notifications_fit_into_a_digest(dynamodb: Any, name: str) -> None:  # noqa: ANN401
    """A storm at the moment of the upgrade: the worst first, each with a sentence."""
    made = upgraded(dynamodb, recorded(name))
    made.digest_above = 1
    made.run()
    (mail,) = [found for found in made.sns.accepted if found.topic is Topic.ALERTS]
    assert mail.attributes["severity"] == "critical"
    first, second = mail.body.splitlines()[2:4]
    assert first.startswith("CRITICAL: ")
    assert "udts-crashed" in first
    assert second.startswith("INFO: ")
    assert "udts-recovering" in second


@pytest.mark.parametrize("name", RECORDED)
def test_a_silence_over_old_notifications_settles(dynamodb: Any, name: str) -> None:  # noqa: ANN401
    """What no longer matters is withheld, although the old history has no place for that mark."""
    made = upgraded(dynamodb, recorded(name))
    began = datetime.fromisoformat("2026-11-23T12:00:00Z")
    made.start().silence(Silence(scope="all", since=began, until=made.clock.now + MINUTE, by="ada"))
    made.ucloud.set(udts_crashed="Done")
    for _ in range(4):
        made.run()
    crashed = [(found.kind, str(found.topic)) for found in made.sns.accepted if "crashed" in found.task_key]
    assert sorted(crashed) == [("failed", "events"), ("finished", "alerts"), ("finished", "events")]
    assert not made.store.outbox().pending


def test_what_was_recorded_says_what_it_should() -> None:
    """Items of all partitions, of several versions, with fields that only later versions have."""
    assert len(RECORDED) >= 3
    for name in RECORDED:
        items = recorded(name)
        assert {item["pk"]["S"].split("#")[0] for item in items} == {"STATE", "TASK", "OUTBOX", "MONITOR"}
        assert {int(item["schema"]["N"]) for item in items if "schema" in item} == {1}
        kinds = {item["kind"]["S"] for item in items if "kind" in item}
        assert kinds <= {str(kind) for kind in Kind}
        assert {"failed", "recovered", "stopped", "finished", "unreachable", "unknown_status"} <= kinds
    assert not any("journey" in item or "summary" in item for item in recorded("first") if "what" not in item)
    assert any("journey" in item for item in recorded("with-journey"))
    assert any("withheld_at" in item for item in recorded("with-silences"))
