"""Keys that UCloud rejects are read again; keys that cannot be read leave UCloud alone."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from local.simulator import Simulator
from tests.ucloud.asking import KEYS, Asking
from tests.unit.test_credentials import Vault
from udts_monitor.adapters.credentials import FixedKeys, KeyPair, KeysError

NEW = KeyPair("rotated-public-key", "rotated-private-key")


@pytest.fixture
def vault() -> Vault:
    """Holds the keys the simulator accepts."""
    return Vault(KEYS)


def rotate(simulator: Simulator, public_key: str, private_key: str) -> None:
    """From now on UCloud accepts only these."""
    simulator.set_keys(public_key, private_key)
    simulator.forget_calls()


@pytest.mark.parametrize(
    ("new", "code"),
    [
        pytest.param(NEW, 172, id="the user is another"),
        pytest.param(KeyPair(KEYS.public_key, "another-private-key"), 171, id="the private key is another"),
    ],
)
def test_a_rotation_is_picked_up_within_the_check_that_notices_it(
    simulator: Simulator, vault: Vault, new: KeyPair, code: int
) -> None:
    """Refused once, the secret read once, answered: nobody hears of it."""
    asking = Asking(simulator.url, keys=vault.keys)
    asking.observed()
    rotate(simulator, new.public_key, new.private_key)
    vault.content = new
    vault.now += 60
    assert asking.observed().status == "Loading"
    assert [call.ret_code for call in simulator.log().calls] == [code, 0]
    assert vault.reads == 2
    assert not asking.pauses
    asking.observed()
    assert [call.ret_code for call in simulator.log().calls] == [code, 0, 0]


def test_wrong_keys_are_told_as_a_configuration_cause(simulator: Simulator, vault: Vault) -> None:
    """The secret still holds the old pair: one call, one reading, and what to change."""
    asking = Asking(simulator.url, keys=vault.keys)
    asking.observed()
    rotate(simulator, NEW.public_key, NEW.private_key)
    vault.now += 60
    found = asking.unanswered()
    assert (found.cause, found.configuration) == ("RetCode 172", True)
    assert "put the right key pair into the secret" in found.reason
    assert (len(simulator.log().calls), vault.reads) == (1, 2)


def test_many_checks_with_wrong_keys_do_not_hammer_the_secret(simulator: Simulator, vault: Vault) -> None:
    """A hundred tasks, eight threads: two readings in all, one call for each check."""
    asking = Asking(simulator.url, keys=vault.keys, connections=8)
    asking.observed()
    rotate(simulator, NEW.public_key, NEW.private_key)
    vault.now += 60
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: asking.unanswered().cause, range(100)))
    assert set(found) == {"RetCode 172"}
    assert (len(simulator.log().calls), vault.reads) == (100, 2)


def test_many_checks_pick_a_rotation_up_together(simulator: Simulator, vault: Vault) -> None:
    """Whichever thread comes first reads, and no check goes unanswered."""
    asking = Asking(simulator.url, keys=vault.keys, connections=8)
    asking.observed()
    rotate(simulator, NEW.public_key, NEW.private_key)
    vault.content = NEW
    vault.now += 60
    with ThreadPoolExecutor(8) as pool:
        assert {found.status for found in pool.map(lambda _: asking.observed(), range(100))} == {"Loading"}
    assert vault.reads == 2


def test_a_missing_permission_does_not_read_the_secret(simulator: Simulator, vault: Vault) -> None:
    """Other keys would not help."""
    asking = Asking(simulator.url, keys=vault.keys)
    simulator.inject(ret_code=299)
    vault.now += 60
    asking.unanswered()
    assert vault.reads == 1


@pytest.mark.parametrize("configuration", [True, False])
def test_without_keys_ucloud_is_not_asked(simulator: Simulator, vault: Vault, *, configuration: bool) -> None:
    """The reason is the secret's, and whether a person has to act; the secret is not hammered either."""
    vault.content = KeysError("the secret cannot be read", configuration=configuration)
    asking = Asking(simulator.url, keys=vault.keys)
    for _ in range(10):
        found = asking.unanswered()
        assert (found.reason, found.configuration) == ("the secret cannot be read", configuration)
    assert not simulator.log().calls
    assert vault.reads == 1
    assert not asking.pauses


def test_a_secret_that_breaks_in_the_middle_of_a_rotation_keeps_the_old_keys(
    simulator: Simulator, vault: Vault
) -> None:
    """As long as UCloud accepts them, the monitor sees."""
    asking = Asking(simulator.url, keys=vault.keys)
    asking.observed()
    vault.content = KeysError("the secret is not of the form", configuration=True)
    vault.now += 3600
    assert asking.observed().status == "Loading"


@pytest.mark.parametrize(
    ("key", "cause"),
    [
        pytest.param("ключ-ключ", "RetCode 172", id="script"),
        pytest.param("key\nkey\r\n", "RetCode 172", id="lines"),
        pytest.param("\ud800" * 8, "no keys", id="surrogate"),
    ],
)
def test_keys_of_any_characters_never_crash_a_check(
    simulator: Simulator, vault: Vault, key: str, cause: str
) -> None:
    """Pasted wrongly, they are refused like any wrong keys, or no request can be made of them."""
    vault.content = KeyPair(key, key)
    for keys in (vault.keys, FixedKeys(vault.content)):
        asking = Asking(simulator.url, keys=keys)
        found = asking.unanswered()
        assert (found.cause, found.configuration) == (cause, True)
        assert not asking.pauses
        assert key not in found.reason
