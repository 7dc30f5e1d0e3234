"""Runs of the real handler, each in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from local.template import PROJECT

_PATIENCE_SECONDS = 90
_SCHEDULED = {"source": "aws.scheduler"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended.

    Attributes:
        summary: the handler's answer, None when it gave none.
        error: name of the exception's class and its text, empty when there was none.
        killed: it did not live to answer.
        log: its log, line by line, as JSON.
    """

    summary: dict[str, Any] | None
    error: str
    killed: bool
    log: list[dict[str, Any]]

    def said(self, message: str) -> list[dict[str, Any]]:
        """The log lines with this message."""
        return [line for line in self.log if line.get("message") == message]


@dataclass(slots=True)
class Running:
    """A run, from before its beginning to its end."""

    folder: Path
    _begin: Callable[[], None]
    begun: "Future[int]" = field(default_factory=Future)
    ended: "Future[int]" = field(default_factory=Future)

    def go(self) -> None:
        """Begin."""
        self._begin()

    def kill(self) -> None:
        """SIGKILL; whoever is dead already stays so."""
        with suppress(ProcessLookupError):
            os.kill(self.begun.result(_PATIENCE_SECONDS), signal.SIGKILL)

    def written(self) -> str:
        """All that it has written so far: its log, whichever library wrote, and its answer or exception."""
        return "\n".join(path.read_text(errors="replace") for path in self.folder.iterdir())

    def wait(self) -> Ended:
        """Until its process is gone."""
        status = self.ended.result(_PATIENCE_SECONDS)
        result = self.folder / "result"
        killed = not result.exists() or os.WIFSIGNALED(status)
        answer = json.loads(result.read_text()) if not killed else {}
        error = answer.get("error")
        return Ended(
            summary=answer.get("summary"),
            error=f"{error['type']}: {error['text']}" if error else "",
            killed=killed,
            log=_lines(self.folder / "log"),
        )


class Handlers:
    """Starts runs; safe to use from several threads."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self._process = process
        self._folder = folder
        self._lock = threading.Lock()
        self._runs: dict[str, Running] = {}
        self._reader = threading.Thread(target=self._read, name="handlers", daemon=True)
        self._reader.start()

    def prepare(
        self, environment: Mapping[str, str], *, seconds: float, event: Mapping[str, Any] | None = None
    ) -> Running:
        """A run that has not begun.

        Args:
            environment: the function's variables.
            seconds: what the context gives it.
            event: what the handler is called with, the scheduled event without one.
        """
        with self._lock:
            identity = str(len(self._runs))
            folder = self._folder / identity
            folder.mkdir()
            job = {
                "id": identity,
                "environment": dict(environment),
                "seconds": seconds,
                "event": dict(event or _SCHEDULED),
                "log": str(folder / "log"),
                "result": str(folder / "result"),
            }
            running = self._runs[identity] = Running(folder, partial(self._send, job))
        return running

    def _send(self, job: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        with self._lock:
            self._process.stdin.write(json.dumps(job).encode() + b"\n")
            self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = json.loads(line)
            running = self._runs[message["id"]]
            if "pid" in message:
                running.begun.set_result(message["pid"])
            else:
                running.ended.set_result(message["status"])

    def join(self) -> None:
        """Wait until nothing more comes from the fork server."""
        self._reader.join()


@contextmanager
def handlers_running(folder: Path) -> Iterator[Handlers]:
    """A fork server with the handler imported, until the block ends."""
    with (folder / "fork-server.log").open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.proof.fork_server"],
            cwd=PROJECT,
            env={
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": str(PROJECT / "layers/udts_monitor"),
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_REGION": "us-east-1",
                "NO_PROXY": "127.0.0.1",
                # Whatever may be logged is: keys are looked for in it.
                "POWERTOOLS_LOG_LEVEL": "DEBUG",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        with process:
            handlers = Handlers(process, folder)
            try:
                yield handlers
            finally:
                assert process.stdin is not None
                process.stdin.close()
                process.wait(_PATIENCE_SECONDS)
                handlers.join()


def _lines(log: Path) -> list[dict[str, Any]]:
    lines = []
    for line in log.read_text(errors="replace").splitlines() if log.exists() else ():
        with suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict):
                lines.append(found)
    return lines
