"""Runs a Python module as a process that cannot outlive the one that started it."""

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

# The process reads its standard input, which nobody writes to: the end of it means that the starter is gone,
# however it went. This works on every Unix, and leaves the process the time to clean up after itself.
_MAIN = """
import os, runpy, signal, sys, threading
def end_with_starter():
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=end_with_starter, daemon=True).start()
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""
_STOP_SECONDS = 5


def start(
    python: Sequence[str | Path],
    module: Sequence[str],
    *,
    folder: Path,
    log: Path,
    environment: Mapping[str, str],
) -> subprocess.Popen[bytes]:
    """Start `python -m module` in a folder; its output goes to the log, which others cannot read.

    Args:
        python: The interpreter and its flags.
        module: The module's name and its arguments.
        folder: The working directory.
        log: File that is overwritten.
        environment: All the variables it gets.
    """
    with log.open("wb") as output:
        log.chmod(0o600)
        return subprocess.Popen(  # noqa: S603 - our own interpreter and code
            [*python, "-c", _MAIN, *module],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            umask=0o077,
            # Ctrl-C in a terminal reaches the whole group: the starter decides in which order things end.
            start_new_session=True,
        )


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the process and return when it is gone; one that does not listen is killed."""
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
