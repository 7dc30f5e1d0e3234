"""The status page of the local stack: a small server in front of the deployed function, as its address is.

It answers this machine only, and no other name than its own: a page in the browser must not read it through a
name of its own that resolves to 127.0.0.1.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from local.aws import LocalAws

_NOT_YET = "The monitor is not deployed yet, or its local AWS does not answer: reload in a moment.\n"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, aws: LocalAws, function: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.aws = aws
        self.function = function
        self.names = {f"127.0.0.1:{self.server_port}", f"localhost:{self.server_port}"}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = cast("_Server", self.server)
        if self.headers.get("Host") not in server.names:
            self._answer(403, {}, "This page has the name 127.0.0.1.\n")
            return
        try:
            answer = asked(server.aws, server.function, self.path, host=f"127.0.0.1:{server.server_port}")
        except (BotoCoreError, ClientError, ValueError, KeyError):
            self._answer(503, {}, _NOT_YET)
            return
        self._answer(answer["statusCode"], answer["headers"], answer["body"])

    def log_message(self, *_: object) -> None:
        """Nothing is written: the output of the process is its log."""

    def _answer(self, status: int, headers: dict[str, str], body: str) -> None:
        content = body.encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def asked(aws: LocalAws, function: str, address: str = "/", *, host: str = "") -> dict[str, Any]:
    """What the function answers; it takes whoever asks for somebody AWS has let in.

    Args:
        aws: where it is deployed.
        function: its name.
        address: path and query.
        host: as which it is asked.

    Returns:
        ``statusCode``, ``headers`` and ``body``, where all went well.
    """
    path, _, query = address.partition("?")
    event = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {},
        "requestContext": {
            "http": {"method": "GET", "path": path},
            "domainName": host,
            "authorizer": {"iam": {"accountId": "local"}},
        },
    }
    answer = aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
    found: dict[str, Any] = json.loads(answer["Payload"].read())
    return found


@contextmanager
def page_running(aws: LocalAws, function: str = "udts-monitor-task-status") -> Iterator[str]:
    """Serve the page; its address.

    Args:
        aws: where the function is deployed, now or later.
        function: its name.
    """
    with _Server(aws, function) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
