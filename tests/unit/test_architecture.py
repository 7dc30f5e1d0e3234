"""The import rule of docs/architecture.md, read from the source: what decides knows nothing of what talks."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.template import PROJECT

LAYER = PROJECT / "layers" / "udts_monitor"
PACKAGE = LAYER / "udts_monitor"
APP = PROJECT / "functions" / "check_tasks" / "app.py"
SHARED = {"task", "text", "times", "errors"}
# Whoever is not here knows only the shared modules; adapters know what they carry, app.py knows all.
ALLOWED = {
    "decision": set[str](),
    "outbox": {"decision"},
    "messages": {"decision"},
    "query": {"decision", "outbox", "messages"},
    "page": {"decision", "messages", "query"},
    "run": {"decision", "outbox", "messages"},
}
PURE = {"decision", "outbox", "messages", "query", "page"}
SOURCES = [*sorted(PACKAGE.rglob("*.py")), *sorted((PROJECT / "functions").rglob("*.py"))]
PURE_SOURCES = [path for path in SOURCES if path.parent.name in PURE or path.stem in SHARED]

# Whoever asks one of these for the time decides differently at every call.
CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}


def relative(path: Path) -> str:
    """The path as a test's id."""
    return path.relative_to(PROJECT).as_posix()


def imported_by(source: str) -> set[str]:
    """Dotted names of all that is imported anywhere in a source, also inside functions and conditions."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import():
                names |= {alias.name for alias in node.names}
            case ast.ImportFrom(module=str(module), level=0):
                names |= {f"{module}.{alias.name}" for alias in node.names}
            case ast.ImportFrom():
                names |= {f"udts_monitor.relative.{node.module}"}
    return names


def rooms(source: Path) -> set[str]:
    """The folders and shared modules of the package that a source imports."""
    names = imported_by(source.read_text(encoding="utf-8"))
    return {name.split(".")[1] for name in names if name.startswith("udts_monitor.")}


def clocks_asked(source: str) -> set[str]:
    """The clocks among CLOCKS that a source mentions, under whatever name it imported them."""
    tree = ast.parse(source)
    called: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            called |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            called |= {alias.asname or alias.name: alias.name for alias in node.names}
    mentioned = {
        called.get(text.split(".")[0], text.split(".")[0]) + text[len(text.split(".")[0]) :]
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Name)
        for text in [ast.unparse(node)]
    }
    return {clock for clock in CLOCKS for name in mentioned if name == clock or name.endswith(f".{clock}")}


def test_the_package_has_these_rooms_and_no_other() -> None:
    """A new folder gets its place in the rule, and what everybody uses stays four modules."""
    assert {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()} == {
        *ALLOWED,
        "adapters",
    }
    assert {path.stem for path in PACKAGE.glob("*.py")} == {*SHARED, "__init__"}


@pytest.mark.parametrize("source", SOURCES, ids=relative)
def test_a_room_imports_only_what_the_rule_allows(source: Path) -> None:
    """Outbox and messages know decision; run and query know these three; page shows what query found."""
    room = source.parent.name
    if room in ALLOWED:
        assert rooms(source) <= SHARED | ALLOWED[room] | {room}
    elif source.parent == PACKAGE:
        assert rooms(source) <= SHARED
    elif room == "adapters":
        assert "check_tasks" not in rooms(source)


@pytest.mark.parametrize("source", PURE_SOURCES, ids=relative)
def test_a_pure_module_needs_only_the_standard_library_and_nothing_that_reaches_outside(source: Path) -> None:
    """So that it can be read, tested and trusted alone."""
    names = {name.split(".")[0] for name in imported_by(source.read_text(encoding="utf-8"))}
    assert not names - sys.stdlib_module_names - {"udts_monitor"}
    outside = {"asyncio", "http", "io", "multiprocessing", "os", "pathlib", "socket", "subprocess"}
    assert names.isdisjoint(outside | {"threading"})


@pytest.mark.parametrize("source", SOURCES, ids=relative)
def test_only_the_handlers_ask_for_the_time(source: Path) -> None:
    """The clock enters with the data; time.monotonic, which knows no date, may be asked for pauses."""
    clocks = clocks_asked(source.read_text(encoding="utf-8"))
    assert not clocks or source.name == "app.py"


def test_the_check_for_clocks_sees_clocks() -> None:
    """A check that cannot fail is a defect: it finds the handler's clock and every disguise."""
    assert clocks_asked(APP.read_text(encoding="utf-8")) == {"datetime.now"}
    assert clocks_asked("import datetime\ndatetime.datetime.now()") == {"datetime.now"}
    assert clocks_asked("from datetime import datetime as when\nwhen.utcnow()") == {"datetime.utcnow"}
    assert clocks_asked("from time import time\ntime()") == {"time.time"}
    assert clocks_asked("import time as t\nclock = t.time") == {"time.time"}
    assert not clocks_asked("import time\ntime.monotonic()")


@pytest.mark.parametrize("function", ["check_tasks", "task_status"])
def test_a_handler_can_be_imported_with_an_empty_environment(function: str, tmp_path: Path) -> None:
    """No region, no keys, no variable: whatever is missing is told by the run, not by a failed import."""
    script = f"import functions.{function}.app as app; print(callable(app.lambda_handler))"
    done = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-W", "error", "-c", script],
        env={"PYTHONPATH": os.pathsep.join([str(PROJECT), str(LAYER)]), "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "True"), done.stderr
