"""The UCloud key pair: from Secrets Manager on AWS, from the environment for local use."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# A rejected key pair is read again at most this often, however many tasks it is rejected for.
RENEWAL_PAUSE_SECONDS = 30.0
MAX_AGE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class KeyPair:
    """What signs a request. The private key never shows in a repr."""

    public_key: str
    private_key: str = field(repr=False)


class KeysError(Exception):
    """There are no usable keys.

    Attributes:
        configuration: a person has to change something; otherwise the next run may find them.
    """

    def __init__(self, reason: str, *, configuration: bool) -> None:
        self.reason = reason
        self.configuration = configuration
        super().__init__(reason)


class FixedKeys:
    """Keys given in the environment: there is nothing to renew."""

    def __init__(self, keys: KeyPair) -> None:
        self._keys = keys

    def current(self) -> KeyPair:
        """The given keys."""
        return self._keys

    def renewed(self, rejected: KeyPair) -> KeyPair | None:  # noqa: ARG002 - the port's signature
        """There are no others: always None."""
        return None


class SecretKeys:
    """Keys from a secret: kept for five minutes, read again when rejected, the last good ones kept.

    Args:
        read: returns the secret's text; raises KeysError.
        clock: seconds of a clock that never goes back.
    """

    def __init__(self, read: Callable[[], str], clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: KeyPair | None = None
        self._error: KeysError | None = None
        self._read_at = float("-inf")

    def current(self) -> KeyPair:
        """The keys to sign with.

        Raises:
            KeysError: the secret cannot be read and never could.
        """
        with self._lock:
            max_age = RENEWAL_PAUSE_SECONDS if self._error else MAX_AGE_SECONDS
            self._read_again_after(max_age)
            if self._keys is None:
                raise self._error or KeysError("the secret was not read", configuration=False)
            return self._keys

    def renewed(self, rejected: KeyPair) -> KeyPair | None:
        """Other keys than the rejected ones, None when the secret holds no others or was just read."""
        with self._lock:
            if self._keys == rejected:
                self._read_again_after(RENEWAL_PAUSE_SECONDS)
            return self._keys if self._keys != rejected else None

    def _read_again_after(self, seconds: float) -> None:
        """Read the secret if the last attempt is that long ago, whether it succeeded or not."""
        if self._clock() - self._read_at < seconds:
            return
        self._read_at = self._clock()
        try:
            self._keys, self._error = parse_keys(self._read()), None
        except KeysError as error:
            # A secret broken half-way through a rotation must not blind the monitor: the last good keys stay.
            self._error = error


def parse_keys(text: str) -> KeyPair:
    """The key pair in a secret's text, ``{"public_key": ..., "private_key": ...}``.

    Raises:
        KeysError: it is not of that form; the text itself is never repeated.
    """
    try:
        secret: Any = json.loads(text)
        keys = secret["public_key"], secret["private_key"]
        "".join(keys).encode()  # half a character cannot be signed with
    except (ValueError, KeyError, TypeError, RecursionError):
        keys = None, None
    public_key, private_key = keys
    if not (isinstance(public_key, str) and isinstance(private_key, str) and public_key and private_key):
        raise KeysError(
            'the secret has to be of the form {"public_key": "...", "private_key": "..."}: set a new value',
            configuration=True,
        )
    return KeyPair(public_key, private_key)
