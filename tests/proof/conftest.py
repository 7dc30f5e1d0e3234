"""One local AWS and one fork server for all proofs."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from local.aws import local_aws
from tests.proof.environment import Environment, SharedAws, environment, keep_keys
from tests.proof.handlers import Handlers, handlers_running

type Environments = Callable[..., AbstractContextManager[Environment]]


@pytest.fixture(scope="session")
def shared_aws() -> Iterator[SharedAws]:
    """A local AWS for all proofs."""
    with local_aws() as running:
        yield SharedAws(endpoint=running.endpoint, folder=running.folder)


@pytest.fixture(scope="session")
def handlers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handlers]:
    """Whoever runs the handler, each run in its own process."""
    folder: Path = tmp_path_factory.mktemp("runs")
    with handlers_running(folder) as running:
        yield running


@pytest.fixture(scope="session")
def environments(shared_aws: SharedAws, handlers: Handlers) -> Environments:
    """Makes environments."""
    return partial(environment, shared_aws, handlers, secret=keep_keys(shared_aws))
