"""What happened to task X: the query of the operating guide, applied to the log of real runs."""

import os
import re
from typing import Any

import boto3
import pytest

from local.template import PROJECT
from tests.handler.conftest import (
    TASKS,
    Clock,
    Deployed,
    Log,
    break_the_outbox,
    mend_the_outbox,
    overtaken,
    refused,
)
from tests.handler.insights import answer
from udts_monitor.errors import RunError, StoreError

GUIDE = PROJECT / "docs" / "operating.md"
SECTION = "## What happened to task X"
EXAMPLE = "org-hiny12/udts-ixdp441"
X, OTHER = "udts-3", "udts-4"
PARAMETER = "/udts-monitor/tasks"
# A word or two, and a number where UCloud or HTTP gave one.
CODE = re.compile(r"[A-Za-z_]{2,20}( [a-z]{2,10})?( \d{3,5})?")
GONE = "arn:aws:sns:us-east-1:123456789012:gone"


def section() -> str:
    """What the guide says about it."""
    return GUIDE.read_text(encoding="utf-8").split(SECTION)[1].split("\n## ")[0]


def query(task: str) -> str:
    """The guide's query, for this task."""
    (found,) = re.findall(r"^```text\n(.+?)^```", section(), re.MULTILINE | re.DOTALL)
    assert f'"{EXAMPLE}"' in found
    return str(found.replace(f'"{EXAMPLE}"', f'"-/{task}"'))


def live(deployed: Deployed, clock: Clock, environment: pytest.MonkeyPatch) -> None:
    """A long story of two tasks among others."""
    simulator, alerts = deployed.simulator, os.environ["ALERTS_TOPIC_ARN"]

    def run(*, minutes: float = 1) -> None:
        clock.forward(minutes=minutes)
        deployed.run()

    environment.setenv("RECOVERED_AFTER_CHECKS", "1")
    environment.setenv("DIGEST_ABOVE", "1")
    run()
    # One cause keeps two tasks from answering, and is told as one event of the monitor.
    for task in (X, OTHER):
        simulator.inject(ret_code=294, message="ip not allowed", task_id=task)
    run()
    simulator.clear_faults()
    run()
    # Told in a digest to people, alone to programs.
    for task in (X, OTHER):
        simulator.set_status(task, "Failed", failed_message="Error 1040: Too many connections")
    run()
    # Back again, while the topic for people is gone; told when that is mended.
    environment.setenv("ALERTS_TOPIC_ARN", GONE)
    simulator.set_status(X, "Syncing")
    with pytest.raises(RunError):
        run()
    environment.setenv("ALERTS_TOPIC_ARN", alerts)
    run(minutes=2)
    # A failure and its end within a silence.
    deployed.run({"command": "silence", "scope": X, "for": "5m", "by": "ada"})
    for status in ("Failed", "Syncing"):
        simulator.set_status(X, status)
        run()
    run(minutes=5)
    run()
    # Another run is faster; somebody has written into the outbox by hand.
    simulator.set_status(X, "Synced")
    deployed.faults["TransactWriteItems"] = overtaken()
    run()
    deployed.faults.clear()
    break_the_outbox()
    with pytest.raises(RunError):
        run()
    mend_the_outbox()
    # The list of tasks moves to a parameter, which then cannot be read.
    boto3.client("ssm").put_parameter(Name=PARAMETER, Value=os.environ["UDTS_TASKS"], Type="String")
    environment.setenv("UDTS_TASKS", f"ssm:{PARAMETER}")
    environment.setattr("udts_monitor.adapters.cached.MAX_AGE_SECONDS", 0.0)
    run()
    deployed.faults["GetParameter"] = refused("ThrottlingException", "GetParameter")
    run()
    deployed.faults.clear()
    # A run that fails as a whole, one that cannot save the task, and the end.
    environment.setenv("TABLE_NAME", "nowhere")
    with pytest.raises(StoreError):
        run()
    environment.setenv("TABLE_NAME", "monitor")
    simulator.set_status(X, "Done")
    deployed.faults["TransactWriteItems"] = refused("ValidationException", "TransactWriteItems")
    with pytest.raises(RunError):
        run()
    deployed.faults.clear()
    run()


