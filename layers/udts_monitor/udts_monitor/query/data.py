"""What the query side found, as plain data for JSON: the names of our fields, times as ISO text, seconds."""

import dataclasses
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from udts_monitor.times import iso


def plain_data(value: Any) -> Any:  # noqa: ANN401 - any value of the query side
    """Dataclasses and mappings become objects, series arrays; None stays."""
    match value:
        case None | bool() | int() | float():
            return value
        case Enum():
            return str(value)
        case str():
            return str(value)
        case datetime():
            return iso(value)
        case timedelta():
            return value.total_seconds()
        case Mapping():
            return {str(name): plain_data(part) for name, part in value.items()}
        case tuple() | list():
            return [plain_data(part) for part in value]
        case frozenset() | set():
            return sorted(map(plain_data, value))
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = dataclasses.fields(value)
            return {field.name: plain_data(getattr(value, field.name)) for field in fields}
    raise TypeError(f"{type(value).__name__} has no form as plain data")
