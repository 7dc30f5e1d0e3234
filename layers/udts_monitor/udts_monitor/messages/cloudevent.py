"""The events topic: CloudEvents 1.0 JSON for programs. Fields are added, never renamed or removed."""

import dataclasses
import json
from typing import Any

from udts_monitor.decision.event import Event
from udts_monitor.decision.observation import Position, Progress
from udts_monitor.decision.state import Lifecycle
from udts_monitor.messages import wording
from udts_monitor.messages.report import Report
from udts_monitor.task import NO_PROJECT
from udts_monitor.text import truncate
from udts_monitor.times import iso

SCHEMA_VERSION = "1.0"
DATA_SCHEMA = "urn:udts-monitor:schema:notification:1.0"
# SNS takes 256 KiB in all, and JSON spends up to 12 bytes on a character outside ASCII.
_REASON_LIMIT = 8_000
_TASKS_LIMIT = 500


def render(event: Event, report: Report) -> str:
    """One event as JSON in pure ASCII, so that no hop on the way can garble it."""
    task = event.task
    envelope = {
        "specversion": "1.0",
        "id": event.id,
        "source": f"urn:udts-monitor:{task.project_id or NO_PROJECT}",
        "type": f"udts.task.{event.kind}",
        "subject": task.task_id,
        "time": iso(event.time),
        "datacontenttype": "application/json",
        "dataschema": DATA_SCHEMA,
        "data": _data(event, report),
    }
    return json.dumps(envelope, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def _data(event: Event, report: Report) -> dict[str, Any]:
    task = event.task
    return {
        "schema_version": SCHEMA_VERSION,
        "summary": report.sentence,
        "severity": event.severity,
        "incident_id": event.incident_id or None,
        "task": {
            "id": task.task_id,
            "name": task.display_name,
            "project_id": task.project_id or None,
            "type": task.type or None,
        },
        "status": {
            "previous": event.previous_status or None,
            "current": event.status or None,
            "since": iso(event.since),
        },
        "reason": truncate(event.reason, _REASON_LIMIT) or None,
        "advice": report.advice or None,
        "restart_enough": report.restart_enough,
        "next_steps": list(report.steps),
        "progress": _figures(event.progress),
        "position": _figures(event.position),
        "retries": {"used": event.retries_used, "allowed": event.retries_allowed},
        "resume_until": iso(event.resume_until) if event.resume_until else None,
        "incident_since": iso(event.incident_since) if event.incident_since else None,
        "lifecycle": _lifecycle(event.lifecycle),
        "tasks": list(event.tasks[:_TASKS_LIMIT]),
        "links": {"console": wording.CONSOLE},
    }


def _lifecycle(lifecycle: Lifecycle | None) -> dict[str, Any] | None:
    if lifecycle is None:
        return None
    return {
        "started_at": iso(lifecycle.started_at),
        "seconds": dict(lifecycle.seconds),
        "failures": lifecycle.failures,
        "unanswered_seconds": lifecycle.unanswered_seconds,
    }


def _figures(part: Progress | Position | None) -> dict[str, Any] | None:
    if part is None:
        return None
    return {name: None if value == "" else value for name, value in dataclasses.asdict(part).items()}
