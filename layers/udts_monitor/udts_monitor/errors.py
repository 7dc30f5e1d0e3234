"""One class for each reaction."""

from typing import ClassVar


class MonitorError(Exception):
    """The run fails and says so; nothing was lost.

    Attributes:
        cause: the reaction in a word, for the log.
    """

    cause: ClassVar[str]


class ConfigurationError(MonitorError):
    """A person has to change the configuration; no state was touched.

    Attributes:
        problems: a sentence for each thing that is wrong.
    """

    cause = "configuration"

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("The configuration is wrong:\n" + "\n".join(f"- {problem}" for problem in problems))


class ParameterError(MonitorError):
    """The task list could not be read just now; nothing was done, and the next run tries again."""

    cause = "parameter"


class CommandError(MonitorError):
    """A person asked for something in a wrong way; nothing was done."""

    cause = "command"


class StoreError(MonitorError):
    """The table did not do what it was asked; the next run does it again.

    Attributes:
        transient: the same request may succeed a moment later.
    """

    cause = "store"

    def __init__(self, reason: str, *, transient: bool) -> None:
        self.transient = transient
        super().__init__(reason)


class PublishError(Exception):
    """A topic did not take a notification; it stays in the outbox and waits longer each time.

    Attributes:
        permanent: topic or notification are refused as they are; otherwise SNS could not be used just now.
    """

    def __init__(self, reason: str, *, permanent: bool) -> None:
        self.permanent = permanent
        super().__init__(reason)


class RunError(MonitorError):
    """Part of a run did not succeed; the rest was done, and the next run repeats the part."""

    cause = "run"
