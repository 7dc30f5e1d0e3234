"""How the monitor's data look as items of the table, and back. Every item says its schema version."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from udts_monitor.adapters.typed import parser, readable
from udts_monitor.adapters.wire import Item
from udts_monitor.decision.aspects import ASPECTS
from udts_monitor.decision.assess import Assessment
from udts_monitor.decision.event import Event
from udts_monitor.decision.outage import Outage
from udts_monitor.decision.schedule import Gap
from udts_monitor.decision.state import TaskState
from udts_monitor.messages.display import ENGLISH
from udts_monitor.messages.report import sentence
from udts_monitor.outbox.notification import Notification
from udts_monitor.outbox.pending import Claim, Pending
from udts_monitor.outbox.silence import Silence
from udts_monitor.run.ports import MonitorItem, OutboxContents
from udts_monitor.task import TaskRef
from udts_monitor.text import truncate
from udts_monitor.times import iso, parse_time

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# It rises with the first change after 1.0 that a reader of today's items could not bear.
SCHEMA = 1
STATE = "STATE"
OUTBOX = "OUTBOX"
MONITOR = "MONITOR"
RUN = "RUN"
OUTAGE_PREFIX = "outage "
SILENCE_PREFIX = "SILENCE#"
_ERROR_LIMIT = 500
_MONITOR_TIMES = ("ran_at", "previous_run_at", "subscribers_at", "listed_at", "roll_called_at")

_parse_state = parser(TaskState)
_parse_pending = parser(Pending)
_parse_notification = parser(Notification)
_parse_silence = parser(Silence)
_parse_outage = parser(Outage)
_parse_subscribers = parser(dict[str, int])
_parse_gaps = parser(tuple[Gap, ...])
_parse_memory: Mapping[str, Callable[[object], Any]] = {
    aspect.name: parser(aspect.memory) for aspect in ASPECTS if aspect.memory
}


def history_pk(task_key: str) -> str:
    """The partition that holds a task's history."""
    return f"TASK#{task_key}"


def state_item(task: TaskRef, state: TaskState) -> Item:
    """The one item of a task that says how it is now."""
    return {
        "pk": STATE,
        "sk": task.key,
        "schema": SCHEMA,
        "task_name": task.display_name,
        "task_type": task.type,
        "outcome": state.outcome,
        **_fields(state),
    }


def state_from(item: Mapping[str, Any]) -> TaskState:
    """A stored state; ValueError when it is none. What an aspect remembered that is gone is left out."""
    memory = item.get("memory", {})
    if isinstance(memory, dict):
        known = memory.keys() & _parse_memory.keys()
        memory = {name: _parse_memory[name](memory[name]) for name in known}
    return _parse_state({**item, "memory": memory})


def states_from(found: Iterable[Item]) -> dict[str, TaskState]:
    """The stored states by task key, without those that cannot be read."""
    return readable(state_from, by_sk(found))[0]


def transition_item(assessment: Assessment, retention: timedelta) -> Item:
    """A change of status, as the history keeps it."""
    return _history(assessment, retention, what="transition", previous_status=assessment.before.status)


def sample_item(assessment: Assessment, retention: timedelta) -> Item:
    """A point of progress without a change of status, as the history keeps it."""
    return _history(assessment, retention, what="sample")


def event_item(event: Event, pk: str, retention: timedelta) -> Item:
    """An event, as the history keeps it; ``published_at`` or ``withheld_at`` fill up topic by topic."""
    return {
        "pk": pk,
        "sk": f"{iso(event.time)}#event",
        "schema": SCHEMA,
        "what": "event",
        "event_id": event.id,
        "kind": event.kind,
        "severity": event.severity,
        "status": event.status,
        "summary": sentence(event, ENGLISH),
        "cause": event.cause,
        "reason": event.reason,
        "since": event.since,
        "aspect": event.aspect,
        "incident_id": event.incident_id,
        "incident_since": event.incident_since,
        "incident_action": event.action,
        "closes": event.closes,
        "tasks": event.tasks,
        "expires_at": _epoch(event.time + retention),
        "published_at": {},
        "withheld_at": {},
    }


def outbox_item(notification: Notification, history: Mapping[str, Any], claim: Claim) -> Item:
    """A notification on its way, born claimed by the run that writes it.

    Args:
        notification: what to publish.
        history: the event's item in the history, where publishing leaves its mark.
        claim: of the run.
    """
    return {
        "pk": OUTBOX,
        "sk": f"{iso(notification.time)}#{notification.event_id}#{notification.topic}",
        "schema": SCHEMA,
        **_fields(notification),
        "history": (history["pk"], history["sk"]),
        "lease_owner": claim.owner,
        "lease_until": claim.until,
        "attempts": 0,
    }


