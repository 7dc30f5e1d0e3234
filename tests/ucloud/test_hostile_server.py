"""Whatever answers in UCloud's place costs a check at most its time, and never more."""

import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from local.simulator import Simulator, simulator_running
from tests.local.asking import one_task
from tests.ucloud.asking import Asking
from tests.ucloud.servers import (
    DONE,
    Manners,
    floods,
    hangs_up,
    head,
    https_server,
    raw_server,
    sends,
    speaks_no_tls,
    trickles,
)
from udts_monitor.adapters.transport import MAX_ANSWER_BYTES
from udts_monitor.decision.observation import NoAnswer, Observation

ELSEWHERE = b"Location: http://127.0.0.1:9/\r\n"


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """The block takes no longer."""
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < seconds


# --- Time -----------------------------------------------------------------------------------------


def test_a_server_that_hangs_costs_no_more_than_the_deadline(simulator: Simulator, asking: Asking) -> None:
    """No answer, in time."""
    simulator.inject(hang=True)
    with within(3):
        found = asking.unanswered(seconds=0.4)
    assert (found.cause, found.configuration) == ("timeout", False)


def test_a_server_that_sends_a_byte_a_second_costs_no_more_than_the_deadline(
    simulator: Simulator, asking: Asking
) -> None:
    """Each byte comes in time for every timeout between two bytes: only a clock beside them helps."""
    simulator.inject(trickle=True)
    with within(8):
        assert asking.unanswered(seconds=1.2).cause == "timeout"
    assert len(simulator.log().calls) == 1


@pytest.mark.parametrize("status", [b"200 OK", b"302 Found", b"403 Forbidden"])
def test_a_body_that_trickles_costs_no_more_than_the_deadline(status: bytes) -> None:
    """With any HTTP status; a redirect's body is nothing special."""
    with raw_server(trickles(head(status, ELSEWHERE), every_seconds=0.05, times=100)) as server:
        with within(2.5):
            assert Asking(server.url).unanswered(seconds=0.4).cause == "timeout"
        assert len(server.requests) == 1


def test_half_an_answer_and_then_nothing_costs_no_more_than_the_deadline() -> None:
    """The status in the first half is not believed."""
    answer = head(b"200 OK", b"Content-Length: 500\r\n") + DONE
    with raw_server(sends(answer, then_waits_seconds=8)) as server, within(3):
        assert Asking(server.url).unanswered(seconds=0.4).cause == "timeout"


def test_a_slow_answer_within_the_deadline_is_an_answer(simulator: Simulator, asking: Asking) -> None:
    """The limits are not stricter than they say."""
    simulator.inject(latency_seconds=0.3)
    assert asking.observed().status == "Loading"


# --- Size -----------------------------------------------------------------------------------------


def test_an_answer_of_100_megabytes_is_dropped_at_the_limit(simulator: Simulator, asking: Asking) -> None:
    """Not held in memory, not waited for, not asked for again; the true status at its end is not believed."""
    simulator.inject(huge_megabytes=100)
    with within(8):
        found = asking.unanswered()
    assert (found.cause, found.configuration) == ("too large", False)
    assert len(simulator.log().calls) == 1


@pytest.mark.parametrize("status", [b"200 OK", b"302 Found", b"500 Oops"])
def test_no_flood_is_read_beyond_the_limit(status: bytes) -> None:
    """With any HTTP status: the server gets rid of little more than the buffers hold."""
    with raw_server(floods(head(status, ELSEWHERE), megabytes=64)) as server:
        tracemalloc.start()
        try:
            assert Asking(server.url).unanswered().cause == "too large"
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 8 * MAX_ANSWER_BYTES
    assert server.megabytes < 32


def test_an_answer_just_below_the_limit_is_read() -> None:
    """The limit is far above the longest legal answer, and it is where it says."""
    filled = DONE[:-1] + b', "Filling": "' + b"x" * (MAX_ANSWER_BYTES - len(DONE) - 20) + b'"}'
    assert len(filled) <= MAX_ANSWER_BYTES
    with raw_server(sends(head(b"200 OK") + filled)) as server:
        assert Asking(server.url).observed().status == "Done"


# --- Elsewhere ------------------------------------------------------------------------------------


def test_a_redirect_is_never_followed() -> None:
    """Another server would get a signed request: the target hears nothing at all."""
    with simulator_running(one_task("Done")) as target, simulator_running(one_task("Loading")) as simulator:
        simulator.inject(redirect_to=target.url)
        found = Asking(simulator.url).unanswered()
        assert (found.cause, found.configuration) == ("HTTP 302", False)
        assert not target.log().calls
        simulator.clear_faults()
        simulator.inject(redirect_to=f"{simulator.url}/elsewhere")
        assert Asking(simulator.url).unanswered().cause == "HTTP 302"


