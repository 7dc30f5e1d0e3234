"""Notifications: one event on its way to one topic."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from udts_monitor import alert, cloudevent
from udts_monitor.event import Event
from udts_monitor.text import cut, one_line

# SNS refuses an attribute with an empty value; this stands for "there is none".
NOTHING = "-"
_ATTRIBUTE_LIMIT = 256


class Topic(StrEnum):
    """One topic for each audience."""

    ALERTS = "alerts"
    EVENTS = "events"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One event, rendered for one topic.

    It is rendered when the event is saved, so that a later version of the program publishes what the event
    meant when it happened.

    Attributes:
        time: the event's, which is also the order of publishing.
        subject: empty for topics whose subscribers are programs.
        attributes: message attributes, all of type String, none empty.
    """

    event_id: str
    kind: str
    task_key: str
    topic: Topic
    time: datetime
    subject: str
    body: str
    attributes: Mapping[str, str]


def notifications(
    events: Iterable[Event], topics: Iterable[Topic], display: alert.Display
) -> tuple[Notification, ...]:
    """Every event for every topic that is on, in the order of telling."""
    topics = tuple(topics)
    return tuple(_render(event, topic, display) for event in events for topic in topics)


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


def _render(event: Event, topic: Topic, display: alert.Display) -> Notification:
    match topic:
        case Topic.ALERTS:
            subject, body = alert.subject(event), alert.text(event, display)
        case Topic.EVENTS:
            subject, body = "", cloudevent.render(event)
    return Notification(
        event_id=event.id,
        kind=event.kind,
        task_key=event.task.key,
        topic=topic,
        time=event.time,
        subject=subject,
        body=body,
        attributes=attributes(event),
    )
