"""HTTP to one address over pooled connections: no redirects, no environment, bounded in size and time."""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

import requests
import urllib3
from requests.adapters import HTTPAdapter

from udts_monitor.adapters.answer import FailedCall

REQUEST_UUID = "X-UCLOUD-REQUEST-UUID"
CONNECT_TIMEOUT_SECONDS = 3.05
READ_TIMEOUT_SECONDS = 10.0
# The documented answers are below 2 KB; a hundredfold of the longest legal one is still far below.
MAX_ANSWER_BYTES = 1_000_000
_CHUNK_BYTES = 65_536
_HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded",
    # A body that has to be unpacked could grow beyond its limit; the answers are too small to gain by it.
    "Accept-Encoding": "identity",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A whole response as it came."""

    http_status: int
    body: bytes
    request_uuid: str
    date: str = ""


class Transport:
    """Posts forms; safe to use from many threads at once.

    Args:
        url: where all of them go.
        connections: how many posts run at once; each keeps one connection.
    """

    def __init__(self, url: str, connections: int) -> None:
        self._url = url
        self._pool, self._path = _Connections(pool_maxsize=connections).to(url)

    def post(self, form: Mapping[str, str], deadline: float) -> Response | FailedCall:
        """The response to a form, or why there is none; nothing that the network does raises.

        Args:
            form: what is sent.
            deadline: seconds of ``time.monotonic``; the post does not go on after it.
        """
        left = deadline - time.monotonic()
        if left <= 0:
            return FailedCall(cause="timeout", reason="no time was left in the run to ask UCloud", attempts=1)
        try:
            return self._post(form, min(READ_TIMEOUT_SECONDS, left))
        except urllib3.exceptions.NewConnectionError as error:
            # Nobody listens there, which urllib3 counts among its timeouts.
            return self._broken(error)
        except (urllib3.exceptions.TimeoutError, TimeoutError):
            return FailedCall(cause="timeout", reason="UCloud did not answer in time")
        except _AnswerTooLargeError:
            return FailedCall(
                cause="too large", reason=f"UCloud answered more than {MAX_ANSWER_BYTES} bytes", attempts=1
            )
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            return self._broken(error)

    def _post(self, form: Mapping[str, str], seconds: float) -> Response:
        give_up = time.monotonic() + seconds
        response = self._pool.urlopen(
            "POST",
            self._path,
            body=urlencode(form),
            headers=_HEADERS,
            timeout=urllib3.Timeout(min(CONNECT_TIMEOUT_SECONDS, seconds), seconds),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        try:
            return Response(
                http_status=response.status,
                body=_body(response, give_up),
                request_uuid=response.headers.get(REQUEST_UUID, ""),
                date=response.headers.get("Date", ""),
            )
        finally:
            # A connection whose answer was not read to its end is of no more use.
            response.close()
            response.release_conn()

    def _broken(self, error: Exception) -> FailedCall:
        if _is_about_certificate(error):
            return FailedCall(
                cause="certificate",
                reason=f"the certificate of {self._url} is not valid: check UCLOUD_BASE_URL",
                configuration=True,
                attempts=1,
            )
        # The exception's text may repeat the request, so only its kind is told.
        return FailedCall(
            cause="connection",
            reason=f"the connection to UCloud failed ({type(error).__name__})",
            quote=type(error).__name__,
        )


class _AnswerTooLargeError(Exception):
    pass


class _Connections(HTTPAdapter):
    """The pool of requests and whom it trusts, without its session.

    A session prepares every call anew and looks for redirects, cookies, proxies, passwords and hooks: that is
    half of the CPU of a call, and lets an answer or the environment lead the keys elsewhere.
    """

    def to(self, url: str) -> tuple[urllib3.HTTPConnectionPool, str]:
        """The connections to an address, and its path."""
        request = requests.Request("POST", url).prepare()
        pool = self.get_connection_with_tls_context(request, verify=requests.adapters.DEFAULT_CA_BUNDLE_PATH)
        return cast("urllib3.HTTPConnectionPool", pool), request.path_url


def _is_about_certificate(error: BaseException | None) -> bool:
    """Not every TLS error is: one that a broken connection causes passes by itself."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error is not None


def _body(response: urllib3.BaseHTTPResponse, give_up: float) -> bytes:
    """The body as it came, within the limits of size and time.

    A server that sends a byte a second satisfies every timeout between two bytes; so each read returns with
    what has come, and the clock is looked at in between.
    """
    body = bytearray()
    while chunk := response.read1(_CHUNK_BYTES, decode_content=False):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise _AnswerTooLargeError
        if time.monotonic() > give_up:
            raise TimeoutError
    return bytes(body)
