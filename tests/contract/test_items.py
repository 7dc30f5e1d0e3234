"""What is written to the table comes back as it was: every value of every field, from its type."""

import json
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAliasType, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.table import stored
from udts_monitor.adapters import items
from udts_monitor.adapters.wire import Item, from_wire, to_wire, value_to_wire
from udts_monitor.decision.aspects import ASPECTS
from udts_monitor.decision.outage import Outage
from udts_monitor.decision.state import TaskState
from udts_monitor.outbox.pending import Claim, Pending
from udts_monitor.outbox.silence import Silence
from udts_monitor.task import TaskRef

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
TYPES = ["S", "N", "BOOL", "NULL", "M", "L", "B", "SS", "NS", "BS"]
NAMES = TEXTS.filter(lambda name: name and name not in TYPES)
TIMES = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given above
# DynamoDB keeps 38 digits, which is more than UCloud's figures and our counts have.
SIMPLE: Mapping[object, st.SearchStrategy[Any]] = {
    str: TEXTS.filter(bool),
    bool: st.booleans(),
    int: st.integers(-(10**20), 10**20),
    float: st.floats(-1e20, 1e20, allow_subnormal=False),
    datetime: TIMES,
    types.NoneType: st.none(),
}
MEMORIES = {aspect.name: aspect.memory for aspect in ASPECTS if aspect.memory}


def any_of(hint: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 - a type, of whatever kind
    """Any value of a field's type."""
    if isinstance(hint, TypeAliasType):
        return any_of(hint.__value__)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is types.UnionType:
        return st.one_of([any_of(argument) for argument in arguments])
    if origin is tuple and arguments[-1] is Ellipsis:
        return st.lists(any_of(arguments[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(any_of, arguments))
    if origin is Mapping:
        return st.dictionaries(NAMES, any_of(arguments[1]), max_size=3)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return st.sampled_from(list(hint))
    return built(hint) if isinstance(hint, type) and is_dataclass(hint) else SIMPLE[hint]


def built(kind: type, **special: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Any instance; a text is empty only where that is what it is without being given."""
    hints = get_type_hints(kind)

    def value(field: Field[Any]) -> st.SearchStrategy[Any]:
        found = special[field.name] if field.name in special else any_of(hints[field.name])
        return found if field.default is MISSING else st.just(field.default) | found

    return st.builds(kind, **{field.name: value(field) for field in fields(kind)})


STATES = built(
    TaskState,
    memory=st.fixed_dictionaries({}, optional={name: built(kind) for name, kind in MEMORIES.items()}),
)


@given(STATES)
def test_every_state_survives_being_an_item(state: TaskState) -> None:
    """With incidents of any aspect, and with what each aspect remembers."""
    assert items.state_from(stored(items.state_item(TaskRef(task_id="udts-1"), state))) == state


@given(built(Pending))
def test_every_notification_that_waits_survives_being_an_item(pending: Pending) -> None:
    """Whoever claimed it, however often it failed, whichever digest it is in."""
    claim = Claim(owner=pending.lease_owner, until=pending.lease_until)
    pk, sk = pending.history
    born = items.outbox_item(pending.notification, {"pk": pk, "sk": sk}, claim)
    later = {"sk": pending.sk, "attempts": pending.attempts, "digest_id": pending.digest_id}
    assert items.pending_from(stored({**born, **later, "permanent": pending.permanent})) == pending


@given(built(Silence))
def test_every_silence_survives_being_an_item(silence: Silence) -> None:
    """Who, why and until when."""
    assert items.silence_from(stored(items.silence_item(silence))) == silence


@given(st.lists(built(Outage), max_size=3, unique_by=lambda outage: outage.cause))
def test_every_outage_survives_being_an_attribute(outages: list[Outage]) -> None:
    """Each has its own attribute, beside whatever else the monitor's item holds."""
    item = {items.outage_attribute(outage.cause): outage for outage in outages} | {"checked": 3}
    found = items.monitor_from(stored(item))
    assert sorted(found.outages, key=lambda outage: outage.cause) == sorted(
        outages, key=lambda outage: outage.cause
    )
    assert not found.unreadable


# The wire format

PLAIN = st.recursive(
    st.booleans() | SIMPLE[int] | SIMPLE[float] | TEXTS.filter(bool),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(NAMES, PLAIN, max_size=5))
def test_an_item_comes_back_from_the_wire_as_it_was(item: Item) -> None:
    """Texts, numbers, truths, lists and maps, in one another."""
    assert stored(item) == item


def test_absent_and_empty_mean_the_same_in_an_item() -> None:
    """An absent attribute costs nothing; in an expression an empty value is one."""
    assert to_wire({"a": None, "b": "", "c": (), "d": 0, "e": False, "f": {}}) == {
        "d": {"N": "0"},
        "e": {"BOOL": False},
        "f": {"M": {}},
    }
    assert value_to_wire("") == {"S": ""}
    assert value_to_wire(None) == {"NULL": True}


def test_a_time_is_written_in_utc_at_constant_width() -> None:
    """So it sorts as text the way it sorts as time."""
    noon = datetime.fromisoformat("2026-11-23T20:00:00+08:00")
    assert value_to_wire(noon) == {"S": "2026-11-23T12:00:00.000000Z"}
    assert value_to_wire(noon + timedelta(microseconds=1)) == {"S": "2026-11-23T12:00:00.000001Z"}


@pytest.mark.parametrize(
    "value",
    [b"bytes", {"a", "set"}, Decimal(1), object(), timedelta(1)],
    ids=lambda value: type(value).__name__,
)
def test_what_no_item_is_made_of_is_refused(value: object) -> None:
    """Its type is named and its content is not: it may be anything."""
    with pytest.raises(TypeError, match=f"^{type(value).__name__} is no type of our items$"):
        to_wire({"a": [{"b": value}]})


@pytest.mark.parametrize("kind", ["NULL", "B", "SS", "NS", "BS"])
def test_what_only_somebody_else_writes_reads_as_nothing(kind: str) -> None:
    """It is not ours to understand, and no reason to fail before the item is looked at."""
    assert from_wire(json.dumps({"Item": {"a": {kind: True}, "b": {"S": "c"}}}).encode()) == {
        "Item": {"a": None, "b": "c"}
    }


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize(
    "value",
    [{"S": "x"}, {"N": "1"}, {"M": {"N": {"S": "x"}}}, {"M": {"N": {"S": "inf"}}}, {"L": [{"NULL": True}]}],
)
def test_a_map_that_looks_like_a_value_ends_no_reading(name: str, value: object) -> None:
    """Only somebody else writes one; the item is then looked at, and refused for what it is."""
    item = {"pk": {"S": "STATE"}, "sk": {"S": "-/udts-1"}, "memory": {"M": {name: value}}}
    found = from_wire(json.dumps({"Items": [item], "Count": 1}).encode())
    assert found["Items"][0]["sk"] == "-/udts-1"
