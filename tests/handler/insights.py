"""As much of the Logs Insights query language as the operating guide uses, and an error for all else.

    fields <field>, ...
    filter <field> = "<text>" or <field> like "<text>" ...
    sort <field> asc|desc
    limit <number>

Source: CloudWatch Logs user guide, Logs Insights QL: commands, comparison and boolean operators.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

type Line = Mapping[str, Any]

_TOKEN = re.compile(r'\s*(?:"(?P<text>[^"\\]*)"|(?P<word>[@\w.]+)|(?P<mark>[|,=]))')
_FIELD = re.compile(r"@?[A-Za-z_][\w.]*")


def answer(query: str, lines: Iterable[Line]) -> list[dict[str, Any]]:
    """The rows the query finds, with the fields it asks for; a field that a line lacks is missing in its row.

    Args:
        query: in the language above.
        lines: what was logged, as it was written; ``@timestamp`` stands for its time.

    Raises:
        ValueError: the query is not in that language.
    """
    shown: list[str] = []
    found = [_flat(line) for line in lines]
    for name, *rest in _commands(query):
        match name:
            case "fields":
                shown += _fields(rest)
            case "filter":
                terms = list(_terms(rest))
                found = [line for line in found if any(_holds(term, line) for term in terms)]
            case "sort":
                found = _sorted(rest, found)
            case "limit":
                found = found[: _number(rest)]
            case _:
                raise ValueError(f"{name} is no command that is understood here")
    return [{field: line[field] for field in shown if field in line} for line in found]


def _commands(query: str) -> Iterator[list[str]]:
    """Words and marks as they are, texts with a quotation mark before them."""
    command: list[str] = []
    for token in [*_tokens(query), "|"]:
        if token != "|":
            command.append(token)
        elif command:
            yield command
            command = []
        else:
            raise ValueError("a command is not understood here: it is empty")


def _tokens(query: str) -> Iterator[str]:
    place, query = 0, query.rstrip()
    while place < len(query):
        found = _TOKEN.match(query, place)
        if found is None:
            raise ValueError(f"not understood here: {query[place:]!r}")
        text = found["text"]
        yield f'"{text}' if text is not None else found["word"] or found["mark"]
        place = found.end()


def _fields(tokens: Sequence[str]) -> list[str]:
    if not tokens or len(tokens) % 2 == 0 or any(comma != "," for comma in tokens[1::2]):
        raise ValueError(f"fields wants names with commas between them, not {tokens}")
    return [_field(token) for token in tokens[::2]]


def _terms(tokens: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    if len(tokens) % 4 != 3 or any(word != "or" for word in tokens[3::4]):
        raise ValueError(f"filter wants comparisons with or between them, not {tokens}")
    for field, operator, text in zip(tokens[::4], tokens[1::4], tokens[2::4], strict=True):
        if operator not in {"=", "like"} or not text.startswith('"'):
            raise ValueError(f'a comparison is field = "text" or field like "text", not {tokens}')
        yield _field(field), operator, text[1:]


def _holds(term: tuple[str, str, str], line: Line) -> bool:
    field, operator, text = term
    value = str(line[field]) if field in line else None
    return value is not None and (value == text if operator == "=" else text in value)


def _sorted(tokens: Sequence[str], lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # Which order is meant without a word for it is not documented.
    match tokens:
        case [field, ("asc" | "desc") as order]:
            name = _field(field)
            return sorted(lines, key=lambda line: str(line.get(name, "")), reverse=order == "desc")
        case _:
            raise ValueError(f"sort wants a field and asc or desc, not {tokens}")


def _number(tokens: Sequence[str]) -> int:
    match tokens:
        case [number] if number.isdecimal():
            return int(number)
        case _:
            raise ValueError(f"limit wants a number, not {tokens}")


def _field(token: str) -> str:
    if not _FIELD.fullmatch(token):
        raise ValueError(f"{token!r} is no name of a field")
    return token


def _flat(line: Line) -> dict[str, Any]:
    """The fields Insights finds in a JSON line: those inside others have a dot, null is no value."""
    flat = {"@timestamp": line["timestamp"]}
    for name, value in line.items():
        parts = dict(enumerate(value)) if isinstance(value, list) else value
        if isinstance(parts, Mapping):
            flat |= {f"{name}.{part}": found for part, found in parts.items()}
        elif value is not None:
            flat[name] = value
    return flat