def pending_from(item: Mapping[str, Any]) -> Pending:
    """A notification in the outbox, with its lease and its attempts; ValueError when it is none."""
    notification = _parse_notification(item)
    return _parse_pending({**item, "notification": notification})


def outage_attribute(cause: str) -> str:
    """The attribute of the monitor's item for an open outage: one each, so that a condition guards it."""
    return OUTAGE_PREFIX + cause


def silence_item(silence: Silence) -> Item:
    """A silence stands in the outbox, which every run reads anyway, behind all notifications."""
    return {"pk": OUTBOX, "sk": silence_sk(silence), "schema": SCHEMA, **_fields(silence)}


def silence_sk(silence: Silence) -> str:
    """One silence a scope."""
    return f"{SILENCE_PREFIX}{silence.scope}"


def silence_from(item: Mapping[str, Any]) -> Silence:
    """The silence in an item of the outbox; ValueError when it is none."""
    return _parse_silence(item)


def is_held(item: Mapping[str, Any], silences: Iterable[Silence]) -> bool:
    """A silence itself, or a notification that one holds; what cannot be read is not held."""
    if str(item["sk"]).startswith(SILENCE_PREFIX):
        return True
    pending, _ = readable(pending_from, [("", item)])
    return any(silence.holds(found.notification) for found in pending.values() for silence in silences)


def monitor_from(item: Mapping[str, Any]) -> MonitorItem:
    """The monitor's item. What of it cannot be read counts as not there, but an outage is named."""
    open_ones = [(name, item[name]) for name in sorted(item) if name.startswith(OUTAGE_PREFIX)]
    outages, unreadable = readable(_parse_outage, open_ones)
    times, _ = readable(parse_time, [(name, item.get(name)) for name in _MONITOR_TIMES])
    subscribers, _ = readable(_parse_subscribers, [("subscribers", item.get("subscribers", {}))])
    gaps, _ = readable(_parse_gaps, [("gaps", item.get("gaps", []))])
    texts = {name: text for name in ("cursor", "fingerprint") if isinstance(text := item.get(name), str)}
    return MonitorItem(
        ran_at=times.get("ran_at"),
        previous_run_at=times.get("previous_run_at"),
        gaps=gaps.get("gaps", ()),
        listed_at=times.get("listed_at"),
        roll_called_at=times.get("roll_called_at"),
        cursor=texts.get("cursor", ""),
        fingerprint=texts.get("fingerprint", ""),
        outages=tuple(outages.values()),
        subscribers=subscribers.get("subscribers", {}),
        subscribers_at=times.get("subscribers_at"),
        unreadable=unreadable,
    )


def outbox_from(found: Iterable[Item]) -> OutboxContents:
    """What waits, oldest first, and the silences, in the items of the outbox."""
    silences, others = dict[str, Item](), dict[str, Item]()
    for sk, item in by_sk(found):
        (silences if sk.startswith(SILENCE_PREFIX) else others)[sk] = item
    set_now, not_silences = readable(silence_from, silences.items())
    waiting, not_pending = readable(pending_from, others.items())
    return OutboxContents(
        pending=tuple(waiting.values()),
        silences=tuple(set_now.values()),
        unreadable=not_pending | not_silences,
    )


def by_sk(found: Iterable[Item]) -> Iterator[tuple[str, Item]]:
    """Items with their sort keys."""
    return ((one["sk"], one) for one in found)


def shortened(error: str) -> str:
    """An error as the table keeps it."""
    return truncate(error, _ERROR_LIMIT)


def _history(assessment: Assessment, retention: timedelta, **more: str) -> Item:
    after, gap = assessment.after, assessment.before.unanswered
    return {
        "pk": history_pk(assessment.task.key),
        "sk": f"{iso(assessment.at)}#{more['what']}",
        "schema": SCHEMA,
        "version": after.version,
        "status": after.status,
        "outcome": after.outcome,
        "reason": after.failed_message,
        "progress": after.progress,
        "position": after.position,
        "lag": after.lag,
        "measured_end": after.measured_end,
        "retries_used": after.retries_used,
        "retries_allowed": after.retries_allowed,
        "unanswered_since": gap.since if gap else None,
        "expires_at": _epoch(assessment.at + retention),
        **more,
    }


def changed_fields[T: "DataclassInstance"](before: T, after: T) -> Item:
    """The fields that differ, as they are afterwards."""
    known = _fields(before)
    return {name: value for name, value in _fields(after).items() if value != known[name]}


def _fields(value: "DataclassInstance") -> Item:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _epoch(time: datetime) -> int:
    return int(time.timestamp())
