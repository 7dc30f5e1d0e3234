"""The pager topic: SMS and paging services. What must wake somebody, and its end, in one part of an SMS."""

from udts_monitor.decision.event import Action, Event, Kind, Severity
from udts_monitor.messages.causes import is_beside
from udts_monitor.messages.display import Display
from udts_monitor.messages.figures import short_time
from udts_monitor.messages.phrases import Language, Text
from udts_monitor.messages.report import Report
from udts_monitor.messages.sms import fits_one_part, in_gsm
from udts_monitor.messages.words import kind_word
from udts_monitor.task import MONITOR
from udts_monitor.text import one_line, truncate

_NAME_LIMIT = 32
_CHINESE_NAME_LIMIT = 14
# What a cut may leave at the end, where no mark says that something follows.
_DANGLING = " .,:;\N{IDEOGRAPHIC COMMA}\N{FULLWIDTH COMMA}\N{FULLWIDTH COLON}\N{FULLWIDTH SEMICOLON}"
_TEXT = Text("{kind} {name}: {watch}. {time}", "{kind} {name}：{watch} {time}")


def wants(event: Event) -> bool:
    """What is critical and its end; that the monitor sees nothing, and its end; tests."""
    if is_beside(event.cause):
        return False
    blind = event.kind in {Kind.UNREACHABLE, Kind.REACHABLE} and event.task is MONITOR
    ends = event.incident_critical and (event.action is Action.CLOSE or bool(event.closes))
    return event.severity is Severity.CRITICAL or blind or ends or event.kind == Kind.TEST


def text(event: Event, report: Report, display: Display) -> str:
    """What happened to whom, what to do, why and when."""
    language = display.language
    chinese = language is Language.ZH
    name = truncate(
        one_line(event.task.display_name), _CHINESE_NAME_LIMIT if chinese else _NAME_LIMIT, mark=".."
    )
    if not chinese:
        name = in_gsm(name).strip() or event.task.task_id[:_NAME_LIMIT]
    time = short_time(event.time, display.zone, language)
    return one_part(_TEXT, report.watch, language, kind=_kind(event, language), name=name, time=time)


def one_part(template: Text, said: str, language: Language, **values: str) -> str:
    """A text with as much of what is said as one part of an SMS holds."""
    said = one_line(said) if language is Language.ZH else in_gsm(one_line(said))
    for room in range(len(said), -1, -1):
        found = template.to(language, watch=truncate(said, room, mark="..").rstrip(_DANGLING), **values)
        if fits_one_part(found):
            return found
    return truncate(template.to(language, watch="", **values), 70)


def _kind(event: Event, language: Language) -> str:
    """As in subjects; in Chinese as a word."""
    if language is Language.ZH:
        return kind_word(event.kind, language)
    return str(event.kind).upper()
