"""UCloud's API: signed calls with retries, over one pooled session.

Source of names and the signature: UCloud API reference (public parameters, signature).
"""

import hashlib
import random
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

from udts_monitor.adapters.answer import Answer, FailedCall, read_answer
from udts_monitor.adapters.credentials import KeyPair, KeysError
from udts_monitor.adapters.redaction import Redactor
from udts_monitor.adapters.task_status import read_observation, status_request
from udts_monitor.adapters.transport import Transport
from udts_monitor.decision.observation import NoAnswer, Observation
from udts_monitor.task import TaskRef

MAX_ATTEMPTS = 4
BACKOFF_BASE_SECONDS = 0.25
BACKOFF_CAP_SECONDS = 4.0
LARGE_ANSWER_BYTES = 65_536

type Reader[T] = Callable[[Answer], T | FailedCall]


class Keys(Protocol):
    """Where the key pair comes from."""

    def current(self) -> KeyPair:
        """The keys to sign with; raises KeysError."""

    def renewed(self, rejected: KeyPair) -> KeyPair | None:
        """Other keys than the rejected ones, None when there are none."""


class UCloud:
    """Calls UCloud's API; safe to use from many threads at once.

    Args:
        base_url: where the API lives.
        keys: where the key pair comes from.
        connections: how many calls run at once; each keeps one connection.
        sleep: pauses between attempts, in seconds.
    """

    def __init__(
        self,
        *,
        base_url: str,
        keys: Keys,
        connections: int,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._transport = Transport(base_url, connections)
        self._keys = keys
        self._sleep = sleep
        self._date = "", 0.0
        # A megabyte of {} takes forty as Python objects, until its reader has picked out what is wanted: one
        # at a time, or as many as there are threads end a function of 256 MB.
        self._large_answers = threading.Lock()

    def server_time(self) -> datetime | None:
        """What time it is at UCloud: the Date of the latest answer, and what has passed since."""
        date, at = self._date
        try:
            found = parsedate_to_datetime(date) if date else None
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            return None
        return found + timedelta(seconds=time.monotonic() - at)

    def check(self, task: TaskRef, deadline: float) -> Observation | NoAnswer:
        """What UCloud says about a task now.

        Args:
            task: the task to ask for.
            deadline: seconds of ``time.monotonic``; no attempt begins or goes on after it.
        """
        result = self.call(status_request(task), deadline, read_observation)
        return result.as_no_answer() if isinstance(result, FailedCall) else result

    def call[T](self, parameters: Mapping[str, str], deadline: float, read: Reader[T]) -> T | FailedCall:
        """What is read in the answer to a call; nothing that UCloud or the network does raises.

        Args:
            parameters: ``Action`` and its own parameters, all as text; key and signature are added here.
            deadline: seconds of ``time.monotonic``; no attempt begins or goes on after it.
            read: picks what is wanted from the answer, or says why it is of no use: then the call is
                repeated as often as the FailedCall allows.
        """
        attempt = 0
        while True:
            attempt += 1
            result = self._attempt(parameters, deadline, read)
            if not isinstance(result, FailedCall):
                return result
            pause = random.uniform(0, min(BACKOFF_CAP_SECONDS, BACKOFF_BASE_SECONDS * 2 ** (attempt - 1)))  # noqa: S311
            out_of_time = time.monotonic() + pause >= deadline
            if attempt >= min(MAX_ATTEMPTS, result.attempts) or out_of_time:
                return result
            self._sleep(pause)

    def _attempt[T](self, parameters: Mapping[str, str], deadline: float, read: Reader[T]) -> T | FailedCall:
        try:
            keys = self._keys.current()
            result = self._signed_call(parameters, keys, deadline, read)
            if isinstance(result, FailedCall) and result.keys_rejected:
                renewed = self._keys.renewed(keys)
                if renewed:
                    result = self._signed_call(parameters, renewed, deadline, read)
        except KeysError as error:
            cause = "no keys" if error.configuration else "keys not readable"
            return FailedCall(
                cause=cause,
                reason=error.reason,
                quote=error.quote,
                configuration=error.configuration,
                attempts=1,
            )
        return result

    def _signed_call[T](
        self, parameters: Mapping[str, str], keys: KeyPair, deadline: float, read: Reader[T]
    ) -> T | FailedCall:
        try:
            form = signed(parameters, keys)
        except UnicodeEncodeError:
            # Half a character in a key; the exception would repeat the key.
            reason = "the keys cannot be sent, they are no valid text: set them anew"
            return FailedCall(cause="no keys", reason=reason, configuration=True, attempts=1)
        response = self._transport.post(form, deadline)
        if isinstance(response, FailedCall):
            return response
        self._date = response.date, time.monotonic()
        with self._large_answers if len(response.body) > LARGE_ANSWER_BYTES else nullcontext():
            answer = read_answer(
                http_status=response.http_status,
                body=response.body,
                request_uuid=response.request_uuid,
                redactor=Redactor((keys.private_key, keys.public_key), form["Signature"]),
            )
            return answer if isinstance(answer, FailedCall) else read(answer)


def signed(parameters: Mapping[str, str], keys: KeyPair) -> dict[str, str]:
    """The parameters of a request with the public key and the signature added.

    Sorted by name, names and values run together, the private key at the end, SHA-1 in lower-case hex.
    Source: UCloud API reference, signature.
    """
    request = {**parameters, "PublicKey": keys.public_key}
    text = "".join(f"{name}{request[name]}" for name in sorted(request)) + keys.private_key
    return {**request, "Signature": hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()}
