"""What had to be told against what arrived. Pure: the whole judgement of `make run` is made here."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Something told about a task; one event, and so one message on every topic."""

    task: str
    kind: str

    def __str__(self) -> str:
        return f"{self.kind} of {self.task}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One message as a subscriber of a topic got it."""

    topic: str
    told: Told
    event_id: str
    """By which a repeat is recognised; empty when the message carries none."""


def problems(expected: Sequence[Told], arrivals: Sequence[Arrival], topics: Iterable[str]) -> tuple[str, ...]:
    """Return a phrase for each message that is missing, unexpected, repeated or not what its id says.

    Args:
        expected: what has to arrive on every topic; what stands there twice has to come as two events.
        arrivals: all that arrived, in any order.
        topics: the topics that were listened to.
    """
    by_topic = {topic: [found for found in arrivals if found.topic == topic] for topic in topics}
    found: list[str] = []
    for topic, here in by_topic.items():
        found += _wrong_number(topic, Counter(expected), here)
        found += [f"without event id on {topic}: {each.told}" for each in here if not each.event_id]
    if not found:
        found += _different_ids(by_topic)
    return tuple(found)


def line(found: Sequence[str], expected: Sequence[Told], topics: Sequence[str]) -> str:
    """Return the verdict in one line; it passes only when no problem was found."""
    if found:
        return " ".join(f"FAIL: {'; '.join(found)}".split())
    return f"PASS: {len(expected)} events, each told exactly once on {' and on '.join(topics)}, and no other."


def _wrong_number(topic: str, wanted: Counter[Told], here: Sequence[Arrival]) -> Iterator[str]:
    # Messages with one id are one event. A message without an id is recognised by nobody: it counts alone.
    events = {each.event_id or f"without id {place}": each.told for place, each in enumerate(here)}
    came = Counter(events.values())
    for told, missing in (wanted - came).items():
        yield f"missing on {topic}: {told}{_times(missing)}"
    for told, extra in (came - wanted).items():
        yield f"unexpected on {topic}: {told}{_times(extra)}"
    for (told, event_id), times in Counter((each.told, each.event_id) for each in here).items():
        if event_id and times > 1:
            yield f"repeated on {topic}: {told} came {times} times as {event_id}"


def _different_ids(by_topic: dict[str, list[Arrival]]) -> Iterator[str]:
    """One event has one id, whichever topic tells it."""
    ids: dict[Told, list[tuple[str, ...]]] = {}
    for here in by_topic.values():
        for told in dict.fromkeys(each.told for each in here):
            ids.setdefault(told, []).append(tuple(sorted(e.event_id for e in here if e.told == told)))
    for told, found in ids.items():
        if len(set(found)) > 1:
            yield f"different event ids on {' and '.join(by_topic)}: {told}"


def _times(count: int) -> str:
    return f" ({count} times)" if count > 1 else ""
