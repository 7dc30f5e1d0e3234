"""The golden files, and docs/notifications.md made of them.

``.venv/bin/python -m tests.messages.gallery`` writes both anew; read the difference before you commit it.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from local.template import PROJECT
from tests.messages.scenes import SCENES, Scene
from udts_monitor.messages.phrases import Language
from udts_monitor.outbox.notification import Notification, Topic

GOLDEN = Path(__file__).with_name("golden")
GALLERY = PROJECT / "docs" / "notifications.md"
COMMAND = ".venv/bin/python -m tests.messages.gallery"

_FILES: Mapping[Topic, str] = {
    Topic.ALERTS: "alert.{}.txt",
    Topic.CHAT: "chat.{}.json",
    Topic.EVENTS: "event.{}.json",
}


def golden_files(scene: Scene) -> dict[str, str]:
    """The files of a scene by name: each format in each language, and the attributes all of them share."""
    files = {}
    for language in Language:
        for topic, notification in scene.told(language).items():
            files[_FILES[topic].format(language)] = _readable(notification)
            files["attributes.json"] = _json(notification.attributes)
    return files


def gallery() -> str:
    """The text of docs/notifications.md."""
    return "\n".join([*_introduction(), *(line for scene in SCENES for line in _section(scene))]) + "\n"


def write() -> None:
    """Write the golden files and the gallery; files of scenes that are gone go too."""
    wanted = {GALLERY: gallery()}
    for scene in SCENES:
        wanted |= {GOLDEN / scene.name / name: text for name, text in golden_files(scene).items()}
    for path in GOLDEN.glob("*/*"):
        if path not in wanted:
            path.unlink()
    for folder in GOLDEN.glob("*"):
        if not any(folder.iterdir()):
            folder.rmdir()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _readable(notification: Notification) -> str:
    if notification.topic is Topic.ALERTS:
        return f"Subject: {notification.subject}\n\n{notification.body}"
    return _json(json.loads(notification.body))


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _introduction() -> Iterator[str]:
    yield f"""# Notifications

<!-- Generated from tests/messages/golden. Do not edit: run `{COMMAND}`. -->

Every message the monitor sends, in each format. The examples are golden files: tests compare them with what
the code renders, and this page with them. After a change of wording `{COMMAND}` writes both anew.

| topic | for | what arrives |
|---|---|---|
| alerts | people, by mail and SMS | a subject for a watch, a first line for an SMS, then all of it |
| chat | Slack and Teams | a card; all cards of a task share a thread |
| events | programs | a CloudEvent (JSON), described by [notification.schema.json](notification.schema.json) |

- The **subject** is `[KIND] name (task id): what`, printable ASCII, at most 99 characters, in English
  whatever `DISPLAY_LANGUAGE` says: mail rules can rely on it.
- **Texts** are in `DISPLAY_LANGUAGE` (`en` or `zh`), times in `DISPLAY_TIMEZONE` next to UTC.
  Here English is shown with UTC, Chinese with Asia/Shanghai. UCloud's own words (status, reason) are never
  translated.
- The **event id** is the same in all formats and in every repeat. All messages of an **incident**, the
  time from a failure until the task is healthy, finished or stopped, carry one incident id: the event id of
  its first failure.
- **Message attributes** are the same on all topics, for [filter policies](filter-policies.md).
- A program that must not act twice drops duplicates by event id: see
  [examples/consumer.py](examples/consumer.py).

| situation | watch |
|---|---|"""
    for scene in SCENES:
        subject = scene.told(Language.EN)[Topic.ALERTS].subject
        yield f"| [{scene.title}](#{scene.name}) | {_inline(subject)} |"
    yield ""


def _section(scene: Scene) -> Iterator[str]:
    english, chinese = scene.told(Language.EN), scene.told(Language.ZH)
    mail = english[Topic.ALERTS]
    yield f'## <a id="{scene.name}"></a>{scene.title}\n\n{scene.meaning}\n'
    yield f"**Watch**: {_inline(mail.subject)}\n"
    yield f"**SMS, first line**: {_inline(mail.body.splitlines()[0])}\n"
    yield from _shown("Mail", mail.body)
    yield from _shown("Card", _card(english[Topic.CHAT]))
    if Topic.EVENTS in english:
        yield from _folded("CloudEvent", _block("json", _json(json.loads(english[Topic.EVENTS].body))))
    yield from _folded("Message attributes", _block("json", _json(mail.attributes)))
    zh = [
        *_shown("Mail", chinese[Topic.ALERTS].body),
        *_shown("Card", _card(chinese[Topic.CHAT])),
    ]
    yield from _folded("中文", "\n".join(zh).rstrip())


def _card(notification: Notification) -> str:
    content = json.loads(notification.body)["content"]
    steps = "\n".join(f"- {step}" for step in content["nextSteps"])
    return f"{content['title']}\n\n{content['description']}\n\n{steps}\n"


def _shown(title: str, text: str) -> Iterator[str]:
    yield f"**{title}**\n\n{_block('text', text)}\n"


def _folded(title: str, content: str) -> Iterator[str]:
    yield f"<details><summary>{title}</summary>\n\n{content}\n\n</details>\n"


def _block(language: str, text: str) -> str:
    # Cards hold backticks of their own.
    return f"~~~{language}\n{text.rstrip()}\n~~~"


def _inline(text: str) -> str:
    return f"``{text}``" if "`" in text else f"`{text}`"


if __name__ == "__main__":
    write()