def in_short(row: dict[str, Any]) -> str:
    """A row as a person reads it: what, then the notification, the status or the cause."""
    notification = row.get("event_id", "").rpartition("/")[2]
    what = notification or row.get("status") or row.get("cause", "nothing to add")
    way = f" to {row['topic']}" if "topic" in row else ""
    return f"{row['message']}: {what}{way}{' in a digest' if 'digest' in row else ''}"


HAPPENED = [
    "task changed: Syncing",
    "no answer: RetCode 294",
    "task changed: Syncing",
    "published: unreachable to alerts",
    "published: unreachable to events",
    "task changed: Syncing",
    "published: reachable to alerts",
    "published: reachable to events",
    "task changed: Failed",
    "published: failed to alerts in a digest",
    "published: failed to events",
    "task changed: Syncing",
    "not published: recovered to alerts",
    "published: recovered to events",
    "published: recovered to alerts",
    "published: silenced to events",
    "task changed: Failed",
    "published: failed to events",
    "task changed: Syncing",
    "withheld: failed to alerts",
    "published: recovered to events",
    "published: recovered to alerts in a digest",
    "published: silence_ended to events",
    "another run was faster: nothing to add",
    "task changed: Synced",
    "not readable: unreadable_item",
    "task changed: Synced",
    "task list kept: parameter",
    "task changed: Synced",
    "published: cutover_ready to alerts",
    "published: cutover_ready to events",
    "run failed: store",
    "task not processed: store",
    "task changed: Done",
    "published: finished to alerts",
    "published: finished to events",
]


_LINES: list[dict[str, Any]] = []


