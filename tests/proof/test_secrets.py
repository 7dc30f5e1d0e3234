"""Marked keys in the secret: whatever goes wrong, the marks are nowhere; a rotation needs no deployment."""

import json
import logging
import traceback
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from io import StringIO
from pathlib import Path
from socket import socket
from typing import Any
from urllib.parse import quote_plus

import pytest
from moto import mock_aws
from moto.sns.models import sns_backends

from functions.check_tasks import app
from local.simulator import Simulator, simulator_running
from tests.proof.canary_keys import MARKED, Everything, asked, disguises, found_in, secret_of
from tests.proof.fork_server import Context
from tests.table import aws_client, create_table
from tests.ucloud.servers import RawServer, head, https_server, raw_server, sends
from udts_monitor.adapters import cached
from udts_monitor.adapters.credentials import KeyPair
from udts_monitor.adapters.ucloud import signed
from udts_monitor.outbox.notification import Topic

REGION = "us-east-1"
ACCOUNT_ID = "123456789012"  # moto's
NOBODY = "http://127.0.0.1:1"
TASK, OTHER = "udts-1", "udts-2"


# The tests' own clients: moto needs only one of each, and making it takes longer than using it.
_client = cache(aws_client)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An AWS account with the secret, and a monitor that runs in this process."""

    secret: str
    table: str
    arns: Mapping[Topic, str]
    environment: pytest.MonkeyPatch
    lines: list[str]
    printed: StringIO
    capture: pytest.CaptureFixture[str]
    told: list[str] = field(default_factory=list)

    def set(self, **variables: str) -> None:
        """Variables of the environment; a new one makes new clients."""
        for name, value in variables.items():
            self.environment.setenv(name, value)

    def keep(self, content: str) -> None:
        """Put this into the secret."""
        _client("secretsmanager").put_secret_value(SecretId=self.secret, SecretString=content)

    def run(self, event: Mapping[str, Any] | None = None, *, seconds: float = 60) -> dict[str, Any]:
        """One run; an exception is what Lambda would log of it, and no summary."""
        try:
            return app.lambda_handler(dict(event or {}), Context(seconds))  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001 - Lambda's runtime catches everything too
            self.told.extend([repr(error), repr(vars(error)), "".join(traceback.format_exception(error))])
            return {}

    def traces(self) -> str:
        """All that is left of the runs: logs, exceptions, items, messages."""
        items = _client("dynamodb").scan(TableName=self.table)["Items"]
        sent = [
            notification
            for arn in self.arns.values()
            for notification in sns_backends[ACCOUNT_ID][REGION].topics[arn].sent_notifications
        ]
        printed = self.capture.readouterr()
        parts = [*self.lines, *self.told, self.printed.getvalue(), printed.out, printed.err]
        return "\n".join([*parts, *map(str, items), *map(str, sent)])


@pytest.fixture(autouse=True)
def listening() -> Iterator[Everything]:
    """Every library logs at DEBUG, as a function deployed with LogLevel DEBUG does."""
    everything, root = Everything(), logging.getLogger()
    level = root.level
    root.addHandler(everything)
    root.setLevel(logging.DEBUG)
    # Not deployed, and verbose.
    logging.getLogger("moto").setLevel(logging.INFO)
    yield everything
    root.setLevel(level)
    root.removeHandler(everything)


@contextmanager
def _logging_to(stream: StringIO) -> Iterator[None]:
    """Our own log goes here, at DEBUG."""
    (handler,) = [found for found in app.logger.handlers if isinstance(found, logging.StreamHandler)]
    before, level = handler.setStream(stream), app.logger.log_level
    app.logger.setLevel("DEBUG")
    yield
    app.logger.setLevel(level)
    handler.setStream(before)


@pytest.fixture
def account(
    listening: Everything, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Account]:
    """A new account."""
    printed = StringIO()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "UDTS_TASKS": f"{TASK}, {OTHER}",
        "TABLE_NAME": (table := f"secrets-{uuid.uuid4().hex[:8]}"),
        "UNREACHABLE_AFTER_CHECKS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    app._ports.cache_clear()  # noqa: SLF001 - a new execution environment
    with mock_aws(), _logging_to(printed):
        create_table(_client("dynamodb"), table)
        arns = {topic: _client("sns").create_topic(Name=topic)["TopicArn"] for topic in Topic}
        secret = _client("secretsmanager").create_secret(Name="keys", SecretString=secret_of(MARKED))
        monkeypatch.setenv("UCLOUD_SECRET_ARN", secret["ARN"])
        for topic, arn in arns.items():
            monkeypatch.setenv(f"{topic.upper()}_TOPIC_ARN", arn)
        yield Account(
            secret=secret["ARN"],
            table=table,
            arns=arns,
            environment=monkeypatch,
            lines=listening.lines,
            printed=printed,
            capture=capfd,
        )


@pytest.fixture
def ucloud(account: Account) -> Iterator[Simulator]:
    """A UCloud that knows the marked keys, and two tasks."""
    scenario = {"tasks": [{"id": task, "steps": ["Syncing"]} for task in (TASK, OTHER)]}
    with simulator_running(
        scenario, public_key=MARKED.public_key, private_key=MARKED.private_key
    ) as simulator:
        account.set(UCLOUD_BASE_URL=simulator.url)
        yield simulator


def assert_nowhere(account: Account, *expected: str) -> None:
    """No mark in anything that is left, and the scenario did what it should."""
    traces = account.traces()
    for text in expected:
        assert text in traces
    assert found_in(traces, [TASK, OTHER]) == set()


type Happening = Callable[[Account, Simulator], object]


def all_goes_well(account: Account, ucloud: Simulator) -> None:
    """Failures, finishes and everything a person may ask for."""
    account.run()
    ucloud.set_status(TASK, "Failed", failed_message="Error 1040: Too many connections")
    ucloud.set_status("udts-2", "Done")
    account.run()
    account.run({"command": "test"})
    account.run({"command": "silence", "scope": "all", "by": "ada", "until": "2026-01-01T00:00:00Z"})


def connections_break(_: Account, ucloud: Simulator) -> None:
    """Some at once, some in the middle."""
    ucloud.inject(close=True, count=4)
    ucloud.inject(truncated=True)


def ucloud_redirects_with_the_keys(_: Account, ucloud: Simulator) -> None:
    """To a page that has them in its address."""
    keys = f"PublicKey={quote_plus(MARKED.public_key)}&k={quote_plus(MARKED.private_key)}"
    ucloud.inject(redirect_to=f"{ucloud.url}/?{keys}")


def topics_are_gone(account: Account, ucloud: Simulator) -> None:
    """SNS answers with an error."""
    account.set(ALERTS_TOPIC_ARN=f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:gone")
    ucloud.set_status(TASK, "Failed")


def sns_is_away(account: Account, ucloud: Simulator) -> None:
    """SNS does not answer."""
    account.set(AWS_ENDPOINT_URL_SNS=NOBODY)
    ucloud.set_status(TASK, "Failed")


def the_secret_is_gone(account: Account, _: Simulator) -> None:
    """Deleted by mistake."""
    _client("secretsmanager").delete_secret(SecretId=account.secret, ForceDeleteWithoutRecovery=True)


def the_keys_stand_in_the_environment(account: Account, ucloud: Simulator) -> None:
    """For local use, and everything else is wrong."""
    account.set(UCLOUD_PUBLIC_KEY=MARKED.public_key, UCLOUD_PRIVATE_KEY=MARKED.private_key)
    account.environment.delenv("UCLOUD_SECRET_ARN")
    account.run()
    ucloud.set_keys("another", "pair")
    account.run()
    account.set(UDTS_TASKS="?!", DISPLAY_TIMEZONE="Mars", UCLOUD_BASE_URL="ftp://x")


def with_variable(**variable: str) -> Happening:
    """A variable of the environment leads elsewhere."""
    return lambda account, _: account.set(**variable)


# What goes wrong, the seconds of the run that meets it, and a word that is left where it did.
SCENARIOS: dict[str, tuple[Happening, float, str]] = {
    "all goes well": (all_goes_well, 60, "Too many connections"),
    "keys are refused": (lambda _, ucloud: ucloud.set_keys("another", "pair"), 60, "RetCode 172"),
    "answers do not come": (lambda _, ucloud: ucloud.inject(hang=True), 2, "in time"),
    "connections break": (connections_break, 6, "the connection to UCloud failed"),
    "nobody is there": (with_variable(UCLOUD_BASE_URL=NOBODY), 6, "the connection to UCloud failed"),
    "ucloud redirects with the keys": (ucloud_redirects_with_the_keys, 60, "HTTP 302"),
    "topics are gone": (topics_are_gone, 60, "was not accepted"),
    "sns is away": (sns_is_away, 6, "was not accepted"),
    "the table is gone": (with_variable(TABLE_NAME="gone"), 60, "ResourceNotFoundException"),
    "dynamodb is away": (
        with_variable(AWS_ENDPOINT_URL_DYNAMODB=NOBODY),
        60,
        "Could not connect to the endpoint",
    ),
    "secrets manager is away": (with_variable(AWS_ENDPOINT_URL_SECRETS_MANAGER=NOBODY), 20, "cannot be read"),
    "the secret is gone": (the_secret_is_gone, 60, "cannot be read"),
    "the keys stand in the environment": (the_keys_stand_in_the_environment, 60, "Mars"),
}


@pytest.mark.parametrize(("happens", "seconds", "left"), SCENARIOS.values(), ids=SCENARIOS)
def test_no_scenario_leaves_a_mark(
    account: Account, ucloud: Simulator, happens: Happening, seconds: float, left: str
) -> None:
    """Not in logs at DEBUG, exceptions, items or messages."""
    happens(account, ucloud)
    account.run(seconds=seconds)
    assert_nowhere(account, left)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(MARKED.private_key, id="the key alone"),
        pytest.param(secret_of(MARKED)[:-1], id="a bracket forgotten"),
        pytest.param(json.dumps({MARKED.public_key: MARKED.private_key}), id="one key is the other's name"),
        pytest.param(json.dumps([MARKED.public_key, MARKED.private_key]), id="a list"),
        pytest.param(b64encode(secret_of(MARKED).encode()).decode(), id="base64"),
    ],
)
@pytest.mark.usefixtures("ucloud")
def test_a_broken_secret_leaves_no_mark(account: Account, content: str) -> None:
    """What is in it is told as little as what should be."""
    account.keep(content)
    account.run()
    assert_nowhere(account, "the secret has to be of the form")


# What UCloud, or whoever sits between, may send back.


def refusal(code: int) -> Callable[[str], dict[str, object]]:
    """A refusal that quotes the request."""
    return lambda echo: {"RetCode": code, "Message": f"cannot accept [{echo}]"}


def data(**fields: str) -> Callable[[str], dict[str, object]]:
    """A status that quotes the request; ECHO stands for it."""

    def answer(echo: str) -> dict[str, object]:
        return {"RetCode": 0, "Data": json.loads(json.dumps(fields).replace("ECHO", json.dumps(echo)[1:-1]))}

    return answer


ECHOES: dict[str, Callable[[str], dict[str, object]]] = {
    "a wrong signature": refusal(171),
    "an unknown key": refusal(172),
    "a wrong project": refusal(292),
    "a product error": refusal(230),
    "the reason of a failure": data(Status="Failed", FailedMessage="cannot connect as ECHO"),
    "a status": data(Status="ECHO"),
    "a list of keys": lambda echo: {"RetCode": 171, "Message": echo, echo: [echo, {"a": echo}]},
}


@pytest.fixture
def hostile(account: Account) -> Iterator[Callable[[bytes, bytes], None]]:
    """A UCloud that sends these bytes, a body and headers, to whoever asks."""
    answer = b""

    def manners(server: RawServer, connection: socket) -> None:
        sends(answer)(server, connection)

    def set_answer(body: bytes, headers: bytes) -> None:
        nonlocal answer
        answer = head(b"200 OK", headers + b"Content-Length: %d\r\n" % len(body)) + body

    with raw_server(manners) as server:
        account.set(UCLOUD_BASE_URL=server.url)
        yield set_answer


@pytest.mark.parametrize("place", ECHOES)
def test_what_ucloud_quotes_leaves_no_mark(
    account: Account, hostile: Callable[[bytes, bytes], None], place: str
) -> None:
    """However it writes the keys or the signature of the request it answers, and wherever."""
    account.set(UDTS_TASKS=TASK)
    for key in (MARKED.public_key, MARKED.private_key, signed(asked(TASK), MARKED)["Signature"]):
        for form in disguises(key).values():
            hostile(json.dumps(ECHOES[place](form)).encode(), b"")
            account.run()
            if place == "the reason of a failure":
                # What was told is told again only after something else.
                hostile(b'{"RetCode": 0, "Data": {"Status": "Starting"}}', b"")
                account.run()
    assert_nowhere(account, "***")


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(b"X-UCLOUD-REQUEST-UUID: ECHO\r\n", id="the request's id"),
        pytest.param(b"Set-Cookie: key=ECHO\r\nLocation: /ECHO\r\nServer: ECHO\r\n", id="usual headers"),
        pytest.param(b"Fine: yes\r\nno header at all: \x00ECHO\r\n ECHO\r\nECHO\r\n", id="broken headers"),
    ],
)
def test_what_ucloud_writes_into_headers_leaves_no_mark(
    account: Account, hostile: Callable[[bytes, bytes], None], headers: bytes
) -> None:
    """The request's id is logged, and nothing else of them."""
    for key in (MARKED.public_key, MARKED.private_key):
        for form in disguises(key).values():
            hostile(b'{"RetCode": 230, "Message": "quoted"}', headers.replace(b"ECHO", form.encode()))
            account.run()
        hostile(b"not JSON: " + key.encode(), headers.replace(b"ECHO", key.encode()))
        account.run(seconds=1)
    assert_nowhere(account, "no answer")


