"""For all tests: generated cases are not timed, and tests that share something costly share a process."""

from collections.abc import Iterator
from functools import cache

import botocore.session
import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

# Cores are shared, and speed is not what generated cases prove.
settings.register_profile("shared cores", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared cores")

# Their fixtures start a local AWS, deploy what was built, or translate the template: once for a whole folder.
_TOGETHER = ("tests/contract", "tests/e2e", "tests/template")
# End-to-end tests that bring a local AWS of their own.
_APART = ("test_documented_", "test_local_")


@pytest.fixture
def as_in_ci() -> Iterator[None]:
    """What hypothesis takes for usual where it sees CI: the same cases every time."""
    settings.load_profile("ci")
    yield
    settings.load_profile("shared cores")


@pytest.fixture(scope="session", autouse=True)
def service_models() -> Iterator[None]:
    """Every test makes clients of its own; what they are made of is read from the disk once."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setattr("botocore.session.create_loader", cache(botocore.session.create_loader))
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that no process is left alone with them at the end."""
    items.sort(key=lambda item: item.path.parent.name not in {"e2e", "proof"})


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """`make test` runs several processes side by side: tests that share what is costly share one.

    A mark for that, xdist_group, finds no place in the names of tests since pytest 9.
    """
    if config.getoption("dist") != "loadscope":
        return None
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = _shared  # noqa: SLF001 - what its subclasses define
    return scheduler


def _shared(test: str) -> str:
    """The folder or file whose tests run in one process."""
    path, _, _ = test.partition("::")
    folder, _, file = path.rpartition("/")
    return folder if folder in _TOGETHER and not file.startswith(_APART) else path