@pytest.fixture
def lines(request: pytest.FixtureRequest, log: Log, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The log of the story, which is lived once for all tests that look at it."""
    if not _LINES:
        live(request.getfixturevalue("deployed"), request.getfixturevalue("clock"), monkeypatch)
        _LINES.extend(log.lines())
    return _LINES


def test_the_query_tells_what_happened_to_a_task(lines: list[dict[str, Any]]) -> None:
    """All that happened to it, in order; nothing of other tasks, of the monitor what concerns all."""
    rows = answer(query(X), lines)
    assert [in_short(row) for row in rows] == HAPPENED
    concerned = {row.get("task", row["message"]) for row in rows}
    assert concerned == {f"-/{X}", "-/monitor", "task list kept", "run failed"}
    everybody = {line["task"] for line in lines if "task" in line}
    assert everybody == {"-/monitor", *(f"-/{task}" for task in TASKS)}


def test_the_rows_say_why(lines: list[dict[str, Any]]) -> None:
    """Nobody has to open another line to learn the cause."""
    rows: dict[str, dict[str, Any]] = {}
    for row in answer(query(X), lines):
        rows.setdefault(in_short(row), row)
    failed = rows["task changed: Failed"]
    assert (failed["previous_status"], failed["events.0"]) == ("Syncing", "failed")
    assert failed["reason"] == "Error 1040: Too many connections"
    assert "allow-list" in rows["no answer: RetCode 294"]["reason"]
    assert "RetCode 294" in rows["published: unreachable to alerts"]["event_id"]
    unaccepted = rows["not published: recovered to alerts"]
    assert (unaccepted["level"], unaccepted["attempts"]) == ("ERROR", 1)
    assert unaccepted["cause"] == "refused"
    assert GONE in unaccepted["reason"]
    assert "ResourceNotFoundException" in rows["run failed: store"]["reason"]
    assert "ValidationException" in rows["task not processed: store"]["reason"]


def test_the_members_of_a_digest_name_it(lines: list[dict[str, Any]]) -> None:
    """The id stands in the mail; each task that was in it finds it."""
    told = [
        (line["task"], line["event_id"], line["digest"])
        for line in lines
        if "digest" in line and line["event_id"].endswith("/failed")
    ]
    (digest,) = {found for _, _, found in told}
    assert digest.startswith("-/monitor/digest/")
    assert {task for task, _, _ in told} == {f"-/{X}", f"-/{OTHER}"}
    assert all(event.startswith(f"{task}/") for task, event, _ in told)


def test_a_digest_that_is_not_accepted_is_said_of_each_member(
    deployed: Deployed, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line a task, with the reason and the digest; the run adds none."""
    monkeypatch.setenv("DIGEST_ABOVE", "1")
    deployed.run()
    log.forget()
    monkeypatch.setenv("ALERTS_TOPIC_ARN", GONE)
    for task in (X, OTHER):
        deployed.simulator.set_status(task, "Done")
    with pytest.raises(RunError):
        deployed.run()
    assert {line["message"] for line in log.grave()} == {"not published"}
    assert sorted(line["task"] for line in log.grave()) == [f"-/{X}", f"-/{OTHER}"]
    assert len({line["digest"] for line in log.grave()}) == 1
    assert all(GONE in line["reason"] for line in log.grave())


def test_a_cause_is_a_code_and_a_reason_a_sentence(lines: list[dict[str, Any]]) -> None:
    """In every line that alarms somebody: the one to count and filter by, the other to read."""
    grave = [line for line in lines if line["level"] not in {"DEBUG", "INFO"}]
    assert len({line["message"] for line in grave}) >= 5
    assert [line for line in grave if not CODE.fullmatch(line.get("cause", ""))] == []
    assert [line for line in grave if len(line.get("reason", "").split()) < 2] == []


def test_every_field_and_every_message_of_the_guide_occurs(lines: list[dict[str, Any]]) -> None:
    """A field nobody writes is a typing error, and a message the guide does not explain is a riddle."""
    rows = answer(query(X), lines)
    asked = query(X).partition("|")[0].split()[1:]
    assert {field.rstrip(",") for field in asked} == {field for row in rows for field in row}
    explained = set(re.findall(r"^\| `(.+?)` \| (?!says)", section(), re.MULTILINE))
    for_everybody = {found for found in ("task list kept", "run failed") if f"`{found}`" in section()}
    assert {row["message"] for row in rows} == explained | for_everybody


# --- The language ------------------------------------------------------------------------------------

SAMPLE: list[dict[str, Any]] = [
    {"timestamp": "2026-07-20T12:00:02Z", "a": "x", "b": {"c": "deep"}, "list": ["first", "second"]},
    {"timestamp": "2026-07-20T12:00:01Z", "a": "xy", "n": None},
    {"timestamp": "2026-07-20T12:00:03Z", "b": "x"},
]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ('fields a | filter a = "x"', [{"a": "x"}]),
        ('fields a, n | filter a like "x"', [{"a": "x"}, {"a": "xy"}]),
        ('fields a, b | filter a = "x" or b = "x"', [{"a": "x"}, {"b": "x"}]),
        ('fields b.c, list.1 | filter a = "x"', [{"b.c": "deep", "list.1": "second"}]),
        ("fields a | sort @timestamp asc | limit 2", [{"a": "xy"}, {"a": "x"}]),
        ("fields a | sort @timestamp desc | limit 1", [{}]),
        ('fields a | filter a = "nobody | or"', []),
    ],
)
def test_the_language_is_understood(asked: str, found: list[dict[str, str]]) -> None:
    """What the guide uses, as Insights does it: exact texts, parts of texts, missing fields."""
    assert answer(asked, SAMPLE) == found


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "fields",
        "fields a b",
        "fields a,",
        "fields a | filter",
        "fields a | filter a",
        "fields a | filter a = x",
        'fields a | filter a == "x"',
        'fields a | filter a = "x" and b = "y"',
        'fields a | filter a = "x" or',
        'fields a | filter "a" = "x"',
        'fields a | filter a = "x',
        "fields a | sort a",
        "fields a | sort a up",
        "fields a | limit many",
        "fields a | stats count",
        "fields a |",
        "fields a; limit 1",
    ],
)
def test_what_is_not_understood_is_refused(asked: str) -> None:
    """A query that is wrong must not pass for one that finds nothing."""
    with pytest.raises(ValueError, match=r"not understood|wants|no command|no name|comparison"):
        answer(asked, SAMPLE)