def test_a_server_nobody_vouches_for_gets_no_mark_and_leaves_none(account: Account, tmp_path: Path) -> None:
    """The keys are not sent before the certificate is checked."""
    with https_server(tmp_path) as server:
        account.set(UCLOUD_BASE_URL=server.url)
        account.run()
    assert server.requests == []
    assert_nowhere(account, "the certificate of")


@pytest.mark.parametrize("disguise", disguises("x"))
def test_a_mark_is_found_in_every_disguise(disguise: str) -> None:
    """A check that finds nothing has to be able to."""
    for key in (MARKED.public_key, MARKED.private_key):
        assert found_in(f"before {disguises(key)[disguise]} after")


@pytest.mark.parametrize("shift", range(6))
def test_a_mark_is_found_in_base64(shift: int) -> None:
    """Wherever in the encoded text it begins."""
    for key in (MARKED.public_key, MARKED.private_key):
        assert found_in(b64encode(b"x" * shift + key.encode() + b"after").decode())


def test_a_mark_is_found_in_every_trace(account: Account, ucloud: Simulator) -> None:
    """In each place that is looked at: a log line of any library, print, an exception, an item, a message."""
    del ucloud
    key = MARKED.private_key
    places: list[Callable[[], object]] = [
        lambda: logging.getLogger("some.library").debug("sent %s", key),
        lambda: app.logger.debug("sent", key=key),
        lambda: print(key),  # noqa: T201 - what a library may do
        lambda: account.told.append(repr(ValueError(key))),
        lambda: _client("dynamodb").put_item(
            TableName=account.table, Item={"pk": {"S": "x"}, "sk": {"S": key}}
        ),
        lambda: _client("sns").publish(TopicArn=account.arns[Topic.EVENTS], Message=key),
    ]
    for place in places:
        assert not found_in(account.traces())
        place()
        assert found_in(account.traces())
        account.lines.clear()
        account.told.clear()
        account.printed.truncate(0)
        _client("dynamodb").delete_item(TableName=account.table, Key={"pk": {"S": "x"}, "sk": {"S": key}})


