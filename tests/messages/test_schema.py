"""What programs rely on: the published schema, its promise never to break, and CloudEvents' own rules."""

import copy
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.http import from_http_event, to_binary_event
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from tests.messages.gallery import GOLDEN
from tests.messages.scene import Scene
from tests.messages.scenes import SCENES
from tests.messages.schema import Schema, assert_valid, load, promises
from udts_monitor.decision.event import Kind, Severity
from udts_monitor.messages.cloudevent import DATA_SCHEMA, SCHEMA_VERSION
from udts_monitor.messages.phrases import Language
from udts_monitor.outbox.notification import Topic

PROMISED = json.loads(Path(__file__).with_name("promised_1_0.json").read_text())
EVENTS = sorted(GOLDEN.glob("*/event.*.json"))
GOLDEN_EVENTS = pytest.mark.parametrize("path", EVENTS, ids=lambda path: f"{path.parent.name}-{path.stem}")


def broken_promises(schema: Schema) -> list[str]:
    """What a consumer of 1.0 relies on and this schema no longer says."""
    said = promises(schema)
    return [name for name, types in PROMISED.items() if said.get(name) != types]


@GOLDEN_EVENTS
def test_every_golden_event_is_as_the_schema_says(path: Path) -> None:
    """And has no field that the schema does not describe."""
    assert_valid(path.read_text(encoding="utf-8"))


def test_there_are_golden_events_of_every_kind() -> None:
    """The test above is about all of them."""
    kinds = {json.loads(path.read_text())["type"].removeprefix("udts.task.") for path in EVENTS}
    assert {event.kind for scene in SCENES for event in scene.tell()} == kinds
    assert kinds <= set(Kind)


def test_what_1_0_promised_still_holds() -> None:
    """Additive only: no field that was required is renamed, removed, optional or of another type."""
    assert not broken_promises(load())


def test_a_broken_promise_is_found() -> None:
    """Whichever field is renamed, made optional or retyped."""
    for name in PROMISED:
        *way, field = name.split(".")
        for break_it in (_rename, _make_optional, _retype):
            schema = load()
            part = schema
            for step in way:
                part = (
                    schema["$defs"]["data"] if part is schema and step == "data" else part["properties"][step]
                )
            break_it(part, field)
            assert name in broken_promises(schema), (name, break_it.__name__)


def _rename(part: Schema, field: str) -> None:
    part["required"] = [f"{name}_2" if name == field else name for name in part["required"]]
    part["properties"][f"{field}_2"] = part["properties"].pop(field)


def _make_optional(part: Schema, field: str) -> None:
    part["required"].remove(field)


def _retype(part: Schema, field: str) -> None:
    part["properties"][field] = {"type": "null"}


def test_every_field_is_explained() -> None:
    """Who reads the schema needs no other document."""

    def unexplained(part: Schema, name: str) -> Iterator[str]:
        for field, found in part.get("properties", {}).items():
            if "$ref" not in found and not found.get("description"):
                yield f"{name}{field}"
            yield from unexplained(found, f"{name}{field}.")

    schema = load()
    assert not [*unexplained(schema, ""), *unexplained(schema["$defs"]["data"], "data.")]


def test_the_schema_and_the_code_name_the_same_version_and_severities() -> None:
    """An event says which schema it follows, and the schema is found under that name."""
    data = load()["$defs"]["data"]
    assert data["$id"] == DATA_SCHEMA == f"urn:udts-monitor:schema:notification:{SCHEMA_VERSION}"
    assert data["properties"]["severity"]["enum"] == list(Severity)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda event: event.pop("id"), id="an attribute is missing"),
        pytest.param(lambda event: event["data"].pop("reason"), id="a field is missing"),
        pytest.param(lambda event: event["data"].update(reasons="x"), id="a field is not described"),
        pytest.param(lambda event: event["data"]["task"].update(x="x"), id="deep inside too"),
        pytest.param(lambda event: event.update(time="2026-11-23 12:00"), id="a time in another form"),
        pytest.param(lambda event: event["data"].update(severity="fatal"), id="another severity"),
        pytest.param(lambda event: event["data"]["progress"].update(percent="62"), id="a number as text"),
        pytest.param(lambda event: event["data"].update(summary=""), id="an empty text"),
    ],
)
def test_an_event_that_breaks_the_schema_is_found(spoil: Any) -> None:  # noqa: ANN401 - lambdas
    """The helper that other tests call can fail."""
    event = json.loads((GOLDEN / "failed" / "event.en.json").read_text())
    spoiled = copy.deepcopy(event)
    spoil(spoiled)
    assert_valid(json.dumps(event))
    with pytest.raises(AssertionError):
        assert_valid(json.dumps(spoiled))


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_the_official_sdk_reads_the_event_as_it_was_sent(scene: Scene) -> None:
    """The message of the topic is a conforming CloudEvent, and comes out of the SDK with nothing lost."""
    told = scene.told(Language.ZH)
    if Topic.EVENTS not in told:
        return
    body = told[Topic.EVENTS].body
    event = JSONFormat().read(CloudEvent, body)
    sent = json.loads(body)
    assert (event.get_specversion(), event.get_id(), event.get_source()) == (
        "1.0",
        sent["id"],
        sent["source"],
    )
    assert (event.get_type(), event.get_subject()) == (sent["type"], sent["subject"])
    assert event.get_time() == datetime.fromisoformat(sent["time"])
    assert event.get_dataschema() == DATA_SCHEMA
    assert event.get_data() == sent["data"]
    assert json.loads(JSONFormat().write(event)) == sent | {
        "time": datetime.fromisoformat(sent["time"]).isoformat().replace("+00:00", "Z")
    }


@GOLDEN_EVENTS
def test_an_event_survives_the_way_as_http_headers(path: Path) -> None:
    """A bridge to HTTP in binary mode puts the attributes into headers: none of them breaks that."""
    event = JSONFormat().read(CloudEvent, path.read_text(encoding="utf-8"))
    arrived = from_http_event(to_binary_event(event))
    assert arrived.get_attributes() == event.get_attributes()
    assert arrived.get_data() == event.get_data()
