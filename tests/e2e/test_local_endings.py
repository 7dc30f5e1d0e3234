"""However the local stack is ended, nothing of it goes on: each command is run as a person runs it."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from local import background, lifetime
from local.template import PROJECT
from tests.e2e.stack import wait_until

_COPIED = ("Makefile", "template.yaml", "samconfig.toml", "pyproject.toml", ".python-version", "README.md")
_LINKED = (".venv", ".tools")
_UP = (".venv/bin/python", "-m", "local.command", "stack", "up")
# Nothing is deployed by it: what runs in the background is all that these tests need.
_BACKGROUND_ONLY = "from local import background\nwith background.started(simulator=True): pass"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A copy of this project to run commands in; what they left running is ended."""
    copy = tmp_path / "a project 工"
    for folder in ("local", "layers", "functions"):
        shutil.copytree(PROJECT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in _COPIED:
        shutil.copy2(PROJECT / name, copy / name)
    for name in _LINKED:
        (copy / name).symlink_to(PROJECT / name)
    yield copy
    # By their ids and not by the commands under test, which may be what fails.
    for process in processes(copy):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def environment(project: Path) -> dict[str, str]:
    """Of a person who knows nothing of this test."""
    plain = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**plain, "PYTHONPATH": str(project / "layers/udts_monitor")}


