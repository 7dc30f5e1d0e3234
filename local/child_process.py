"""Runs Python code as a process that does not outlive the one that started it, unless it is released."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

# The process reads its standard input. The end of it means that the starter is gone, however it went; a byte
# means that it may outlive the starter. This works on every Unix, and leaves the process the time to clean up
# after itself. The signal goes to its whole group, because what it started in turn would go on: pip under
# `sam build`, for one.
_MAIN = """
import os, runpy, signal, sys, threading
def end_with_starter():
    if not os.read(0, 1):
        os.killpg(0, signal.SIGTERM)
threading.Thread(target=end_with_starter, daemon=True).start()
code = sys.argv.pop(1)
if code.endswith(".py"):
    runpy.run_path(code, run_name="__main__")
else:
    runpy.run_module(code, run_name="__main__", alter_sys=True)
"""


def start(
    python: Sequence[str | Path],
    code: Sequence[str | Path],
    *,
    folder: Path,
    output: IO[bytes],
    environment: Mapping[str, str],
) -> subprocess.Popen[bytes]:
    """Start Python code in a folder, as the leader of a group of processes.

    Args:
        python: The interpreter and its flags.
        code: The name of a module, or the path of a file that ends with .py; then its arguments.
        folder: The working directory.
        output: The file that gets both its output and its errors.
        environment: All the variables it gets.
    """
    return subprocess.Popen(  # noqa: S603 - our own interpreter and code
        [*python, "-c", _MAIN, *code],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        umask=0o077,
        # Ctrl-C in a terminal reaches the whole group: the starter decides in which order things end.
        start_new_session=True,
    )


def release(process: subprocess.Popen[bytes]) -> None:
    """Let the process live on, on its own."""
    if process.stdin is not None:
        process.stdin.write(b"!")
        process.stdin.close()
    # Nobody waits for its end, and Popen need not warn about that.
    process.returncode = 0


def stop(process: subprocess.Popen[bytes], *, within_seconds: float = 5) -> None:
    """End the process and return when it and its group are gone; what does not listen is killed."""
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
    try:
        process.wait(within_seconds)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
