"""A model of DynamoDB for the benches: the calls and expressions the monitor uses, and the limits of writing.

Source of the limits: DynamoDB developer guide, partitions (1,000 write units a second each) and on-demand
capacity (4,000 a second for a new table). A transaction's write costs two units a kilobyte, others one.
Unused units are kept for a second; DynamoDB splits a busy partition in time and keeps more, but promises
neither.
"""

import json
import math
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

PARTITION_UNITS, TABLE_UNITS = 1_000.0, 4_000.0
_KILOBYTE = 1_024
_PAGE_BYTES = 1_000_000
_PATH = r"#?\w+(?:\.#?\w+)*"
_TOKEN = re.compile(rf"(attribute_exists|attribute_not_exists)\(({_PATH})\)|({_PATH}) (<=|=) (:\w+)")

type Item = dict[str, Any]
type Place = tuple[str, str]


@dataclass(slots=True)
class Bucket:
    """Units that fill up by the second, and no further than for a second."""

    rate: float
    left: float = field(init=False)
    at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.left = self.rate

    def has(self, units: float) -> bool:
        """Whether so many are there now; a write larger than the bucket passes when it is full."""
        now = time.monotonic()
        self.left = min(self.rate, self.left + (now - self.at) * self.rate)
        self.at = now
        return self.left >= min(units, self.rate)


class Tables:
    """Items by table and partition.

    Args:
        limited: writes beyond the limits are refused.
    """

    def __init__(self, *, limited: bool) -> None:
        self._limited = limited
        self._items: dict[Place, dict[str, Item]] = defaultdict(dict)
        self._pages: dict[Place, list[bytes]] = {}
        self._partitions: dict[Place, Bucket] = defaultdict(lambda: Bucket(PARTITION_UNITS))
        self._tables: dict[str, Bucket] = defaultdict(lambda: Bucket(TABLE_UNITS))
        self.figures: Counter[str] = Counter()

    def answer(self, operation: str, asked: Mapping[str, Any]) -> tuple[int, bytes]:
        """HTTP status and body of an answer."""
        match operation:
            case "Query":
                return 200, self._query(asked)
            case "GetItem":
                found = self._items[asked["TableName"], asked["Key"]["pk"]["S"]].get(asked["Key"]["sk"]["S"])
                return 200, json.dumps({"Item": found} if found else {}).encode()
            case "UpdateItem":
                return self._write([("Update", asked)], a_kilobyte=1)
            case "PutItem":
                return self._write([("Put", asked)], a_kilobyte=1)
            case "TransactWriteItems":
                return self._write(
                    [next(iter(write.items())) for write in asked["TransactItems"]], a_kilobyte=2
                )
        return _refused("UnknownOperationException")

    def count(self, pk: str) -> int:
        """How many items such partitions hold."""
        return sum(len(found) for (_, partition), found in self._items.items() if partition == pk)

    def _write(self, writes: list[tuple[str, Mapping[str, Any]]], *, a_kilobyte: int) -> tuple[int, bytes]:
        single = a_kilobyte == 1
        changes = [self._changed(kind, what) for kind, what in writes]
        units = Counter[Place]()
        for place, _, before, after in changes:
            units[place] += a_kilobyte * math.ceil(max(size_of(before), size_of(after), 1) / _KILOBYTE)
        codes = [
            "None" if _holds(what, before) else "ConditionalCheckFailed"
            for (_, what), (_, _, before, _) in zip(writes, changes, strict=True)
        ]
        if self._limited and not self._spend(units):
            self.figures["throttled"] += 1
            code = "ProvisionedThroughputExceededException" if single else "ThrottlingError"
            return _refused(code) if single else _cancelled([code, *["None"] * (len(writes) - 1)])
        for (_, pk), spent in units.items():
            self.figures[f"units {pk.partition('#')[0]}"] += spent
        if set(codes) != {"None"}:
            return _refused("ConditionalCheckFailedException") if single else _cancelled(codes)
        for place, sk, _, after in changes:
            self._pages.pop(place, None)
            self._items[place].pop(sk, None)
            if after is not None:
                self._items[place][sk] = after
        # For whoever asks for all that is new; of a transaction there is nothing to say.
        return 200, json.dumps({"Attributes": changes[0][3]} if single else {}).encode()

    def _spend(self, units: Mapping[Place, int]) -> bool:
        table = self._tables[next(iter(units))[0]]
        partitions = {place: self._partitions[place] for place in units}
        enough = all(partitions[place].has(spent) for place, spent in units.items())
        if not (table.has(sum(units.values())) and enough):
            return False
        table.left -= sum(units.values())
        for place, spent in units.items():
            partitions[place].left -= spent
        return True

    def _changed(self, kind: str, what: Mapping[str, Any]) -> tuple[Place, str, Item | None, Item | None]:
        key = what["Item"] if kind == "Put" else what["Key"]
        place, sk = (what["TableName"], key["pk"]["S"]), key["sk"]["S"]
        before = self._items[place].get(sk)
        if kind == "Put":
            return place, sk, before, what["Item"]
        return place, sk, before, None if kind == "Delete" else _updated(before, what)

    def _query(self, asked: Mapping[str, Any]) -> bytes:
        place = asked["TableName"], asked["ExpressionAttributeValues"][":pk"]["S"]
        if place not in self._pages:
            self._pages[place] = list(_pages(self._items[place]))
        page = int(asked.get("ExclusiveStartKey", {}).get("sk", {}).get("S", 0))
        return self._pages[place][page]


