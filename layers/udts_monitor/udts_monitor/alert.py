"""The alerts topic: plain text for people, by mail and SMS."""

from udts_monitor import wording
from udts_monitor.event import Event
from udts_monitor.phrases import Language, say
from udts_monitor.report import Report
from udts_monitor.text import ascii_line, cut

# Source: SNS Publish, Subject: under 100 characters, no line break or control character.
SUBJECT_LIMIT = 99
# Source: SNS, SMS: 1,600 characters a message. The reason is the only part without a bound of its own.
_REASON_LIMIT = 700
_NAME_LIMIT = 40


def subject(event: Event) -> str:
    """``[FAILED] orders-db (udts-ixdp441): <reason>``: printable ASCII, at most 99 characters.

    The grammar never changes, and neither does the language: mail rules rely on it.
    """
    name = cut(ascii_line(event.task.display_name), _NAME_LIMIT) or event.task.task_id
    said = ascii_line(wording.headline(event, Language.EN))
    line = f"[{event.kind.upper()}] {name} ({event.task.task_id}): {said}"
    return cut(line.rstrip(": "), SUBJECT_LIMIT)


def text(event: Event, report: Report, language: Language) -> str:
    """The whole mail: a sentence that stands alone, the facts, what is known, what to do, the event's id."""
    width = max((len(label) for label, _ in report.facts), default=0) + 2
    paragraphs = [
        report.sentence,
        "\n".join(f"{label + ':':<{width}}{value}" for label, value in report.facts),
        _titled("Reason", cut(report.reason, _REASON_LIMIT, mark=say(language, "cut")), language),
        _titled("Advice", report.advice, language),
        _titled("Next step", "\n".join(report.steps), language),
        f"{say(language, 'Console')}: {wording.CONSOLE}\n{say(language, 'Event id')}: {event.id}",
    ]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"


def _titled(title: str, paragraph: str, language: Language) -> str:
    if not paragraph:
        return ""
    return f"{say(language, title)}:{chr(10) if chr(10) in paragraph else ' '}{paragraph}"
