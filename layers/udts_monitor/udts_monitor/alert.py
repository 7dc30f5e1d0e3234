"""The alerts topic: plain text for people, by mail and SMS."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from udts_monitor import wording
from udts_monitor.event import MONITOR, Event
from udts_monitor.text import ascii_line, cut, one_line, plain

# Source: SNS Publish, Subject: under 100 characters, no line break or control character.
SUBJECT_LIMIT = 99
# Source: SNS, SMS: 1,600 characters a message. The reason is the only part without a bound of its own.
_REASON_LIMIT = 700
_TASKS_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """How texts for people look: the time zone beside UTC."""

    zone: ZoneInfo


def subject(event: Event) -> str:
    """``[FAILED] orders-db (udts-ixdp441): <reason>``: printable ASCII, at most 99 characters."""
    name = cut(ascii_line(event.task.display_name), 40) or event.task.task_id
    line = f"[{event.kind.upper()}] {name} ({event.task.task_id}): {ascii_line(wording.headline(event))}"
    return cut(line.rstrip(": "), SUBJECT_LIMIT)


def text(event: Event, display: Display) -> str:
    """The whole mail: a sentence that stands alone, the facts, what to do, and the event's id."""
    paragraphs = ["\n".join([wording.sentence(event), "", *_facts(event, display)])]
    if one_line(event.reason) not in paragraphs[0] or "\n" in event.reason.strip():
        mark = " ... (cut; whole in the events topic and the history)"
        paragraphs.append("Reason:\n" + cut(plain(event.reason), _REASON_LIMIT, mark=mark))
    step = wording.next_step(event)
    if step:
        paragraphs.append(f"Next step: {step}")
    paragraphs.append(f"Event id: {event.id}")
    return "\n\n".join(paragraphs) + "\n"


def _facts(event: Event, display: Display) -> list[str]:
    change = f"{event.previous_status} -> {event.status}" if event.previous_status else event.status
    facts = {
        "Task": "" if event.task is MONITOR else wording.task_label(event),
        "Project": event.task.project_id,
        "Status": plain(cut(change, 200)),
        "Since": f"{wording.moment(event.since, display.zone)}, {wording.duration(event.time - event.since)}",
        "Incident": wording.moment(event.incident_since, display.zone) if event.incident_since else "",
        "Progress": wording.progress_line(event.progress),
        "Position": wording.position_line(event.position),
        "Retries": _retries(event),
        "Resume until": wording.moment(event.resume_until, display.zone) if event.resume_until else "",
        "Tasks": _tasks(event),
    }
    width = max(len(label) for label, value in facts.items() if value) + 2
    return [f"{label + ':':<{width}}{value}" for label, value in facts.items() if value]


def _retries(event: Event) -> str:
    if not event.retries_allowed:
        return ""
    return f"{event.retries_used or 0} of {event.retries_allowed} used"


def _tasks(event: Event) -> str:
    shown = ", ".join(event.tasks[:_TASKS_SHOWN])
    rest = len(event.tasks) - _TASKS_SHOWN
    return f"{shown} and {rest} more" if rest > 0 else shown
