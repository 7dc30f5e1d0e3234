"""How the command line ends: codes for scripts, and errors that are one line for people."""

from enum import IntEnum


class Code(IntEnum):
    """Exit codes; docs/command-line.md lists them."""

    FINE = 0
    TROUBLE = 1  # it was shown, and something of it needs somebody
    WRONG = 2  # the command line is wrong, or names what is not there; argparse uses it as well
    NO_ACCESS = 3  # AWS could not be asked: credentials, region, stack, rights, network
    NOT_DONE = 4  # the function was asked and did not do it


class CommandLineError(Exception):
    """A person is told one line, and nothing was done.

    Attributes:
        code: what the program ends with.
    """

    def __init__(self, text: str, code: Code = Code.WRONG) -> None:
        self.code = code
        super().__init__(text)
