"""What a person may ask for: a test message, a silence; and what is refused, before anything is touched."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.handler.conftest import Clock, Deployed
from udts_monitor.errors import CommandError

EVENTS = Path(__file__).parents[2] / "events"
WISH = {"command": "silence", "scope": "all", "for": "2h", "by": "ada", "why": "switch-over"}


@pytest.fixture
def named(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """Tasks with names and projects; two of them share a name."""
    monkeypatch.setenv(
        "UDTS_TASKS", "orders-db=org-hiny12/udts-ixdp441, users=udts-1, twin=udts-2, twin=udts-3, udts-4"
    )
    return deployed


def test_a_test_notification_reaches_every_topic(deployed: Deployed) -> None:
    """With the event file that `sam remote invoke` gets, and without asking UCloud for anything."""
    answer = deployed.run(json.loads((EVENTS / "test-notification.json").read_text()))
    assert answer["events"] == [{"kind": "test", "task": "-/monitor"}]
    assert answer["published"] == 2
    assert [len(deployed.arrived(topic)) for topic in ("alerts", "events")] == [1, 1]
    assert deployed.simulator.log().calls == ()


def test_the_event_file_silences_one_task_for_two_hours(named: Deployed) -> None:
    """The answer says what is silent until when, and why, whoever reads it later."""
    asked = datetime.now(UTC)
    answer = named.run(json.loads((EVENTS / "silence.json").read_text()))
    assert answer["events"] == [{"kind": "silenced", "task": "-/monitor"}]
    (silence,) = answer["silences"]
    assert silence | {"until": ""} == {
        "scope": "org-hiny12/udts-ixdp441",
        "until": "",
        "by": "ada@example.com",
        "why": "switch-over of the orders database",
    }
    lasts = datetime.fromisoformat(silence["until"]) - asked
    assert timedelta(hours=2) <= lasts < timedelta(hours=2, minutes=1)
    assert named.simulator.log().calls == ()


def test_a_silence_is_told_to_programs_and_every_run_lists_it(named: Deployed) -> None:
    """People asked for it; nobody else has to ask."""
    named.run(WISH)
    assert named.arrived("alerts") == []
    (event,) = named.arrived("events")
    body = json.loads(event["Message"])
    assert body["type"] == "udts.task.silenced"
    assert all(part in body["data"]["reason"] for part in ("all", "ada", "switch-over"))
    assert [found["scope"] for found in named.run()["silences"]] == ["all"]


def test_a_silence_holds_messages_for_people_back_until_its_end(deployed: Deployed, clock: Clock) -> None:
    """Then one message says what is open; programs were told at once."""
    deployed.run()
    deployed.run(WISH)
    deployed.simulator.set_status("udts-1", "Failed")
    assert (deployed.run()["pending"], deployed.arrived("alerts")) == (1, [])
    assert [found["MessageAttributes"]["event"]["Value"] for found in deployed.arrived("events")][1:] == [
        "failed"
    ]
    clock.forward(hours=2)
    answer = deployed.run()
    assert (answer["pending"], answer["silences"]) == (0, [])
    (mail,) = deployed.arrived("alerts")
    assert mail["MessageAttributes"]["severity"]["Value"] == "critical"


@pytest.mark.parametrize(
    ("scope", "meant"),
    [
        ("all", "all"),
        ("org-hiny12", "org-hiny12"),
        ("org-hiny12/udts-ixdp441", "org-hiny12/udts-ixdp441"),
        ("udts-ixdp441", "org-hiny12/udts-ixdp441"),
        ("orders-db", "org-hiny12/udts-ixdp441"),
        ("-/udts-4", "-/udts-4"),
        (" users ", "-/udts-1"),
    ],
)
def test_a_scope_is_what_people_call_it(named: Deployed, scope: str, meant: str) -> None:
    """A name or an id will do, and the answer says what was understood."""
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    answer = named.run({"command": "silence", "scope": scope, "until": until, "by": "ada"})
    assert [found["scope"] for found in answer["silences"]] == [meant]


def test_a_time_that_has_passed_ends_a_silence(named: Deployed) -> None:
    """Of that scope, and of no other."""
    named.run(WISH)
    named.run(WISH | {"scope": "users"})
    ended = {"command": "silence", "scope": "users", "until": "2020-01-01T00:00:00Z", "by": "bob"}
    assert [found["scope"] for found in named.run(ended)["silences"]] == ["all"]
    assert [found["scope"] for found in named.run()["silences"]] == ["all"]


def test_the_event_file_acknowledges_a_failure(named: Deployed) -> None:
    """The answer says so, the history keeps who and why, and nothing is published."""
    named.simulator.add_task(id="udts-ixdp441", project="org-hiny12", steps=["Failed"])
    named.run()
    for topic in ("alerts", "events"):
        named.arrived(topic)
    answer = named.run(json.loads((EVENTS / "acknowledge.json").read_text()))
    assert answer["events"] == [{"kind": "acknowledged", "task": "org-hiny12/udts-ixdp441"}]
    assert [named.arrived(topic) for topic in ("alerts", "events")] == [[], []]
    found = boto3.client("dynamodb").query(
        TableName="monitor",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "TASK#org-hiny12/udts-ixdp441"}},
    )["Items"]
    assert "acknowledged by ada@example.com: the source" in found[-1]["reason"]["S"]


REFUSED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a scope nobody watches": (
        WISH | {"scope": "udts-ixdp44"},
        ["'udts-ixdp44'", "what would match", "all, ", "org-hiny12/udts-ixdp441 (orders-db)", "-/udts-4"],
    ),
    "a name two tasks have": (WISH | {"scope": "twin"}, ["'twin'", "several", "-/udts-2", "-/udts-3"]),
    "no scope": ({name: WISH[name] for name in WISH if name != "scope"}, ["scope: missing", "all, "]),
    "a scope that is no text": (WISH | {"scope": ["all"]}, ["scope: missing"]),
    "two ends": (WISH | {"until": "2026-12-24T18:00:00Z"}, ["until or for: one of them"]),
    "no end": (WISH | {"for": None}, ["until or for: one of them"]),
    "a length nobody understands": (WISH | {"for": "a while"}, ["for: such as 30m, 2h or 3d"]),
    "a time without a zone": (
        WISH | {"for": None, "until": "2026-12-24T18:00:00"},
        ["until: a time with its zone"],
    ),
    "too long": (WISH | {"for": "32d"}, ["for: at most 31 days"]),
    "nobody asks": (WISH | {"by": " "}, ["by: who asks"]),
    "a field nobody knows": (
        WISH | {"reason": "x"},
        ["reason: unknown", "by, command, for, scope, until, why"],
    ),
    "all of it": (
        {"command": "silence", "when": "now"},
        ["when: unknown", "scope: missing", "until or for", "by:"],
    ),
    "an incident that is not open": (
        {"command": "acknowledge", "incident": "orders-db", "by": "ada"},
        ["'orders-db' is not open", "no incident is open"],
    ),
    "an unknown command": ({"command": "tset"}, ["'tset'", "check, test, silence, acknowledge and doctor"]),
    "a command that is no text": (
        {"command": ["test"]},
        ["['test']", "check, test, silence, acknowledge and doctor"],
    ),
    "a field too many": ({"command": "test", "scope": "all"}, ["unknown fields: scope"]),
    "a field without its command": ({"scope": "all", "for": "2h"}, ["unknown fields: for, scope"]),
}


@pytest.mark.parametrize(("payload", "named_in_it"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_wish_is_refused_with_all_that_is_wrong_with_it(
    named: Deployed, payload: dict[str, Any], named_in_it: list[str]
) -> None:
    """In one error; nothing is written, nobody is told."""
    with pytest.raises(CommandError) as caught:
        named.run(payload)
    assert [part for part in named_in_it if part not in str(caught.value)] == []
    assert boto3.client("dynamodb").scan(TableName="monitor")["Count"] == 0
    assert [named.arrived(topic) for topic in ("alerts", "events")] == [[], []]