@pytest.mark.parametrize(
    "status", [b"301 Moved", b"302 Found", b"303 See", b"307 Temporary", b"308 Permanent"]
)
def test_no_kind_of_redirect_is_followed(status: bytes) -> None:
    """Not even one whose body looks like the answer."""
    with simulator_running(one_task("Done")) as target:
        headers = b"Location: %s\r\nContent-Length: %d\r\n" % (target.url.encode(), len(DONE))
        with raw_server(sends(head(status, headers) + DONE)) as server:
            assert Asking(server.url).unanswered().cause == f"HTTP {status[:3].decode()}"
        assert not target.log().calls


# --- Certificates ---------------------------------------------------------------------------------


def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    """Not one request reaches the server; a person has to look at the address. It is not tried again."""
    with https_server(tmp_path) as server:
        asking = Asking(server.url)
        found = asking.unanswered()
        assert (found.cause, found.configuration) == ("certificate", True)
        assert server.url in found.reason
        assert not server.requests
        assert not asking.pauses
        trusting = requests.post(server.url, data={"a": "b"}, timeout=5, verify=str(server.certificate))
        assert trusting.content == DONE


@pytest.mark.parametrize(
    "wrong", [{"expired": True}, {"host": "api.ucloud.cn"}], ids=["expired", "other host"]
)
def test_a_trusted_but_wrong_certificate_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, bool | str]
) -> None:
    """Expired, or another host's: trust in who signed it is not enough."""
    host, expired = str(wrong.get("host", "127.0.0.1")), bool(wrong.get("expired"))
    with https_server(tmp_path, host=host, expired=expired) as server:
        monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(server.certificate))
        assert Asking(server.url).unanswered().cause == "certificate"
        assert not server.requests


def test_a_trusted_certificate_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same server, vouched for: what the two tests above refuse is the certificate and nothing else."""
    with https_server(tmp_path) as server:
        monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(server.certificate))
        assert Asking(server.url).observed().status == "Done"
        assert len(server.requests) == 1


@pytest.mark.parametrize("manners", [hangs_up, speaks_no_tls], ids=["cut", "no TLS"])
def test_a_broken_handshake_is_not_a_wrong_certificate(manners: Manners) -> None:
    """A connection that breaks there passes by itself; nobody is sent to look at the address at once."""
    with raw_server(manners) as server:
        asking = Asking(server.url.replace("http:", "https:"))
        found = asking.unanswered()
    assert (found.cause, found.configuration) == ("connection", False)
    assert asking.pauses


# --- Anything else that is no HTTP ----------------------------------------------------------------

ODDITIES = {
    "nothing": b"",
    "noise": b"\x00\xffnoise\r\n\r\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.9\r\n",
    "a status of six digits": b"HTTP/1.1 999999 OK\r\n\r\n" + DONE,
    "a length below zero": head(b"200 OK", b"Content-Length: -5\r\n") + b"{}",
    "two lengths": head(b"200 OK", b"Content-Length: 2, 3\r\n") + DONE,
    "less than its length": head(b"200 OK", b"Content-Length: 500\r\n") + DONE,
    "chunks without lengths": head(b"200 OK", b"Transfer-Encoding: chunked\r\n") + b"zz\r\n" + DONE,
    "compression nobody asked for": head(b"200 OK", b"Content-Encoding: gzip\r\n") + b"\x1f\x8b\x08\x00",
    "a header without end": head(b"200 OK", b"X: " + b"y" * 100_000 + b"\r\n"),
    "hundreds of headers": head(b"200 OK", b"".join(b"X%d: y\r\n" % n for n in range(300))) + DONE,
    "a target that is no address": head(b"302 Found", b"Location: http://[\r\nContent-Length: 2\r\n") + b"{}",
    "a target that is no text": head(b"302 Found", b"Location: http://\xff\xfe/\r\nContent-Length: 2\r\n")
    + b"{}",
    "a request id that is no text": head(b"200 OK", b"X-UCLOUD-REQUEST-UUID: \xff\x1b[2J\r\n") + b"{}",
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_no_oddity_raises_or_is_taken_for_a_status(oddity: str) -> None:
    """A short reason that passes, whatever it was, and no status out of half an answer."""
    with raw_server(sends(ODDITIES[oddity])) as server, within(3):
        found = Asking(server.url).unanswered()
    assert isinstance(found, NoAnswer)
    assert not found.configuration
    assert (found.cause + found.reason + found.request_uuid).isprintable()


def test_a_server_that_is_not_there_is_a_connection_that_failed() -> None:
    """Refused at once, tried again, reported without what was sent."""
    with raw_server(hangs_up) as server:
        gone = server.url
    asking = Asking(gone)
    found = asking.unanswered()
    assert (found.cause, found.configuration) == ("connection", False)
    assert "PublicKey" not in found.reason
    assert len(asking.pauses) == 3


def test_a_connection_that_was_closed_between_two_runs_is_replaced() -> None:
    """A minute lies between runs: most gateways close idle connections sooner. Nobody notices."""
    with raw_server(sends(head(b"200 OK", b"Content-Length: %d\r\n" % len(DONE)) + DONE)) as server:
        asking = Asking(server.url)
        for _ in range(3):
            assert isinstance(asking.check(), Observation)
            time.sleep(0.02)
        assert not asking.pauses
