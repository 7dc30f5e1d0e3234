"""A server in a process of its own that answers at once: what is measured is the client alone."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from local.template import PROJECT

BODY = json.dumps(
    {
        "RetCode": 0,
        "Action": "GetUDTSTaskStatusResponse",
        "Data": {
            "Status": "Loading",
            "FailedMessage": "",
            "MaxRetryCount": 3,
            "CurRetryCount": 0,
            "Progress": {
                "TotalCount": 1_000_000,
                "CurCount": 250_000,
                "TotalDuration": 300,
                "CurDuration": 77,
                "Percentage": 25.1,
            },
            "Sync": {"BinlogName": "mysql-bin.000006", "BinlogPos": 154, "BinlogGTID": ""},
        },
        "Message": "",
    }
).encode()


class Handler(BaseHTTPRequestHandler):
    """Says the same to everybody, over connections that stay."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body in one piece

    def do_POST(self) -> None:
        """Read the request, send the answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.send_header("X-UCLOUD-REQUEST-UUID", "7b4ac6a1-3c0f-4d7e-8d1a-9f4f4e1f0001")
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nobody reads it."""


@contextmanager
def answering_process() -> Iterator[str]:
    """The address of such a server, which ends with the block, or with this process."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.answering"],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)  # noqa: T201 - whoever started this reads it
    sys.stdin.read()  # ends with whoever started this
