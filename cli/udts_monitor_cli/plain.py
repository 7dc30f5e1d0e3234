"""Views as plain data for JSON: fields under their names, times in ISO, lengths of time in seconds."""

import dataclasses
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from udts_monitor.times import iso


def plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """The value with nothing in it that JSON does not know."""
    match value:
        case None | bool() | int() | float():
            return value
        case StrEnum() | str():
            return str(value)
        case datetime():
            return iso(value)
        case timedelta():
            return round(value.total_seconds(), 3)
        case Mapping():
            return {str(name): plain(part) for name, part in value.items()}
        case Collection():
            return [plain(part) for part in value]
        case _ if dataclasses.is_dataclass(value):
            return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    raise TypeError(f"{type(value).__name__} has no plain form")
