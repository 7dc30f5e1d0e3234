"""A value that is read from elsewhere: seldom read, soon renewed, and not lost while it cannot be read."""

import threading
import time
from collections.abc import Callable
from typing import cast

MAX_AGE_SECONDS = 300.0
# After a failure, or a value that is of no use, it is read again at most this often, however many ask for it.
RETRY_SECONDS = 30.0


class Cached[T]:
    """Keeps a value for five minutes, and the last good one for as long as reading fails; safe for threads.

    Args:
        read: returns the value.
        kept_through: what ``read`` raises when the last good value is still good enough; anything else is
            passed on at once, and read again at once.
        on_kept: told about each failure that a last good value outlasts.
        clock: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        read: Callable[[], T],
        *,
        kept_through: type[Exception],
        on_kept: Callable[[Exception], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._kept_through = kept_through
        self._on_kept = on_kept
        self._clock = clock
        self._lock = threading.Lock()
        self._value: T | None = None
        self._error: Exception | None = None
        self._read_at = float("-inf")

    def current(self) -> T:
        """The value; raises what ``read`` raised when there never was a good one."""
        with self._lock:
            self._read_again_after(RETRY_SECONDS if self._error else MAX_AGE_SECONDS)
            if self._value is None and self._error:
                # Without its old traceback, which would grow with everyone who asks.
                raise self._error.with_traceback(None)
            return cast("T", self._value)

    def renewed(self, rejected: T) -> T | None:
        """Another value than the rejected one, None when there is no other or it was just read."""
        with self._lock:
            if self._value == rejected:
                self._read_again_after(RETRY_SECONDS)
            return self._value if self._value != rejected else None

    def _read_again_after(self, seconds: float) -> None:
        """Read if the last attempt is that long ago, whether it succeeded or not."""
        now = self._clock()
        if now - self._read_at < seconds:
            return
        try:
            self._value, self._error = self._read(), None
        except self._kept_through as error:
            self._error = error
            if self._value is not None:
                self._on_kept(error)
        self._read_at = now
