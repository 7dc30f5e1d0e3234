"""Twelve tasks in trouble of every kind, as an operator finds them one morning."""

import json
from typing import Any

import pytest

from local.simulator import Simulator
from tests.handler.conftest import Clock, Deployed

RUNS = 15  # each five minutes after the last: longer than the standstill that is told
MOVES = {"binlog_name": "mysql-bin.000007", "binlog_pos": 4711}


def loading(rows: int) -> dict[str, int]:
    """How far a load of a million rows is."""
    return {"total_count": 1_000_000, "cur_count": rows}


# The last thing each of them says, after it was healthy.
ENDS: dict[str, dict[str, Any]] = {
    "orders": {"status": "Failed", "failed_message": "Error 1040: Too many connections", "cur_retry": 1},
    "users": {"status": "FailedUnrecoverable", "failed_message": "binlog mysql-bin.000006 was purged"},
    "reports": {"status": "Failed", "failed_message": "Access denied for user 'udts'"},
    "cache": {"status": "Stopped"},
    "billing": {"fault": {"http_status": 503}},
    "stock": {"status": "RetryPending", "failed_message": "connection reset by peer", "cur_retry": 1},
    "search": {"status": "Frobnicating"},
    "carts": {"status": "Loading", "progress": loading(250_000)},
    "prices": {"status": "Syncing", "progress": {"redis_delay_seconds": 900, "redis_offset_size": 7}},
    "mails": {"status": "Loading", "progress": loading(530_240)},
    "media": {"status": "Synced", "position": MOVES},
    "audit": {"status": "Done"},
}
IDS = {name: f"udts-{place}" for place, name in enumerate(ENDS, 1)}


def watch_twelve(monkeypatch: pytest.MonkeyPatch) -> None:
    """By name; one with a threshold of its own."""
    tasks = [{"id": key, "name": name} for name, key in IDS.items()]
    tasks[list(IDS).index("cache")]["stopped_grace_minutes"] = "15"
    monkeypatch.setenv("UDTS_TASKS", json.dumps(tasks).replace('"15"', "15"))


def befall(deployed: Deployed, simulator: Simulator, clock: Clock) -> None:
    """Healthy for a while, then a silence for one of them, then all of it, for more than an hour."""
    for key in IDS.values():
        if key not in {str(task["TaskId"]) for task in simulator.tasks()}:
            simulator.add_task(id=key, max_retry=3, steps=["Syncing"])
        simulator.set_status(key, "Synced", progress={"redis_delay_seconds": 1, "redis_offset_size": 5})
    simulator.set_status(IDS["carts"], "Loading", progress=loading(100_000))
    simulator.set_status(IDS["mails"], "Loading", progress=loading(90_000))
    deployed.run()
    clock.forward(minutes=10)
    deployed.run(
        {
            "command": "silence",
            "scope": "reports",
            "for": "8h",
            "by": "grace",
            "why": "rights are being moved",
        }
    )
    for name, step in ENDS.items():
        simulator.set_step(IDS[name], step)
    for run in range(RUNS):
        clock.forward(minutes=5)
        simulator.set_step(IDS["mails"], ENDS["mails"] | {"progress": loading(90_000 + run * 31_000)})
        deployed.run()
