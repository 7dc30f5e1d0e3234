"""Time limits that hold for everything, a call that hangs too."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TooLateError(Exception):
    """Something took too long; the text says what."""


@contextmanager
def within(seconds: int, otherwise: str) -> Iterator[None]:
    """Interrupt the block when its time is over. One block at a time, in the main thread.

    Raises:
        TooLateError: The time was over; it says what happened `otherwise`.
    """

    def over(_number: int, _frame: FrameType | None) -> None:
        raise TooLateError(f"{otherwise} within {seconds} seconds")

    signal.signal(signal.SIGALRM, over)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
