"""The alerts topic: plain text for people, by mail and SMS."""

from udts_monitor.decision.event import Event
from udts_monitor.messages import wording
from udts_monitor.messages.phrases import Language, say
from udts_monitor.messages.report import Report
from udts_monitor.text import ascii_line, truncate

# Source: SNS Publish, Subject: under 100 characters, no line break or control character.
SUBJECT_LIMIT = 99
# Source: SNS Publish, SMS: 1,600 characters in all.
TEXT_LIMIT = 1_600
_REASON_LIMIT = 700
_NAME_LIMIT = 40


def subject(event: Event) -> str:
    """``[FAILED] orders-db (udts-ixdp441): <reason>``: printable ASCII, at most 99 characters.

    The grammar never changes, and neither does the language: mail rules rely on it.
    """
    name = truncate(ascii_line(event.task.display_name), _NAME_LIMIT) or event.task.task_id
    said = ascii_line(wording.headline(event, Language.EN)).strip(" :,")
    # A reason without a single letter of ASCII leaves nothing: then the status, and the text has the reason.
    said = said or ascii_line(event.status) or event.severity
    line = f"[{event.kind.upper()}] {name} ({event.task.task_id}): {said}"
    return truncate(line, SUBJECT_LIMIT)


def text(event: Event, report: Report, language: Language) -> str:
    """The whole mail: a sentence that stands alone, the facts, what is known, what to do, the ids."""
    most = TEXT_LIMIT - len(_text(event, report, "", language)) - len(_titled("Reason", "\n", language))
    reason = truncate(report.reason, min(_REASON_LIMIT, max(0, most)), mark=say(language, "cut"))
    # Only ids of a hundred characters each leave anything to cut here.
    return truncate(_text(event, report, reason, language), TEXT_LIMIT - 1).rstrip() + "\n"


def _text(event: Event, report: Report, reason: str, language: Language) -> str:
    paragraphs = [
        report.sentence,
        _facts(report, language),
        _titled("Reason", reason, language),
        _titled("Advice", report.advice, language),
        _titled("Next step", "\n".join(report.steps), language),
        _labels(event, language),
    ]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def _facts(report: Report, language: Language) -> str:
    """One line each, the values below each other where the letters are of one width."""
    if language is Language.ZH:
        return "\n".join(say(language, "labelled", label=label, value=value) for label, value in report.facts)
    width = max((len(label) for label, _ in report.facts), default=0) + 2
    return "\n".join(f"{label + ':':<{width}}{value}" for label, value in report.facts)


def _labels(event: Event, language: Language) -> str:
    """Where to look, and by which ids to search: a mail that opens an incident has its id as the event's."""
    found = {"Console": wording.CONSOLE, "Event id": event.id}
    if event.incident_id not in {"", event.id}:
        found["Incident id"] = event.incident_id
    return "\n".join(
        say(language, "labelled", label=say(language, label), value=value) for label, value in found.items()
    )


def _titled(title: str, paragraph: str, language: Language) -> str:
    if not paragraph:
        return ""
    if "\n" in paragraph:
        paragraph = f"\n{paragraph}"
    return say(language, "labelled", label=say(language, title), value=paragraph).replace(": \n", ":\n", 1)
