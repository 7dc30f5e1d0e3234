"""For all tests: generated cases are not timed, and tests that share something costly share a process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Cores are shared, and speed is not what generated cases prove.
settings.register_profile("shared cores", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared cores")

# Their fixtures deploy a stack, start a local AWS or translate the template: once for a whole folder.
_TOGETHER = ("contract", "e2e", "proof", "template")


@pytest.fixture
def as_in_ci() -> Iterator[None]:
    """What hypothesis takes for usual where it sees CI: the same cases every time."""
    settings.load_profile("ci")
    yield
    settings.load_profile("shared cores")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`make test` runs two processes side by side: a group of tests is one process's (pytest-xdist)."""
    for item in items:
        folder = item.path.parent.name
        item.add_marker(pytest.mark.xdist_group(folder if folder in _TOGETHER else Path(item.path).stem))
    # The long groups first, so that neither process is left alone with one of them at the end.
    items.sort(key=lambda item: item.path.parent.name not in {"e2e", "proof"})
