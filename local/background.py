"""The part of the local stack that keeps running: one process that holds the local AWS and the simulator.

Everything it starts ends with it.
"""

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

from local import child_process, lifetime
from local.aws import LocalAws, LocalAwsError, local_aws
from local.lifetime import FOLDER, STOP_SECONDS, StackError
from local.page import page_running
from local.simulator.scenario import load_scenario
from local.simulator.serving import simulator_running
from local.template import PROJECT

SCENARIO = PROJECT / "local/simulator/example.yaml"
_START_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """The running background process."""

    pid: int
    endpoint: str
    simulator_url: str
    """Empty when the real UCloud is watched."""
    folder: str
    page_url: str = ""

    @property
    def aws(self) -> LocalAws:
        """Its local AWS."""
        return LocalAws(endpoint=self.endpoint, folder=Path(self.folder))


def find(home: Path = FOLDER) -> Background | None:
    """Return the background process that runs in a folder, None when there is none.

    Raises:
        StackError: It runs, but its local AWS does not answer.
    """
    if not lifetime.is_running(home):
        return None
    with suppress(OSError, ValueError):
        found = Background(**json.loads(_facts(home).read_text()))
        if found.aws.answers():
            return found
    raise StackError(
        "The local stack is starting, or its local AWS does not answer any more: `make down` ends it."
    )


@contextmanager
def started(home: Path = FOLDER, *, simulator: bool) -> Iterator[Background]:
    """Start the background process, which stays when the block succeeds.

    It ends when the block fails, and also when the caller is killed before the end of the block: half a stack
    helps nobody.

    Raises:
        StackError: One runs already, or it did not start.
    """
    if lifetime.is_running(home):
        raise StackError("The local stack is already running; `make down` stops it.")
    home.mkdir(exist_ok=True, mode=0o700)
    _facts(home).unlink(missing_ok=True)
    with (home / "stack.log").open("w+b") as log:
        process = child_process.start(
            [sys.executable],
            ["local.background", home.resolve(), "simulator" if simulator else "ucloud"],
            folder=PROJECT,
            output=log,
            environment=os.environ,
        )
        try:
            yield _when_it_answers(process, home)
            child_process.release(process)
        except BaseException:
            child_process.stop(process, within_seconds=STOP_SECONDS)
            raise


def _when_it_answers(process: subprocess.Popen[bytes], home: Path) -> Background:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if _facts(home).exists() and (found := find(home)):
            return found
        time.sleep(0.1)
    log = home / "stack.log"
    last_lines = "\n".join(log.read_text(errors="replace").strip().splitlines()[-5:])
    raise StackError(f"The local stack did not start; {log} ends with:\n{last_lines}")


def serve(home: Path, *, simulator: bool) -> None:
    """Be the background process until SIGTERM."""
    signal.signal(signal.SIGTERM, _end)
    lifetime.hold(home)
    with ExitStack() as running:
        # What UCloud said must survive `make down` in a migration of months; a simulator starts over anyway.
        state = None if simulator else home / "state"
        aws = running.enter_context(local_aws(state=state))
        url = ""
        if simulator:
            url = running.enter_context(simulator_running(load_scenario(SCENARIO))).url
        facts = Background(
            pid=os.getpid(),
            endpoint=aws.endpoint,
            simulator_url=url,
            folder=str(aws.folder),
            page_url=running.enter_context(page_running(aws)),
        )
        complete = _facts(home).with_suffix(".new")
        complete.write_text(json.dumps(asdict(facts)))
        complete.replace(_facts(home))
        running.callback(_facts(home).unlink, missing_ok=True)
        while True:
            # Not signal.pause: it sleeps on where the system hands the signal to another thread.
            time.sleep(1)


def _end(*_: object) -> None:
    # Once is enough: a second one would interrupt the cleaning up.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(0)


def _facts(home: Path) -> Path:
    return home / "stack.json"


if __name__ == "__main__":
    try:
        serve(Path(sys.argv[1]), simulator=sys.argv[2] == "simulator")
    except (StackError, LocalAwsError) as error:
        sys.exit(str(error))
