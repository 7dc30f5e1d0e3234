"""Outside input, YAML or JSON, is taken only when every field is known and of the right type."""

import json
from collections.abc import Hashable
from typing import Any

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

STRICT = ConfigDict(extra="forbid", strict=True)


class InvalidError(ValueError):
    """Input somebody has to correct; the text names every wrong place and the rule it breaks."""


def checked[T](kind: type[T], fields: object) -> T:
    """Builds `kind` from plain data.

    Raises:
        InvalidError: something is unknown, missing or of the wrong type; all such places are named.
    """
    try:
        # By way of JSON: there a list is the only sequence, so that it may become a tuple without
        # giving up strictness for numbers and words. YAML's dates become words.
        adapter: TypeAdapter[T] = TypeAdapter(kind)
        return adapter.validate_json(json.dumps(fields, default=str))
    except ValidationError as error:
        raise InvalidError("; ".join(_sentence(detail) for detail in error.errors())) from error


def plain_yaml(text: str) -> object:
    """YAML's plain data.

    Raises:
        InvalidError: it is not YAML, or a mapping has the same key twice (YAML would keep the last).
    """
    try:
        return yaml.load(text, Loader=_UniqueKeys)  # noqa: S506 - a SafeLoader, only stricter
    except yaml.YAMLError as error:
        raise InvalidError(f"not YAML: {error}") from error


def _sentence(detail: ErrorDetails) -> str:
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"])
    match detail["type"]:
        case "unexpected_keyword_argument":
            problem = "unknown field"
        case "missing":
            problem = "is required"
        case "dataclass_type":
            problem = "must be a mapping of fields"
        case _:
            problem = detail["msg"].removeprefix("Value error, ").replace("Input should", "should")
    return f"{where.removeprefix('.')}: {problem}" if where else problem


class _UniqueKeys(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if twice := {str(key) for key in keys if keys.count(key) > 1}:
            raise yaml.MarkedYAMLError(
                problem=f"given twice: {', '.join(sorted(twice))}", problem_mark=node.start_mark
            )
        return super().construct_mapping(node, deep)
