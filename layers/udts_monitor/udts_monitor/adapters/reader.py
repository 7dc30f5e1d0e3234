"""The table for those who only look: Query and nothing else, so that a role can be as narrow.

Reads are eventually consistent: half the price, and at most a moment old.
"""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, Any

from udts_monitor.adapters import items
from udts_monitor.adapters.table import Table
from udts_monitor.adapters.typed import parser, readable
from udts_monitor.adapters.wire import Item
from udts_monitor.decision.policy import THRESHOLDS, Policy
from udts_monitor.query.stored import History, HistoryEvent, HistoryPoint, LastRun, Stored
from udts_monitor.task import MONITOR
from udts_monitor.times import iso

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

THREADS = 16
# Sort keys of a history begin with a year; in the monitor's partition RUN stands behind them.
_AFTER_ALL_TIMES = "9999"
_parse_point = parser(HistoryPoint)
_parse_event = parser(HistoryEvent)
_parse_run = parser(LastRun)


class Reader:
    """The table, as people and programs look at it.

    Args:
        client: a DynamoDB client; ``THREADS`` connections let it read as many histories at once.
        table: the table's name.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._table = Table(client, table)

    def stored(self) -> Stored:
        """The present: states, outbox and the monitor's item, in three Queries.

        Raises:
            StoreError: the table cannot be read.
        """
        outbox = items.outbox_from(self._query(items.OUTBOX))
        states, not_states = readable(items.state_from, items.by_sk(self._query(items.STATE)))
        runs, not_runs = readable(
            _last_run, items.by_sk(self._query(items.MONITOR, "sk = :sk", sk=items.RUN))
        )
        return Stored(
            states=states,
            pending=outbox.pending,
            silences=outbox.silences,
            last_run=runs.get(items.RUN),
            unreadable={**not_states, **outbox.unreadable, **not_runs},
        )

    def history(self, key: str, since: datetime, now: datetime, *, samples: bool = True) -> History:
        """What the table keeps of a task, or of the monitor itself, in a time.

        Args:
            key: the task's, or the monitor's.
            since: what lies before is not read.
            now: what has expired by then is not there any more.
            samples: with the points without a change of status, which are most of it.

        Raises:
            StoreError: the table cannot be read.
        """
        pk = items.MONITOR if key == MONITOR.key else items.history_pk(key)
        kept = "expires_at > :now"
        more = {} if samples else {"sample": "sample"}
        found = self._query(
            pk,
            "sk BETWEEN :since AND :end",
            kept if samples else f"{kept} AND (what <> :sample OR attribute_exists(unanswered_since))",
            since=iso(since),
            end=_AFTER_ALL_TIMES,
            now=int(now.timestamp()),
            **more,
        )
        entries = list(readable(_entry, items.by_sk(found))[0].values())
        return History(
            since=since,
            points=tuple(entry for entry in entries if isinstance(entry, HistoryPoint)),
            events=tuple(entry for entry in entries if isinstance(entry, HistoryEvent)),
        )

    def histories(
        self, keys: Iterable[str], since: datetime, now: datetime, *, samples: bool = False
    ) -> dict[str, History]:
        """Several histories at once, by key.

        Raises:
            StoreError: the table cannot be read.
        """

        def read(key: str) -> tuple[str, History]:
            return key, self.history(key, since, now, samples=samples)

        with ThreadPoolExecutor(THREADS) as pool:
            return dict(pool.map(read, keys))

    def _query(self, pk: str, which: str = "", kept: str = "", **values: str | int) -> Iterator[Item]:
        return self._table.query(pk, which, kept, consistent=False, **values)


def _entry(item: Mapping[str, Any]) -> HistoryPoint | HistoryEvent:
    """One item of a history; its moment is the beginning of its sort key."""
    found = {"at": str(item["sk"]).partition("#")[0], **item}
    match item["what"]:
        case "event":
            return _parse_event(found)
        case "transition":  # empty values are not written
            return _parse_point({"previous_status": "", **found})
        case _:
            return _parse_point(found)


def _last_run(item: Mapping[str, Any]) -> LastRun:
    """The monitor's item as the last run left it."""
    known = items.monitor_from(item)
    settings = dict(item.get("settings", {}))
    kinds = settings.get("notify_on", ["all"])
    thresholds = {name: settings[name] for name in (*THRESHOLDS, "sample_minutes") if name in settings}
    policy = Policy(kinds=None if "all" in kinds else frozenset(kinds), **thresholds)
    found = {
        **item,
        "outages": known.outages,
        "gaps": known.gaps,
        "subscribers": known.subscribers,
        "policy": policy,
        "topics": settings.get("topics", ()),
        "language": settings.get("display_language", ""),
        "timezone": settings.get("display_timezone", ""),
    }
    return _parse_run(found)
