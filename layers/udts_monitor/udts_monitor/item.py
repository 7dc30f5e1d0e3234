"""How the monitor's data look as items of the table, and back. Every item says its schema version."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from udts_monitor import wording
from udts_monitor.assessment import Assessment
from udts_monitor.event import Event, Severity
from udts_monitor.notification import Notification, Topic
from udts_monitor.observation import Position, Progress
from udts_monitor.outage import Outage
from udts_monitor.outbox import Pending
from udts_monitor.phrases import Language
from udts_monitor.ports import Heartbeat
from udts_monitor.silence import Silence
from udts_monitor.state import Incident, Journey, TaskState, Unanswered
from udts_monitor.tasks import TaskRef
from udts_monitor.text import cut
from udts_monitor.times import iso, moment

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

type Item = dict[str, Any]

# Fields come and go without a new one: what is missing has a default, what is unknown is left alone. It rises
# with the first change for which that does not hold, and then reading begins with it.
SCHEMA = 1
STATE = "STATE"
OUTBOX = "OUTBOX"
MONITOR = "MONITOR"
RUN = "RUN"
OUTAGE_PREFIX = "outage "
SILENCE_PREFIX = "SILENCE#"
_ERROR_LIMIT = 500


def history_pk(task_key: str) -> str:
    """The partition that holds a task's history."""
    return f"TASK#{task_key}"


def state_item(task: TaskRef, state: TaskState) -> Item:
    """The one item of a task that says how it is now."""
    return _written(
        {
            "pk": STATE,
            "sk": task.key,
            "task_name": task.display_name,
            "task_type": task.type,
            "outcome": state.outcome,
            **_fields(state),
        }
    )


def state_from(item: Mapping[str, Any]) -> TaskState:
    """A stored state; fields that an earlier schema did not have take their defaults."""
    values = _known(TaskState, item)
    incident, gap = values.get("incident"), values.get("unanswered")
    progress, position, journey = values.get("progress"), values.get("position"), values.get("journey")
    for name in ("since", "seen_at", "sampled_at", "left_off_at"):
        if values.get(name):
            values[name] = moment(values[name])
    values["unknown_told"] = tuple(values.get("unknown_told", ()))
    if incident:
        since = moment(incident["since"])
        values["incident"] = Incident(**{**_known(Incident, incident), "since": since})
    if gap:
        since, told_with = moment(gap["since"]), tuple(gap.get("told_with", ()))
        values["unanswered"] = Unanswered(
            **{**_known(Unanswered, gap), "since": since, "told_with": told_with}
        )
    if journey:
        begun_at = moment(journey["begun_at"])
        values["journey"] = Journey(**{**_known(Journey, journey), "begun_at": begun_at})
    if progress:
        values["progress"] = Progress(**_known(Progress, progress))
    if position:
        values["position"] = Position(**_known(Position, position))
    return TaskState(**values)


def transition_item(assessment: Assessment, retention: timedelta) -> Item:
    """A change of status, as the history keeps it."""
    return _history(assessment, retention, what="transition", previous_status=assessment.before.status)


def sample_item(assessment: Assessment, retention: timedelta) -> Item:
    """A point of progress without a change of status, as the history keeps it."""
    return _history(assessment, retention, what="sample")


def event_item(event: Event, pk: str, retention: timedelta) -> Item:
    """An event, as the history keeps it; ``published_at`` or ``withheld_at`` fill up topic by topic."""
    return _written(
        {
            "pk": pk,
            "sk": f"{iso(event.time)}#event",
            "what": "event",
            "event_id": event.id,
            "kind": event.kind,
            "severity": event.severity,
            "status": event.status,
            "summary": wording.sentence(event, Language.EN),
            "reason": event.reason,
            "incident_id": event.incident_id,
            "tasks": event.tasks,
            "expires_at": _epoch(event.time + retention),
        }
    ) | {"published_at": {}, "withheld_at": {}}


def outbox_item(notification: Notification, history: Mapping[str, Any], owner: str, until: datetime) -> Item:
    """A notification on its way, born claimed by the run that writes it.

    Args:
        notification: what to publish.
        history: the event's item in the history, where publishing leaves its mark.
        owner: the run.
        until: when the run cannot be alive any more.
    """
    return _written(
        {
            "pk": OUTBOX,
            "sk": f"{iso(notification.time)}#{notification.event_id}#{notification.topic}",
            **_fields(notification),
            "history_pk": history["pk"],
            "history_sk": history["sk"],
            "lease_owner": owner,
            "lease_until": iso(until),
            "attempts": 0,
        }
    )


def notification_from(item: Mapping[str, Any]) -> Notification:
    """The notification in an item of the outbox; what the first version did not write, it wrote elsewhere."""
    _check_texts(item, "event_id", "kind", "task_key", "body")
    return Notification(
        event_id=item["event_id"],
        kind=item["kind"],
        task_key=item["task_key"],
        topic=Topic(item["topic"]),
        time=moment(item["time"]),
        severity=Severity(item.get("severity") or item["attributes"]["severity"]),
        incident_id=item.get("incident_id", ""),
        summary=item.get("summary") or item.get("subject") or f"{item['task_key']}: {item['kind']}",
        subject=item.get("subject", ""),
        body=item["body"],
        attributes=dict(item["attributes"]),
    )


