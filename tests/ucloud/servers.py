"""Servers that answer what no decent HTTP library would send, and an HTTPS server nobody vouches for."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from socket import create_server, socket

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

MEGABYTE = b"x" * 2**20
DONE = b'{"RetCode": 0, "Data": {"Status": "Done"}}'


@dataclass(slots=True)
class RawServer:
    """What a raw server was sent, and how much it got rid of."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    megabytes: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"


type Manners = Callable[[RawServer, socket], None]


@contextmanager
def raw_server(manners: Manners) -> Iterator[RawServer]:
    """A TCP server with these manners towards every connection."""
    over = threading.Event()
    with create_server(("127.0.0.1", 0)) as listener:
        server = RawServer(port=listener.getsockname()[1])

        def serve(connection: socket) -> None:
            with connection, suppress(OSError):
                manners(server, connection)

        def accept() -> None:
            while not over.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            over.set()
            with suppress(OSError), socket() as last:
                last.connect(("127.0.0.1", server.port))
            thread.join(timeout=5)


def sends(answer: bytes, *, then_waits_seconds: float = 0) -> Manners:
    """Reads a request, sends this, and closes after a while."""

    def manners(server: RawServer, connection: socket) -> None:
        server.requests.append(whole_request(connection))
        connection.sendall(answer)
        time.sleep(then_waits_seconds)

    return manners


def keeps_alive(body: bytes, headers: bytes = b"") -> Manners:
    """Answers every request on the connection with this body."""

    def manners(server: RawServer, connection: socket) -> None:
        while request := whole_request(connection):
            server.requests.append(request)
            connection.sendall(head(b"200 OK", headers + b"Content-Length: %d\r\n" % len(body)) + body)

    return manners


def trickles(begin: bytes, *, every_seconds: float, times: int) -> Manners:
    """Sends a beginning and then one byte after the other, each in time for every read timeout."""

    def manners(server: RawServer, connection: socket) -> None:
        server.requests.append(whole_request(connection))
        connection.sendall(begin)
        for _ in range(times):
            connection.sendall(b" ")
            time.sleep(every_seconds)

    return manners


def floods(begin: bytes, *, megabytes: int) -> Manners:
    """Sends a beginning and then megabytes, as many as the client takes."""

    def manners(server: RawServer, connection: socket) -> None:
        server.requests.append(whole_request(connection))
        connection.sendall(begin)
        for _ in range(megabytes):
            connection.sendall(MEGABYTE)
            server.megabytes += 1

    return manners


def hangs_up(_: RawServer, connection: socket) -> None:
    """Closes as soon as something was said."""
    connection.recv(1)


def speaks_no_tls(_: RawServer, connection: socket) -> None:
    """Answers in plain HTTP whatever it hears."""
    connection.recv(65_536)
    connection.sendall(head(b"400 Bad Request"))


def head(status: bytes, headers: bytes = b"") -> bytes:
    """The head of an HTTP answer."""
    return b"HTTP/1.1 " + status + b"\r\n" + headers + b"\r\n"


def whole_request(connection: socket) -> bytes:
    """A whole request, so that closing does not reset the connection; empty when there is no more."""
    request = b""
    while (part := connection.recv(65_536)) and not _whole(request := request + part):
        pass
    return request


def _whole(request: bytes) -> bool:
    lines, blank, body = request.partition(b"\r\n\r\n")
    lengths = [
        line.split(b":")[1] for line in lines.lower().split(b"\r\n") if line.startswith(b"content-length:")
    ]
    return bool(blank) and len(body) >= int(lengths[0] if lengths else 0)


@dataclass(slots=True)
class TlsServer:
    """An HTTPS server with a certificate of its own making."""

    url: str
    certificate: Path
    requests: list[str] = field(default_factory=list)


@contextmanager
def https_server(folder: Path, *, host: str = "127.0.0.1", expired: bool = False) -> Iterator[TlsServer]:
    """An HTTPS server that would answer Done to whoever trusts its certificate for `host`."""
    certificate = self_signed(folder, host, expired=expired)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            served.requests.append(self.rfile.read(length).decode())
            self.send_response(200)
            self.send_header("Content-Length", str(len(DONE)))
            self.end_headers()
            self.wfile.write(DONE)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Nobody reads it."""

    class Server(ThreadingHTTPServer):
        def finish_request(self, request: object, client_address: object) -> None:
            # The handshake belongs to the connection's thread: a client that refuses it ends only that.
            assert isinstance(request, socket)
            with suppress(OSError), context.wrap_socket(request, server_side=True) as secured:
                super().finish_request(secured, client_address)

    with Server(("127.0.0.1", 0), Handler) as server:
        served = TlsServer(url=f"https://127.0.0.1:{server.server_port}", certificate=certificate)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join(timeout=5)


def self_signed(folder: Path, host: str, *, expired: bool = False) -> Path:
    """A self-signed certificate and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nobody vouches for this")])
    now = datetime.now(UTC)
    alternative: x509.GeneralName
    try:
        alternative = x509.IPAddress(ip_address(host))
    except ValueError:
        alternative = x509.DNSName(host)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now - timedelta(days=1) if expired else now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    return path
