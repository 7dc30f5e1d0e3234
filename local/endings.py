"""What ends a command from outside: Ctrl-C, a closed terminal, `kill`."""

import signal
from types import FrameType

_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def clean_up_when_ended() -> None:
    """Let them end this process by SystemExit from now on, so that it cleans up whatever it holds."""
    for ending in _ENDINGS:
        # What nohup, or a shell in the background, ignores stays ignored.
        if signal.getsignal(ending) is not signal.SIG_IGN:
            signal.signal(ending, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    # Impatience must not interrupt the cleaning up: that would leave something behind.
    for ending in _ENDINGS:
        signal.signal(ending, signal.SIG_IGN)
    raise SystemExit(128 + number)
