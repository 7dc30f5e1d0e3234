"""One event as a person is told of it, before any format: every renderer only lays this out."""

from dataclasses import dataclass
from datetime import datetime

from udts_monitor.decision.event import Action, Event, Kind, Severity
from udts_monitor.messages import blind_rows, course_rows, health_rows, monitor_rows
from udts_monitor.messages.display import Display
from udts_monitor.messages.facts import facts
from udts_monitor.messages.failures import FAQ, Advice
from udts_monitor.messages.figures import short_time
from udts_monitor.messages.phrases import LABELLED, Language, Text, joined
from udts_monitor.messages.situation import Row, Situation, Urgency, situation_of
from udts_monitor.messages.values import values
from udts_monitor.text import one_line, plain

ROWS = {**health_rows.ROWS, **blind_rows.ROWS, **course_rows.ROWS, **monitor_rows.ROWS}
SAYINGS = {**health_rows.SAYINGS, **blind_rows.SAYINGS, **course_rows.SAYINGS, **monitor_rows.SAYINGS}
# What an aspect of its own tells without rows and sentences of its own here.
_OTHER_ROW = Row(
    code="other",
    urgency=Urgency.WAIT,
    headline=Text("{reason}", "{reason}"),
    step=Text("Look at the task in the console.", "请在控制台查看任务。"),
)
_OTHER = Text("{task}: {reason}", "{task}：{reason}")
DECISIONS = {
    Urgency.NOW: Text("Act now", "立即处理"),
    Urgency.BY: Text("Act by {by}", "请在 {by} 前处理"),
    Urgency.WAIT: Text("Wait", "等待"),
    Urgency.NOTHING: Text("Nothing to do", "无需处理"),
}
_RETRIES_LEFT = Text(
    "UCloud may start it again by itself before that: retries are left.",
    "在此之前 UCloud 可能会自动重试：仍有剩余重试次数。",
)
_LAST_REMINDER = Text(
    "No more reminders follow, even if all stays as it is.", "这是最后一次提醒：即使状态不变，也不再提醒。"
)
# Kinds whose reason is UCloud's own words; the others' is ours, and stands in the sentence.
_VERBATIM = frozenset({Kind.FAILED, Kind.RETRYING, Kind.REMINDER, Kind.RESUME_DEADLINE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An event for a person.

    Attributes:
        sentence: what happened; stands alone.
        code: of the row that says what to do, for programs.
        urgency: whether somebody has to get up.
        act_by: until when, None for no moment.
        decision: the urgency in words, with its moment.
        headline: the rest of a subject, after the decision.
        step: what to do, advice included, one paragraph.
        checklist: what follows the step, one after the other; mostly empty.
        advice: what is known of the reason, None when nothing is.
        reason: verbatim but for what does not print, with its line breaks; empty where there is none.
        facts: label and value, each value one line; only what is known.
        links: label and address: the runbook, what the advice rests on, the console.
        origin: which deployment speaks.
        colon: as the language writes it.
    """

    sentence: str
    code: str
    urgency: Urgency
    act_by: datetime | None
    decision: str
    headline: str
    step: str
    checklist: tuple[str, ...]
    advice: Advice | None
    reason: str
    facts: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...]
    origin: str
    colon: str = ": "

    @property
    def decided(self) -> str:
        """Decision and step: the second line of a text."""
        return f"{self.decision}{self.colon}{_after_colon(self.step)}"

    @property
    def watch(self) -> str:
        """Decision and headline: the end of a subject."""
        return f"{self.decision}{self.colon}{self.headline}"


def report(event: Event, display: Display) -> Report:
    """Gather what is to be said of an event."""
    at, language = situation_of(event), display.language
    found = values(at, display)
    row = next((row for row in ROWS.get(at.about, ()) if row.when(at)), _OTHER_ROW)
    act_by = row.by(event) if row.urgency is Urgency.BY else None
    urgency = Urgency.NOW if row.urgency is Urgency.BY and act_by is None else row.urgency
    by = short_time(act_by, display.zone, language) if act_by else ""
    return Report(
        sentence=_sentence(at, found, language),
        code=row.code,
        urgency=urgency,
        act_by=act_by,
        decision=DECISIONS[urgency].to(language, by=by),
        headline=row.headline.to(language, **found).strip(),
        step=_step(row, at, found, language),
        checklist=tuple(part.to(language, **found) for part in row.checklist),
        advice=at.advice if event.severity is not Severity.INFO else None,
        reason=plain(event.reason) if event.kind in _VERBATIM and at.about != "blind" else "",
        facts=facts(event, display),
        links=_links(event, at, display),
        origin=display.origin.line(language),
        colon=LABELLED.to(language, label="", value=""),
    )


def sentence(event: Event, display: Display) -> str:
    """What happened, in one sentence."""
    at = situation_of(event)
    return _sentence(at, values(at, display), display.language)


def _sentence(at: Situation, found: dict[str, str], language: Language) -> str:
    sayings = SAYINGS.get(at.event.kind, ())
    text = next((saying.sentence for saying in sayings if saying.when(at)), _OTHER)
    return one_line(text.to(language, **found))


def _step(row: Row, at: Situation, found: dict[str, str], language: Language) -> str:
    event = at.event
    left = (event.retries_allowed or 0) > (event.retries_used or 0)
    retried = event.kind == Kind.FAILED and left and at.may_start_again
    return joined(
        language,
        one_line(row.step.to(language, **found)),
        _RETRIES_LEFT.to(language) if retried else "",
        _LAST_REMINDER.to(language) if event.last_reminder else "",
    )


def _after_colon(text: str) -> str:
    """Within a sentence; names such as UCloud keep their letters."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


_RUNBOOK = Text("Runbook", "处理手册")
_SOURCE = Text("Advice {code}, UDTS FAQ {number}", "建议 {code}，UDTS FAQ {number}")
_CONSOLE = Text("Console", "控制台")


def _links(event: Event, at: Situation, display: Display) -> tuple[tuple[str, str], ...]:
    language = display.language
    links = []
    if event.task.runbook and event.action is not Action.CLOSE:
        links.append((_RUNBOOK.to(language), event.task.runbook))
    if at.advice and event.severity is not Severity.INFO:
        links.append((_SOURCE.to(language, code=at.advice.code, number=at.advice.faq), FAQ))
    return (*links, (_CONSOLE.to(language), display.console))
