"""Notifications: one event on its way to one topic."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from udts_monitor.decision.event import Action, Severity
from udts_monitor.task import MONITOR


class Topic(StrEnum):
    """One topic for each audience."""

    ALERTS = "alerts"
    PAGER = "pager"
    CHAT = "chat"
    EVENTS = "events"


# Topics that people read: they may be silenced, and many messages become one.
PEOPLE = frozenset({Topic.ALERTS, Topic.PAGER, Topic.CHAT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One event, rendered for one topic.

    It is rendered when the event is saved, so that a later version of the program publishes what the event
    meant when it happened.

    Attributes:
        time: the event's, which is also the order of publishing.
        aspect: the event's, empty outside incidents.
        action: what the event does to its incident.
        incident_id: the event's, empty outside incidents.
        summary: the event in one sentence, for a digest.
        headline: the event in a few words without its task, for a digest: the same for alike ones.
        urgency: whether somebody has to get up, as in its text.
        act_by: until when, None for no moment.
        step: what to do, for a digest.
        subject: empty for topics without one.
        ascii_subject: the subject in English and plain ASCII, for an SNS that refuses any other.
        attributes: message attributes, all of type String, none empty.
    """

    event_id: str
    kind: str
    task_key: str
    topic: Topic
    time: datetime
    severity: Severity
    aspect: str = ""
    action: Action = Action.NONE
    incident_id: str = ""
    summary: str
    headline: str = ""
    urgency: str = ""
    act_by: datetime | None = None
    step: str = ""
    subject: str = ""
    ascii_subject: str = ""
    body: str
    attributes: Mapping[str, str]

    @property
    def size_bytes(self) -> int:
        """As SNS counts it: body and attributes."""
        texts = (self.body, *self.attributes, *self.attributes.values())
        return sum(len(text.encode()) for text in texts)

    @property
    def ordering_key(self) -> tuple[str, Topic]:
        """What has to be published in order: one task's events on one topic."""
        return self.task_key, self.topic

    @property
    def subject_matter(self) -> tuple[str, Topic, str]:
        """Of what it is the news: of several that are held back only the latest is still news."""
        what = self.incident_id if self.task_key == MONITOR.key else self.aspect
        return self.task_key, self.topic, what or self.kind
