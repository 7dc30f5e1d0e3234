"""The log: every run that fails as a whole says so in one line that names the cause."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import boto3
import pytest

from tests.handler.conftest import KEYS, Deployed, Log, overtaken, refused
from udts_monitor.errors import CommandError, ConfigurationError, ParameterError, RunError, StoreError
from udts_monitor.run.run import Run

PARAMETER = "/udts-monitor/tasks"
# CloudWatch's limit of a log event is 256 KB.
LONGEST_LINE = 256 * 1024

type Wrong = Callable[[Deployed, pytest.MonkeyPatch], object]


def variable(name: str, value: str) -> Wrong:
    """A variable with a value."""

    def change(_: Deployed, environment: pytest.MonkeyPatch) -> None:
        environment.setenv(name, value)

    return change


def called_with(payload: object) -> Wrong:
    """The payload of the call; nothing else is wrong."""
    return lambda _deployed, _environment: payload


def throttled_parameter(deployed: Deployed, environment: pytest.MonkeyPatch) -> None:
    """In a new execution environment."""
    environment.setenv("UDTS_TASKS", f"ssm:{PARAMETER}")
    deployed.faults["GetParameter"] = refused("ThrottlingException", "GetParameter")


def monitor_throttled(deployed: Deployed, _: pytest.MonkeyPatch) -> None:
    """The last call of a run."""
    deployed.faults["UpdateItem"] = refused("ThrottlingException", "UpdateItem")


ERRORS = {
    "configuration": ConfigurationError,
    "parameter": ParameterError,
    "command": CommandError,
    "store": StoreError,
}
FAILURES: dict[str, tuple[Wrong, str, list[str]]] = {
    "a wrong task": (variable("UDTS_TASKS", "udts-1, bad entry!"), "configuration", ["UDTS_TASKS", "entry!"]),
    "a wrong threshold": (
        variable("STOPPED_GRACE_MINUTES", "-1"),
        "configuration",
        ["STOPPED_GRACE_MINUTES"],
    ),
    "a missing variable": (variable("TABLE_NAME", ""), "configuration", ["TABLE_NAME"]),
    "an unknown parameter": (
        variable("UDTS_TASKS", "ssm:/none"),
        "configuration",
        ["UDTS_TASKS", "/none", "ParameterNotFound"],
    ),
    "a throttled parameter": (
        throttled_parameter,
        "parameter",
        [PARAMETER, "just now", "next run", "ThrottlingException"],
    ),
    "an unknown command": (called_with({"command": "tset"}), "command", ["'tset'", "check, test, silence"]),
    "a silence without an end": (
        called_with({"command": "silence", "scope": "all", "by": "ada"}),
        "command",
        ["until"],
    ),
    "a payload that is no object": (called_with(["test"]), "command", ["['test']"]),
    "a missing table": (variable("TABLE_NAME", "nowhere"), "store", ["STATE", "ResourceNotFoundException"]),
    "a monitor's item that cannot be written": (
        monitor_throttled,
        "store",
        ["MONITOR RUN", "ThrottlingException"],
    ),
}


@pytest.mark.parametrize(("wrong", "cause", "named"), FAILURES.values(), ids=FAILURES)
def test_a_run_that_fails_as_a_whole_says_so_in_one_line(  # noqa: PLR0913, PLR0917 - a row of the table
    deployed: Deployed, log: Log, monkeypatch: pytest.MonkeyPatch, wrong: Wrong, cause: str, named: list[str]
) -> None:
    """With the cause in a word and the reason in full; then it fails as before."""
    payload = wrong(deployed, monkeypatch)
    with pytest.raises(ERRORS[cause]) as caught:
        deployed.run(payload)
    (line,) = log.grave()
    assert (line["level"], line["message"], line["cause"]) == ("ERROR", "run failed", cause)
    assert line["reason"] == str(caught.value)
    assert [word for word in named if word not in line["reason"]] == []


def test_a_defect_has_its_line_too_and_no_text(
    deployed: Deployed, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it says may be anything, a key for example; Lambda writes where it comes from."""

    def defect(*_: object) -> None:
        raise KeyError(KEYS["private_key"])

    monkeypatch.setattr(Run, "check_tasks", defect)
    with pytest.raises(KeyError):
        deployed.run()
    (line,) = log.lines()
    assert (line["message"], line["cause"], line["reason"]) == (
        "run failed",
        "unexpected_error",
        "an unexpected KeyError",
    )
    assert KEYS["private_key"] not in json.dumps(line)