def _pages(items: Mapping[str, Item]) -> Iterator[bytes]:
    """Answers to a Query, of a megabyte each, as they are sent; the key to go on from is a page's number."""
    pages: list[list[str]] = [[]]
    size = 0
    for sk in sorted(items):
        text = json.dumps(items[sk], separators=(",", ":"))
        if size + len(text) > _PAGE_BYTES:
            pages.append([])
            size = 0
        pages[-1].append(text)
        size += len(text)
    for number, page in enumerate(pages, start=1):
        more = (
            f',"LastEvaluatedKey":{{"pk":{{"S":"-"}},"sk":{{"S":"{number}"}}}}' if number < len(pages) else ""
        )
        yield f'{{"Items":[{",".join(page)}],"Count":{len(page)}{more}}}'.encode()


def size_of(value: Any) -> int:  # noqa: ANN401 - any part of an item
    """Bytes as DynamoDB counts them: names and values, and three for a map or list."""
    match value:
        case None:
            return 0
        case {"S": str(text)} if len(value) == 1:
            return len(text.encode())
        case {"N": str(digits)} if len(value) == 1:
            return len(digits) // 2 + 1
        case {"M": dict(parts)} if len(value) == 1:
            return 3 + size_of(parts)
        case {"L": list(parts)} if len(value) == 1:
            return 3 + sum(1 + size_of(part) for part in parts)
        case {"BOOL": _} | {"NULL": _} if len(value) == 1:
            return 1
    return sum(len(name.encode()) + size_of(part) for name, part in value.items())


def _steps(path: str, asked: Mapping[str, Any]) -> list[str]:
    names = asked.get("ExpressionAttributeNames", {})
    return [names.get(step, step) for step in path.split(".")]


def _found(item: Item | None, path: str, asked: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any attribute
    value: Any = {"M": item or {}}
    for step in _steps(path, asked):
        value = value.get("M", {}).get(step) if value else None
    return value


def _holds(asked: Mapping[str, Any], item: Item | None) -> bool:
    """Whether a condition holds; of the kinds the monitor uses."""

    def judged(match: re.Match[str]) -> str:
        exists, path, compared, operator, name = match.groups()
        if exists:
            return str((_found(item, path, asked) is not None) == (exists == "attribute_exists"))
        stored, given = _found(item, compared, asked), asked["ExpressionAttributeValues"][name]
        if operator == "=":
            return str(stored == given)
        return str(stored is not None and next(iter(stored.values())) <= next(iter(given.values())))

    told = _TOKEN.sub(judged, asked.get("ConditionExpression") or "True")
    return bool(eval(told.replace("AND", "and").replace("OR", "or")))  # noqa: S307 - words of this module


def _updated(before: Item | None, asked: Mapping[str, Any]) -> Item:
    item: Item = json.loads(json.dumps(before or asked["Key"]))
    kind, _, changes = asked["UpdateExpression"].partition(" ")
    for change in changes.split(", "):
        path, _, name = change.partition(" = ")
        *parents, last = _steps(path, asked)
        where = item
        for parent in parents:
            where = where[parent]["M"]
        where.pop(last, None)
        if kind == "SET":
            where[last] = asked["ExpressionAttributeValues"][name]
    return item


def _refused(code: str) -> tuple[int, bytes]:
    return 400, json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": code}).encode()


def _cancelled(codes: list[str]) -> tuple[int, bytes]:
    body = {
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "message": "Transaction cancelled",
        "CancellationReasons": [{"Code": code} for code in codes],
    }
    return 400, json.dumps(body).encode()
