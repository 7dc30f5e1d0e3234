"""Digests: many notifications of one run for one audience become one, the worst first."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from udts_monitor import chat, wording
from udts_monitor.alert import SUBJECT_LIMIT
from udts_monitor.event import MONITOR, Severity
from udts_monitor.notification import NOTHING, Notification, Topic
from udts_monitor.phrases import Language, say
from udts_monitor.text import ascii_line, cut

KIND = "digest"
# Twelve lines of a phone's width: together below the 1,600 characters of an SMS.
_LINES = 12
_LINE_LIMIT = 110
_RANK = {severity: rank for rank, severity in enumerate(Severity)}


def digest_id(members: Sequence[Notification]) -> str:
    """The id of a digest that begins with these members."""
    names = "\n".join(sorted(member.event_id for member in members))
    return f"{MONITOR.key}/{KIND}/{hashlib.sha256(names.encode()).hexdigest()[:16]}"


def digest(
    identity: str, members: Sequence[Notification], topic: Topic, now: datetime, language: Language
) -> Notification:
    """One notification for many.

    Args:
        identity: its id. A repeat has the same, also when some of the members are marked already.
        members: at least one, all of this topic.
        topic: alerts or chat.
        now: when it is published.
        language: of the text; the subject is English in any case.
    """
    worst_first = sorted(members, key=lambda found: (_RANK[found.severity], found.time))
    severity = worst_first[0].severity
    kinds = Counter(str(member.kind) for member in worst_first)
    counted = ", ".join(f"{times} {kind}" for kind, times in kinds.items())
    title = say(language, "digest", number=len(members))
    lines = _lines(worst_first, language)
    if topic is Topic.CHAT:
        body = chat.digest_card(identity, title, [f"*{counted}*", *map(chat.escaped, lines)], severity)
    else:
        body = _text(say(language, "counted", title=title, counted=counted), lines, identity, language)
    return Notification(
        event_id=identity,
        kind=KIND,
        task_key=MONITOR.key,
        topic=topic,
        time=now,
        severity=severity,
        incident_id="",
        summary=title,
        subject="" if topic is Topic.CHAT else _subject(len(members), counted),
        body=body,
        attributes=_attributes(severity),
    )


def _lines(worst_first: Sequence[Notification], language: Language) -> list[str]:
    lines = [
        cut(f"{member.severity.upper()}: {member.summary}", _LINE_LIMIT) for member in worst_first[:_LINES]
    ]
    rest = len(worst_first) - _LINES
    return [*lines, say(language, "digest more", number=rest)] if rest > 0 else lines


def _text(title: str, lines: Sequence[str], identity: str, language: Language) -> str:
    found = {"Console": wording.CONSOLE, "Event id": identity}
    labels = [
        say(language, "labelled", label=say(language, label), value=value) for label, value in found.items()
    ]
    return "\n".join([title, "", *lines, "", *labels]) + "\n"


def _subject(number: int, counted: str) -> str:
    line = f"[DIGEST] {MONITOR.display_name} ({MONITOR.task_id}): {number} events: {counted}"
    return cut(ascii_line(line), SUBJECT_LIMIT)


def _attributes(severity: Severity) -> dict[str, str]:
    return {
        "event": KIND,
        "severity": severity,
        "task_id": MONITOR.task_id,
        "task_name": MONITOR.display_name,
        "project_id": NOTHING,
        "task_type": NOTHING,
        "status": NOTHING,
    }
