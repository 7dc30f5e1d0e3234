"""The chat topic: custom notifications of Amazon Q Developer in chat applications, for Slack and Teams.

Source: its documentation of custom notifications; what is not of that schema is dropped without a word.
"""

import json
import re

from udts_monitor.decision.event import Event, Kind, Severity
from udts_monitor.messages import wording
from udts_monitor.messages.phrases import Language, say
from udts_monitor.messages.report import Report
from udts_monitor.text import one_line, truncate

TITLE_LIMIT = 100
DESCRIPTION_LIMIT = 2_000
STEP_LIMIT = 300
STEPS = 5
_REASON_LIMIT = 700
_LEAST_REASON = 20

_SIGNS = {Severity.CRITICAL: "\N{LARGE RED CIRCLE}", Severity.WARNING: "\N{LARGE YELLOW CIRCLE}"}
_BLOCK = "```"
_GOOD_SIGN = "\N{LARGE GREEN CIRCLE}"


def card(event: Event, report: Report, language: Language) -> str:
    """One event as a card; all cards of a task share a thread."""
    lines = [f"*{label}*: {code(value)}" for label, value in report.facts]
    if report.advice:
        lines.append(f"*{say(language, 'Advice')}*: {escaped(report.advice)}")
    description = _fitting([escaped(report.sentence), "", *lines])
    if report.reason:
        title = f"\n*{say(language, 'Reason')}*:\n{_BLOCK}"
        room = min(_REASON_LIMIT, DESCRIPTION_LIMIT - len(description)) - len(title) - len(_BLOCK)
        if room > _LEAST_REASON:
            description += title + truncate(literal(report.reason), room) + _BLOCK
    return _notification(
        identity=event.id,
        thread=event.task.key,
        kind=event.kind,
        title=f"{sign(event.severity)} {_capitals(event.kind)} {escaped(wording.task_label(event))}",
        description=description,
        steps=[*report.steps, f"{say(language, 'Console')}: {wording.CONSOLE}"],
        keywords=[event.kind, event.severity, event.task.task_id],
        summary=escaped(report.sentence),
        context={
            "event_id": event.id,
            "incident_id": event.incident_id or "-",
            "severity": event.severity,
            "status": escaped(truncate(one_line(event.status), TITLE_LIMIT)) or "-",
        },
    )


def digest_card(identity: str, title: str, lines: list[str], severity: str) -> str:
    """Many events as one card."""
    return _notification(
        identity=identity,
        thread="digest",
        kind="digest",
        title=f"{sign(severity)} {title}",
        description=_fitting(lines),
        steps=[wording.CONSOLE],
        keywords=["digest", severity],
        summary=title,
        context={"event_id": identity, "severity": severity},
    )


def sign(severity: str) -> str:
    """A colour that reads at a glance."""
    return _SIGNS.get(Severity(severity), _GOOD_SIGN)


def escaped(text: str) -> str:
    """Text from outside as text: no link, no mention, no emoji code, no markup."""
    return _LEADING.sub("\\1\N{NO-BREAK SPACE}", _MARKUP.sub(_harmless, literal(text)))


def code(text: str) -> str:
    """A value in a code span, where nothing but its end has a meaning."""
    return f"`{literal(text)}`" if text else ""


def literal(text: str) -> str:
    """Text from outside for a code span or block: Slack looks for links and mentions even there."""
    arrows = text.replace("->", "\N{RIGHTWARDS ARROW}")
    return _MENTION.sub(_HARMLESS["@"], "".join(_LOOKALIKES.get(char, char) for char in arrows))


# Markdown has no escape that Slack and Teams share, and what Amazon Q does with one is not documented. Signs
# that look the same mean nothing to any of them. Source: Slack, formatting text; CommonMark for Teams.
_LOOKALIKES = {
    "&": "\N{FULLWIDTH AMPERSAND}",
    "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
    ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
    "`": "'",
}
_HARMLESS = {
    "@": "\N{FULLWIDTH COMMERCIAL AT}",
    "*": "\N{ASTERISK OPERATOR}",
    "~": "\N{TILDE OPERATOR}",
    "|": "\N{DIVIDES}",
    "[": "(",
    "]": ")",
    "\\": "\N{SET MINUS}",
    "_": "\N{FULLWIDTH LOW LINE}",
    ":": "\N{RATIO}",
    ".": "\N{ONE DOT LEADER}",
}
# An address within a word, as in user@host, is no mention.
_MENTION = re.compile(r"(?<![A-Za-z0-9])@(?=\w)")
_MARKUP = re.compile(
    r"[*~|\[\]\\]"
    r"|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"  # italics begin and end at the ends of words
    r"|:(?=//)|(?<=www)\."  # what Slack makes a link of by itself
    r"|:(?=[\w+'-]+:)",  # :fire:
    re.IGNORECASE,
)
# A heading or a list begins with its sign and a space.
_LEADING = re.compile(r"^([#+-]+|\d{1,9}[.)])[ \t]", re.MULTILINE)


def _harmless(found: re.Match[str]) -> str:
    return _HARMLESS[found.group()]


def _fitting(lines: list[str]) -> str:
    """As many whole lines as a description holds: half a line would leave a code span open."""
    text = lines[0]
    for line in lines[1:]:
        if len(text) + 1 + len(line) <= DESCRIPTION_LIMIT:
            text += f"\n{line}"
    return text


def _capitals(kind: str) -> str:
    return kind.upper().replace("_", " ")


def _notification(  # noqa: PLR0913 - the parts of the schema
    *,
    identity: str,
    thread: str,
    kind: Kind | str,
    title: str,
    description: str,
    steps: list[str],
    keywords: list[str],
    summary: str,
    context: dict[str, str],
) -> str:
    notification = {
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
    return json.dumps(notification, ensure_ascii=False, separators=(",", ":"))
