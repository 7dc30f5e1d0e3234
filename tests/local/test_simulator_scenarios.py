"""Scenario files say exactly what is played, and the command plays them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from local.simulator import (
    TEST_PRIVATE_KEY,
    TEST_PUBLIC_KEY,
    InvalidError,
    load_scenario,
    parse_scenario,
    signature_of,
    simulator_running,
)
from tests.local.asking import ask, data_of, rows_of, statuses

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "local/simulator/example.yaml"

# --- Scenario files -------------------------------------------------------------------------------


def test_the_example_scenario_is_valid_and_plays() -> None:
    """The file people copy from works as its comments say."""
    with simulator_running(load_scenario(EXAMPLE)) as simulator:
        simulator.clear_faults()
        assert statuses(simulator, 3, "udts-short") == ["Dumping", "Loading", "Done"]
        simulator.advance(70)
        loading = data_of(ask(simulator, "GetUDTSTaskStatus", TaskId="udts-orders", ProjectId="org-hiny12"))
        assert loading["Status"] == "Loading"
        assert statuses(simulator, 6, "udts-users") == ["Syncing"] * 5 + ["Failed"]
        rows = {str(row["TaskId"]): row for row in rows_of(ask(simulator, "ListUDTSTask"))}
        assert (rows["udts-stock"]["Name"], rows["udts-stock"]["AutoRenew"]) == ("stock-db-old", "No")
        assert statuses(simulator, 2, "udts-refused") == ["Checking", "Failed"]
        precheck = data_of(ask(simulator, "GetUDTSPrecheckTask", TaskId="udts-refused"))
        assert "binlog_format is STATEMENT" in str(precheck)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("tasks: [{id: a, steps: [Done], colour: red}]", "tasks[0].colour: unknown field"),
        ("tasks: [{steps: [Done]}]", "tasks[0].id: is required"),
        ("tasks: [{id: a}]", "tasks[0].steps: is required"),
        ("tasks: [{id: a, steps: []}]", "tasks[0]: a task needs at least one step"),
        ("tasks: [{id: 5, steps: [Done]}]", "tasks[0].id: should be a valid string"),
        ("tasks: [{id: a, steps: [{checks: 2}]}]", "tasks[0].steps[0]: a step needs a status or a fault"),
        (
            "tasks: [{id: a, steps: [{status: Done, checks: 2, seconds: 3}]}]",
            "tasks[0].steps[0]: a step lasts either checks or seconds, not both",
        ),
        ("tasks: [{id: a, steps: [{status: Done, checks: 0}]}]", "tasks[0].steps[0].checks"),
        ("tasks: [{id: a, steps: [{status: Done, seconds: .nan}]}]", "tasks[0].steps[0].seconds"),
        ("tasks: [{id: a, steps: [{status: off}]}]", "tasks[0].steps[0].status: should be a valid string"),
        (
            "tasks: [{id: a, steps: [{status: Done, progress: {cur_count: many}}]}]",
            "tasks[0].steps[0].progress.cur_count: must be a number, or [from, to]",
        ),
        (
            "tasks: [{id: a, steps: [{fault: {hang: true, close: true}}]}]",
            "tasks[0].steps[0].fault: a fault misbehaves in one way only, not in: hang, close",
        ),
        (
            "tasks: [{id: a, steps: [{status: Done, lag: {delay: 3}}]}]",
            "tasks[0].steps[0].lag.delay: unknown field",
        ),
        (
            "tasks: [{id: a, steps: [{status: Failed, precheck: [{type: t}]}]}]",
            "tasks[0].steps[0].precheck[0].message: is required",
        ),
        ("metrics_shape: heap", "metrics_shape: should be 'map' or 'array'"),
        ("tasks: [{id: a, steps: [{fault: {}}]}]", "tasks[0].steps[0].fault: a fault needs a misbehaviour"),
        ("faults: [{http_status: 503, probability: 2}]", "faults[0].probability"),
        (
            "tasks: [{id: a, steps: [Done]}, {id: a, steps: [Done]}]",
            "task ids must be unique, given twice: a",
        ),
        (
            "projects: [b]\ntasks: [{id: a, steps: [Done], project: c}]",
            "task a: project c is not in projects",
        ),
        ("tasks: []\ntasks: []", "given twice: tasks"),
        ("tasks: [", "not YAML"),
        ("- a", "must be a mapping of fields"),
    ],
)
def test_a_wrong_scenario_is_refused_naming_the_place_and_the_rule(
    tmp_path: Path, text: str, complaint: str
) -> None:
    """So that nobody plays a scenario other than the one they wrote."""
    path = tmp_path / "scenario.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidError) as refused:
        load_scenario(path)
    assert complaint in str(refused.value)
    assert str(path) in str(refused.value)


def test_all_mistakes_of_a_scenario_are_told_at_once() -> None:
    """One error names both."""
    with pytest.raises(InvalidError, match=r"tasks\[0\]\.type: .*; colour: unknown field"):
        parse_scenario({"colour": "red", "tasks": [{"id": "a", "steps": ["Done"], "type": "half"}]})


# --- The command ----------------------------------------------------------------------------------


def command(*arguments: str) -> list[str]:
    """The command line of `python -m local.simulator`."""
    return [sys.executable, "-m", "local.simulator", *arguments]


@pytest.mark.parametrize(
    ("given", "accepted"),
    [
        pytest.param(("public", "private"), ("public", "private"), id="keys of the environment"),
        pytest.param(("", ""), (TEST_PUBLIC_KEY, TEST_PRIVATE_KEY), id="empty keys are the test keys"),
    ],
)
def test_the_command_serves_a_scenario_until_sigterm(
    given: tuple[str, str], accepted: tuple[str, str]
) -> None:
    """One line on stdout says where; SIGTERM ends it with 0 and no noise."""
    environment = os.environ | {"UCLOUD_PUBLIC_KEY": given[0], "UCLOUD_PRIVATE_KEY": given[1]}
    with subprocess.Popen(  # noqa: S603 - our own module
        command("--scenario", str(EXAMPLE)),
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line.startswith("UCloud simulator on http://127.0.0.1:")
            url = line.split()[-1]
            parameters = {"Action": "ListUDTSTask", "PublicKey": accepted[0]}
            parameters["Signature"] = signature_of(parameters, accepted[1])
            answer = requests.post(url, data=parameters, timeout=5)
            assert [row["TaskId"] for row in rows_of(answer.json())] == [
                "udts-short",
                "udts-users",
                "udts-stock",
                "udts-refused",
                "udts-cache",
            ]
        finally:
            process.send_signal(signal.SIGTERM)
        try:
            rest, noise = process.communicate(timeout=10)
        finally:
            process.kill()  # does nothing to a process that has ended
    assert (process.returncode, rest, noise) == (0, "", "")


def test_the_command_refuses_a_wrong_scenario_in_words(tmp_path: Path) -> None:
    """Exit code 2 and the sentence of the loader, no traceback."""
    path = tmp_path / "wrong.yaml"
    path.write_text("colour: red", encoding="utf-8")
    ended = subprocess.run(  # noqa: S603 - our own module
        command("--scenario", str(path)), cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode == 2
    assert "colour: unknown field" in ended.stderr
    assert "Traceback" not in ended.stderr
