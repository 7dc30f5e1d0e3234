"""The UCloud keys: seldom read, soon renewed, never lost, and never seen."""

import json
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from botocore.config import Config
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from tests.proof.canary_keys import secret_of
from tests.table import aws_client
from udts_monitor.adapters.cached import Cached
from udts_monitor.adapters.credentials import (
    FixedKeys,
    KeyPair,
    KeysError,
    cached_keys,
    parse_keys,
    read_secret,
)

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

OLD = KeyPair("old-public", "old-private")
NEW = KeyPair("new-public", "new-private")
MISSING = KeysError("the secret is not there", configuration=True)
THROTTLED = KeysError("Secrets Manager is busy", configuration=False)


class Vault:
    """A secret, by its text or its keys, and a clock in one hand: both are what the test says."""

    def __init__(self, content: str | KeyPair | KeysError) -> None:
        self.content = content
        self.now = 1000.0
        self.reads = 0
        self.slow_seconds = 0.0
        self.keys = Cached(self.read, kept_through=KeysError, clock=lambda: self.now)

    def read(self) -> KeyPair:
        """The keys in the secret, or why there are none."""
        self.reads += 1
        time.sleep(self.slow_seconds)
        if isinstance(self.content, KeysError):
            raise self.content
        return parse_keys(self.content if isinstance(self.content, str) else secret_of(self.content))


def shown(error: BaseException) -> str:
    """All that a log would show of an error: itself, its causes, its context."""
    parts = [repr(error), str(error), repr(vars(error)), *traceback.format_exception(error)]
    chained = [cause for cause in (error.__cause__, error.__context__) if cause is not None]
    return "\n".join(parts + [shown(cause) for cause in chained])


def sixteen_times_at_once(ask: Callable[[], KeyPair | None]) -> list[KeyPair | None]:
    """What as many threads are answered that begin together."""
    start = Barrier(16)

    def one(_: int) -> KeyPair | None:
        start.wait(timeout=10)
        return ask()

    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(one, range(16)))


# --- How often the secret is read -----------------------------------------------------------------


def test_the_secret_is_read_once_in_five_minutes() -> None:
    """Each reading costs money and time; a change is seen after five minutes at the latest."""
    vault = Vault(OLD)
    for _ in range(100):
        assert vault.keys.current() == OLD
    vault.content = NEW
    vault.now += 299
    assert (vault.keys.current(), vault.reads) == (OLD, 1)
    vault.now += 1
    assert (vault.keys.current(), vault.reads) == (NEW, 2)


def test_a_rejected_pair_is_read_again_at_once_when_the_last_reading_is_old() -> None:
    """A rotation is picked up by the first check that fails, not five minutes later."""
    vault = Vault(OLD)
    vault.keys.current()
    vault.content = NEW
    vault.now += 30
    assert vault.keys.renewed(OLD) == NEW
    assert (vault.keys.current(), vault.reads) == (NEW, 2)


def test_a_pair_rejected_again_and_again_is_read_at_most_every_30_seconds() -> None:
    """Wrong keys and a thousand tasks: the secret is not hammered."""
    vault = Vault(OLD)
    vault.keys.current()
    for _ in range(100):
        assert vault.keys.renewed(OLD) is None
    assert vault.reads == 1
    for seconds in range(0, 300, 10):
        vault.now = 1030.0 + seconds
        assert vault.keys.renewed(OLD) is None
    assert vault.reads == 11


def test_many_threads_with_rejected_keys_read_the_secret_once() -> None:
    """All of them get the new pair from one reading, whoever was first."""
    vault = Vault(OLD)
    vault.keys.current()
    vault.content = NEW
    vault.now += 60
    vault.slow_seconds = 0.05
    assert sixteen_times_at_once(lambda: vault.keys.renewed(OLD)) == [NEW] * 16
    assert vault.reads == 2


def test_many_threads_read_a_fresh_secret_once() -> None:
    """A cold start checks many tasks at the same moment."""
    vault = Vault(OLD)
    vault.slow_seconds = 0.05
    assert sixteen_times_at_once(vault.keys.current) == [OLD] * 16
    assert vault.reads == 1


def test_a_pair_that_was_replaced_meanwhile_is_renewed_without_reading() -> None:
    """A thread that comes late with the old pair gets what another already read."""
    vault = Vault(NEW)
    vault.keys.current()
    assert vault.keys.renewed(OLD) == NEW
    assert vault.reads == 1


# --- When there are no good keys ------------------------------------------------------------------

BROKEN = [
    pytest.param("", id="an empty secret"),
    pytest.param('{"public_key": "half', id="half a secret"),
    pytest.param('{"public_key": "a"}', id="no private key"),
    pytest.param('{"public_key": "", "private_key": "b"}', id="an empty key"),
    pytest.param('{"public_key": 1, "private_key": 2}', id="numbers"),
    pytest.param('["a", "b"]', id="a list"),
    pytest.param('"text"', id="a bare text"),
    pytest.param("null", id="null"),
    pytest.param("[" * 100_000, id="a bottomless list"),
    pytest.param(MISSING, id="no secret any more"),
    pytest.param(THROTTLED, id="no answer from Secrets Manager"),
]


@pytest.mark.parametrize("broken", BROKEN)
def test_the_last_good_keys_stay_while_the_secret_is_broken(broken: str | KeysError) -> None:
    """A rotation that went wrong half-way does not blind the monitor; the mended secret is soon seen."""
    vault = Vault(OLD)
    vault.keys.current()
    vault.content = broken
    vault.now += 300
    assert vault.keys.current() == OLD
    assert vault.keys.renewed(OLD) is None
    assert vault.reads == 2
    vault.content = NEW
    vault.now += 30
    assert vault.keys.current() == NEW


