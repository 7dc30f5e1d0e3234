"""When the local stack lives, and how it ends.

Its background process holds a lock while it lives. Standard library only: `make down` needs no installation.
"""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from local.lock import lock_open_file, try_lock

FOLDER = Path(__file__).parent.parent / ".local"
STOP_SECONDS = 30


class StackError(Exception):
    """What keeps the command from doing what it says, in one sentence with the way out."""


def is_running(home: Path = FOLDER) -> bool:
    """Whether a background process lives in a folder."""
    if not _lock_file(home).exists():
        return False
    with try_lock(_lock_file(home)) as lock:
        if lock is None:
            return True
        # Whoever starts looks here first: the id of a dead process is never taken for that of a living one.
        os.truncate(lock, 0)
        return False


def hold(home: Path) -> None:
    """Be the background process of a folder, to the very end of this process.

    Raises:
        StackError: There is one already.
    """
    _lock_file(home).touch(mode=0o600)
    # Never closed: whoever sees the lock free must find nothing of this process any more.
    lock = os.open(_lock_file(home), os.O_RDWR)
    if not lock_open_file(lock):
        raise StackError("The local stack is already running; `make down` stops it.")
    os.truncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())


def stop(home: Path = FOLDER) -> bool:
    """Stop the background process and return when everything of it is gone.

    Returns:
        Whether there was one.

    Raises:
        StackError: It does not end.
    """
    if not is_running(home):
        return False
    deadline = time.monotonic() + STOP_SECONDS
    told = 0
    while is_running(home):
        # It locks before it writes its id; until then there is nobody to tell.
        if not told and (told := int(_lock_file(home).read_text() or 0)):
            with suppress(ProcessLookupError):
                os.kill(told, signal.SIGTERM)
        if time.monotonic() > deadline:
            raise StackError(f"The local stack does not stop; end it with `kill -9 {told}`.")
        time.sleep(0.1)
    return True


def _lock_file(home: Path) -> Path:
    return home / "stack.lock"
