"""The local AWS gives out secrets and runs code for whoever calls: it must not answer a web page."""

import http.client
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local.aws import LocalAws, local_aws

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PATIENCE_SECONDS = 60
PAGE = Path(__file__).parent / "hostile_page.html"


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    """A local AWS for all tests of this module."""
    with local_aws() as running:
        yield running


def status(aws: LocalAws, method: str = "GET", **headers: str) -> int:
    """What it answers to a request with these headers, _ standing for -."""
    address = urlsplit(aws.endpoint).netloc
    connection = http.client.HTTPConnection(address, timeout=10)
    if aws.certificate:
        trust = ssl.create_default_context(cafile=aws.certificate)
        connection = http.client.HTTPSConnection(address, timeout=10, context=trust)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.putrequest(method, "/_ministack/ready", skip_host="Host" in named)
    for name, value in named.items():
        connection.putheader(name, value)
    connection.endheaders()
    try:
        return connection.getresponse().status
    finally:
        connection.close()


@contextmanager
def page_served(body: str) -> Iterator[tuple[str, list[str], threading.Event]]:
    """A web page at another origin; what it reports, and whether it has."""
    said: list[str] = []
    done = threading.Event()

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def do_POST(self) -> None:
            said.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(204)
            self.end_headers()
            done.set()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", said, done
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def browser(folder: Path, url: str, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A real browser at an address, without a window, until the block ends."""
    assert CHROMIUM
    with subprocess.Popen(  # noqa: S603 - the machine's own
        [
            *(CHROMIUM, "--headless=new", "--disable-gpu", "--no-first-run", f"--user-data-dir={folder}"),
            # Its sandbox refuses to run as root, as in containers; the page is ours.
            *("--no-sandbox", "--no-proxy-server", "--disable-background-networking", *arguments, url),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


needs_browser = pytest.mark.skipif(
    CHROMIUM is None,
    reason="no Chromium on this machine: install one to see that a page in a real browser is kept out",
)


def queues(aws: LocalAws) -> list[str]:
    """The names of all queues."""
    return [url.rpartition("/")[2] for url in aws.client("sqs").list_queues().get("QueueUrls", [])]


def test_programs_are_answered_under_its_own_names(aws: LocalAws) -> None:
    """As boto3, SAM and the aws command line call it."""
    port = urlsplit(aws.endpoint).port
    assert status(aws) == 200
    assert status(aws, Host=f"localhost:{port}") == 200


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Origin": "https://example.com"}, id="a page"),
        pytest.param({"origin": "null"}, id="a page that hides where it comes from"),
        pytest.param({"Sec_Fetch_Site": "none"}, id="a link that was clicked"),
        pytest.param({"Sec_Fetch_Mode": "no-cors"}, id="an image"),
        pytest.param({"Referer": "https://example.com/page"}, id="a page that says where it comes from"),
        pytest.param({"User_Agent": "Mozilla/5.0 (X) Safari/605.1.15"}, id="an old browser's image"),
        pytest.param({"Host": "example.com"}, id="a foreign name that leads here"),
        pytest.param({"Host": "127.0.0.1"}, id="another port's name"),
        pytest.param({"Host": "127.0.0.1.example.com:80"}, id="a name that only begins right"),
    ],
)
def test_what_a_browser_sends_is_refused(aws: LocalAws, method: str, headers: dict[str, str]) -> None:
    """Whatever is asked."""
    assert status(aws, method, **headers) == 403


def test_tls_is_guarded_too() -> None:
    """The local AWS of the tests that enforce policies."""
    with local_aws(auth=True) as running:
        assert status(running) == 200
        assert status(running, Origin="https://example.com") == 403


@needs_browser
def test_a_page_in_a_real_browser_reaches_nothing(aws: LocalAws, tmp_path: Path) -> None:
    """Neither by what it may send without asking, nor by a socket, nor can it read an answer."""
    body = PAGE.read_text().replace("LOCAL_AWS", aws.endpoint)
    with page_served(body) as (url, said, done), browser(tmp_path, url):
        assert done.wait(PATIENCE_SECONDS)
    assert queues(aws) == []
    assert said == ["socket refused, not read, not read"]


@needs_browser
def test_a_foreign_name_that_leads_to_this_machine_reaches_nothing(aws: LocalAws, tmp_path: Path) -> None:
    """DNS rebinding: to the browser page and local AWS are one origin, and it does not name that."""
    port = urlsplit(aws.endpoint).port
    rebound = "--host-resolver-rules=MAP rebound.example 127.0.0.1"
    url = f"http://rebound.example:{port}/?Action=CreateQueue&QueueName=by-name"
    dumped = tmp_path / "dom"
    with dumped.open("wb") as output:
        subprocess.run(  # noqa: S603 - the machine's own
            [
                *(str(CHROMIUM), "--headless=new", "--disable-gpu", "--no-sandbox", "--no-proxy-server"),
                *(f"--user-data-dir={tmp_path / 'profile'}", rebound, "--dump-dom", url),
            ],
            stdout=output,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE_SECONDS,
            check=True,
        )
    assert "no web page" in dumped.read_text()
    assert queues(aws) == []
