"""Values as DynamoDB's wire format has them, and back: only the types that our items are made of."""

import dataclasses
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from udts_monitor.times import iso

type Item = dict[str, Any]
type WireItem = dict[str, Any]


def to_wire(item: Mapping[str, Any]) -> WireItem:
    """An item, without its empty values: absent and empty mean the same here, and absent costs nothing.

    Times become ISO text, dataclasses and mappings maps.
    """
    return {str(name): _serialized(value) for name, value in item.items() if not _is_empty(value)}


def value_to_wire(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any value of our items
    """One value, empty ones included, as an expression compares or sets it."""
    return _serialized(value)


def from_wire(answer: bytes) -> dict[str, Any]:
    """An answer of DynamoDB, every value in it as it was written, times as text and lists for tuples.

    Each is turned while the answer is parsed: as the dictionaries of the wire a page takes four times the
    memory. What only somebody else writes, a set or bytes, is None. A map of one value that is named like a
    type (``S``) would be taken for a value; our names are longer.
    """
    found: dict[str, Any] = json.loads(answer, object_hook=_deserialized)
    return found


def _is_empty(value: object) -> bool:
    return value is None or value in ("", ())


def _serialized(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any value of our items
    match value:
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": str(value)}
        case float() if value.is_integer():
            # As DynamoDB keeps it: a repeated request is then what was stored.
            return {"N": str(int(value))}
        case int() | float():
            return {"N": repr(value)}
        case None:
            return {"NULL": True}
        case datetime():
            return {"S": iso(value)}
        case Mapping():
            return {"M": to_wire(value)}
        case tuple() | list():
            return {"L": [_serialized(part) for part in value]}
        case _ if dataclasses.is_dataclass(value):
            fields = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
            return {"M": to_wire(dict(fields))}
    raise TypeError(f"{type(value).__name__} is no type of our items")


def _deserialized(found: dict[str, Any]) -> Any:  # noqa: ANN401 - any value of our items
    if len(found) != 1:
        return found
    ((kind, value),) = found.items()
    match kind:
        case "S" | "BOOL" | "L" | "M":
            return value
        case "N" if isinstance(value, str):
            return _number(value)
        case "NULL" | "B" | "SS" | "NS" | "BS":
            return None
        case _:
            return found


def _number(text: str) -> int | float | None:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return None  # a map of somebody else's that looks like a number
    return int(number) if number.is_integer() else number
