"""The alerts topic: plain text for people, by mail."""

from udts_monitor.decision.event import Event
from udts_monitor.messages.phrases import LABELLED, Language, Text
from udts_monitor.messages.report import Report
from udts_monitor.text import ascii_line, one_line, truncate

# Source: SNS Publish, Subject: under 100 characters, no line break or control character.
SUBJECT_LIMIT = 99
TEXT_LIMIT = 8_000
_REASON_LIMIT = 2_000
_NAME_LIMIT = 40
_REASON = Text("Reason", "原因")
_EVENT_ID = Text("Event id", "事件 ID")
_INCIDENT_ID = Text("Incident id", "故障 ID")
_CUT = Text(" ... (cut; whole in the history)", " ……（已截断，全文见历史记录）")


def subject(event: Event, report: Report) -> str:
    """``[FAILED] orders-db (udts-ixdp441): Act now: <why>``, at most 99 characters.

    Up to the colon it is printable ASCII and the same in every language: mail rules rely on it.
    """
    return subject_line(event.kind, event.task.display_name, event.task.task_id, report.watch)


def ascii_subject(event: Event, english: Report) -> str:
    """The same in plain ASCII, for an SNS that refuses any other; of a reason without ASCII the status."""
    said = ascii_line(english.headline).strip(" :,.") or event.status
    return subject_line(
        event.kind, event.task.display_name, event.task.task_id, f"{english.decision}: {said}"
    )


def subject_line(kind: str, name: str, task_id: str, said: str) -> str:
    """The grammar of every subject."""
    shown = truncate(ascii_line(name), _NAME_LIMIT) or task_id
    return truncate(f"[{kind.upper()}] {shown} ({task_id}): {one_line(said)}", SUBJECT_LIMIT)


def text(event: Event, report: Report, language: Language) -> str:
    """The whole mail: what happened, what to do, why, the facts, where to look."""
    reason = truncate(report.reason, _REASON_LIMIT, mark=_CUT.to(language))
    reason = f"\n{reason}" if "\n" in reason else reason
    why = _labelled(_REASON, reason, language).replace(": \n", ":\n", 1) if reason else ""
    ids = {_EVENT_ID: event.id}
    if event.incident_id not in {"", event.id}:
        ids[_INCIDENT_ID] = event.incident_id
    paragraphs = [
        report.sentence + "\n" + report.decided,
        "\n".join(f"{place}. {step}" for place, step in enumerate(report.checklist, start=1)),
        why,
        columns(report.facts, language),
        "\n".join(
            [
                *(LABELLED.to(language, label=label, value=link) for label, link in report.links),
                report.origin,
                *(_labelled(label, value, language) for label, value in ids.items()),
            ]
        ),
    ]
    whole = "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
    return truncate(whole, TEXT_LIMIT - 1).rstrip() + "\n"


def columns(facts: tuple[tuple[str, str], ...], language: Language) -> str:
    """One line each, the values below each other where the letters are of one width."""
    if language is Language.ZH:
        return "\n".join(LABELLED.to(language, label=label, value=value) for label, value in facts)
    width = max((len(label) for label, _ in facts), default=0) + 2
    return "\n".join(f"{label + ':':<{width}}{value}" for label, value in facts)


def _labelled(label: Text, value: str, language: Language) -> str:
    return LABELLED.to(language, label=label.to(language), value=value)