def test_a_part_that_fails_has_its_line_and_the_run_none(
    deployed: Deployed, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two notifications for a deleted topic: two parts, two lines."""
    deployed.run()
    log.forget()
    monkeypatch.setenv("ALERTS_TOPIC_ARN", "arn:aws:sns:us-east-1:123456789012:deleted")
    for task in ("udts-1", "udts-2"):
        deployed.simulator.set_status(task, "Done")
    with pytest.raises(RunError) as caught:
        deployed.run()
    lines = log.grave()
    said = sorted((line["message"], line["task"]) for line in lines)
    assert said == [("not published", "-/udts-1"), ("not published", "-/udts-2")]
    assert {line["cause"] for line in lines} == {"refused"}
    assert [line["reason"] in str(caught.value) for line in lines] == [True, True]


def test_a_task_that_cannot_be_saved_has_one_line_with_its_cause(deployed: Deployed, log: Log) -> None:
    """The reason is a field, not only the last line of a stack trace."""
    deployed.faults["TransactWriteItems"] = refused("ValidationException", "TransactWriteItems")
    with pytest.raises(RunError) as caught:
        deployed.run()
    lines = log.grave()
    assert {line["message"] for line in lines} == {"task not processed"}
    assert sorted(line["task"] for line in lines) == [f"-/udts-{number}" for number in range(1, 6)]
    assert {line["cause"] for line in lines} == {"store"}
    assert all("ValidationException" in line["reason"] for line in lines)
    assert all(f"{line['task']}: {line['reason']}" in str(caught.value) for line in lines)


def damage(pk: str, sk: str, name: str) -> None:
    """Somebody has written a word where none belongs."""
    boto3.client("dynamodb").update_item(
        TableName="monitor",
        Key={"pk": {"S": pk}, "sk": {"S": sk}},
        UpdateExpression="SET #name = :word",
        ExpressionAttributeNames={"#name": name},
        ExpressionAttributeValues={":word": {"S": "soon"}},
    )


DAMAGE: dict[str, tuple[tuple[str, str, str], dict[str, str], list[str]]] = {
    "a state": (
        ("STATE", "-/udts-3", "since"),
        {"message": "task not processed", "task": "-/udts-3", "cause": "store"},
        ["STATE/-/udts-3", "repair or delete it", "since"],
    ),
    "an item of the outbox": (
        ("OUTBOX", "by hand", "note"),
        {"message": "not readable", "task": "-/monitor", "cause": "unreadable_item", "item": "by hand"},
        ["event_id"],
    ),
    "a silence": (
        ("OUTBOX", "SILENCE#all", "until"),
        {"message": "not readable", "task": "-/monitor", "cause": "unreadable_item", "item": "SILENCE#all"},
        ["until"],
    ),
    "an outage": (
        ("MONITOR", "RUN", "outage RetCode 294"),
        {"message": "task not processed", "task": "-/monitor", "cause": "store"},
        ["outage RetCode 294", "MONITOR/RUN", "remove it"],
    ),
}


@pytest.mark.parametrize(("where", "said", "named"), DAMAGE.values(), ids=DAMAGE)
def test_an_item_that_cannot_be_read_has_one_line_a_run_and_stops_nothing_else(
    deployed: Deployed, log: Log, where: tuple[str, str, str], said: dict[str, str], named: list[str]
) -> None:
    """It names the item and what is wrong with it; all others are checked, saved and told."""
    deployed.run()
    damage(*where)
    for task, status in (("udts-2", "Failed"), ("udts-4", "Done")):
        log.forget()
        deployed.simulator.set_status(task, status)
        with pytest.raises(RunError) as caught:
            deployed.run()
        (line,) = log.grave()
        assert line.items() >= said.items()
        assert [part for part in named if part not in line["reason"]] == []
        assert line["reason"] in str(caught.value)
        assert [len(deployed.arrived(topic)) for topic in ("alerts", "events")] == [1, 1]


def test_a_run_that_was_overtaken_says_of_which_task(deployed: Deployed, log: Log) -> None:
    """In a line that alarms nobody: the other run has saved and told."""
    deployed.run()
    log.forget()
    deployed.faults["TransactWriteItems"] = overtaken()
    deployed.simulator.set_status("udts-2", "Loading")
    assert deployed.run()["events"] == []
    assert log.grave() == []
    (line,) = [line for line in log.lines() if line.get("task")]
    assert (line["level"], line["message"], line["task"]) == ("INFO", "another run was faster", "-/udts-2")


def test_a_long_list_of_problems_is_still_one_line_that_can_be_read(
    deployed: Deployed, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CloudWatch breaks longer ones in two, and then no query finds their fields."""
    boto3.client("ssm").put_parameter(Name=PARAMETER, Value="! " * 2000, Type="String", Tier="Advanced")
    monkeypatch.setenv("UDTS_TASKS", f"ssm:{PARAMETER}")
    with pytest.raises(ConfigurationError):
        deployed.run()
    (line,) = log.lines()
    assert line["reason"].endswith("...")
    assert len(log.stream.getvalue().encode()) < LONGEST_LINE


@pytest.mark.parametrize(
    "payload",
    ["test", "", ["test"], [], 5, 0, 1.5, True, False],
    ids=lambda payload: f"payload {json.dumps(payload)}",
)
def test_a_payload_that_is_no_object_is_refused_with_what_is_expected(
    deployed: Deployed, payload: object
) -> None:
    """It must not pass for a run: somebody wanted something."""
    deployed.calls.clear()
    with pytest.raises(CommandError, match=r"no JSON object; send one like \{\"command\": \"test\"\}"):
        deployed.run(payload)
    assert not deployed.calls


@pytest.mark.parametrize("payload", [None, {}, {"source": "aws.scheduler"}, {"command": "check"}], ids=str)
def test_nothing_asked_for_is_a_run(deployed: Deployed, payload: object) -> None:
    """Null too: an invocation without a payload."""
    assert deployed.run(payload)["checked"] == 5


@pytest.mark.parametrize("payload", ["x" * 100_000, {"command": "x" * 100_000}, {"command": ["y"] * 50_000}])
def test_a_huge_payload_makes_no_huge_line(deployed: Deployed, log: Log, payload: object) -> None:
    """Enough of it is quoted to recognise it."""
    with pytest.raises(CommandError):
        deployed.run(payload)
    (line,) = log.lines()
    assert len(line["reason"]) < 300


def test_an_old_task_list_is_kept_while_the_parameter_cannot_be_read(
    deployed: Deployed, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tasks are checked, what is to be told is told, and a warning says why the list may be old."""
    boto3.client("ssm").put_parameter(Name=PARAMETER, Value="udts-1, udts-2", Type="String")
    monkeypatch.setenv("UDTS_TASKS", f"ssm:{PARAMETER}")
    monkeypatch.setattr("udts_monitor.adapters.cached.MAX_AGE_SECONDS", 0.0)
    deployed.run()
    log.forget()
    deployed.faults["GetParameter"] = refused("ThrottlingException", "GetParameter")
    deployed.simulator.set_status("udts-2", "Failed", failed_message="boom")
    assert deployed.run()["checked"] == 2
    assert len(deployed.arrived("alerts")) == 1
    (line,) = log.grave()
    assert (line["level"], line["message"], line["cause"]) == ("WARNING", "task list kept", "parameter")
    assert PARAMETER in line["reason"]
    assert "ThrottlingException" in line["reason"]


def test_times_are_in_the_form_lambda_reads(deployed: Deployed, log: Log) -> None:
    """A line with another form of time is given the level INFO by Lambda, whatever level it has."""
    deployed.run()
    times = [datetime.fromisoformat(line["timestamp"]) for line in log.lines()]
    assert times == sorted(times)
    assert {time.utcoffset() for time in times} == {timedelta(0)}
    assert all("T" in line["timestamp"] for line in log.lines())
