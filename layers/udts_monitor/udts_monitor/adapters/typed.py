"""Types checked for what comes from outside: whoever wrote it may be a person or another version."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError, SchemaValidator, core_schema

from udts_monitor.times import parse_time


def parser[T](kind: type[T]) -> Callable[[object], T]:
    """What makes a value of a type of plain data, or raises ValueError.

    Of a time it wants a zone, which pydantic does not: without one it could not be compared.
    """
    validator = SchemaValidator(_with_zones(TypeAdapter(kind).core_schema))

    def parse(value: object) -> T:
        found: T = validator.validate_python(value)
        return found

    return parse


def readable[T](
    read: Callable[[Any], T], values: Iterable[tuple[str, Any]]
) -> tuple[dict[str, T], dict[str, str]]:
    """What the values say, by name, and of those that a person or another version wrote the problem."""
    found, problems = {}, {}
    for name, value in values:
        try:
            found[name] = read(value)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            problems[name] = problem_of(error)
    return found, problems


def problem_of(error: Exception) -> str:
    """What is wrong with an item, without what stands in it."""
    if not isinstance(error, ValidationError):
        return f"{type(error).__name__}: {error}"
    return "; ".join(
        f"{'.'.join(map(str, found['loc']))}: {found['msg']}"
        for found in error.errors(include_url=False, include_input=False, include_context=False)
    )


# One moment stands in a state up to nine times: it is kept once.
_moment = lru_cache(maxsize=64)(parse_time)


def _time(value: object) -> datetime:
    try:
        return _moment(str(value))
    except ValueError:
        raise PydanticCustomError("time", "Input should be a time with a zone") from None


_TIME = core_schema.no_info_plain_validator_function(_time)


def _with_zones(schema: Any) -> Any:  # noqa: ANN401 - any part of a core schema
    match schema:
        case {"type": "datetime"}:
            return _TIME
        case dict():
            return {name: _with_zones(part) for name, part in schema.items()}
        case list() | tuple():
            return type(schema)(map(_with_zones, schema))
        case _:
            return schema