def pending_from(item: Mapping[str, Any]) -> Pending:
    """A notification in the outbox, with its lease and its attempts."""
    return Pending(
        notification=notification_from(item),
        sk=item["sk"],
        history=(item["history_pk"], item["history_sk"]),
        lease_owner=item["lease_owner"],
        lease_until=moment(item["lease_until"]),
        attempts=int(item["attempts"]),
        permanent=item.get("permanent", False),
        digest_id=item.get("digest_id", ""),
    )


def outage_attribute(cause: str) -> str:
    """The attribute of the heartbeat item for an open outage: one each, so that a condition guards it."""
    return OUTAGE_PREFIX + cause


def outage_value(outage: Outage) -> Item:
    """An open outage as the heartbeat item holds it."""
    return {name: plain(value) for name, value in _fields(outage).items()}


def outage_from(value: Mapping[str, Any]) -> Outage:
    """An open outage in the heartbeat item."""
    again = value.get("told_again_at")
    times = {"since": moment(value["since"]), "told_again_at": moment(again) if again else None}
    return Outage(**{**_known(Outage, value), **times})


def silence_item(silence: Silence) -> Item:
    """A silence stands in the outbox, which every run reads anyway, behind all notifications."""
    return _written({"pk": OUTBOX, "sk": silence_sk(silence), **_fields(silence)})


def silence_sk(silence: Silence) -> str:
    """One silence a scope."""
    return f"{SILENCE_PREFIX}{silence.scope}"


def silence_from(item: Mapping[str, Any]) -> Silence:
    """The silence in an item of the outbox."""
    _check_texts(item, "scope", "by")
    times = {name: moment(item[name]) for name in ("since", "until")}
    return Silence(**{**_known(Silence, item), **times})


def heartbeat_from(item: Mapping[str, Any]) -> Heartbeat:
    """What the heartbeat item holds beside the summary."""
    open_ones = [(name, item[name]) for name in sorted(item) if name.startswith(OUTAGE_PREFIX)]
    outages, unreadable = readable(outage_from, open_ones)
    counted, _ = readable(moment, [("at", item.get("listeners_at"))])
    return Heartbeat(
        outages=tuple(outages.values()),
        listeners=item.get("listeners", {}),
        listeners_at=counted.get("at"),
        unreadable=unreadable,
    )


def readable[T](
    read: Callable[[Any], T], values: Iterable[tuple[str, Any]]
) -> tuple[dict[str, T], dict[str, str]]:
    """What the values say, by name, and of those that a person or another version wrote the problem."""
    found, problems = {}, {}
    for name, value in values:
        try:
            found[name] = read(value)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            problems[name] = f"{type(error).__name__}: {error}"
    return found, problems


def shortened(error: str) -> str:
    """An error as the table keeps it."""
    return cut(error, _ERROR_LIMIT)


def _check_texts(item: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if not isinstance(item[name], str):
            raise TypeError(f"{name} is no text")


def _history(assessment: Assessment, retention: timedelta, **more: str) -> Item:
    after = assessment.after
    return _written(
        {
            "pk": history_pk(assessment.task.key),
            "sk": f"{iso(assessment.at)}#{more['what']}",
            "version": after.version,
            "status": after.status,
            "outcome": after.outcome,
            "reason": after.failed_message,
            "progress": _fields(after.progress) if after.progress else None,
            "position": _fields(after.position) if after.position else None,
            "retries_used": after.retries_used,
            "retries_allowed": after.retries_allowed,
            "expires_at": _epoch(assessment.at + retention),
            **more,
        }
    )


def _fields(value: "DataclassInstance") -> Item:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _known(kind: type[Any], item: Mapping[str, Any]) -> Item:
    names = {field.name for field in dataclasses.fields(kind)}
    return {name: value for name, value in item.items() if name in names}


def _written(item: Item) -> Item:
    """Without empty values: absent and empty mean the same here, and absent costs nothing."""
    kept = {name: value for name, value in item.items() if value is not None and value not in ("", ())}
    return {name: plain(value) for name, value in kept.items()} | {"schema": SCHEMA}


def plain(value: Any) -> Any:  # noqa: ANN401 - any field of our dataclasses
    """As DynamoDB stores it: times as ISO text, floats as Decimal, dataclasses as maps."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain(_fields(value))
    match value:
        case datetime():
            return iso(value)
        case bool():
            return value
        case float():
            return Decimal(str(value))
        case str():
            return str(value)
        case tuple() | list():
            return [plain(item) for item in value]
        case Mapping():
            kept = {name: part for name, part in value.items() if part is not None and part not in ("", ())}
            return {str(name): plain(part) for name, part in kept.items()}
        case _:
            return value


def _epoch(time: datetime) -> int:
    return int(time.timestamp())
