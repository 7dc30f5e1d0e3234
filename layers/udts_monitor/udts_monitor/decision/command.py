"""How what a person asks for is read: its fields, and those that nobody knows."""

from collections.abc import Collection, Mapping
from typing import Any

from udts_monitor.text import one_line


def text_of(command: Mapping[str, Any], name: str) -> str:
    """A field's text on one line, empty where it is missing or no text."""
    value = command.get(name)
    return one_line(value) if isinstance(value, str) else ""


def unknown_fields(command: Mapping[str, Any], known: Collection[str]) -> list[str]:
    """A sentence for each field that is not among those that are known."""
    return [
        f"{name}: unknown; known are {', '.join(sorted(known))}" for name in sorted(set(command) - set(known))
    ]
