"""Locks that the system takes back however their holder ends: they tell a living process from its remains.

Standard library only: `make down` needs no installation.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def try_lock(path: Path) -> Iterator[int | None]:
    """Hold the lock of a file or folder that exists, until the block ends.

    Yields:
        Its descriptor, None when another process holds the lock.
    """
    # No process that is started meanwhile inherits the descriptor, and with it the lock.
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        yield descriptor if lock_open_file(descriptor) else None
    finally:
        os.close(descriptor)


@contextmanager
def wait_for_lock(path: Path) -> Iterator[None]:
    """Hold the lock of a file or folder that exists, as soon as nobody else does."""
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def lock_open_file(descriptor: int) -> bool:
    """Lock it until it is closed; False when another process has the lock."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
