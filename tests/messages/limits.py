"""What SNS, SQS, DynamoDB and chat applications accept: from their documentation, not from our code."""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from boto3.dynamodb.types import DYNAMODB_CONTEXT

from tests.messages.schema import assert_valid
from udts_monitor.adapters.wire import to_wire
from udts_monitor.messages.sms import fits_one_part
from udts_monitor.outbox.notification import Notification, Topic

KIB = 1024
# Up to the colon printable ASCII, with the id of the task before it; under 100 characters in all.
_SUBJECT = re.compile(r"\[[A-Z_]+\] [ -~]+ \([A-Za-z0-9][A-Za-z0-9_.-]{0,127}\): [^\r\n]+|[!-~][ -~]{98}")
_SUBJECT_LIMIT = 99
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# Source: SQS SendMessage, MessageBody. SNS delivers to SQS and takes no more than that itself.
_REFUSED_BY_SQS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CARD = {
    "": {"version", "source", "id", "content", "metadata"},
    "content": {"textType", "title", "description", "nextSteps", "keywords"},
    "metadata": {"threadId", "summary", "eventType", "relatedResources", "additionalContext"},
}
# What Slack's mrkdwn or Teams' markdown makes something of, outside code.
_LIVE = {
    "tag, link or mention": re.compile(r"[<>&]"),
    "mention": re.compile(r"(?:^|[^A-Za-z0-9])@\w"),
    "link": re.compile(r"://|\bwww\.|\]\(|\[[^\]]*\]", re.IGNORECASE),
    "bold": re.compile(r"\*"),
    "italics": re.compile(r"(?:^|[^A-Za-z0-9])_+[^_\s]|[^_\s]_+(?:$|[^A-Za-z0-9_])"),
    "struck through": re.compile(r"~"),
    "code": re.compile(r"`"),
    "table": re.compile(r"\|"),
    "escape": re.compile(r"\\"),
    "emoji": re.compile(r":[\w+'-]+:"),
    "heading or list": re.compile(r"^(?:[#+-]+|\d{1,9}[.)])[ \t]", re.MULTILINE),
}
_LIVE_IN_CODE = {name: _LIVE[name] for name in ("tag, link or mention", "mention", "code")}
_LABEL = re.compile(r"^\*[^*`\n]{1,32}\*[:：]", re.MULTILINE)
_COUNTED = re.compile(r"\A\*[0-9a-z_, ]+\*$", re.MULTILINE)


def problems(notification: Notification) -> list[str]:
    """What somebody on the way would refuse, drop or misread; empty when all is well."""
    found = [*_sns(notification)]
    match notification.topic:
        case Topic.ALERTS:
            found += _alert(notification)
        case Topic.PAGER:
            found += _page(notification)
        case Topic.CHAT:
            found += _card(json.loads(notification.body))
        case Topic.EVENTS:
            assert_valid(notification.body)
            found += [] if notification.body.isascii() else ["an event that is not ASCII"]
    return found


def _sns(notification: Notification) -> Iterator[str]:
    """Source: SNS Publish: Subject, Message, MessageAttributes; SQS raw delivery takes 10 attributes."""
    subject, body, attributes = notification.subject, notification.body, notification.attributes
    yield from _subjects(subject, notification.ascii_subject)
    if not body:
        yield "an empty message"
    if refused := _REFUSED_BY_SQS.search(body):
        yield f"character {refused.group()!r}"
    if not 0 < len(attributes) <= 10:
        yield f"{len(attributes)} attributes"
    for name, value in attributes.items():
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", name) or not value.strip():
            yield f"attribute {name}={value!r}"
        if _REFUSED_BY_SQS.search(value) or len(value.splitlines()) != 1:
            yield f"attribute {name}={value!r}"
    size = len(body.encode(errors="replace")) + sum(
        len(f"{name}String{value}".encode(errors="replace")) for name, value in attributes.items()
    )
    if size > 256 * KIB:
        yield f"{size} bytes"


