"""`make inbox`: what the topics' subscribers got, as they see it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from local.inbox import Inbox, Message


def latest(inboxes: Mapping[str, Inbox], number: int) -> list[tuple[str, Message]]:
    """Return the last messages of all topics, each with its topic's name, in order of publication."""
    arrived = [(topic, message) for topic, inbox in inboxes.items() for message in inbox.look()]
    return sorted(arrived, key=lambda each: each[1].published_at)[-number:]


def readable(topic: str, message: Message) -> str:
    """A mail, a card or an event as whoever receives it reads it."""
    heading = f"── {topic}  {message.published_at}".rstrip()
    return "\n".join([heading, *_lines(message)])


def _lines(message: Message) -> Iterator[str]:
    if message.subject:
        yield f"Subject: {message.subject}"
        yield ""
    document = _document(message.text)
    if document.get("source") == "custom":
        yield from _card(document["content"])
    elif document:
        yield json.dumps(document, indent=2, ensure_ascii=False)
    else:
        yield message.text.rstrip()


def _card(content: Mapping[str, Any]) -> Iterator[str]:
    """Slack and Teams show these parts of a custom notification."""
    yield content.get("title", "")
    yield content["description"]
    steps: Sequence[str] = content.get("nextSteps", ())
    yield from (f"→ {step}" for step in steps)


def _document(text: str) -> dict[str, Any]:
    """The JSON object in a message, empty when it is a mail."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
