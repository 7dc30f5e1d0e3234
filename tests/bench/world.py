"""UCloud and AWS for the benches, in a process of their own: what is measured is whoever asks them.

UCloud answers every call the same after its latency, over TLS. AWS answers after ten milliseconds: it keeps
what is put into tables, so that a second run finds the states of the first, and accepts every message.
"""

import asyncio
import json
import ssl
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from local.template import PROJECT
from tests.ucloud.servers import self_signed

AWS_SECONDS = 0.01
_PAGE_BYTES = 1_000_000
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

type Answer = Callable[[dict[str, str], bytes], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Where the two listen, and what makes the first one trusted."""

    ucloud: str
    aws: str
    certificate: Path


class Tables:
    """What was put into each table, by partition; an update only goes through."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, str], dict[str, dict[str, Any]]] = defaultdict(dict)
        self._pages: dict[tuple[str, str], list[bytes]] = {}

    def answer(self, headers: dict[str, str], body: bytes) -> bytes:
        """The answer to a call of any service the monitor uses."""
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        if not operation:
            return _SUBSCRIBED if parse_qs(body.decode())["Action"] == ["GetTopicAttributes"] else _PUBLISHED
        asked = json.loads(body)
        if operation == "Query":
            return self._query(asked)
        for write in asked.get("TransactItems", ()):
            self._write(write)
        return b'{"Attributes": {}}'

    def _query(self, asked: dict[str, Any]) -> bytes:
        (wanted,) = asked["ExpressionAttributeValues"].values()
        place = asked["TableName"], wanted["S"]
        if place not in self._pages:
            self._pages[place] = list(_pages(self._items[place]))
        page = int(asked.get("ExclusiveStartKey", {}).get("sk", {}).get("S", 0))
        return self._pages[place][page]

    def _write(self, write: dict[str, Any]) -> None:
        ((kind, what),) = write.items()
        if kind == "Update":
            return
        key = what["Item"] if kind == "Put" else what["Key"]
        place = what["TableName"], key["pk"]["S"]
        self._pages.pop(place, None)
        self._items[place].pop(key["sk"]["S"], None)
        if kind == "Put":
            self._items[place][key["sk"]["S"]] = what["Item"]


def _pages(items: dict[str, dict[str, Any]]) -> Iterator[bytes]:
    """Answers to a Query, of a megabyte each, as they are sent; the key to go on from is a page's number."""
    texts = [json.dumps(items[sk], separators=(",", ":")) for sk in sorted(items)]
    pages: list[list[str]] = [[]]
    size = 0
    for text in texts:
        if size + len(text) > _PAGE_BYTES:
            pages.append([])
            size = 0
        pages[-1].append(text)
        size += len(text)
    for number, page in enumerate(pages, start=1):
        more = (
            f',"LastEvaluatedKey":{{"pk":{{"S":"-"}},"sk":{{"S":"{number}"}}}}' if number < len(pages) else ""
        )
        yield f'{{"Items":[{",".join(page)}],"Count":{len(page)}{more}}}'.encode()


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
        content = self._answer(headers, body)
        kind = "application/x-amz-json-1.0" if content.startswith(b"{") else "text/xml"
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\nContent-Type: {kind}\r\n"
        uuid = "X-UCLOUD-REQUEST-UUID: 7b4ac6a1-3c0f-4d7e-8d1a-9f4f4e1f0001\r\n\r\n"
        assert self._transport
        self._transport.write(f"{head}{uuid}".encode() + content)


async def _serve(certificate: str, latency_seconds: float) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    loop, tables = asyncio.get_running_loop(), Tables()

    def ucloud() -> Http:
        return Http(lambda _, __: _STATUS, latency_seconds)

    def aws() -> Http:
        return Http(tables.answer, AWS_SECONDS)

    servers = [
        await loop.create_server(ucloud, "127.0.0.1", 0, ssl=tls, backlog=256),
        await loop.create_server(aws, "127.0.0.1", 0, backlog=256),
    ]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    print(*ports, flush=True)  # noqa: T201 - whoever started this reads it
    await loop.run_in_executor(None, sys.stdin.read)  # ends with whoever started this


@contextmanager
def world_running(folder: Path, *, latency_seconds: float) -> Iterator[World]:
    """Both servers, until the block ends or this process does."""
    certificate = self_signed(folder, "127.0.0.1")
    with subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-m", "tests.bench.world", str(certificate), str(latency_seconds)],
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
    asyncio.run(_serve(sys.argv[1], float(sys.argv[2])))
