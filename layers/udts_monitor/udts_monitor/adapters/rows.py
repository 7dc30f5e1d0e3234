"""Rows of UCloud's lists, read tolerantly: a row or field that is not as documented is not there."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from udts_monitor.adapters import fields
from udts_monitor.text import one_line

# UDTS did not exist before, and nothing that is planned today lies after.
_FIRST = datetime(2012, 1, 1, tzinfo=UTC).timestamp()
_LAST = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
_WORD_LIMIT = 64
_FLAGS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def objects(value: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - anything may stand there
    """The objects in a list; none where ``{}`` or anything else stands for one."""
    if isinstance(value, list):
        yield from (row for row in value if isinstance(row, dict))


def parse_time(value: Any) -> datetime | None:  # noqa: ANN401 - anything may stand there
    """The moment of an epoch in seconds; None for 0, milliseconds and whatever else is not this century's."""
    epoch = fields.number(value)
    if epoch is None or not _FIRST <= epoch <= _LAST:
        return None
    return datetime.fromtimestamp(epoch, UTC)


def status(value: Any) -> str:  # noqa: ANN401 - anything may stand there
    """A status word, verbatim; empty for one that would have to be cleaned: it could pass for another."""
    word = fields.text(value).strip()
    return word if word == one_line(word) and len(word) <= _WORD_LIMIT else ""


def flag(value: Any) -> bool | None:  # noqa: ANN401 - anything may stand there
    """Yes or No, in any of the ways JSON and UCloud write them; None for anything else."""
    word = fields.text(value).strip().lower() if isinstance(value, str) else str(fields.number(value))
    return value if isinstance(value, bool) else _FLAGS.get(word)
