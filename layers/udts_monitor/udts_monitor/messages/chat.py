"""The chat topic: custom notifications of Amazon Q Developer in chat applications, for Slack and Teams.

Source: its documentation of custom notifications; what is not of that schema is dropped without a word.
"""

import json
from collections.abc import Sequence

from udts_monitor.decision.event import Action, Event, Severity
from udts_monitor.messages.markup import code, escaped, literal
from udts_monitor.messages.phrases import LABELLED, Language, Text
from udts_monitor.messages.report import Report
from udts_monitor.messages.values import task_label
from udts_monitor.text import one_line, truncate

TITLE_LIMIT = 100
DESCRIPTION_LIMIT = 2_000
STEP_LIMIT = 300
STEPS = 5
_REASON_LIMIT = 700
_LEAST_REASON = 20
_BLOCK = "```"
_RED, _YELLOW, _GREEN = (
    "\N{LARGE RED CIRCLE}",
    "\N{LARGE YELLOW CIRCLE}",
    "\N{LARGE GREEN CIRCLE}",
)
_SIGNS = {Severity.CRITICAL: _RED, Severity.WARNING: _YELLOW, Severity.INFO: _GREEN}
_REASON = Text("Reason", "原因")


def card(event: Event, report: Report, language: Language) -> str:
    """One event as a card; all cards of an incident share a thread."""
    checklist = [f"({place}) {escaped(step)}" for place, step in enumerate(report.checklist, start=1)]
    lines = [
        f"*{report.decision}*{escaped(report.decided.removeprefix(report.decision))}",
        *checklist,
        "",
        escaped(report.sentence),
        "",
        *(f"*{label}*: {code(value)}" for label, value in report.facts),
        escaped(report.origin),
    ]
    description = fitting(lines)
    if report.reason and one_line(report.reason) not in report.sentence:
        title = f"\n*{_REASON.to(language)}*:\n{_BLOCK}"
        room = min(_REASON_LIMIT, DESCRIPTION_LIMIT - len(description)) - len(title) - len(_BLOCK)
        if room > _LEAST_REASON:
            description += title + truncate(literal(report.reason), room) + _BLOCK
    name = escaped(task_label(event.task))
    return notification(
        identity=event.id,
        thread=event.incident_id or event.task.key,
        kind=event.kind,
        title=f"{sign(event)} {_capitals(event.kind)} {name}: {escaped(report.watch)}",
        description=description,
        steps=[LABELLED.to(language, label=label, value=link) for label, link in report.links],
        keywords=[event.kind, event.severity, event.task.task_id],
        summary=escaped(report.sentence),
        context={
            "event_id": event.id,
            "incident_id": event.incident_id or "-",
            "severity": event.severity,
            "status": escaped(truncate(one_line(event.status), TITLE_LIMIT)) or "-",
        },
    )


def sign(event: Event) -> str:
    """The worst colour of the incident while it is open, green at its end."""
    if event.action is Action.CLOSE:
        return _GREEN
    return _RED if event.incident_critical else _SIGNS[event.severity]


def sign_of(severity: Severity) -> str:
    """The colour of several events, by the worst of them."""
    return _SIGNS[severity]


def fitting(lines: Sequence[str]) -> str:
    """As many whole lines as a description holds: half a line would leave a code span open."""
    text = truncate(lines[0], DESCRIPTION_LIMIT)
    for line in lines[1:]:
        if len(text) + 1 + len(line) <= DESCRIPTION_LIMIT:
            text += f"\n{line}"
    return text


def with_line(body: str, line: str) -> str:
    """A card with one more line of ours below its first one, the decision."""
    found = json.loads(body)
    first, _, rest = found["content"]["description"].partition("\n")
    found["content"]["description"] = (
        fitting([first, line, *rest.split("\n")])
        if "```" not in rest
        else (truncate(f"{first}\n{line}\n{rest}", DESCRIPTION_LIMIT))
    )
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def _capitals(kind: str) -> str:
    return kind.upper().replace("_", " ")


def notification(  # noqa: PLR0913 - the parts of the schema
    *,
    identity: str,
    thread: str,
    kind: str,
    title: str,
    description: str,
    steps: Sequence[str],
    keywords: Sequence[str],
    summary: str,
    context: dict[str, str],
) -> str:
    """The JSON of one card."""
    found = {
        "version": "1.0",
        "source": "custom",
        "id": identity,
        "content": {
            "textType": "client-markdown",
            "title": truncate(title, TITLE_LIMIT),
            "description": description,
            "nextSteps": [truncate(step, STEP_LIMIT) for step in steps[:STEPS]],
            "keywords": [str(keyword) for keyword in keywords],
        },
        "metadata": {
            "threadId": thread,
            "summary": truncate(summary, DESCRIPTION_LIMIT),
            "eventType": str(kind),
            "relatedResources": [thread],
            "additionalContext": {name: str(value) for name, value in context.items()},
        },
    }
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))
