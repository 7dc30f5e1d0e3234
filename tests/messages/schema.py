"""The published schema of events, as a check that any test can make on any message it sees."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from local.template import PROJECT

SCHEMA = PROJECT / "docs" / "notification.schema.json"

type Schema = dict[str, Any]


def load() -> Schema:
    """The schema as it is published."""
    schema: Schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return schema


def assert_valid(message: str) -> None:
    """Fail unless the message is an event as the schema describes it, without a field it does not describe.

    Args:
        message: what a subscriber of the events topic gets: the SNS message, or the body of a raw delivery.
    """
    problems = [
        f"{error.json_path}: {error.message}" for error in _validator().iter_errors(json.loads(message))
    ]
    assert not problems, problems


@cache
def _validator() -> Draft202012Validator:
    schema = load()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(closed(schema), format_checker=FormatChecker())


def closed(schema: Schema) -> Schema:
    """The schema as we keep it ourselves: what it does not describe we do not send."""
    found = {name: closed(part) if isinstance(part, dict) else part for name, part in schema.items()}
    return found | {"additionalProperties": False} if "required" in schema else found


def promises(schema: Schema) -> dict[str, list[str]]:
    """Every field that is required, by its path, with the types it may have: what consumers rely on."""
    data = schema["$defs"]["data"]
    return dict([*_promises("", schema), *_promises("data.", data)])


def _promises(prefix: str, part: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for name in part.get("required", []):
        field = part["properties"].get(name, {})
        yield f"{prefix}{name}", _types(field)
        yield from _promises(f"{prefix}{name}.", field)


def _types(field: Mapping[str, Any]) -> list[str]:
    if "anyOf" in field:
        return sorted({kind for part in field["anyOf"] for kind in _types(part)})
    if "$ref" in field:
        return [str(field["$ref"]).removeprefix("#/$defs/")]
    found = field.get("type", [])
    return sorted([found] if isinstance(found, str) else found)
