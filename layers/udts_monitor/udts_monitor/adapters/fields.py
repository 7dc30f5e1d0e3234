"""Fields of an answer, read tolerantly: what is not of the documented kind is not there."""

import math
from typing import Any

from udts_monitor.decision.observation import Number
from udts_monitor.text import one_line, plain, truncate

# DynamoDB keeps 38 digits and magnitudes from 1E-130; no row count and no position comes near.
_NUMBER_LIMIT = 1e30
_DIGITS_LIMIT = 40


def text(value: Any) -> str:  # noqa: ANN401 - anything may stand there
    """A text that can be encoded, empty for whatever is not a text."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def line(value: Any, limit: int) -> str:  # noqa: ANN401 - anything may stand there
    """A text on one line that prints, of at most ``limit`` characters."""
    return truncate(one_line(text(value)), limit)


def lines(value: Any, limit: int) -> str:  # noqa: ANN401 - anything may stand there
    """A text of one or more lines that print, of at most ``limit`` characters in all."""
    return truncate(plain(text(value)), limit)


def number(value: Any) -> Number | None:  # noqa: ANN401 - anything may stand there
    """A finite number of sane size, also where it comes as text; otherwise None."""
    if isinstance(value, str):
        try:
            value = float(value) if "." in value or "e" in value.lower() else int(value[:_DIGITS_LIMIT])
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not math.isfinite(value) or abs(value) >= _NUMBER_LIMIT:
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if abs(value) >= 1 / _NUMBER_LIMIT else 0


def count(value: Any) -> int | None:  # noqa: ANN401 - anything may stand there
    """A whole number from zero; otherwise None."""
    found = number(value)
    return int(found) if found is not None and found >= 0 else None


def parsed_int(digits: str) -> int | None:
    """A number as the JSON parser meets it; Python refuses to convert thousands of digits."""
    return int(digits) if len(digits) <= _DIGITS_LIMIT else None
