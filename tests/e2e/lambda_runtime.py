"""The real Lambda runtime without Docker: AWS's emulator and client, on the built artifact."""

import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.template import PROJECT

# Nothing but the standard library (and pip) is installed there: what the layer lacks is missing here too.
_PYTHON = PROJECT / ".tools/bootstrap/bin/python"
_EMULATORS = PROJECT / ".tools/sam/lib/python3.13/site-packages/samcli/local/rapid"
_CLIENT = ("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py")
_START_SECONDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """A running execution environment."""

    address: str
    log: Path

    def invoke(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Invoke the handler and return its answer, or its error as Lambda describes it."""
        request = urllib.request.Request(
            f"http://{self.address}/2015-03-31/functions/function/invocations",
            json.dumps(dict(event)).encode(),
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            document: dict[str, Any] = json.loads(answer.read())
            return document

    def printed(self) -> list[dict[str, Any]]:
        """Return the JSON lines that the function wrote so far: logs and metrics."""
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


@contextmanager
def lambda_runtime(
    built: Path, handler: str, environment: Mapping[str, str], folder: Path
) -> Iterator[Runtime]:
    """Run the handler of a built function and its layer until the block ends; needs no fixed port."""
    _copy_runtime_client(folder / "client")
    emulator = _copy_emulator(folder)
    runtime = Runtime(address=_free_address(), log=folder / "log")
    code = [built.parent / "CheckTasksFunction", built.parent / "UdtsMonitorLayer/python", folder / "client"]
    with runtime.log.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - AWS's emulator from the SAM CLI
            [
                # It ends when this process is killed. The emulator runs on Linux only, and so does this.
                *("/usr/bin/setpriv", "--pdeathsig", "TERM"),
                emulator,
                *("--runtime-api-address", _free_address()),
                *("--runtime-interface-emulator-address", runtime.address),
                *(_PYTHON, "-m", "awslambdaric", handler),
            ],
            cwd=folder,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(folder),
                "PYTHONPATH": os.pathsep.join(map(str, code)),
                "AWS_LAMBDA_FUNCTION_NAME": "check-tasks",
                "AWS_LAMBDA_FUNCTION_TIMEOUT": "60",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
                **environment,
            },
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_it_listens(runtime, process)
        yield runtime
    finally:
        process.terminate()
        try:
            process.wait(10)
        finally:
            # The emulator ends the runtime, its child; if it could not, the group is still there.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _copy_runtime_client(target: Path) -> None:
    target.mkdir(parents=True)
    installed = Path(sysconfig.get_path("purelib"))
    for name in _CLIENT:
        for found in installed.glob(f"{name}*"):
            if not found.name.endswith(".dist-info"):
                (target / found.name).symlink_to(found)


def _copy_emulator(folder: Path) -> Path:
    processor = "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"
    copy = folder / "emulator"
    shutil.copyfile(_EMULATORS / f"aws-lambda-rie-{processor}", copy)
    copy.chmod(0o700)
    return copy


def _free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def _wait_until_it_listens(runtime: Runtime, process: subprocess.Popen[bytes]) -> None:
    host, port = runtime.address.split(":")
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex((host, int(port))) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"the Lambda runtime did not start: {runtime.log.read_text()}")
