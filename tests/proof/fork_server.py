"""A process that has the handler imported and forks a child for every run: a run a child, as fast as warm.

It reads one JSON object a line from standard input ({"id", "environment", "seconds", "event", "log",
"result"}) and writes {"id", "pid"} when the run began and {"id", "status"} when its process is gone. It ends
when its standard input does, and what it started ends with it. It has no threads: a fork would lose them.
"""

import json
import logging
import os
import select
import signal
import sys
import time
import traceback
import uuid
from pathlib import Path
from typing import Any

import boto3

from functions.check_tasks import app
from udts_monitor.adapters import cached


class Context:
    """What Lambda gives a run; its time begins to run when the handler first asks for it.

    So the lease of a run that is killed is exactly as long as the test wants, however slow the machine is.
    """

    function_name = "check-tasks"
    function_version = "$LATEST"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:check-tasks"

    def __init__(self, seconds: float) -> None:
        self.aws_request_id = str(uuid.uuid4())
        self._seconds = seconds
        self._ends_at = 0.0

    def get_remaining_time_in_millis(self) -> int:
        """As Lambda."""
        self._ends_at = self._ends_at or time.monotonic() + self._seconds
        return int((self._ends_at - time.monotonic()) * 1000)


def _run(job: dict[str, Any]) -> None:
    """The child: one run, and nothing of it is left."""
    log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    # As a function deployed with LogLevel DEBUG: every library writes all it has.
    logging.basicConfig(level=logging.DEBUG)
    os.environ.update(job["environment"])
    # What a run of a warm environment need not wait for any more: its keys are not fresh from the secret.
    cached.RETRY_SECONDS = float(os.environ.get("RENEWAL_PAUSE_SECONDS", cached.RETRY_SECONDS))
    try:
        answer = {"summary": app.lambda_handler(job["event"], Context(job["seconds"]))}  # type: ignore[arg-type]
    except Exception as error:  # noqa: BLE001 - Lambda's runtime catches everything too
        traceback.print_exc()
        answer = {"error": {"type": type(error).__name__, "text": str(error)}}
    Path(job["result"]).write_text(json.dumps(answer))
    sys.stdout.flush()


def _begin(job: dict[str, Any], running: dict[int, str]) -> None:
    pid = os.fork()
    if pid == 0:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            _run(job)
        finally:
            # Without waiting for threads that hang: the run is over, as in Lambda.
            os._exit(0)
    running[pid] = job["id"]
    _say({"id": job["id"], "pid": pid})


def _reap(running: dict[int, str]) -> None:
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        _say({"id": running.pop(pid), "status": status})


def _say(message: dict[str, Any]) -> None:
    os.write(1, json.dumps(message).encode() + b"\n")


def _warm() -> None:
    # The models of the services are read once, here, instead of in every child.
    for service in ("dynamodb", "sns", "secretsmanager"):
        boto3.client(service)


def serve() -> None:
    """Fork a child for each line until there are no more."""
    _warm()
    readable, writable = os.pipe()
    for end in (readable, writable):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(writable)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    running: dict[int, str] = {}
    rest = b""
    while True:
        ready, _, _ = select.select([0, readable], [], [])
        if readable in ready:
            os.read(readable, 4096)
        _reap(running)
        if 0 in ready:
            more = os.read(0, 2**16)
            if not more:
                break
            *lines, rest = (rest + more).split(b"\n")
            for line in lines:
                _begin(json.loads(line), running)
    for pid in running:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    serve()
