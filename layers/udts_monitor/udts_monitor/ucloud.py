"""UCloud: signed calls over one pooled session.

Source of names, codes and the signature: UCloud API reference (GetUDTSTaskStatus, public parameters,
signature, RetCode).
"""

import hashlib
import random
import ssl
import time
from collections.abc import Callable, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Protocol

import requests
import urllib3
from requests.adapters import HTTPAdapter

from udts_monitor.answer import Refusal, read_answer
from udts_monitor.credentials import KeyPair, KeysError
from udts_monitor.observation import NoAnswer, Observation
from udts_monitor.tasks import TaskRef

REQUEST_UUID = "X-UCLOUD-REQUEST-UUID"
CONNECT_TIMEOUT_SECONDS = 3.05
READ_TIMEOUT_SECONDS = 10.0
# The documented answers are below 2 KB; a hundredfold of the longest legal one is still far below.
MAX_ANSWER_BYTES = 1_000_000
MAX_ATTEMPTS = 4
BACKOFF_BASE_SECONDS = 0.25
BACKOFF_CAP_SECONDS = 4.0
_CHUNK_BYTES = 65_536


class Keys(Protocol):
    """Where the key pair comes from."""

    def current(self) -> KeyPair:
        """The keys to sign with; raises KeysError."""

    def renewed(self, rejected: KeyPair) -> KeyPair | None:
        """Other keys than the rejected ones, None when there are none."""


class UCloud:
    """Asks for the status of tasks; safe to use from many threads at once.

    Args:
        base_url: where the API lives.
        keys: where the key pair comes from.
        connections: how many checks run at once; each keeps one connection.
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
        self._url = base_url
        self._keys = keys
        self._sleep = sleep
        self._session = _Session()
        # Looking for proxies and .netrc costs more CPU than the call and lets the environment redirect it.
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=connections)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def check(self, task: TaskRef, deadline: float) -> Observation | NoAnswer:
        """What UCloud says about a task now.

        Nothing that UCloud or the network does raises: it is no answer.

        Args:
            task: the task to ask for.
            deadline: seconds of ``time.monotonic``; no attempt begins or goes on after it.
        """
        parameters = {"Action": "GetUDTSTaskStatus", "TaskId": task.task_id}
        if task.project_id:
            parameters["ProjectId"] = task.project_id
        if task.type:
            parameters["Type"] = task.type
        attempt = 0
        while True:
            attempt += 1
            result = self._attempt(parameters, deadline)
            if not isinstance(result, Refusal):
                return result
            pause = random.uniform(0, min(BACKOFF_CAP_SECONDS, BACKOFF_BASE_SECONDS * 2 ** (attempt - 1)))  # noqa: S311
            out_of_time = time.monotonic() + pause >= deadline
            if attempt >= min(MAX_ATTEMPTS, result.attempts) or out_of_time:
                return result.as_no_answer()
            self._sleep(pause)

    def _attempt(self, parameters: Mapping[str, str], deadline: float) -> Observation | Refusal:
        try:
            keys = self._keys.current()
            result = self._call(parameters, keys, deadline)
            if isinstance(result, Refusal) and result.keys_rejected:
                renewed = self._keys.renewed(keys)
                if renewed:
                    result = self._call(parameters, renewed, deadline)
        except KeysError as error:
            cause = "no keys" if error.configuration else "keys not readable"
            return Refusal(cause=cause, reason=error.reason, configuration=error.configuration, attempts=1)
        return result

    def _call(self, parameters: Mapping[str, str], keys: KeyPair, deadline: float) -> Observation | Refusal:
        left = deadline - time.monotonic()
        if left <= 0:
            return Refusal(cause="timeout", reason="no time was left in the run to ask UCloud", attempts=1)
        timeout = min(CONNECT_TIMEOUT_SECONDS, left), min(READ_TIMEOUT_SECONDS, left)
        give_up = min(deadline, time.monotonic() + READ_TIMEOUT_SECONDS)
        try:
            request = signed(parameters, keys)
            with self._session.post(
                self._url,
                data=request,
                headers={"Accept-Encoding": "identity"},
                timeout=timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                return read_answer(
                    http_status=response.status_code,
                    body=_body(response, give_up),
                    request_uuid=response.headers.get(REQUEST_UUID, ""),
                    secrets=(keys.private_key, keys.public_key, request["Signature"]),
                )
        except (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError):
            return Refusal(cause="timeout", reason="UCloud did not answer in time")
        except _AnswerTooLargeError:
            return Refusal(
                cause="too large", reason=f"UCloud answered more than {MAX_ANSWER_BYTES} bytes", attempts=1
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            if _is_about_certificate(error):
                return Refusal(
                    cause="certificate",
                    reason=f"the certificate of {self._url} is not valid: check UCLOUD_BASE_URL",
                    configuration=True,
                    attempts=1,
                )
            # The exception's text may repeat the request, so only its kind is told.
            return Refusal(
                cause="connection", reason=f"the connection to UCloud failed ({type(error).__name__})"
            )


def signed(parameters: Mapping[str, str], keys: KeyPair) -> dict[str, str]:
    """The parameters of a request with the public key and the signature added.

    Sorted by name, names and values run together, the private key at the end, SHA-1 in lower-case hex.
    Source: UCloud API reference, signature.
    """
    request = {**parameters, "PublicKey": keys.public_key}
    text = "".join(f"{name}{request[name]}" for name in sorted(request)) + keys.private_key
    return {**request, "Signature": hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()}


class _AnswerTooLargeError(Exception):
    pass


class _Session(requests.Session):
    """Sees no redirects: requests reads their bodies, without limit, even if it may not follow them."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - requests' signature
        """There is none, whatever the answer says."""
        return None


def _is_about_certificate(error: BaseException | None) -> bool:
    """Not every TLS error is: one that a broken connection causes passes by itself."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error is not None


def _body(response: requests.Response, give_up: float) -> bytes:
    """The body as it came, within the limits of size and time.

    A server that sends a byte a second satisfies every timeout between two bytes; so each read returns with
    what has come, and the clock is looked at in between.
    """
    body = bytearray()
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=False):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise _AnswerTooLargeError
        if time.monotonic() > give_up:
            raise TimeoutError
    return bytes(body)
