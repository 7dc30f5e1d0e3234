"""Digests: many notifications of one run for one audience become one, what to do first on top."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from udts_monitor.decision.event import Severity
from udts_monitor.messages import chat
from udts_monitor.messages.alert import TEXT_LIMIT, subject_line
from udts_monitor.messages.display import Display
from udts_monitor.messages.figures import short_time
from udts_monitor.messages.markup import escaped
from udts_monitor.messages.pager import one_part
from udts_monitor.messages.phrases import LABELLED, LIST, NAMES, Language, Text
from udts_monitor.messages.report import DECISIONS
from udts_monitor.messages.situation import Urgency
from udts_monitor.messages.words import kind_word
from udts_monitor.task import MONITOR
from udts_monitor.text import truncate

KIND = "digest"
_RANK = {severity: rank for rank, severity in enumerate(Severity)}
_URGENT = {urgency: rank for rank, urgency in enumerate(Urgency)}
_LINE = Text(
    "{decision}: {number} {kind}, {headline}: {names}", "{decision}：{kind} {number}，{headline}：{names}"
)
_ALONE = Text("{decision}: {summary}", "{decision}：{summary}")
_DATED = Text("{time}: {said}", "{time}：{said}")
_TITLE = Text("{number} UDTS events, what to do first on top", "{number} 个 UDTS 事件，需先处理的在前")
_COUNTED = Text("{number} {kind}", "{kind} {number}")
_OVER = Text("A silence is over", "静默已结束")
_OPEN_NOW = Text("Open now:", "当前未恢复：")
_NOTHING_OPEN = Text("Nothing of it is open now.", "当前没有未恢复的故障。")
_CAME = Text("Came and went:", "期间发生并结束：")
_SILENCE = Text("{lasting} open now, {over} came and went", "当前未恢复 {lasting}，期间发生并结束 {over}")
_MORE = Text("{shown} and {number} more", "{shown} 等 {total} 个任务")
_REST = Text(
    "... and {number} more events. All of them are in the events topic and in the history.",
    "……另有 {number} 个事件。全部事件见 events 主题和历史记录。",
)
_CONSOLE = Text("Console", "控制台")
_EVENT_ID = Text("Event id", "事件 ID")
_PAGER = Text("UDTS digest: {watch}. {time}", "UDTS 汇总：{watch} {time}")
# Kept free for what stands below the lines.
_FOOT = 600
# What is told so much later than it happened says when that was.
LATE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event of a digest.

    Attributes:
        name: of its task.
        summary: the event in one sentence.
        urgency: whether somebody has to get up, and by when.
        headline: the event in a few words without its task; the same for alike ones.
        step: what to do.
    """

    event_id: str
    kind: str
    severity: Severity
    time: datetime
    name: str
    summary: str
    urgency: Urgency
    act_by: datetime | None
    headline: str
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One message for many events, before any format.

    Attributes:
        watch: for a subject.
        groups: alike events together, headings between them.
    """

    identity: str
    severity: Severity
    time: datetime
    title: str
    watch: str
    groups: tuple["Group | str", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Events that are told in one line.

    Attributes:
        members: at least one.
        dated: the line says when it was: it is told late.
        over: what is over is not told as coming, and asks for nothing.
    """

    members: tuple[Entry, ...]
    dated: bool = False
    over: bool = False


def digest_id(event_ids: Iterable[str]) -> str:
    """The id of a digest that begins with these events."""
    names = "\n".join(sorted(event_ids))
    return f"{MONITOR.key}/{KIND}/{hashlib.sha256(names.encode()).hexdigest()[:16]}"


def digest(identity: str, entries: Sequence[Entry], now: datetime, display: Display) -> Digest:
    """One message for many; at least one entry."""
    language = display.language
    groups = [replace(group, dated=now - group.members[0].time > LATE) for group in _grouped(entries)]
    kinds = Counter(str(entry.kind) for group in groups for entry in group.members)
    counted = LIST.to(language).join(
        _COUNTED.to(language, number=number, kind=kind_word(kind, language)) for kind, number in kinds.items()
    )
    first = groups[0].members[0]
    return Digest(
        identity=identity,
        severity=min((entry.severity for entry in entries), key=_RANK.__getitem__),
        time=now,
        title=_TITLE.to(language, number=len(entries)),
        watch=LABELLED.to(language, label=_decision(first, now, display), value=counted),
        groups=tuple(groups),
    )


def silence_end(
    identity: str, lasting: Sequence[Entry], over: Sequence[Entry], now: datetime, display: Display
) -> Digest:
    """One message for what silences held back, at least one entry; as severe as the worst that lasts."""
    language = display.language
    groups: list[Group | str] = [_OPEN_NOW.to(language) if lasting else _NOTHING_OPEN.to(language)]
    groups += _grouped(lasting, dated=True)
    groups += [_CAME.to(language)] if over else []
    groups += _grouped(over, dated=True, over=True)
    counted = _SILENCE.to(language, lasting=len(lasting), over=len(over))
    return Digest(
        identity=identity,
        severity=min((entry.severity for entry in lasting), key=_RANK.__getitem__, default=Severity.INFO),
        time=now,
        title=LABELLED.to(language, label=_OVER.to(language), value=counted),
        watch=LABELLED.to(language, label=_OVER.to(language), value=counted),
        groups=tuple(groups),
    )


