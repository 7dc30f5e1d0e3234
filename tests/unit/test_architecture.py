"""The dependency rule of the design, read from the source: what decides knows nothing of what talks."""

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
MODULES = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
ADAPTERS = {"aws", "config", "credentials", "item", "publisher", "store", "ucloud"}
# Whatever is not named as an adapter has to be pure: a new module is, unless somebody decides otherwise here.
RUN = {"delivery", "monitor"}
PURE = MODULES - ADAPTERS - RUN
SOURCES = [*sorted(PACKAGE.rglob("*.py")), *sorted((PROJECT / "functions").rglob("*.py"))]

# Whoever asks one of these for the time decides differently at every call.
CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}


def source_of(module: str) -> str:
    """The text of a module of the package."""
    return (PACKAGE / f"{module}.py").read_text(encoding="utf-8")


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
                names |= {f"udts_monitor.{node.module or alias.name}" for alias in node.names}
    return names


def our_modules(names: set[str]) -> set[str]:
    """The modules of the package among imported names."""
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


def test_the_core_is_pure() -> None:
    """The modules the design counts on exist under their names, and so does every exception to the rule."""
    core = {"alert", "answer", "assessment", "cloudevent", "errors", "event", "notification", "observation"}
    core |= {"outage", "outbox", "state", "status", "tasks", "text", "times", "wording"}
    assert core <= PURE
    assert ADAPTERS | RUN <= MODULES


@pytest.mark.parametrize("module", sorted(PURE))
def test_a_pure_module_imports_only_the_standard_library_and_pure_modules(module: str) -> None:
    """So that it can be read, tested and trusted alone."""
    names = imported_by(source_of(module))
    foreign = {name.split(".")[0] for name in names} - sys.stdlib_module_names - {"udts_monitor"}
    assert not foreign
    assert our_modules(names) <= PURE


@pytest.mark.parametrize("module", sorted(PURE))
def test_a_pure_module_does_not_reach_outside(module: str) -> None:
    """The standard library can read files, talk to networks and see the environment: not from here."""
    outside = {
        "asyncio",
        "http",
        "io",
        "multiprocessing",
        "os",
        "pathlib",
        "socket",
        "subprocess",
        "threading",
    }
    assert {name.split(".")[0] for name in imported_by(source_of(module))}.isdisjoint(outside)


def test_the_run_imports_no_adapter() -> None:
    """It knows its ports; which adapters stand behind them is the handler's business."""
    for module in RUN:
        assert our_modules(imported_by(source_of(module))) <= PURE | RUN


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.relative_to(PROJECT).as_posix())
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


def test_the_handler_can_be_imported_with_an_empty_environment(tmp_path: Path) -> None:
    """No region, no keys, no variable: whatever is missing is told by the run, not by a failed import."""
    script = "import functions.check_tasks.app as app; print(callable(app.lambda_handler))"
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
