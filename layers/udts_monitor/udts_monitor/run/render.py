"""Events as notifications: each rendered for each topic that is on."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from udts_monitor.decision.event import Action, Event, Severity
from udts_monitor.messages import alert, chat, cloudevent, pager
from udts_monitor.messages import digest as digests
from udts_monitor.messages.display import Display
from udts_monitor.messages.figures import format_time
from udts_monitor.messages.markup import escaped
from udts_monitor.messages.phrases import Language, Text
from udts_monitor.messages.report import Report, report
from udts_monitor.messages.situation import Urgency
from udts_monitor.outbox.notification import Notification, Topic
from udts_monitor.run.settings import RunSettings
from udts_monitor.task import MONITOR
from udts_monitor.text import ascii_line, one_line, truncate

# SNS refuses an attribute with an empty value; this stands for "there is none".
NOTHING = "-"
_ATTRIBUTE_LIMIT = 256
_LATE_LINE = Text(
    "Sent late, on {now}: all of this is as it was on {then}.",
    "延迟发送（{now}）：以上内容为 {then} 时的情况。",
)


def notifications(
    events: Iterable[Event], topics: Iterable[Topic], settings: RunSettings
) -> tuple[Notification, ...]:
    """Every event that NOTIFY_ON lets through for every topic it is meant for, in the order of telling."""
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
        if topic is Topic.PAGER and not pager.wants(event):
            continue
        found = Notification(
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
            headline=said.headline,
            urgency=said.urgency,
            act_by=said.act_by,
            step=said.step,
            body=_body(event, said, topic, display),
            attributes=attributes(event),
        )
        yield _with_subject(found, event, said, display) if topic is Topic.ALERTS else found


def _body(event: Event, said: Report, topic: Topic, display: Display) -> str:
    match topic:
        case Topic.ALERTS:
            return alert.text(event, said, display.language)
        case Topic.PAGER:
            return pager.text(event, said, display)
        case Topic.CHAT:
            return chat.card(event, said, display.language)
        case Topic.EVENTS:
            return cloudevent.render(event, said, display)


def _with_subject(found: Notification, event: Event, said: Report, display: Display) -> Notification:
    subject = alert.subject(event, said)
    if subject.isascii():
        return replace(found, subject=subject, ascii_subject=subject)
    english = report(event, replace(display, language=Language.EN))
    return replace(found, subject=subject, ascii_subject=ascii_line(alert.ascii_subject(event, english)))


def on_time(notification: Notification, now: datetime, display: Display) -> Notification:
    """As it is published now: what comes late to people says so, with the moments of both."""
    late = now - notification.time > digests.LATE
    if not late or notification.topic not in {Topic.ALERTS, Topic.CHAT}:
        # A page names its moment, and an event has its time.
        return notification
    line = _LATE_LINE.to(
        display.language,
        now=format_time(now, display.zone),
        then=format_time(notification.time, display.zone),
    )
    if notification.topic is Topic.CHAT:
        return replace(notification, body=chat.with_line(notification.body, escaped(line)))
    # Below the sentence and the decision.
    first, second, *rest = notification.body.split("\n")
    return replace(notification, body="\n".join([first, second, line, *rest]))


def digest_id(members: Iterable[Notification]) -> str:
    """The id of a digest that begins with these members."""
    return digests.digest_id(member.event_id for member in members)


def digest(
    identity: str, members: Sequence[Notification], topic: Topic, now: datetime, display: Display
) -> Notification:
    """One notification for many.

    Args:
        identity: its id. A repeat has the same, also when some of the members are marked already.
        members: at least one, all of this topic.
        topic: one that people read.
        now: when it is published.
        display: how texts look.
    """
    found = digests.digest(identity, _entries(members), now, display)
    english = replace(display, language=Language.EN)
    plain = digests.digest(identity, _entries(members), now, english)
    return _as_notification(found, plain, topic, display)


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
        topic: one that people read.
        now: when it is published.
        display: how texts look.
    """
    lasting = [member for member in members if member.incident_id and member.incident_id in open_now]
    over = [member for member in members if member not in lasting]
    parts = identity, _entries(lasting), _entries(over), now
    found = digests.silence_end(*parts, display)
    plain = digests.silence_end(*parts, replace(display, language=Language.EN))
    return _as_notification(found, plain, topic, display)


def _entries(members: Iterable[Notification]) -> list[digests.Entry]:
    return [
        digests.Entry(
            event_id=member.event_id,
            kind=member.kind,
            severity=member.severity,
            time=member.time,
            name=member.attributes["task_name"],
            summary=member.summary,
            urgency=Urgency(member.urgency or Urgency.WAIT),
            act_by=member.act_by,
            headline=member.headline,
            step=member.step,
        )
        for member in members
    ]


def _as_notification(
    found: digests.Digest, plain: digests.Digest, topic: Topic, display: Display
) -> Notification:
    mail = topic is Topic.ALERTS
    renderers = {Topic.CHAT: digests.card, Topic.PAGER: digests.page}
    return Notification(
        event_id=found.identity,
        kind=digests.KIND,
        task_key=MONITOR.key,
        topic=topic,
        time=found.time,
        severity=found.severity,
        summary=found.title,
        subject=digests.subject(found) if mail else "",
        ascii_subject=ascii_line(digests.subject(plain)) if mail else "",
        body=renderers.get(topic, digests.text)(found, display),
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
