"""Names, reasons and status words that mean harm, through the handler: table, topics and log."""

import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3
import pytest

from local.simulator import Simulator, simulator_running
from tests.handler.conftest import Deployed, Log, refused
from tests.handler.test_log import LONGEST_LINE
from tests.messages.limits import item_problems
from tests.messages.test_hostile import NASTY
from udts_monitor.adapters.wire import from_wire
from udts_monitor.errors import RunError

# As much as fits into an answer that the client reads to its end.
ENDLESS = ("a" * 300_000, "漢" * 150_000, "\N{PILE OF POO}" * 75_000, "<!here>\n" * 37_500)
TEXTS = (*NASTY, *ENDLESS)
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# Nothing of these prints: as a status they are none.
BLANK = {"\u2028\u2029\x85\v\f", "\u200b\u2066\ufeff"}
TASKS = [f"udts-{number}" for number in range(len(TEXTS))]

# An answer with the text where UCloud gives the reason of a failure, the status, the reason of a refusal.
ANSWERS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "failed": lambda text: {"RetCode": 0, "Data": {"Status": "Failed", "FailedMessage": text}},
    "unknown_status": lambda text: {"RetCode": 0, "Data": {"Status": text}},
    "unreachable": lambda text: {"RetCode": 171, "Message": text},
}


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A healthy task for each text."""
    with simulator_running({"tasks": [{"id": task, "steps": ["Syncing"]} for task in TASKS]}) as running:
        yield running


@pytest.fixture
def named(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """The function, its tasks named by the texts, which were seen once; every event is a message."""
    tasks = [{"id": task, "name": text} for task, text in zip(TASKS, TEXTS, strict=True)]
    monkeypatch.setenv("UDTS_TASKS", json.dumps(tasks))
    monkeypatch.setenv("DIGEST_ABOVE", "1000")
    monkeypatch.setattr("udts_monitor.adapters.publisher._PAUSE_SECONDS", {})
    assert deployed.run()["no_answer"] == 0
    return deployed


def items() -> list[dict[str, Any]]:
    """Every item of the table."""
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName="monitor")
    found = {"Items": [item for page in pages for item in page["Items"]]}
    return list(from_wire(json.dumps(found).encode())["Items"])


def texts(value: object) -> Iterator[str]:
    """Every text in a JSON value."""
    match value:
        case str():
            yield value
        case dict():
            yield from (text for item in value.values() for text in texts(item))
        case list():
            yield from (text for item in value for text in texts(item))


def hides_something(text: str) -> bool:
    """Whether control or format characters, or line ends of other alphabets, stand in it."""
    return any(unicodedata.category(char) in UNSEEN for char in text.replace("\n", ""))


def assert_safe(log: Log) -> None:
    """Each line of the log is one JSON object that CloudWatch keeps whole; so are the items.

    Whoever looks at a line in a terminal sees what it says: nothing moves the cursor, hides or turns text.
    """
    *lines, end = log.stream.getvalue().split("\n")
    assert end == ""
    objects = [json.loads(line) for line in lines]
    assert all(isinstance(each, dict) for each in objects)
    assert [text for text in texts(objects) if hides_something(text)] == []
    assert max(len(line.encode()) for line in lines) < LONGEST_LINE
    kept = items()
    assert [text for text in texts(kept) if hides_something(text)] == []
    assert [problem for item in kept for problem in item_problems(item)] == []


@pytest.mark.parametrize("kind", ANSWERS)
def test_no_text_from_ucloud_fails_a_run(named: Deployed, log: Log, kind: str) -> None:
    """Each task is told of on both topics, the outage of all as one; it is kept, and the run succeeds."""
    for task, text in zip(TASKS, TEXTS, strict=True):
        named.simulator.inject(body=json.dumps(ANSWERS[kind](text)), task_id=task)
    answer = named.run()
    assert (answer["checked"], answer["pending"]) == (len(TASKS), 0)
    about = {
        "failed": [f"-/{task}" for task in TASKS],
        "unknown_status": [f"-/{task}" for task, text in zip(TASKS, TEXTS, strict=True) if text not in BLANK],
        "unreachable": ["-/monitor"],
    }[kind]
    told = [(event["kind"], event["task"]) for event in answer["events"]]
    assert sorted(told) == sorted((kind, task) for task in about)
    assert [len(named.arrived(topic)) for topic in ("alerts", "events")] == [len(about)] * 2
    kept = [item["kind"] for item in items() if item.get("what") == "event"]
    assert kept == [kind] * len(about)
    assert_safe(log)


def test_no_text_from_sns_is_more_than_an_error(named: Deployed, log: Log) -> None:
    """The run fails as it should; what is kept of the text is short, in the outbox and in MONITOR/RUN."""
    text = " ".join((*NASTY, "漢" * 150_000))
    for call in ("Publish", "PublishBatch"):
        named.faults[call] = refused(text, call)
    for task in TASKS:
        named.simulator.set_status(task, "Done")
    with pytest.raises(RunError):
        named.run()
    found = {item["sk"]: item for item in items()}
    errors = [item["last_error"] for item in found.values() if "last_error" in item]
    assert len(errors) == 2 * len(TASKS)
    assert max(map(len, errors)) <= 500
    monitor = found["RUN"]
    assert 0 < len(monitor["errors"]) <= 20
    assert max(map(len, monitor["errors"])) <= 300
    assert len(monitor["events"]) == len(TASKS)
    assert_safe(log)
