"""Two builds give the same files, and nothing else than what was written and locked."""

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from local import sam
from local.template import PROJECT, TEMPLATE
from tests.e2e.stack import TASKS, Stack
from tests.proof.canary_keys import found_in
from tests.proof.lockfile import pins

# How the files of a processor say so, in the nineteenth byte of an ELF file, and how packages name it.
MACHINES = {"arm64": (0xB7, "aarch64"), "x86_64": (0x3E, "x86_64")}
COMPILED = "pydantic-core"


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
    assert {name for name in names if name.startswith("TaskStatusFunction/")} == {
        "TaskStatusFunction/functions/task_status/app.py"
    }
    assert not [name for name in names if name.endswith(".pyc")]
    # Scripts begin with the path of the interpreter that built them, and RECORD holds their hashes.
    assert not [name for name in names if "/bin/" in name or name.endswith(".dist-info/RECORD")]
    ours = "UdtsMonitorLayer/python/udts_monitor/"
    package = PROJECT / "layers/udts_monitor/udts_monitor"
    sources = {path.relative_to(package).as_posix() for path in package.rglob("*.*")}
    sources = {name for name in sources if not name.endswith(".pyc")}
    assert {name.removeprefix(ours) for name in names if name.startswith(ours)} == sources


def test_the_layer_holds_the_models_of_the_services_it_calls(built: Path) -> None:
    """And of no other: they are half of all bytes, and a client without its model cannot be made."""
    sources = [*(PROJECT / "functions").rglob("*.py"), *(PROJECT / "layers/udts_monitor").rglob("*.py")]
    made = {name for path in sources for name in re.findall(r'boto3\.client\("(\w+)"', path.read_text())}
    data = built.parent / "UdtsMonitorLayer/python/botocore/data"
    assert {path.name for path in data.iterdir() if path.is_dir()} == made


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What the layer is built from, to be changed."""
    shutil.copy(TEMPLATE, tmp_path)
    shutil.copytree(
        PROJECT / "layers", tmp_path / "layers", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
    )
    return tmp_path


def layer(project: Path, architecture: str) -> Path:
    """The layer as `sam build` makes it for a processor, whatever this machine's own is."""
    sam.run_sam(
        "build",
        "UdtsMonitorLayer",
        *("--build-dir", "out"),
        *("--parameter-overrides", f"Architecture={architecture}"),
        folder=project,
    )
    return project / "out/UdtsMonitorLayer/python"


@pytest.mark.parametrize("architecture", MACHINES)
def test_a_layer_is_built_for_the_processor_that_is_named(
    built: Path, project: Path, architecture: str
) -> None:
    """Of the function, not of the machine that builds: both are built everywhere."""
    here = built.parent / "UdtsMonitorLayer/python"
    made = here if architecture == sam.ARCHITECTURE else layer(project, architecture)
    compiled = [*made.rglob("*.so")]
    assert COMPILED in {path.parent.name.replace("_", "-") for path in compiled}
    assert {path.read_bytes()[18] for path in compiled} == {MACHINES[architecture][0]}


@pytest.mark.parametrize("architecture", ["arm64", pytest.param("x86_64", marks=pytest.mark.soak)])
def test_a_file_that_is_not_the_locked_one_is_refused(
    project: Path, tmp_path_factory: pytest.TempPathFactory, architecture: str
) -> None:
    """One wrong hash of many, that of the compiled package for this processor, ends the build."""
    lock = project / "layers/udts_monitor/requirements.txt"
    right = compiled_package(lock, architecture, tmp_path_factory.mktemp("package"))
    locked = lock.read_text()
    assert locked.count(right) == 1
    lock.write_text(locked.replace(right, "0" * 64))
    with pytest.raises(sam.SamError, match=rf"Got +{right}"):
        layer(project, architecture)


def compiled_package(lock: Path, architecture: str, folder: Path) -> str:
    """The hash of the file that the index has for a processor."""
    (version,) = [pin.version for pin in pins(lock) if pin.name == COMPILED]
    subprocess.run(  # noqa: S603 - our own pip
        [
            PROJECT / ".tools/bootstrap/bin/python",
            *("-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
            *("--only-binary=:all:", "--platform", f"manylinux2014_{MACHINES[architecture][1]}"),
            *("--implementation", "cp", "--python-version", "3.13"),
            *("--dest", str(folder), f"{COMPILED}=={version}"),
        ],
        check=True,
    )
    (package,) = folder.iterdir()
    return hashlib.sha256(package.read_bytes()).hexdigest()


def test_no_built_file_holds_a_key(built: Path, stack: Stack) -> None:
    """Not even when it was deployed beside the secret that has the keys, and has run with them."""
    stack.summary()
    files = [path for path in built.parent.rglob("*") if path.is_file()]
    assert len(files) > 1000
    # So read, every byte is a character, whatever kind of file it is.
    assert {path: left for path in files if (left := found_in(path.read_text("latin-1"), TASKS))} == {}
