"""The events as an Atom feed. Source: RFC 4287."""

from collections.abc import Sequence
from datetime import datetime

from udts_monitor.page.html import Html, element
from udts_monitor.query.stored import HistoryEvent
from udts_monitor.text import one_line, plain
from udts_monitor.times import iso

_MOST = 50


def atom(events: Sequence[tuple[str, HistoryEvent]], *, source: str, address: str, now: datetime) -> str:
    """The latest events, newest first.

    Args:
        events: each with the key of its task.
        source: what makes the ids of this deployment unique.
        address: of the first page, for links.
        now: when the feed was last changed, where it has no event.
    """
    latest = sorted(events, key=lambda found: found[1].at, reverse=True)[:_MOST]
    feed = element(
        "feed",
        element("id", source),
        element("title", "UDTS monitor"),
        element("updated", iso(latest[0][1].at if latest else now)),
        element("author", element("name", "UDTS monitor")),
        element("link", href=f"{address}feed.atom", rel="self"),
        [_entry(key, event, source, address) for key, event in latest],
        xmlns="http://www.w3.org/2005/Atom",
    )
    return f'<?xml version="1.0" encoding="utf-8"?>\n{feed}\n'


def _entry(key: str, event: HistoryEvent, source: str, address: str) -> Html:
    return element(
        "entry",
        element("id", f"{source}:{event.event_id}"),
        element("title", f"[{event.kind.upper()}] {one_line(event.summary)}"),
        element("updated", iso(event.at)),
        element("category", term=event.kind),
        element("link", href=f"{address}task/{key}"),
        element("summary", plain(event.reason or event.summary)),
    )
