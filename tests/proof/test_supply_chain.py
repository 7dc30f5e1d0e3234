"""What is shipped is what is locked: pinned, hashed, needed, licensed; and an audit that does not pretend."""

import re
import tomllib
from importlib.metadata import distribution, version
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local import audit, licences
from local.template import PROJECT
from tests.proof.lockfile import declared, pins

LAYER = PROJECT / "layers/udts_monitor/requirements.txt"
LOCKS = [LAYER, *sorted((PROJECT / "requirements").glob("*.txt"))]
WORKFLOW = PROJECT / ".github/workflows/ci.yml"
EVERY_LOCK = [pytest.param(path, id=str(path.relative_to(PROJECT))) for path in LOCKS]
# What pip takes for the environment a package is installed in; the lock is for Python 3.13 on any system.
LAMBDA = {"python_version": "3.13", "python_full_version": "3.13.0", "sys_platform": "linux", "extra": ""}


@pytest.mark.parametrize("lock", EVERY_LOCK)
def test_every_requirement_is_one_version_with_its_hashes(lock: Path) -> None:
    """Nobody can put another file under a name that was locked; nothing comes from anywhere but the index."""
    requirements = pins(lock)
    assert requirements
    for pin in requirements:
        assert re.fullmatch(r"[\w.-]+==[\w.!+]+( ; [^\\]+)?", pin.line), pin.line
        assert pin.hashes, pin.line
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", found) for found in pin.hashes), pin.line
    said = lock.read_text()
    assert not re.search(r"^\s*-", re.sub(r"^ +--hash=\S+", "", said, flags=re.MULTILINE), re.MULTILINE)
    assert "://" not in said


def test_the_makefile_installs_by_hash_only() -> None:
    """Every install of a lock requires its hashes."""
    installs = [line for line in (PROJECT / "Makefile").read_text().splitlines() if "pip install" in line]
    for line in installs:
        locked = "--require-hashes -r" in line
        itself = "--no-deps --no-build-isolation --editable ." in line
        assert locked or itself, line
    assert len(installs) == 4


def test_the_layer_is_installed_by_hash_only() -> None:
    """Nothing is compiled on the way either: what was hashed is what runs."""
    makefile = (PROJECT / "layers/udts_monitor/Makefile").read_text().replace("\\\n", " ")
    (install,) = [line for line in makefile.splitlines() if "pip install" in line]
    assert "--require-hashes" in install
    assert "--only-binary=:all:" in install
    assert install.endswith("--requirement requirements.txt")


def test_tests_run_with_what_is_shipped() -> None:
    """Every package of the layer has the version the tests have, and the very same files to choose from."""
    tested = {pin.name: pin for pin in pins(PROJECT / "requirements/dev.txt")}
    for pin in pins(LAYER):
        assert pin.version == tested[pin.name].version
        assert pin.hashes == tested[pin.name].hashes
        assert version(pin.name) == pin.version


def needed() -> set[str]:
    """What the project declares, and what that needs, by the installed packages' own words."""
    wanted = [Requirement(text) for text in declared()]
    found: set[str] = set()
    seen: set[tuple[str, frozenset[str]]] = set()
    while wanted:
        requirement = wanted.pop()
        name = canonicalize_name(requirement.name)
        assert requirement.specifier.contains(version(name), prereleases=True), requirement
        if (name, frozenset(requirement.extras)) in seen:
            continue
        seen.add((name, frozenset(requirement.extras)))
        found.add(name)
        for text in distribution(name).requires or []:
            further = Requirement(text)
            extras = requirement.extras or {""}
            if not further.marker or any(further.marker.evaluate(LAMBDA | {"extra": e}) for e in extras):
                wanted.append(further)
    return found


def test_the_layer_holds_what_the_project_needs_and_nothing_else() -> None:
    """It is what an export of pyproject.toml within the locked versions gives, found out without network."""
    assert {pin.name for pin in pins(LAYER)} == needed()