def _subjects(subject: str, in_ascii: str) -> Iterator[str]:
    printable = not {unicodedata.category(char) for char in subject} & _UNPRINTABLE
    if subject and not (printable and len(subject) <= _SUBJECT_LIMIT and _SUBJECT.fullmatch(subject)):
        yield f"subject {subject!r}"
    if bool(subject) != bool(in_ascii) or not re.fullmatch(r"|[!-~][ -~]{0,98}", in_ascii):
        yield f"ASCII subject {in_ascii!r}"


def _alert(notification: Notification) -> Iterator[str]:
    """Nothing that a terminal, a mail program or a phone takes for a command; and no more than one reads."""
    if len(notification.body) > 8_000:
        yield f"{len(notification.body)} characters"
    kinds = {unicodedata.category(char) for char in notification.body.replace("\n", "")}
    if kinds & _UNPRINTABLE:
        yield f"unprintable {kinds}"
    if not notification.body.partition("\n")[0].strip():
        yield "an empty first line"


def _page(notification: Notification) -> Iterator[str]:
    """One part of an SMS."""
    if not fits_one_part(notification.body):
        yield f"{len(notification.body)} characters of a page"
    if {unicodedata.category(char) for char in notification.body} & _UNPRINTABLE:
        yield f"unprintable {notification.body!r}"


def _card(card: Mapping[str, Any]) -> Iterator[str]:
    """Source: Amazon Q Developer in chat applications, custom notifications; the lengths are the design's."""
    content, metadata = card["content"], card["metadata"]
    for name, part in (("", card), ("content", content), ("metadata", metadata)):
        if set(part) != _CARD[name]:
            yield f"fields {sorted(part)}"
    if (card["version"], card["source"], content["textType"]) != ("1.0", "custom", "client-markdown"):
        yield "not the schema"
    if len(content["title"]) > 100 or len(content["description"]) > 2_000 or len(content["nextSteps"]) > 5:
        yield "too long"
    texts = [content["title"], metadata["summary"], metadata["additionalContext"].get("status", "")]
    for text in texts:
        yield from live_markup(text)
    # The bold line with the counts of a digest is ours.
    yield from live_markup(_COUNTED.sub("", content["description"], count=1))
    for step in content["nextSteps"]:
        if len(step) > 300:
            yield f"step {step!r}"
    if not all(isinstance(value, str) and value for value in metadata["additionalContext"].values()):
        yield "additionalContext"


def live_markup(text: str) -> list[str]:
    """What a chat application would make of a text beyond the labels, code spans and code block we mean."""
    found = []
    block = re.search(r"\n```(.*)```\Z", text, re.DOTALL)
    if block:
        found += _in_code(block.group(1))
        text = text[: block.start()]
    for span in re.findall(r"`([^`\n]*)`", text):
        found += _in_code(span)
    rest = _LABEL.sub("", re.sub(r"`[^`\n]*`", "", text))
    return found + [f"{name} in {rest!r}" for name, sign in _LIVE.items() if sign.search(rest)]


def _in_code(text: str) -> list[str]:
    return [f"{name} in code {text!r}" for name, sign in _LIVE_IN_CODE.items() if sign.search(text)]


def item_problems(item: Mapping[str, Any]) -> list[str]:
    """What DynamoDB would refuse of an item as our code writes it."""
    found = []
    wire = to_wire(item)
    size = sum(len(name.encode()) + _size(value) for name, value in wire.items())
    if size > 400 * KIB:
        found.append(f"{size} bytes")
    for key, limit in (("pk", 2_048), ("sk", 1_024)):
        if not 0 < len(item[key].encode()) <= limit:
            found.append(f"{key} of {len(item[key].encode())} bytes")
    return found


def _size(wire: Mapping[str, Any]) -> int:
    """Source: DynamoDB, item sizes and formats."""
    ((kind, value),) = wire.items()
    match kind:
        case "S":
            return len(value.encode())
        case "N":
            DYNAMODB_CONTEXT.create_decimal(value)  # refuses what DynamoDB does
            return 21
        case "M":
            return 3 + sum(len(name.encode()) + 1 + _size(part) for name, part in value.items())
        case "L":
            return 3 + sum(1 + _size(part) for part in value)
        case _:
            return 1
