"""Digests: many notifications of one run for one audience become one, the worst first."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from udts_monitor.decision.event import Severity
from udts_monitor.messages import chat, figures, wording
from udts_monitor.messages.alert import SUBJECT_LIMIT
from udts_monitor.messages.phrases import Language, say
from udts_monitor.messages.wording import Display
from udts_monitor.task import MONITOR
from udts_monitor.text import ascii_line, truncate

KIND = "digest"
# Twelve lines of a phone's width: together below the 1,600 characters of an SMS.
_LINES = 12
_LINE_LIMIT = 110
_RANK = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event of a digest.

    Attributes:
        summary: the event in one sentence.
    """

    event_id: str
    kind: str
    severity: Severity
    time: datetime
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One message for many events, before any format."""

    identity: str
    severity: Severity
    title: str
    counted: str
    lines: list[str]
    number: int


def digest_id(event_ids: Iterable[str]) -> str:
    """The id of a digest that begins with these events."""
    names = "\n".join(sorted(event_ids))
    return f"{MONITOR.key}/{KIND}/{hashlib.sha256(names.encode()).hexdigest()[:16]}"


def digest(identity: str, entries: Sequence[Entry], language: Language) -> Digest:
    """One message for many, the worst first; at least one entry."""
    worst_first = sorted(entries, key=lambda entry: (_RANK[entry.severity], entry.time))
    kinds = Counter(str(entry.kind) for entry in worst_first)
    return Digest(
        identity=identity,
        severity=worst_first[0].severity,
        title=say(language, "digest", number=len(entries)),
        counted=", ".join(f"{times} {kind}" for kind, times in kinds.items()),
        lines=_lines(worst_first, language),
        number=len(entries),
    )


def silence_end(identity: str, lasting: Sequence[Entry], over: Sequence[Entry], display: Display) -> Digest:
    """One message for what silences held back, at least one entry; as severe as the worst that lasts."""
    language = display.language
    lines = [
        *([say(language, "open now")] if lasting else [say(language, "nothing open")]),
        *_dated(lasting, display),
        *([say(language, "came and went")] if over else []),
        *_dated(over, display),
    ]
    counted = say(language, "silence counted", lasting=len(lasting), over=len(over))
    return Digest(
        identity=identity,
        severity=min((entry.severity for entry in lasting), key=_RANK.__getitem__, default=Severity.INFO),
        title=say(language, "silence over"),
        counted=counted,
        lines=lines,
        number=len(lasting) + len(over),
    )


def _dated(entries: Sequence[Entry], display: Display) -> list[str]:
    """What is told late says when it was."""
    first = sorted(entries, key=lambda entry: (_RANK[entry.severity], entry.time))
    lines = [
        truncate(f"{figures.format_time(e.time, display.zone)}: {e.summary}", _LINE_LIMIT)
        for e in first[:_LINES]
    ]
    rest = len(entries) - _LINES
    return [*lines, say(display.language, "digest more", number=rest)] if rest > 0 else lines


def card(found: Digest) -> str:
    """As a card of the chat topic."""
    lines = [f"*{found.counted}*", *map(chat.escaped, found.lines)]
    return chat.digest_card(found.identity, found.title, lines, found.severity)


def text(found: Digest, language: Language) -> str:
    """As the text of a mail."""
    title = say(language, "counted", title=found.title, counted=found.counted)
    return _text(title, found.lines, found.identity, language)


def subject(found: Digest) -> str:
    """English in any case."""
    name = f"{MONITOR.display_name} ({MONITOR.task_id})"
    return truncate(ascii_line(f"[DIGEST] {name}: {found.number} events: {found.counted}"), SUBJECT_LIMIT)


def _lines(worst_first: Sequence[Entry], language: Language) -> list[str]:
    lines = [
        truncate(f"{entry.severity.upper()}: {entry.summary}", _LINE_LIMIT) for entry in worst_first[:_LINES]
    ]
    rest = len(worst_first) - _LINES
    return [*lines, say(language, "digest more", number=rest)] if rest > 0 else lines


def _text(title: str, lines: Sequence[str], identity: str, language: Language) -> str:
    found = {"Console": wording.CONSOLE, "Event id": identity}
    labels = [
        say(language, "labelled", label=say(language, label), value=value) for label, value in found.items()
    ]
    return "\n".join([title, "", *lines, "", *labels]) + "\n"