@pytest.mark.parametrize("broken", BROKEN)
def test_without_any_good_keys_the_reason_is_told_and_the_secret_left_alone(broken: str | KeysError) -> None:
    """Every check says why; the secret is read again every 30 seconds and no oftener."""
    vault = Vault(broken)
    for _ in range(100):
        with pytest.raises(KeysError) as told:
            vault.keys.current()
        assert told.value.configuration is (broken is not THROTTLED)
        assert told.value.reason
    assert vault.reads == 1
    vault.now += 29
    with pytest.raises(KeysError):
        vault.keys.current()
    assert vault.reads == 1
    vault.content = OLD
    vault.now += 1
    assert vault.keys.current() == OLD


def test_keys_from_the_environment_are_never_renewed() -> None:
    """There is nothing to read again."""
    keys = FixedKeys(OLD)
    assert keys.current() == OLD
    assert keys.renewed(OLD) is None


# --- Secrets Manager ------------------------------------------------------------------------------

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:udts-AbCdEf"


@pytest.fixture(scope="module")
def manager() -> "SecretsManagerClient":
    """A client that never gets as far as a network: every answer is put before it."""
    client: SecretsManagerClient = aws_client("secretsmanager")
    return client


def test_the_text_of_the_secret_is_read(manager: "SecretsManagerClient") -> None:
    """By its ARN; a secret of bytes has no text, which is a broken secret and no crash."""
    with Stubber(manager) as aws:
        aws.add_response("get_secret_value", {"SecretString": secret_of(OLD)}, {"SecretId": ARN})
        assert parse_keys(read_secret(manager, ARN)) == OLD
        aws.add_response("get_secret_value", {"SecretBinary": b"x"}, {"SecretId": ARN})
        with pytest.raises(KeysError):
            parse_keys(read_secret(manager, ARN))


@pytest.mark.parametrize(
    ("code", "configuration"),
    [
        pytest.param("ResourceNotFoundException", True, id="no such secret"),
        pytest.param("InvalidRequestException", True, id="the secret is being deleted"),
        pytest.param("AccessDeniedException", True, id="the function may not read it"),
        pytest.param("DecryptionFailure", True, id="the key of the secret is gone"),
        pytest.param("ValidationException", True, id="not an ARN"),
        pytest.param("ThrottlingException", False, id="too many calls"),
        pytest.param("InternalServiceError", False, id="AWS has a bad moment"),
        pytest.param("ExpiredTokenException", False, id="the function's credentials are about to be renewed"),
    ],
)
def test_a_secret_that_cannot_be_read_is_told_with_what_to_check(
    manager: "SecretsManagerClient", code: str, *, configuration: bool
) -> None:
    """Where waiting does not help the reason says what to look at; a hundred checks read it once."""
    with Stubber(manager) as aws:
        aws.add_client_error("get_secret_value", code)  # a second call would find no answer
        keys = cached_keys(manager, ARN)
        for _ in range(100):
            with pytest.raises(KeysError) as told:
                keys.current()
            assert told.value.configuration is configuration
            assert code in told.value.reason
            assert ("check UCLOUD_SECRET_ARN" in told.value.reason) is configuration


def test_no_connection_to_secrets_manager_passes() -> None:
    """Nobody has to change anything, and nothing but the kind of error is told."""
    once = Config(retries={"total_max_attempts": 1})
    nowhere = aws_client("secretsmanager", endpoint_url="http://127.0.0.1:9", config=once)
    with pytest.raises(KeysError) as told:
        read_secret(nowhere, ARN)
    assert not told.value.configuration
    assert told.value.reason == f"the secret {ARN} cannot be read: EndpointConnectionError"


# --- What nobody may see --------------------------------------------------------------------------

MARK = "kEy-Mark-7f3a9c"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(MARK, id="the key alone"),
        pytest.param(f'{{"public_key": "p", "private_key": "{MARK}"', id="a bracket forgotten"),
        pytest.param(f'{{"public_key": "", "private_key": "{MARK}"}}', id="the other key empty"),
        pytest.param(f'{{"public": "p", "{MARK}": 1}}', id="the key as a name"),
        pytest.param(f'{{"private_key": ["{MARK}"], "public_key": "p"}}', id="a list of keys"),
        pytest.param(f'["{MARK}"]', id="a list"),
        pytest.param(f'{{"public_key": "p", "private_key": "{MARK}\\ud800"}}', id="half a character"),
    ],
)
def test_no_text_of_a_broken_secret_is_in_the_error(content: str) -> None:
    """Not in its words, its attributes, its causes or its traceback."""
    vault = Vault(content)
    for read in (vault.keys.current, lambda: parse_keys(content)):
        with pytest.raises(KeysError) as told:
            read()
        assert MARK not in shown(told.value)


def test_no_repr_shows_a_private_key() -> None:
    """Reprs end up in logs and tracebacks."""
    pair = KeyPair("public", MARK)
    vault = Vault(pair)
    vault.keys.current()
    makers: list[Callable[[], object]] = [lambda: pair, lambda: FixedKeys(pair), lambda: vault.keys]
    for make in makers:
        assert MARK not in f"{make()!r} {make()!s}"


@given(public_key=st.text(min_size=1), private_key=st.text(min_size=1))
def test_a_secret_of_the_right_form_is_read_as_it_is(public_key: str, private_key: str) -> None:
    """Nothing of a key is changed on the way; other fields, such as a note, may stand beside them."""
    text = json.dumps({"public_key": public_key, "private_key": private_key, "note": "prod"})
    assert parse_keys(text) == KeyPair(public_key, private_key)
