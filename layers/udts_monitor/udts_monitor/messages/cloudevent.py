"""The events topic: CloudEvents 1.0 JSON for programs. Fields are added, never renamed or removed."""

import dataclasses
import json
from datetime import datetime
from typing import Any

from udts_monitor.decision.estimate import Estimate
from udts_monitor.decision.event import Event
from udts_monitor.decision.observation import Lag, Position, Progress
from udts_monitor.decision.state import Acknowledgement, Lifecycle
from udts_monitor.messages.display import Display
from udts_monitor.messages.failures import FAQ
from udts_monitor.messages.phrases import Language
from udts_monitor.messages.report import Report
from udts_monitor.messages.situation import situation_of
from udts_monitor.text import truncate
from udts_monitor.times import iso

SCHEMA_VERSION = "1.0"
DATA_SCHEMA = "urn:udts-monitor:schema:notification:1.0"
# SNS takes 256 KiB in all, and JSON spends up to 12 bytes on a character outside ASCII.
_REASON_LIMIT = 8_000
_TASKS_LIMIT = 500


def render(event: Event, report: Report, display: Display) -> str:
    """One event as JSON in pure ASCII, so that no hop on the way can garble it."""
    envelope = {
        "specversion": "1.0",
        "id": event.id,
        "source": display.origin.urn,
        "type": f"udts.task.{event.kind}",
        "subject": event.task.task_id,
        "time": iso(event.time),
        "datacontenttype": "application/json",
        "dataschema": DATA_SCHEMA,
        "data": _data(event, report, display),
    }
    return json.dumps(envelope, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def _data(event: Event, report: Report, display: Display) -> dict[str, Any]:
    task, advice = event.task, report.advice
    resumable = situation_of(event).may_start_again or situation_of(event).too_late
    return {
        "schema_version": SCHEMA_VERSION,
        "summary": report.sentence,
        "severity": event.severity,
        "incident_id": event.incident_id or None,
        "incident_action": event.action,
        "incident_since": _time(event.incident_since),
        "closes": list(event.closes),
        "acknowledged": _figures(event.acknowledged),
        "aspect": event.aspect or None,
        "task": {
            "id": task.task_id,
            "name": task.display_name,
            "project_id": task.project_id or None,
            "type": task.type or None,
            "owner": task.owner or None,
            "runbook": task.runbook or None,
        },
        "status": {
            "previous": event.previous_status or None,
            "current": event.status or None,
            "since": iso(event.since),
            "last_seen_at": _time(event.last_seen_at),
        },
        "cause": event.cause or None,
        "reason": truncate(event.reason, _REASON_LIMIT) or None,
        "decision": {"code": report.code, "urgency": report.urgency, "act_by": _time(report.act_by)},
        "advice": {"code": advice.code, "text": _advice(report, display.language)} if advice else None,
        "restart_enough": advice.restart_enough if advice else None,
        "next_steps": [report.step, *report.checklist],
        "progress": _figures(event.progress),
        "position": _figures(event.position),
        "lag": _figures(event.lag),
        "figures_at": _time(event.figures_at),
        "expected_end": _figures(event.measured_end),
        "retries": {
            "used": event.retries_used,
            "allowed": event.retries_allowed,
            "exhausted": event.retries_exhausted,
        },
        "reminder": event.reminder or None,
        "resume_until": _time(event.resume_until) if resumable else None,
        "deadline": _time(event.deadline),
        "expires_at": _time(event.expires_at),
        "lifecycle": _figures(event.lifecycle),
        "seen_afterwards": event.seen_afterwards,
        "roll_call": _roll_call(event),
        "tasks": list(event.tasks[:_TASKS_LIMIT]),
        "links": {
            "console": display.console,
            "runbook": task.runbook or None,
            "advice": FAQ if advice else None,
        },
        "request_uuid": event.request_uuid or None,
    }


def _advice(report: Report, language: Language) -> str:
    return report.advice.action.to(language) if report.advice else ""


def _roll_call(event: Event) -> dict[str, Any] | None:
    call = event.roll_call
    if call is None:
        return None
    return {
        "watched": call.watched,
        "outcomes": dict(call.outcomes),
        "unanswered": call.unanswered,
        "open": [
            {
                "task": found.task.key,
                "aspect": found.aspect,
                "status": found.status,
                "since": iso(found.since),
            }
            for found in call.open[:_TASKS_LIMIT]
        ],
        "soon": [
            {"task": found.task.key, "what": found.what, "at": iso(found.at)}
            for found in call.soon[:_TASKS_LIMIT]
        ],
        "subscribers": dict(call.subscribers),
        "ran_at": _time(call.ran_at),
    }


def _time(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None


def _figures(
    part: Acknowledgement | Lag | Lifecycle | Estimate | Position | Progress | None,
) -> dict[str, Any] | None:
    """The fields of a dataclass by their names, unknown ones null."""
    if part is None:
        return None
    found = {field.name: getattr(part, field.name) for field in dataclasses.fields(part)}
    return {name: _plain(value) for name, value in found.items()}


def _plain(value: object) -> object:
    match value:
        case datetime():
            return iso(value)
        case "":
            return None
        case dict():
            return dict(value)
        case _:
            return value
