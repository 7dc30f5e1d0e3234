"""Events as notifications: each rendered for each topic that is on."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from udts_monitor.decision.event import Action, Event, Severity
from udts_monitor.messages import alert, chat, cloudevent
from udts_monitor.messages import digest as digests
from udts_monitor.messages.phrases import Language
from udts_monitor.messages.report import report
from udts_monitor.messages.wording import Display
from udts_monitor.outbox.notification import Notification, Topic
from udts_monitor.run.settings import RunSettings
from udts_monitor.task import MONITOR
from udts_monitor.text import one_line, truncate

# SNS refuses an attribute with an empty value; this stands for "there is none".
NOTHING = "-"
_ATTRIBUTE_LIMIT = 256


def notifications(
    events: Iterable[Event], topics: Iterable[Topic], settings: RunSettings
) -> tuple[Notification, ...]:
    """Every event that NOTIFY_ON lets through for every topic, in the order of telling."""
    topics = tuple(topics)
    through = [event for event in events if settings.policy.lets_through(event.kind)]
    return tuple(found for event in through for found in _rendered(event, topics, settings.display))


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
        "incident_action": event.action,
        "owner": event.task.owner,
    }
    return {name: truncate(one_line(value), _ATTRIBUTE_LIMIT) or NOTHING for name, value in values.items()}


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
            aspect=event.aspect,
            action=event.action,
            incident_id=event.incident_id,
            summary=said.sentence,
            subject=subject,
            body=body,
            attributes=attributes(event),
        )


def digest_id(members: Iterable[Notification]) -> str:
    """The id of a digest that begins with these members."""
    return digests.digest_id(member.event_id for member in members)


def digest(
    identity: str, members: Sequence[Notification], topic: Topic, now: datetime, language: Language
) -> Notification:
    """One notification for many.

    Args:
        identity: its id. A repeat has the same, also when some of the members are marked already.
        members: at least one, all of this topic.
        topic: alerts or chat.
        now: when it is published.
        language: of the text; the subject is English in any case.
    """
    found = digests.digest(identity, _entries(members), language)
    return _as_notification(found, topic, now, language)


def silence_end(  # noqa: PLR0913, PLR0917 - one message, and all it says
    identity: str,
    members: Sequence[Notification],
    open_now: Collection[str],
    topic: Topic,
    now: datetime,
    display: Display,
) -> Notification:
    """One notification for what silences held back: what is open now, and what came and went.

    Args:
        identity: its id.
        members: at least one, all of this topic; of each matter the latest.
        open_now: ids of the incidents that are open.
        topic: alerts or chat.
        now: when it is published.
        display: how texts look.
    """
    lasting = [member for member in members if member.incident_id and member.incident_id in open_now]
    over = [member for member in members if member not in lasting]
    found = digests.silence_end(identity, _entries(lasting), _entries(over), display)
    return _as_notification(found, topic, now, display.language)


def _entries(members: Iterable[Notification]) -> list[digests.Entry]:
    return [
        digests.Entry(
            event_id=member.event_id,
            kind=member.kind,
            severity=member.severity,
            time=member.time,
            summary=member.summary,
        )
        for member in members
    ]


def _as_notification(found: digests.Digest, topic: Topic, now: datetime, language: Language) -> Notification:
    return Notification(
        event_id=found.identity,
        kind=digests.KIND,
        task_key=MONITOR.key,
        topic=topic,
        time=now,
        severity=found.severity,
        summary=found.title,
        subject="" if topic is Topic.CHAT else digests.subject(found),
        body=digests.card(found) if topic is Topic.CHAT else digests.text(found, language),
        attributes=_attributes_of_digest(found.severity),
    )


def _attributes_of_digest(severity: Severity) -> dict[str, str]:
    """As every message carries them; a digest is of no one task."""
    return {
        "event": digests.KIND,
        "severity": severity,
        "task_id": MONITOR.task_id,
        "task_name": MONITOR.display_name,
        "project_id": NOTHING,
        "task_type": NOTHING,
        "status": NOTHING,
        "incident_action": Action.NONE,
        "owner": NOTHING,
    }
