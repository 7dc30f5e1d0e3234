"""The screens of the local stack: commands that work as they stand, messages as people read them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from local import overview
from local.background import Background
from local.first_check import FirstCheck
from local.inbox import Message
from local.mailbox import readable
from local.template import PROJECT, load

ENDPOINT = "http://127.0.0.1:4566"
RUNNING = Background(pid=1, endpoint=ENDPOINT, simulator_url="http://127.0.0.1:80", folder="/")
OUTPUTS = {name: output["Value"].get("Fn::Sub", name) for name, output in load()["Outputs"].items()}


def test_every_aws_command_names_the_local_aws_itself() -> None:
    """An old command line ignores AWS_ENDPOINT_URL, and would call the real AWS."""
    commands = [
        each for each in overview.commands(RUNNING, OUTPUTS, "-/udts-1").values() if each.startswith("aws")
    ]
    assert len(commands) >= 5
    assert all(each.startswith(f"aws --endpoint-url {ENDPOINT} ") for each in commands)


def test_the_history_is_that_of_a_task_that_is_watched() -> None:
    """And without one there is no such command, instead of one that finds nothing."""
    named = overview.commands(RUNNING, OUTPUTS, "org-hiny12/udts-orders")["The stack's output HistoryCommand"]
    assert "TASK#org-hiny12/udts-orders" in named
    assert not any("udts-abc123" in each for each in overview.commands(RUNNING, OUTPUTS, "-/udts-1").values())
    assert "The stack's output HistoryCommand" not in overview.commands(RUNNING, OUTPUTS, "")


@pytest.mark.parametrize(
    ("version", "warned"),
    [
        pytest.param("aws-cli/2.9.19 Python/3.11.2 Linux/6.1", True, id="Debian's ignores AWS_ENDPOINT_URL"),
        pytest.param("aws-cli/2.13.0 Python/3.11.4 Linux/6.1", False, id="the first that obeys it"),
        pytest.param("aws-cli/2.36.7 Python/3.14.0 Linux/6.1", False, id="a new one"),
        pytest.param("something else", False, id="nothing is said of what is not known"),
    ],
)
def test_an_old_aws_command_line_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str, *, warned: bool
) -> None:
    """Before somebody works with the real AWS by mistake."""
    program = tmp_path / "aws"
    program.write_text(f"#!/bin/sh\necho '{version}'\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert bool(overview.aws_cli_note()) == warned


def outputs(folder: Path, script: str) -> "subprocess.CompletedProcess[str]":
    """What `make outputs` does with an aws command line that does this."""
    program = folder / "aws"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    return subprocess.run(  # noqa: S603 - our own Makefile
        ["make", "--no-print-directory", "outputs", f"AWS={program}", "STACK=mine"],  # noqa: S607 - any make
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_outputs_of_a_stack_are_shown_uncut(tmp_path: Path) -> None:
    """SAM's own table breaks the commands in the middle of a word."""
    command = f"aws dynamodb query --table-name {'x' * 300} --key-condition-expression 'pk = :pk'"
    done = outputs(tmp_path, f'echo "$@" >&2; printf \'%s\\t%s\\n\' StatesCommand "{command}"')
    assert (done.returncode, done.stdout) == (0, f"StatesCommand\n    {command}\n")
    assert "--stack-name mine" in done.stderr


def test_the_outputs_of_a_stack_that_is_not_there_are_an_error(tmp_path: Path) -> None:
    """In the words of the aws command line."""
    done = outputs(tmp_path, "echo Stack with id mine does not exist >&2; exit 254")
    assert done.returncode != 0
    assert done.stdout == ""
    assert "Stack with id mine does not exist" in done.stderr


@pytest.mark.parametrize("last", ["0", "-1", "ten", "1.5"])
def test_a_number_of_messages_that_is_none_is_refused(last: str) -> None:
    """0 used to show all of them, and -1 all but the first."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-m", "local.command", "stack", "inbox", f"--last={last}"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "has to be a number from 1 on" in done.stderr


def test_a_machine_without_an_aws_command_line_is_told_what_needs_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The messages can be read without it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "`make` commands" in overview.aws_cli_note()


@pytest.mark.parametrize(
    ("check", "text"),
    [
        pytest.param(FirstCheck(tasks=4), "4 tasks answer.", id="all"),
        pytest.param(FirstCheck(tasks=1), "1 task answers.", id="the only one"),
        pytest.param(
            FirstCheck(tasks=3, no_answer={"-/udts-1": "unknown task"}),
            "2 of 3 tasks answer. No answer:\n  -/udts-1: unknown task",
            id="all but one",
        ),
        pytest.param(
            FirstCheck(tasks=3, not_checked=2),
            "1 of 3 tasks answer. No answer:\n  2 could not be checked in time",
            id="no time for all",
        ),
        pytest.param(FirstCheck(error="no table"), "The first run failed: no table", id="the run failed"),
    ],
)
def test_the_first_check_says_who_answers(check: FirstCheck, text: str) -> None:
    """Instead of a success that every run contradicts a minute later."""
    assert str(check) == text


def test_a_mail_a_card_and_an_event_are_shown_as_their_receivers_read_them() -> None:
    """Not as JSON in JSON, and with every script as itself."""
    mail = Message(
        subject="[FAILED] orders", text="orders 失败\n", attributes={}, published_at="2026-01-01T00:00Z"
    )
    assert readable("alerts", mail) == "── alerts  2026-01-01T00:00Z\nSubject: [FAILED] orders\n\norders 失败"
    card = {
        "version": "1.0",
        "source": "custom",
        "content": {"title": "orders", "description": "*任务*: `orders`\nb", "nextSteps": ["c"]},
    }
    shown = readable("chat", Message(subject="", text=json.dumps(card), attributes={}))
    assert shown == "── chat\norders\n*任务*: `orders`\nb\n→ c"
    event = {"specversion": "1.0", "data": {"summary": "失败"}}
    shown = readable("events", Message(subject="", text=json.dumps(event), attributes={}))
    assert '    "summary": "失败"' in shown
