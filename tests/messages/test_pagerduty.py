"""The example for PagerDuty: behind a topic, a queue and the consumer, against a receiver with its rules."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, override

import pytest

from docs.examples import consumer, pagerduty
from tests.messages.scene import SETTINGS, TOO_MANY, in_sync, syncing
from tests.messages.test_consumer import Subscribed, subscribed
from tests.walk import Walk
from udts_monitor.decision.observation import Observation
from udts_monitor.decision.state import Acknowledgement
from udts_monitor.messages.phrases import Language
from udts_monitor.outbox.notification import Topic
from udts_monitor.run.render import notifications

__all__ = ["subscribed"]

KEY = "R0UT1NG"
FAILED = Observation(status="Failed", failed_message=TOO_MANY)
MINUTES_20 = timedelta(minutes=20)


class Receiver(ThreadingHTTPServer):
    """Keeps incidents by their keys as PagerDuty does, and refuses what it refuses.

    Source: PagerDuty, Events API v2: required fields, lengths, severities; 202, or 400 with the errors.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Enqueue)
        self.incidents: dict[str, str] = {}
        self.summaries: list[str] = []
        self.refuses = False

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}/v2/enqueue"

    def problems(self, call: dict[str, Any]) -> list[str]:
        """What is wrong with a call."""
        found = [] if call.get("routing_key") == KEY else ["routing_key"]
        if not 0 < len(call.get("dedup_key", "")) <= 255:
            found.append("dedup_key")
        if call.get("event_action") == "trigger":
            payload = call.get("payload", {})
            if not 0 < len(payload.get("summary", "")) <= 1_024 or not payload.get("source"):
                found.append("summary or source")
            if payload.get("severity") not in {"critical", "error", "warning", "info"}:
                found.append("severity")
        elif call.get("event_action") not in {"acknowledge", "resolve"}:
            found.append("event_action")
        return found

    def take(self, call: dict[str, Any]) -> None:
        """What becomes of an incident."""
        key, action = call["dedup_key"], call["event_action"]
        if action == "trigger":
            self.incidents[key] = "triggered"
            self.summaries.append(call["payload"]["summary"])
        elif key in self.incidents:
            self.incidents[key] = f"{action}d".replace("ee", "e")


class _Enqueue(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        """One call."""
        call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        problems = ["refused"] if self.server.refuses else self.server.problems(call)
        if not problems:
            self.server.take(call)
        self.send_response(400 if problems else 202)
        self.end_headers()
        self.wfile.write(json.dumps({"errors": problems}).encode())

    @override
    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch, subscribed: Subscribed) -> Iterator[Receiver]:
    """It gets what the consumer acts on."""
    del subscribed
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("PAGERDUTY_URL", server.url)
        monkeypatch.setenv("PAGERDUTY_ROUTING_KEY", KEY)
        monkeypatch.setattr(consumer, "act", pagerduty.act)
        yield server
        server.shutdown()
        thread.join()


def told(walk: Walk) -> list[str]:
    """What the events topic got so far."""
    settings = SETTINGS[Language.EN]
    return [found.body for found in notifications(walk.events, [Topic.EVENTS], settings)]


def deliver(messages: list[str]) -> list[str]:
    """The consumer gets them in a batch; those that come back."""
    records = [{"messageId": str(place), "body": body} for place, body in enumerate(messages)]
    answer = consumer.lambda_handler({"Records": records}, None)
    return [messages[int(found["itemIdentifier"])] for found in answer["batchItemFailures"]]


def test_an_incident_is_opened_acknowledged_and_resolved_under_one_key(receiver: Receiver) -> None:
    """However many messages it has, and a repeat after its end opens nothing."""
    walk = in_sync()
    walk.check(FAILED)
    assert deliver(told(walk)) == []
    incident = walk.events[0].id
    assert receiver.incidents == {incident: "triggered"}
    assert receiver.summaries[0].startswith("orders-db (udts-ixdp441) failed")
    opened = walk.state.incidents["health"]
    walk.state = walk.state.with_incident("health", _acknowledged(opened, walk))
    walk.check(Observation(status="FailedUnrecoverable", failed_message=TOO_MANY))
    assert deliver(told(walk)) == []
    assert receiver.incidents == {incident: "acknowledged"}
    walk.checks(["Starting", syncing(1), syncing(2), syncing(3)])
    assert deliver(told(walk)) == []
    assert receiver.incidents == {incident: "resolved"}
    assert deliver(told(walk)) == []
    assert receiver.incidents == {incident: "resolved"}


def test_a_finish_resolves_the_incidents_of_every_aspect(receiver: Receiver) -> None:
    """Each by its own key."""
    walk = in_sync()
    walk.check("Stopped", after=MINUTES_20)
    walk.check("Stopped")
    assert deliver(told(walk)) == []
    assert set(receiver.incidents.values()) == {"triggered"}
    walk.check("Done")
    assert deliver(told(walk)) == []
    assert set(receiver.incidents.values()) == {"resolved"}


def test_what_pagerduty_does_not_take_comes_back_and_is_taken_later(receiver: Receiver) -> None:
    """Nothing is lost while it is away."""
    walk = in_sync()
    walk.check(FAILED)
    receiver.refuses = True
    assert deliver(told(walk)) == told(walk)
    receiver.refuses = False
    assert deliver(told(walk)) == []
    assert set(receiver.incidents.values()) == {"triggered"}


def test_what_belongs_to_no_incident_pages_nobody(receiver: Receiver) -> None:
    """A word that is not known wakes nobody here."""
    walk = in_sync().checks(["Rebalancing"])
    assert deliver(told(walk)) == []
    assert receiver.incidents == {}


def test_a_key_is_never_longer_than_pagerduty_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids of a hundred characters each make one."""
    monkeypatch.setenv("PAGERDUTY_ROUTING_KEY", KEY)
    data = {"incident_action": "close", "closes": ["a" * 300, "b" * 300]}
    keys = [call["dedup_key"] for call in pagerduty.calls({"data": data})]
    assert len(set(keys)) == 2
    assert max(map(len, keys)) <= 255


def _acknowledged(incident: Any, walk: Walk) -> Any:  # noqa: ANN401 - an incident
    return replace(incident, acknowledged=Acknowledgement(by="ada", at=walk.now))