def run(project: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in the copy to its end, whatever that is."""
    return subprocess.run(  # noqa: S603 - the project's own commands
        command,
        cwd=project,
        env=environment(project),
        capture_output=True,
        text=True,
        check=False,
    )


def processes(project: Path) -> dict[int, str]:
    """The command lines of all processes that work in the copy, or on it, by their ids."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            at_work = str(project) in line or (process / "cwd").readlink().is_relative_to(project)
        except OSError:
            # It has ended meanwhile, or is a thread of the system.
            continue
        # One that has ended, and only waits to be forgotten, has no line.
        if line and at_work:
            found[int(process.name)] = line
    return found


def is_importing(project: Path) -> bool:
    """Python imports what the command needs: it has come to the module for TLS."""
    for process in processes(project):
        with suppress(OSError):
            if "/_ssl." in Path(f"/proc/{process}/maps").read_text():
                return True
    return False


def is_starting(project: Path) -> bool:
    """The background process has begun, and is not there yet."""
    return lifetime.is_running(project / ".local")


def is_building(project: Path) -> bool:
    """`sam build` is at work, and so is what it started."""
    return any("samcli build" in line for line in processes(project).values())


def ended(project: Path, moment: Callable[[Path], bool], ending: signal.Signals) -> list[str]:
    """What `make up` says when it is ended at a moment."""
    with subprocess.Popen(  # noqa: S603 - the project's own command
        _UP,
        cwd=project,
        env=environment(project),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as up:
        wait_until(lambda: moment(project), seconds=60, pause_seconds=0.02)
        # As the terminal does it: to the whole group.
        os.killpg(up.pid, ending)
        assert up.stdout
        return up.stdout.read().splitlines()


@pytest.mark.parametrize("moment", [is_starting, is_building])
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_make_up_that_is_ended_leaves_nothing_running(
    project: Path, moment: Callable[[Path], bool], ending: signal.Signals
) -> None:
    """Ctrl-C, `kill` and `kill -9`, in its first second and while it builds."""
    output = ended(project, moment, ending)
    wait_until(lambda: not processes(project), seconds=30)
    assert not lifetime.is_running(project / ".local")
    if ending != signal.SIGKILL:
        assert output == ["Ended: nothing of the local stack is left running."]
        assert list((project / ".local/scratch").iterdir()) == []


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_ended_before_it_began_is_ended_quietly(
    project: Path, ending: signal.Signals
) -> None:
    """Importing takes a second or two, and used to end in a traceback."""
    assert ended(project, is_importing, ending) == []
    assert not (project / ".local").exists()


def test_a_killed_stack_is_swept_and_told_as_not_running(project: Path) -> None:
    """Its scratch folders are gone with the next command, and status is a sentence."""
    assert run(project, ".venv/bin/python", "-c", _BACKGROUND_ONLY).returncode == 0
    running = background.find(project / ".local")
    assert running
    os.kill(running.pid, signal.SIGKILL)
    wait_until(lambda: not processes(project), seconds=30)
    assert list((project / ".local/scratch").iterdir())
    status = run(project, ".venv/bin/python", "-m", "local.command", "stack", "status")
    assert (status.returncode, status.stdout) == (
        1,
        "The local stack is not running; `make up` starts it.\n",
    )
    down = run(project, "make", "down")
    assert (down.returncode, down.stdout) == (0, "The local stack is not running.\n")
    assert list((project / ".local/scratch").iterdir()) == []


def test_the_status_of_half_a_stack_is_a_sentence(project: Path) -> None:
    """Of one that is not deployed yet, and of one whose local AWS is gone."""
    assert run(project, ".venv/bin/python", "-c", _BACKGROUND_ONLY).returncode == 0
    status = run(project, ".venv/bin/python", "-m", "local.command", "stack", "status")
    assert (status.returncode, status.stdout.splitlines()) == (
        1,
        ["The monitor is not deployed yet: wait for `make up`, or end it with `make down`."],
    )
    (aws,) = (process for process, line in processes(project).items() if "local/guard.py" in line)
    os.kill(aws, signal.SIGKILL)
    status = run(project, ".venv/bin/python", "-m", "local.command", "stack", "status")
    assert status.returncode == 1
    assert "`make down` ends it" in status.stdout
    assert len(status.stdout.splitlines()) == 1
    assert run(project, "make", "down").stdout == "The local stack is stopped.\n"


def test_make_clean_ends_the_stack_first(project: Path) -> None:
    """It used to go on without its files, and nothing could end it any more."""
    assert run(project, ".venv/bin/python", "-c", _BACKGROUND_ONLY).returncode == 0
    assert processes(project)
    done = run(project, "make", "clean")
    assert done.returncode == 0, done.stderr
    assert processes(project) == {}
    assert not any((project / name).is_symlink() for name in _LINKED)
    assert not (project / ".local").exists()


def test_make_down_needs_no_installation(project: Path) -> None:
    """It used to install everything, to say that nothing runs."""
    assert run(project, ".venv/bin/python", "-c", _BACKGROUND_ONLY).returncode == 0
    for name in _LINKED:
        (project / name).unlink()
    assert run(project, "make", "down").stdout == "The local stack is stopped.\n"
    assert run(project, "make", "down").stdout == "The local stack is not running.\n"
    assert processes(project) == {}
    assert not any((project / name).exists() for name in _LINKED)


def test_make_up_says_who_answers_and_shows_the_same_screen_again(project: Path) -> None:
    """And the other commands work on what it started."""
    up = run(project, *_UP)
    assert (up.returncode, up.stdout.splitlines()[-1]) == (0, "6 tasks answer."), up.stdout
    screen = up.stdout.rpartition("\n\n6 tasks")[0]
    again = run(project, *_UP)
    assert (again.returncode, again.stdout.rstrip()) == (0, screen.rstrip())
    status = run(project, ".venv/bin/python", "-m", "local.command", "stack", "status")
    assert status.stdout.rstrip() == screen.rstrip()

    running = background.find(project / ".local")
    assert running
    function = running.aws.outputs()["FunctionName"]
    running.aws.client("lambda").invoke(
        FunctionName=function, Payload=json.dumps({"command": "test"}).encode()
    )
    inbox = run(project, ".venv/bin/python", "-m", "local.command", "stack", "inbox").stdout
    assert {line.split()[1] for line in inbox.splitlines() if line.startswith("── ")} >= {
        "alerts",
        "chat",
        "events",
    }
    assert "Subject: [TEST]" in inbox
    # Looking takes nothing out.
    assert run(project, ".venv/bin/python", "-m", "local.command", "stack", "inbox").stdout == inbox
    began = time.monotonic()
    assert run(project, "make", "down").stdout == "The local stack is stopped.\n"
    assert time.monotonic() - began < lifetime.STOP_SECONDS
    assert processes(project) == {}


def test_make_up_refuses_wrong_settings_before_it_starts_anything(project: Path) -> None:
    """All of them in the run's words."""
    wrong = {"UCLOUD_PUBLIC_KEY": "a", "UCLOUD_PRIVATE_KEY": "b", "UDTS_TASKS": "udts/1/2"}
    done = subprocess.run(  # noqa: S603 - the project's own command
        _UP,
        cwd=project,
        env={**environment(project), **wrong, "DISPLAY_TIMEZONE": "Mars"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "UDTS_TASKS: udts/1/2" in done.stdout
    assert "DISPLAY_TIMEZONE: Mars" in done.stdout
    assert not (project / ".local").exists()
