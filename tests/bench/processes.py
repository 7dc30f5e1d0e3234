"""Subjects of the benches in processes of their own, with all of a processor or a share of one."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from local.template import PROJECT
from tests.bench.world import World

_QUOTA_SECONDS = 0.02
_LOOK_SECONDS = 0.0005


def taken_by(  # noqa: PLR0913 - what is measured, of what, and how
    subject: str,
    world: World,
    tasks: int,
    at_once: int,
    code: Path,
    *,
    share: float = 1.0,
    **more: object,
) -> Any:  # noqa: ANN401 - whatever the subject writes
    """What one process of a subject took.

    Args:
        subject: one of those in subject.py.
        world: whom it asks.
        tasks: how many it checks.
        at_once: how many at a time.
        code: the checkout whose handler it is.
        share: of a processor; the process is stopped for the rest of each fiftieth of a second in which it
            has used its share up, as by a quota.
        more: for the subject.
    """
    result = world.certificate.with_name("result.json")
    asked = {
        "ucloud": world.ucloud,
        "aws": world.aws,
        "certificate": str(world.certificate),
        "table": f"{code.name}-{tasks}",
        "tasks": tasks,
        "threads": at_once,
        **more,
    }
    command = [
        sys.executable,
        str(PROJECT / "tests/bench/subject.py"),
        subject,
        json.dumps(asked),
        str(result),
    ]
    paths = f"{code}{os.pathsep}{code / 'layers/udts_monitor'}"
    with subprocess.Popen(  # noqa: S603 - our own code
        command, env=os.environ | {"PYTHONPATH": paths}, stdout=subprocess.DEVNULL
    ) as process:
        if share < 1:
            _hold(process, share)
    assert process.returncode == 0, f"{subject} ended with {process.returncode}"
    return json.loads(result.read_text())


def _hold(process: "subprocess.Popen[bytes]", share: float) -> None:
    """Until the process ends."""
    while process.poll() is None:
        ends, used = time.monotonic() + _QUOTA_SECONDS, _processor_seconds(process.pid)
        while time.monotonic() < ends and _processor_seconds(process.pid) - used < share * _QUOTA_SECONDS:
            time.sleep(_LOOK_SECONDS)
        left = ends - time.monotonic()
        if left > 0 and process.poll() is None:
            process.send_signal(signal.SIGSTOP)
            time.sleep(left)
            process.send_signal(signal.SIGCONT)


def _processor_seconds(pid: int) -> float:
    """Of a whole process; Linux numbers its clock so (clock_getcpuclockid)."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0  # it has ended
