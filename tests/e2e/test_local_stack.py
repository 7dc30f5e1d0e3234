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

from local import aws, background
from local.aws import LocalAwsError, local_aws
from local.background import StackError
from local.simulator.scenario import load_scenario
from local.simulator.simulator import TEST_PRIVATE_KEY, TEST_PUBLIC_KEY
from local.template import PROJECT
from local.watched import Watched, task_list
from tests.e2e.stack import wait_until

REAL = {"UCLOUD_PUBLIC_KEY": "public", "UCLOUD_PRIVATE_KEY": "private", "UDTS_TASKS": "udts-1"}
SAYS_WHERE_IT_RUNS = """
import os, sys
def handler(event, context):
    return {"environment": dict(os.environ), "path": sys.path}
"""
STARTS_A_SERVER_AND_WAITS = """
import os, sys
from pathlib import Path
from local import tether
folder = Path(sys.argv[1])
tether.start([sys.executable], ["http.server", "--bind", "127.0.0.1", sys.argv[2]],
             folder=folder, log=folder / "log", environment=os.environ)
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
    with pytest.raises(StackError, match="not running"):
        background.stop(tmp_path)
    started = background.start(tmp_path, simulator=True)
    try:
        assert background.find(tmp_path) == started
        assert listens(port_of(started.simulator_url))
        with pytest.raises(StackError, match="already running"):
            background.start(tmp_path, simulator=True)
    finally:
        background.stop(tmp_path)
    assert background.find(tmp_path) is None
    assert not listens(port_of(started.endpoint))
    assert not listens(port_of(started.simulator_url))


def test_a_killed_background_process_takes_everything_with_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its files stay behind, and are not taken for a running stack."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    started = background.start(tmp_path, simulator=True)
    os.kill(started.pid, 9)
    wait_until(lambda: not listens(port_of(started.endpoint)), seconds=10)
    wait_until(lambda: background.find(tmp_path) is None, seconds=10)


def test_keys_and_tasks_watch_the_real_ucloud_with_the_callers_configuration() -> None:
    """The variables are those of the README; what is not set has the template's default."""
    watched = Watched.from_environment({**REAL, "MAX_RUN_HOURS": "48"})
    assert watched.real
    assert watched.keys == {"public_key": "public", "private_key": "private"}
    expected = {
        "UdtsTasks": "udts-1",
        "MaxRunHours": "48",
        "UcloudBaseUrl": "https://api.ucloud.cn",
        "SampleMinutes": "5",
    }
    assert watched.parameters.items() >= expected.items()


def test_without_keys_and_tasks_the_simulator_is_watched() -> None:
    """Its keys open nothing else."""
    watched = Watched.from_environment({})
    assert not watched.real
    assert watched.keys == {"public_key": TEST_PUBLIC_KEY, "private_key": TEST_PRIVATE_KEY}


@pytest.mark.parametrize("missing", REAL)
def test_half_a_configuration_is_refused(missing: str) -> None:
    """Who set two of three wanted the real UCloud and would watch the simulator without noticing."""
    with pytest.raises(StackError, match=f"missing: {missing}"):
        Watched.from_environment({**REAL, missing: ""})


def test_every_task_of_the_scenario_is_watched() -> None:
    """With its name and project, in the short form of UDTS_TASKS."""
    tasks = task_list(load_scenario(background.SCENARIO))
    assert "orders-db=org-hiny12/udts-orders:transfer" in tasks.split(", ")
    assert "udts-short:transfer" in tasks.split(", ")
