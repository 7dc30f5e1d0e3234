"""The part of the local stack that keeps running: one process that holds the local AWS and the simulator.

It holds a lock while it lives, which the system takes back however it ends: that tells a living one from the
files of a dead one. Everything it starts ends with it.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from local.aws import LocalAws, LocalAwsError, local_aws
from local.simulator.scenario import load_scenario
from local.simulator.serving import simulator_running
from local.template import PROJECT

FOLDER = PROJECT / ".local"
SCENARIO = PROJECT / "local/simulator/example.yaml"
_START_SECONDS = 60
_STOP_SECONDS = 30


class StackError(Exception):
    """What keeps the command from doing what it says, in one sentence with the way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """The running background process."""

    pid: int
    endpoint: str
    simulator_url: str
    """Empty when the real UCloud is watched."""
    folder: str

    @property
    def aws(self) -> LocalAws:
        """Its local AWS."""
        return LocalAws(endpoint=self.endpoint, folder=Path(self.folder))


def find(home: Path = FOLDER) -> Background | None:
    """Return the background process that runs in a folder, None when there is none.

    Raises:
        StackError: It runs, but its local AWS does not answer.
    """
    if not _is_locked(home):
        return None
    with suppress(OSError, ValueError):
        found = Background(**json.loads(_facts(home).read_text()))
        if found.aws.answers():
            return found
    raise StackError("The local stack is half dead: its local AWS does not answer; stop it with `make down`.")


def start(home: Path = FOLDER, *, simulator: bool) -> Background:
    """Start the background process and return when its local AWS and its simulator answer.

    Raises:
        StackError: One runs already, or it did not start.
    """
    if _is_locked(home):
        raise StackError("The local stack is already running; `make down` stops it.")
    home.mkdir(exist_ok=True, mode=0o700)
    _facts(home).unlink(missing_ok=True)
    log_file = home / "stack.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
            [sys.executable, "-m", "local.background", str(home), "simulator" if simulator else "ucloud"],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            umask=0o077,
            # It outlives the terminal.
            start_new_session=True,
        )
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if _facts(home).exists() and (found := find(home)):
            # It is on its own from now on: nobody waits for its end, and Popen need not warn about that.
            process.returncode = 0
            return found
        time.sleep(0.1)
    process.terminate()
    process.wait()
    last_lines = "\n".join(log_file.read_text(errors="replace").strip().splitlines()[-5:])
    raise StackError(f"The local stack did not start; {log_file} ends with:\n{last_lines}")


def stop(home: Path = FOLDER) -> None:
    """Stop the background process and return when everything of it is gone.

    Raises:
        StackError: There is none, or it does not end.
    """
    if not _is_locked(home):
        _facts(home).unlink(missing_ok=True)
        raise StackError("The local stack is not running; `make up` starts it.")
    pid = int(_lock_file(home).read_text())
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while _is_locked(home):
        if time.monotonic() > deadline:
            raise StackError(f"The local stack does not stop; end it with `kill -9 {pid}`.")
        time.sleep(0.1)


def serve(home: Path, *, simulator: bool) -> None:
    """Be the background process until SIGTERM."""
    signal.signal(signal.SIGTERM, _end)
    with ExitStack() as running:
        running.enter_context(_locked(home))
        # What UCloud said must survive `make down` in a migration of months; a simulator starts over anyway.
        state = None if simulator else home / "state"
        aws = running.enter_context(local_aws(state=state))
        url = ""
        if simulator:
            url = running.enter_context(simulator_running(load_scenario(SCENARIO))).url
        facts = Background(pid=os.getpid(), endpoint=aws.endpoint, simulator_url=url, folder=str(aws.folder))
        complete = _facts(home).with_suffix(".new")
        complete.write_text(json.dumps(asdict(facts)))
        complete.replace(_facts(home))
        running.callback(_facts(home).unlink, missing_ok=True)
        while True:
            signal.pause()


def _end(*_: object) -> None:
    raise SystemExit(0)


def _facts(home: Path) -> Path:
    return home / "stack.json"


def _lock_file(home: Path) -> Path:
    return home / "stack.lock"


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    with _lock_file(home).open("a+") as lock:
        if not _lock(lock):
            raise StackError("The local stack is already running; `make down` stops it.")
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _is_locked(home: Path) -> bool:
    if not _lock_file(home).exists():
        return False
    with _lock_file(home).open("a+") as lock:
        return not _lock(lock)


def _lock(file: IO[str]) -> bool:
    """Lock the file until it is closed; False when another process has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    try:
        serve(Path(sys.argv[1]), simulator=sys.argv[2] == "simulator")
    except (StackError, LocalAwsError) as error:
        sys.exit(str(error))