def subject(found: Digest) -> str:
    """As of every alert."""
    return subject_line(KIND, MONITOR.display_name, MONITOR.task_id, found.watch)


def text(found: Digest, display: Display) -> str:
    """As the text of a mail: what to do stands below each line."""
    language = display.language
    lines = _fitted(found, display, TEXT_LIMIT - _FOOT, steps=True)
    foot = {_CONSOLE: display.console, _EVENT_ID: found.identity}
    labels = [LABELLED.to(language, label=label.to(language), value=value) for label, value in foot.items()]
    return "\n".join([found.title, "", *lines, "", *labels, display.origin.line(language)]) + "\n"


def card(found: Digest, display: Display) -> str:
    """As a card of the chat topic."""
    lines = _fitted(found, display, chat.DESCRIPTION_LIMIT - _FOOT // 3, steps=False)
    return chat.notification(
        identity=found.identity,
        thread=found.identity,
        kind=KIND,
        title=f"{chat.sign_of(found.severity)} {escaped(found.watch)}",
        description=chat.fitting([*map(escaped, lines), escaped(display.origin.line(display.language))]),
        steps=[display.console],
        keywords=[KIND, found.severity],
        summary=escaped(found.title),
        context={"event_id": found.identity, "severity": found.severity},
    )


def page(found: Digest, display: Display) -> str:
    """As one part of an SMS."""
    first = next((group for group in found.groups if isinstance(group, Group)), None)
    said = found.watch
    if first and not first.dated:
        said = _line(first, found.time, display, names=10)
    time = short_time(found.time, display.zone, display.language)
    return one_part(_PAGER, said, display.language, time=time)


def _grouped(entries: Sequence[Entry], *, dated: bool = False, over: bool = False) -> list[Group]:
    """Alike ones together, what to do first on top."""
    alike: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in sorted(entries, key=_first):
        alike.setdefault((entry.kind, entry.headline, entry.step), []).append(entry)
    return [Group(members=tuple(members), dated=dated, over=over) for members in alike.values()]


def _first(entry: Entry) -> tuple[int, float, int, datetime]:
    act_by = entry.act_by.timestamp() if entry.act_by else 0
    return _URGENT[entry.urgency], act_by, _RANK[entry.severity], entry.time


def _fitted(found: Digest, display: Display, limit: int, *, steps: bool) -> list[str]:
    """The lines with all names, as far as the format goes."""
    lines: list[str] = []
    left = sum(len(group.members) for group in found.groups if isinstance(group, Group))
    for group in found.groups:
        room = limit - sum(len(line) + 1 for line in lines)
        if isinstance(group, str):
            lines.append(group)
            continue
        line = _fitting(group, found.time, display, room)
        if not line:
            return [*lines, _REST.to(display.language, number=left)]
        left -= len(group.members)
        step = f"  {group.members[0].step}"
        with_step = steps and not group.over and len(line) + len(step) < room
        lines += [line, step] if with_step else [line]
    return lines


def _fitting(group: Group, now: datetime, display: Display, room: int) -> str:
    """The line with as many names as there is room for, empty where there is none."""
    for names in range(len(group.members), 0, -1):
        line = _line(group, now, display, names=names)
        if len(line) <= room:
            return line
    return ""


def _line(group: Group, now: datetime, display: Display, *, names: int) -> str:
    language, first = display.language, group.members[0]
    decision = _decision(first, now, display)
    if group.over:
        said = _with_names(group, names, language) if len(group.members) > 1 else first.summary
    elif len(group.members) == 1:
        said = _ALONE.to(language, decision=decision, summary=first.summary)
    else:
        said = _LINE.to(
            language,
            decision=decision,
            number=len(group.members),
            kind=kind_word(first.kind, language),
            headline=truncate(first.headline, 200),
            names=_names(group, names, language),
        )
    if not group.dated:
        return said
    return _DATED.to(language, time=short_time(first.time, display.zone, language), said=said)


def _with_names(group: Group, names: int, language: Language) -> str:
    first = group.members[0]
    counted = _COUNTED.to(language, number=len(group.members), kind=kind_word(first.kind, language))
    return LABELLED.to(language, label=counted, value=_names(group, names, language))


def _names(group: Group, most: int, language: Language) -> str:
    shown = NAMES.to(language).join(entry.name for entry in group.members[:most])
    rest = len(group.members) - most
    return _MORE.to(language, shown=shown, number=rest, total=len(group.members)) if rest > 0 else shown


def _decision(entry: Entry, now: datetime, display: Display) -> str:
    """A moment that has passed is no moment to act by."""
    passed = entry.urgency is Urgency.BY and (entry.act_by is None or entry.act_by <= now)
    urgency = Urgency.NOW if passed else entry.urgency
    by = short_time(entry.act_by, display.zone, display.language) if entry.act_by else ""
    return DECISIONS[urgency].to(display.language, by=by)