# Rotation


NEW = KeyPair("the-new-public-key", "the-new-private-key")


def test_a_rotation_is_picked_up_without_a_deployment(
    account: Account, ucloud: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same execution environment goes on with the new keys, within the run that notices; nobody hears."""
    assert account.run()["no_answer"] == 0
    wired = app._ports.cache_info().misses  # noqa: SLF001 - how often the adapters were made
    ucloud.set_keys(NEW.public_key, NEW.private_key)
    account.keep(secret_of(NEW))
    monkeypatch.setattr(cached, "RETRY_SECONDS", 0.0)
    summary = account.run()
    assert (summary["checked"], summary["no_answer"], summary["events"]) == (2, 0, [])
    assert app._ports.cache_info().misses == wired  # noqa: SLF001
    assert "the-new-private-key" not in account.traces()


def test_a_broken_secret_keeps_the_last_good_keys(
    account: Account, ucloud: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rotation that went wrong blinds nobody while the old keys are good; the mended one is taken up."""
    account.run()
    monkeypatch.setattr(cached, "MAX_AGE_SECONDS", 0.0)
    monkeypatch.setattr(cached, "RETRY_SECONDS", 0.0)
    account.keep("{")
    assert (account.run()["no_answer"], account.told) == (0, [])
    account.keep(secret_of(NEW))
    ucloud.set_keys(NEW.public_key, NEW.private_key)
    assert (account.run()["no_answer"], account.told) == (0, [])
