"""UCloud and AWS for the benches, in a process of their own: what is measured is whoever asks them.

UCloud answers every call the same after its latency, over TLS. AWS answers after ten milliseconds: it keeps
tables, so that a second run finds the states of the first, and accepts every message.
"""

import asyncio
import json
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from local.template import PROJECT
from tests.bench.tables import Tables
from tests.ucloud.servers import self_signed

AWS_SECONDS = 0.01
_STATUS = json.dumps(
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
_PUBLISHED = (
    b'<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>1</MessageId>'
    b"</PublishResult></PublishResponse>"
)
_SUBSCRIBED = (
    b'<GetTopicAttributesResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><GetTopicAttributesResult>'
    b"<Attributes><entry><key>SubscriptionsConfirmed</key><value>1</value></entry></Attributes>"
    b"</GetTopicAttributesResult></GetTopicAttributesResponse>"
)

type Reply = tuple[int, bytes]
type Answer = Callable[[Mapping[str, str], bytes], Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Where the two listen, and what makes the first one trusted."""

    ucloud: str
    aws: str
    certificate: Path


def _published(number: int) -> bytes:
    """Every entry of a PublishBatch was accepted."""
    accepted = "".join(
        f"<member><Id>{place}</Id><MessageId>1</MessageId></member>" for place in range(number)
    )
    name = 'PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"'
    result = f"<PublishBatchResult><Successful>{accepted}</Successful><Failed/></PublishBatchResult>"
    return f"<{name}>{result}</PublishBatchResponse>".encode()


class Account:
    """UCloud says one word of every task; AWS keeps tables and counts what is published."""

    def __init__(self, *, limited: bool) -> None:
        self._status = "Loading"
        self._tables = Tables(limited=limited)
        self._messages: Counter[str] = Counter()
        self._distinct: set[tuple[str, str]] = set()

    def ucloud(self, _: Mapping[str, str], __: bytes) -> Reply:
        """The status of any task."""
        return 200, _STATUS.replace(b'"Loading"', json.dumps(self._status).encode())

    def aws(self, headers: Mapping[str, str], body: bytes) -> Reply:
        """The answer to a call of any service the monitor uses; besides, what a bench wants to know."""
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        if operation:
            return self._tables.answer(operation, json.loads(body))
        if "x-status" in headers:
            self._status = headers["x-status"]
            return 200, json.dumps(self.figures()).encode()
        asked = dict(parse_qsl(body.decode()))
        if asked["Action"] == "GetTopicAttributes":
            return 200, _SUBSCRIBED
        topic = asked["TopicArn"].rpartition(":")[2]
        messages = [text for name, text in asked.items() if name == "Message" or name.endswith(".Message")]
        self._messages[topic] += len(messages)
        self._distinct |= {(topic, text) for text in messages}
        return 200, _PUBLISHED if asked["Action"] == "Publish" else _published(len(messages))

    def figures(self) -> dict[str, int]:
        """What was written and published so far, and what waits."""
        distinct = Counter(f"distinct {topic}" for topic, _ in self._distinct)
        waiting = {"waiting": self._tables.count("OUTBOX")}
        return {**self._tables.figures, **self._messages, **distinct, **waiting}


class Http(asyncio.Protocol):
    """HTTP/1.1 over a connection that stays; answers come after a time, in the order of the requests."""

    def __init__(self, answer: Answer, seconds: float) -> None:
        self._answer = answer
        self._seconds = seconds
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request once it is whole."""
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        lines = head.decode("latin-1").split("\r\n")[1:]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            return
        self._received = rest[length:]
        body = bytes(rest[:length])
        asyncio.get_running_loop().call_later(self._seconds, self._send, headers, body)

    def _send(self, headers: dict[str, str], body: bytes) -> None:
        status, content = self._answer(headers, body)
        kind = "application/x-amz-json-1.0" if content.startswith(b"{") else "text/xml"
        head = f"HTTP/1.1 {status} OK\r\nContent-Length: {len(content)}\r\nContent-Type: {kind}\r\n"
        uuid = "X-UCLOUD-REQUEST-UUID: 7b4ac6a1-3c0f-4d7e-8d1a-9f4f4e1f0001\r\n\r\n"
        assert self._transport
        self._transport.write(f"{head}{uuid}".encode() + content)


async def _serve(certificate: str, latency_seconds: float, *, limited: bool) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    loop, account = asyncio.get_running_loop(), Account(limited=limited)
    servers = [
        await loop.create_server(
            lambda: Http(account.ucloud, latency_seconds), "127.0.0.1", 0, ssl=tls, backlog=256
        ),
        await loop.create_server(lambda: Http(account.aws, AWS_SECONDS), "127.0.0.1", 0, backlog=256),
    ]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    print(*ports, flush=True)  # noqa: T201 - whoever started this reads it
    await loop.run_in_executor(None, sys.stdin.read)  # ends with whoever started this


@contextmanager
def world_running(folder: Path, *, latency_seconds: float, limited: bool = False) -> Iterator[World]:
    """Both servers, until the block ends or this process does."""
    certificate = self_signed(folder, "127.0.0.1")
    with subprocess.Popen(  # noqa: S603 - our own code
        [
            sys.executable,
            "-m",
            "tests.bench.world",
            str(certificate),
            str(latency_seconds),
            str(int(limited)),
        ],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        ucloud, aws = process.stdout.readline().split()
        yield World(
            ucloud=f"https://127.0.0.1:{ucloud}", aws=f"http://127.0.0.1:{aws}", certificate=certificate
        )
        process.stdin.close()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], float(sys.argv[2]), limited=sys.argv[3] == "1"))