def test_the_command_line_needs_what_the_layer_needs_and_its_own() -> None:
    """Tables and completion stay out of Lambda."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    own = {Requirement(text).name for text in set(project["dependencies"]) - set(declared())}
    assert set(declared()) <= set(project["dependencies"])
    assert own == {"rich", "shtab"}
    assert own.isdisjoint(pin.name for pin in pins(LAYER))


def test_every_shipped_licence_is_allowed() -> None:
    """A package under another licence is a decision that somebody takes in local/licences.py."""
    for package in licences.locked():
        found = licences.licences(package)
        assert found, f"{package} declares no licence"
        assert set(found) <= licences.ALLOWED, package


def test_the_list_of_licences_is_that_of_the_lock() -> None:
    """When it fails: `.venv/bin/python -m local.licences > docs/licences.md`."""
    assert licences.locked() == {pin.name: pin.version for pin in pins(LAYER)}
    assert (PROJECT / "docs/licences.md").read_text() == licences.table()


# The audit


CLEAN = '{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}'
FOUND = '{"name": "b", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]}'
SKIPPED = '{"name": "c", "skip_reason": "Dependency not found and could not be audited: c (3)"}'


def audited(folder: Path, answer: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The audit with a stand-in for pip-audit that answers this; exit code and what it said."""
    (folder / "answer").write_text(answer)
    tool = folder / "pip-audit"
    tool.write_text(f'#!/bin/sh\ncat "{folder}/answer"\necho "no network" >&2\n')
    tool.chmod(0o700)
    return audit.main([LAYER], tool), capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "verdict", "said"),
    [
        pytest.param(CLEAN, audit.CLEAN, "1 packages checked, 0 known", id="clean"),
        pytest.param(
            f'{{"dependencies": [{FOUND}]}}',
            audit.VULNERABLE,
            "VULNERABLE b 2: CVE-1, fixed in 3",
            id="found",
        ),
        pytest.param(
            f'{{"dependencies": [{FOUND}, {SKIPPED}]}}',
            audit.VULNERABLE,
            "1 NOT CHECKED",
            id="found and skipped",
        ),
        pytest.param(
            f'{{"dependencies": [{SKIPPED}]}}', audit.UNKNOWN, "NOT CHECKED: this is no pass", id="skipped"
        ),
        pytest.param("", audit.UNKNOWN, "could not be used: no network", id="no service"),
        pytest.param('{"dependencies": []}', audit.UNKNOWN, "0 packages checked", id="nothing"),
    ],
)
def test_an_audit_passes_only_when_everything_was_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], answer: str, verdict: int, said: str
) -> None:
    """Where the service cannot be reached it says so, and is no pass."""
    code, printed = audited(tmp_path, answer, capsys)
    assert code == verdict
    assert said in printed


def test_every_lock_is_audited() -> None:
    """What is shipped, and what builds and tests it."""
    assert set(audit.LOCKS) == set(LOCKS)


# The workflow


@pytest.fixture
def workflow() -> dict[str, Any]:
    """What the code host runs."""
    # As plain text: YAML takes the key "on" for a truth value.
    loaded: dict[str, Any] = yaml.load(WORKFLOW.read_text(), Loader=yaml.BaseLoader)  # noqa: S506 - only texts
    return loaded


@pytest.mark.parametrize(
    ("job", "command", "when"),
    [("test", ".ci/run", "!= 'schedule'"), ("audit", "make audit", "== 'schedule'")],
)
def test_the_workflow_runs_what_a_person_runs(
    workflow: dict[str, Any], job: str, command: str, when: str
) -> None:
    """Every change is tested, and known vulnerabilities are asked for without one."""
    assert {"push", "pull_request", "schedule"} <= workflow["on"].keys()
    assert workflow["jobs"][job]["if"] == f"github.event_name {when}"
    assert [step["run"] for step in workflow["jobs"][job]["steps"] if "run" in step] == [command]


def test_the_workflow_may_read_and_uses_what_is_locked(workflow: dict[str, Any]) -> None:
    """A tag of somebody else's action can be moved, a commit cannot; a token that only reads is no loot."""
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert "permissions" not in job
        used = [step["uses"] for step in job["steps"] if "uses" in step]
        assert used
        assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", action) for action in used)


def test_the_licence_is_declared_and_goes_along() -> None:
    """What the package says of itself is what stands in the repository."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert project["license"] in licences.ALLOWED
    (file,) = project["license-files"]
    assert (PROJECT / file).read_text().startswith(f"{project['license']} License")
