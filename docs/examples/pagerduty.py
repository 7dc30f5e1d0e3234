# ruff: noqa: INP001 - a file to copy, no package
"""Opens, acknowledges and resolves incidents of PagerDuty: to put in place of consumer.py's ``act``.

One incident of the monitor is one incident of PagerDuty: the incident's id is the dedup key. The consumer's
table of ids stays around it: a repeat that arrives after the end would open a new incident.

What it needs:

- PAGERDUTY_ROUTING_KEY: the integration key of a service (Events API v2);
- a filter policy that leaves out what nobody has to get up for, such as "Critical or blind" in
  docs/filter-policies.md, and that lets the ends of incidents pass.

Source: PagerDuty, Events API v2: POST /v2/enqueue, answered with 202.
"""

import hashlib
import json
import os
import urllib.request
from typing import Any

URL = "https://events.pagerduty.com/v2/enqueue"
_KEY_LIMIT = 255
_SUMMARY_LIMIT = 1_024
_ACTIONS = {"open": "trigger", "update": "trigger", "close": "resolve"}


def act(event: dict[str, Any]) -> None:
    """Tell PagerDuty. Raises HTTPError or URLError when it does not take it: the event then comes back."""
    for call in calls(event):
        request = urllib.request.Request(  # noqa: S310 - the address is the operator's own
            os.environ.get("PAGERDUTY_URL", URL),
            data=json.dumps(call).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10):  # noqa: S310 - as above
            pass


def calls(event: dict[str, Any]) -> list[dict[str, Any]]:
    """The calls for one event; none for what belongs to no incident."""
    data = event["data"]
    action = _ACTIONS.get(data["incident_action"])
    if action == "resolve":
        return [_call(incident, "resolve") for incident in data["closes"]]
    if action is None:
        return []
    if data["acknowledged"]:
        return [_call(data["incident_id"], "acknowledge")]
    return [_call(data["incident_id"], "trigger") | _what(event)]


def _call(incident: str, action: str) -> dict[str, Any]:
    key = incident if len(incident) <= _KEY_LIMIT else hashlib.sha256(incident.encode()).hexdigest()
    return {
        "routing_key": os.environ["PAGERDUTY_ROUTING_KEY"],
        "event_action": action,
        "dedup_key": key,
    }


def _what(event: dict[str, Any]) -> dict[str, Any]:
    data = event["data"]
    links = {"Console": data["links"]["console"], "Runbook": data["links"]["runbook"]}
    return {
        "payload": {
            "summary": data["summary"][:_SUMMARY_LIMIT],
            "source": data["task"]["id"],
            # PagerDuty's words are critical, error, warning and info.
            "severity": data["severity"],
            "timestamp": event["time"],
            "component": data["task"]["name"],
            "group": data["task"]["project_id"] or "-",
            "class": event["type"],
            "custom_details": {
                "what to do": data["next_steps"],
                "reason": data["reason"],
                "status": data["status"]["current"],
                "owner": data["task"]["owner"],
            },
        },
        "links": [{"href": href, "text": text} for text, href in links.items() if href],
    }
