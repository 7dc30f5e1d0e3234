"""Notifications: one event on its way to one topic."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from udts_monitor import alert, chat, cloudevent
from udts_monitor.event import Event, Severity
from udts_monitor.report import report
from udts_monitor.text import cut, one_line
from udts_monitor.wording import Display

# SNS refuses an attribute with an empty value; this stands for "there is none".
NOTHING = "-"
_ATTRIBUTE_LIMIT = 256


class Topic(StrEnum):
    """One topic for each audience."""

    ALERTS = "alerts"
    CHAT = "chat"
    EVENTS = "events"


# Topics that people read: they may be silenced, and many messages become one.
PEOPLE = frozenset({Topic.ALERTS, Topic.CHAT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One event, rendered for one topic.

    It is rendered when the event is saved, so that a later version of the program publishes what the event
    meant when it happened.

    Attributes:
        time: the event's, which is also the order of publishing.
        severity: the event's.
        incident_id: the event's, empty outside incidents.
        summary: the event in one sentence, for a digest.
        subject: empty for topics without one.
        attributes: message attributes, all of type String, none empty.
    """

    event_id: str
    kind: str
    task_key: str
    topic: Topic
    time: datetime
    severity: Severity
    incident_id: str
    summary: str
    subject: str
    body: str
    attributes: Mapping[str, str]


def notifications(
    events: Iterable[Event], topics: Iterable[Topic], display: Display
) -> tuple[Notification, ...]:
    """Every event for every topic that is on, in the order of telling."""
    topics = tuple(topics)
    return tuple(found for event in events for found in _rendered(event, topics, display))


def attributes(event: Event) -> dict[str, str]:
    """The message attributes every message carries, for filter policies."""
    values = {
        "event": event.kind,
        "severity": event.severity,
        "task_id": event.task.task_id,
        "task_name": event.task.display_name,
        "project_id": event.task.project_id,
        "task_type": event.task.type,
        "status": event.status,
    }
    return {name: cut(one_line(value), _ATTRIBUTE_LIMIT) or NOTHING for name, value in values.items()}


def _rendered(event: Event, topics: Iterable[Topic], display: Display) -> Iterable[Notification]:
    said = report(event, display)
    for topic in topics:
        subject = ""
        match topic:
            case Topic.ALERTS:
                subject = alert.subject(event)
                body = alert.text(event, said, display.language)
            case Topic.CHAT:
                body = chat.card(event, said, display.language)
            case Topic.EVENTS:
                body = cloudevent.render(event, said)
        yield Notification(
            event_id=event.id,
            kind=event.kind,
            task_key=event.task.key,
            topic=topic,
            time=event.time,
            severity=event.severity,
            incident_id=event.incident_id,
            summary=said.sentence,
            subject=subject,
            body=body,
            attributes=attributes(event),
        )
