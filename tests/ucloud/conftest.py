"""One task that loads, and whoever checks it."""

from collections.abc import Iterator

import pytest

from local.simulator import Simulator, simulator_running
from tests.local.asking import one_task
from tests.ucloud.asking import Asking


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """One task that loads."""
    with simulator_running(one_task("Loading")) as running:
        yield running


@pytest.fixture
def asking(simulator: Simulator) -> Asking:
    """A client of it."""
    return Asking(simulator.url)
