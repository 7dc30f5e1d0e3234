"""The RetCodes the simulator answers by itself; any other can be injected as a fault."""

from enum import IntEnum


class RetCode(IntEnum):
    """UCloud's result of one call, 0 being success.

    Source: UCloud API reference, "Public parameters", table of error codes. Codes above 2000 belong to the
    products and are not documented for UDTS: the ones here are inventions within that range.
    """

    OK = 0
    NO_ACTION = 160
    UNKNOWN_ACTION = 161
    NO_SIGNATURE = 170
    WRONG_SIGNATURE = 171
    UNKNOWN_PUBLIC_KEY = 172
    UNKNOWN_PROJECT = 292
    NO_SUCH_TASK = 21001
    CANNOT_BE_STARTED = 21002
    BAD_PARAMETER = 21003


class RefusedError(Exception):
    """A call that is answered with a RetCode and a message instead of data."""

    def __init__(self, ret_code: RetCode, message: str) -> None:
        super().__init__(message)
        self.ret_code = ret_code
        self.message = message
