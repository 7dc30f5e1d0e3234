"""The golden files, and docs/notifications.md made of them.

``.venv/bin/python -m tests.messages.gallery`` writes both anew; read the difference before you commit it.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from local.template import PROJECT, load
from tests.messages.scene import Scene
from tests.messages.scenes import SCENES
from udts_monitor.messages.phrases import Language
from udts_monitor.outbox.notification import Notification, Topic

GOLDEN = Path(__file__).with_name("golden")
GALLERY = PROJECT / "docs" / "notifications.md"
COMMAND = ".venv/bin/python -m tests.messages.gallery"

_FILES: Mapping[Topic, str] = {
    Topic.ALERTS: "alert.{}.txt",
    Topic.PAGER: "pager.{}.txt",
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
    sections = (line for scene in SCENES for line in _section(scene))
    return "\n".join([*_introduction(), *sections, *_alarms()]) + "\n"


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
    if notification.topic is Topic.PAGER:
        return f"{notification.body}\n"
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
| alerts | people, by mail | a subject for a watch; what happened, what to do, why, the facts, where to look |
| pager | people, by SMS or paging | one part of an SMS: what is critical, its end, a blind monitor |
| chat | Slack and Teams | a card; a thread for each incident, red or yellow, green at its end |
| events | programs | a CloudEvent (JSON), described by [notification.schema.json](notification.schema.json) |

- Line 1 of a text says what happened, **line 2 what to do**: *Act now*, *Act by* a moment, *Wait* or
  *Nothing to do*, and the step. So do a subject after its colon, the first line of a card, and a page.
- The **subject** is `[KIND] name (task id): decision and reason`, at most 99 characters. Up to the colon
  it is printable ASCII and the same in every language: mail rules can rely on it. What follows is in
  `DISPLAY_LANGUAGE`; an SNS that refuses it gets it in English and plain ASCII.
- **Texts** are in `DISPLAY_LANGUAGE` (`en` or `zh`), times in `DISPLAY_TIMEZONE` next to UTC.
  Here English is shown with UTC, Chinese with Asia/Shanghai. UCloud's own reasons are never translated.
- **Advice** comes from UCloud's FAQ, with the number of its entry. Of a failure without advice only the
  general way out is said.
- The **event id** is the same in all formats and in every repeat. All messages of an **incident** carry
  its id: the event id of its first message.
- **Message attributes** are the same on all topics, for [filter policies](filter-policies.md).
- A program that must not act twice drops duplicates by `source` and `id`: see
  [examples/consumer.py](examples/consumer.py); [examples/pagerduty.py](examples/pagerduty.py) opens,
  acknowledges and resolves incidents of PagerDuty.
- What is published more than five minutes after it happened says so, with both moments.

| situation | watch |
|---|---|"""
    for scene in SCENES:
        subject = scene.told(Language.EN)[Topic.ALERTS].subject
        yield f"| [{scene.title or scene.name}](#{scene.name}) | {_inline(subject)} |"
    yield ""


def _section(scene: Scene) -> Iterator[str]:
    english, chinese = scene.told(Language.EN), scene.told(Language.ZH)
    mail = english[Topic.ALERTS]
    yield f'## <a id="{scene.name}"></a>{scene.title or scene.name}\n\n{scene.meaning}\n'
    yield f"**Watch**: {_inline(mail.subject)}\n"
    if Topic.PAGER in english:
        yield f"**Page**: {_inline(english[Topic.PAGER].body)}\n"
    yield from _shown("Mail", mail.body)
    yield from _shown("Card", _card(english[Topic.CHAT]))
    if Topic.EVENTS in english:
        yield from _folded("CloudEvent", _block("json", _json(json.loads(english[Topic.EVENTS].body))))
    yield from _folded("Message attributes", _block("json", _json(mail.attributes)))
    zh = [
        f"**Watch**: {_inline(chinese[Topic.ALERTS].subject)}\n",
        *([f"**Page**: {_inline(chinese[Topic.PAGER].body)}\n"] if Topic.PAGER in chinese else []),
        *_shown("Mail", chinese[Topic.ALERTS].body),
        *_shown("Card", _card(chinese[Topic.CHAT])),
    ]
    yield from _folded("中文", "\n".join(zh).rstrip())


def _alarms() -> Iterator[str]:
    """CloudWatch's own messages, of which only name and description are ours."""
    yield """## <a id="alarms"></a>Alarms about the monitor itself

CloudWatch sends these to the alerts, pager and chat topics, in English and in its own form: the subject of a
mail is `ALARM: "<name>" in <region>`, and `OK: ...` when it is over. Name and description are ours. They
carry no message attributes, so a subscription with a filter policy does not get them.

CloudWatch 会将以下告警发送到 alerts、pager 和 chat 主题（英文，格式由 CloudWatch 决定）；
恢复时主题为 `OK: ...`。

| alarm | description |
|---|---|"""
    resources = load()["Resources"].values()
    for found in resources:
        if found["Type"] == "AWS::CloudWatch::Alarm":
            properties = found["Properties"]
            name = properties["AlarmName"]["Fn::Sub"].replace("${AWS::StackName}", "udts-monitor")
            yield f"| `{name}` | {' '.join(properties['AlarmDescription'].split())} |"


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
