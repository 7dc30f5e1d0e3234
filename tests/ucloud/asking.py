"""The client under test, pointed at a server of the test."""

import time
from collections.abc import Mapping

from local.simulator import TEST_PRIVATE_KEY, TEST_PUBLIC_KEY
from udts_monitor.adapters.answer import FailedCall
from udts_monitor.adapters.credentials import FixedKeys, KeyPair
from udts_monitor.adapters.ucloud import Keys, Reader, UCloud
from udts_monitor.decision.observation import NoAnswer, Observation
from udts_monitor.task import TaskRef

TASK = TaskRef(task_id="udts-1")
KEYS = KeyPair(TEST_PUBLIC_KEY, TEST_PRIVATE_KEY)
PATIENCE_SECONDS = 10.0


class Asking:
    """A client that writes its pauses down instead of making them."""

    def __init__(self, url: str, *, keys: Keys | None = None, connections: int = 4) -> None:
        self.pauses: list[float] = []
        self.ucloud = UCloud(
            base_url=url, keys=keys or FixedKeys(KEYS), connections=connections, sleep=self.pauses.append
        )

    def check(self, task: TaskRef = TASK, *, seconds: float = PATIENCE_SECONDS) -> Observation | NoAnswer:
        """One check with so much time."""
        return self.ucloud.check(task, time.monotonic() + seconds)

    def call[T](
        self, parameters: Mapping[str, str], read: Reader[T], *, seconds: float = PATIENCE_SECONDS
    ) -> T | FailedCall:
        """One call of any action with so much time."""
        return self.ucloud.call(parameters, time.monotonic() + seconds, read)

    def observed(self, task: TaskRef = TASK) -> Observation:
        """The observation of a check that yields one."""
        found = self.check(task)
        assert isinstance(found, Observation), found
        return found

    def unanswered(self, task: TaskRef = TASK, *, seconds: float = PATIENCE_SECONDS) -> NoAnswer:
        """The reason of a check that yields nothing."""
        found = self.check(task, seconds=seconds)
        assert isinstance(found, NoAnswer), found
        return found
