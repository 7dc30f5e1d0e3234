"""For all tests: generated cases are not timed, and tests that share something costly share a process."""

from collections.abc import Iterator
from functools import cache

import botocore.session
import pytest
from hypothesis import HealthCheck, settings

# Cores are shared, and speed is not what generated cases prove.
settings.register_profile("shared cores", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared cores")

# Their fixtures start a local AWS or translate the template: once for a whole folder.
_TOGETHER = ("contract", "template")
# End-to-end tests that need what `sam build` made share it; the others bring a local AWS of their own.
_BUILT = "built"


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


# Before xdist looks for the marks; the longest first, so that no process is left alone with them at the end.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`make test` runs several processes side by side: a group of tests is one process's (pytest-xdist)."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    items.sort(key=lambda item: item.path.parent.name not in {"e2e", "proof"})


def _group(item: pytest.Item) -> str:
    folder = item.path.parent.name
    if _BUILT in getattr(item, "fixturenames", ()):
        return f"{folder} {_BUILT}"
    return folder if folder in _TOGETHER else f"{folder} {item.path.stem}"
