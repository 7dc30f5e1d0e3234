"""Scratch folders: private, gone with the command, and swept after one that was killed."""

import subprocess
import sys
from pathlib import Path

from local.scratch import scratch_folder, sweep
from local.template import PROJECT

HOLDS_A_FOLDER = """
import sys
from pathlib import Path
from local.scratch import scratch_folder
with scratch_folder("held", Path(sys.argv[1])) as folder:
    (folder / "content").write_text("x")
    print(folder, flush=True)
    sys.stdin.read()
"""


def holder(home: Path) -> tuple["subprocess.Popen[str]", Path]:
    """A process that holds a scratch folder until it is told to end."""
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", HOLDS_A_FOLDER, home],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    return process, Path(process.stdout.readline().strip())


def test_a_scratch_folder_is_private_and_gone_at_the_end(tmp_path: Path) -> None:
    """In the folder it was asked for."""
    with scratch_folder("sam", tmp_path / "scratch") as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert folder.parent == tmp_path / "scratch"
    assert not folder.exists()


def test_what_a_killed_process_left_is_swept_by_the_next(tmp_path: Path) -> None:
    """Each used to leave a hundred megabytes in the system's temporary folder, for good."""
    process, left = holder(tmp_path)
    with process:
        process.kill()
    assert left.exists()
    with scratch_folder("sam", tmp_path):
        assert not left.exists()


def test_the_folder_of_a_living_process_stays(tmp_path: Path) -> None:
    """Two commands may run at once."""
    process, living = holder(tmp_path)
    with process:
        sweep(tmp_path)
        assert (living / "content").read_text() == "x"
    assert not living.exists()


def test_sweeping_where_nothing_ever_was_is_no_error(tmp_path: Path) -> None:
    """`make down` in a fresh clone."""
    sweep(tmp_path / "never")
