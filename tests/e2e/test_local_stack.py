"""The runner of the local stack: nothing of the caller gets in, nothing of it is left behind."""

import io
import json
import os
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from local import aws, background, lifetime
from local.aws import LocalAwsError, local_aws
from local.lifetime import StackError
from local.template import PROJECT
from tests.e2e.stack import wait_until

SAYS_WHERE_IT_RUNS = """
import os, sys
def handler(event, context):
    return {"environment": dict(os.environ), "path": sys.path}
"""
STARTS_A_SERVER_AND_WAITS = """
import os, sys
from pathlib import Path
from local import child_process
folder = Path(sys.argv[1])
child_process.start([sys.executable], ["http.server", "--bind", "127.0.0.1", sys.argv[2]],
                    folder=folder, output=(folder / "log").open("wb"), environment=os.environ)
print("started", flush=True)
sys.stdin.read()
"""


def listens(port: int) -> bool:
    """Whether somebody takes connections on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def port_of(endpoint: str) -> int:
    """The port in an address."""
    return int(endpoint.rsplit(":", 1)[1])


def test_functions_see_nothing_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that works only with the developer's variables or packages would fail on AWS."""
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("UCLOUD_PRIVATE_KEY", "of the developer")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("app.py", SAYS_WHERE_IT_RUNS)
    with local_aws() as running:
        functions = running.client("lambda")
        functions.create_function(
            FunctionName="where",
            Runtime="python3.13",
            Handler="app.handler",
            Role="arn:aws:iam::000000000000:role/any",
            Code={"ZipFile": archive.getvalue()},
        )
        seen = json.loads(functions.invoke(FunctionName="where")["Payload"].read())
    assert not {"AWS_PROFILE", "UCLOUD_PRIVATE_KEY", "VIRTUAL_ENV"} & seen["environment"].keys()
    assert str(PROJECT) not in seen["path"]
    assert not any(".venv" in entry for entry in seen["path"])
    # The local AWS's own is WARNING, and would hide most of the function's log.
    assert seen["environment"]["POWERTOOLS_LOG_LEVEL"] == "INFO"


def test_it_listens_on_this_machine_only_and_is_gone_at_the_end() -> None:
    """It has no authentication: nobody else may reach it."""
    with local_aws() as running:
        port = port_of(running.endpoint)
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        listening = [row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")]
        assert listening == [f"0100007F:{port:04X}"]
    assert not listens(port)
    assert not running.folder.exists()


def test_what_is_started_ends_with_its_starter(tmp_path: Path) -> None:
    """However the starter goes: here it is killed, so it can do nothing about it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", STARTS_A_SERVER_AND_WAITS, str(tmp_path), str(port)],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as starter:
        assert starter.stdout
        assert starter.stdout.readline() == b"started\n"
        wait_until(lambda: listens(port), seconds=10)
        starter.kill()
    wait_until(lambda: not listens(port), seconds=10)


def test_state_is_kept_when_asked_for(tmp_path: Path) -> None:
    """Watching a migration of months survives a restart of the machine's local AWS."""
    with local_aws(state=tmp_path / "state") as running:
        running.client("ssm").put_parameter(Name="/kept", Value="yes", Type="String")
    with local_aws(state=tmp_path / "state") as running:
        assert running.client("ssm").get_parameter(Name="/kept")["Parameter"]["Value"] == "yes"


def test_a_local_aws_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its last words are in the error."""
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no such interpreter\n")
    broken.chmod(0o700)
    monkeypatch.setattr(aws, "_PYTHON", broken)
    with pytest.raises(LocalAwsError, match="did not start: no such interpreter"), local_aws():
        pass


def test_the_background_process_is_found_and_stopped(tmp_path: Path) -> None:
    """One at a time, each mistake told in a sentence, nothing left afterwards."""
    assert not lifetime.stop(tmp_path)
    with background.started(tmp_path, simulator=True) as started:
        pass
    try:
        assert background.find(tmp_path) == started
        assert listens(port_of(started.simulator_url))
        with (
            pytest.raises(StackError, match="already running"),
            background.started(tmp_path, simulator=True),
        ):
            pass
    finally:
        assert lifetime.stop(tmp_path)
    assert background.find(tmp_path) is None
    assert not listens(port_of(started.endpoint))
    assert not listens(port_of(started.simulator_url))


def test_the_background_process_ends_with_a_start_that_fails(tmp_path: Path) -> None:
    """Half a stack helps nobody."""
    with (
        pytest.raises(RuntimeError, match="not deployed"),
        background.started(tmp_path, simulator=True) as started,
    ):
        raise RuntimeError("not deployed")
    assert background.find(tmp_path) is None
    assert not listens(port_of(started.endpoint))


def test_a_killed_background_process_takes_everything_with_it(tmp_path: Path) -> None:
    """Its files stay behind, and are not taken for a running stack."""
    with background.started(tmp_path, simulator=True) as started:
        pass
    os.kill(started.pid, 9)
    wait_until(lambda: not listens(port_of(started.endpoint)), seconds=10)
    wait_until(lambda: background.find(tmp_path) is None, seconds=10)
    assert not lifetime.stop(tmp_path)
