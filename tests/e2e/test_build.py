"""Two builds give the same files, and nothing else than what was written and locked."""

import hashlib
from pathlib import Path

from local import sam
from local.template import PROJECT
from tests.e2e.stack import TASKS, Stack
from tests.proof.marks import found_in


def contents(built: Path) -> dict[str, str]:
    """Every built file with its rights and its content's hash; times and the order of files do not count."""
    folder = built.parent
    return {
        str(
            path.relative_to(folder)
        ): f"{path.stat().st_mode:o} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_two_builds_give_the_same_files(built: Path, tmp_path: Path) -> None:
    """Whoever builds this commit, with these locks, for this processor, ships the same."""
    first, second = contents(built), contents(sam.build(tmp_path))
    assert len(first) > 1000
    assert first.keys() == second.keys()
    assert {path for path in first if first[path] != second[path]} == set()


def test_only_what_was_written_is_built(built: Path) -> None:
    """No test, no local file, no bytecode of some machine; the package is there file by file."""
    names = contents(built).keys()
    assert {name for name in names if name.startswith("CheckTasksFunction/")} == {
        "CheckTasksFunction/functions/check_tasks/app.py"
    }
    assert not [name for name in names if name.endswith(".pyc")]
    ours = "UdtsMonitorLayer/python/udts_monitor/"
    sources = (PROJECT / "layers/udts_monitor/udts_monitor").glob("*.*")
    assert {name.removeprefix(ours) for name in names if name.startswith(ours)} == {p.name for p in sources}


def test_no_built_file_holds_a_key(built: Path, stack: Stack) -> None:
    """Not even when it was deployed beside the secret that has the keys, and has run with them."""
    assert stack.run()[0] == ""
    files = [path for path in built.parent.rglob("*") if path.is_file()]
    assert len(files) > 1000
    # So read, every byte is a character, whatever kind of file it is.
    assert {path: left for path in files if (left := found_in(path.read_text("latin-1"), TASKS))} == {}
