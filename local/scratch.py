"""Folders for the time of a command, in the project's own folder; the dead leave none behind for good.

Standard library only: `make down` needs no installation.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from local.lifetime import FOLDER
from local.lock import try_lock, wait_for_lock

SCRATCH = FOLDER / "scratch"


@contextmanager
def scratch_folder(name: str, home: Path = SCRATCH) -> Iterator[Path]:
    """A private folder that is gone when the block ends; what a killed process left is gone before.

    Its holder keeps it locked. Where a process is killed the system unlocks it, and the next one sweeps it.
    """
    home.parent.mkdir(exist_ok=True, mode=0o700)
    home.mkdir(exist_ok=True, mode=0o700)
    with ExitStack() as held:
        # One at a time: a folder that is made and not locked yet must not pass for a dead one.
        with wait_for_lock(home):
            _sweep(home)
            folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=home))
            held.enter_context(try_lock(folder))
        held.callback(shutil.rmtree, folder, ignore_errors=True)
        yield folder


def sweep(home: Path = SCRATCH) -> None:
    """Remove the folders whose holders are dead."""
    if home.is_dir():
        with wait_for_lock(home):
            _sweep(home)


def _sweep(home: Path) -> None:
    for folder in home.iterdir():
        with try_lock(folder) as lock:
            if lock is not None:
                shutil.rmtree(folder, ignore_errors=True)
