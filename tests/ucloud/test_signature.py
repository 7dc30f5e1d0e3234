"""Requests are signed as UCloud publishes it and as the official SDK does it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ucloud.core.auth import Credential  # type: ignore[import-untyped]

from udts_monitor.adapters.credentials import KeyPair
from udts_monitor.adapters.ucloud import signed

# Source: UCloud API reference, signature and public parameters: keys and signatures of its two examples.
KEYS = KeyPair("ucloudsomeone@example.com1296235120854146120", "46f09bb9fab4f12dfc160dae12273d5332b5debe")
SHORT = {"Action": "DescribeUHostInstance", "Region": "cn-bj2", "Limit": "10"}
LONG = {
    "Action": "CreateUHostInstance",
    "CPU": "2",
    "ChargeType": "Month",
    "DiskSpace": "10",
    "ImageId": "f43736e1-65a5-4bea-ad2e-8a46e18883c2",
    "LoginMode": "Password",
    "Memory": "2048",
    "Name": "Host01",
    "Password": "VUNsb3VkLmNu",
    "Quantity": "1",
    "Region": "cn-bj2",
    "Zone": "cn-bj2-04",
}


@pytest.mark.parametrize(
    ("parameters", "signature"),
    [
        pytest.param(SHORT, "cba5cf5ec4d4233d206b1b54951e3787350a642f", id="the short vector"),
        pytest.param(LONG, "4f9ef5df2abab2c6fccd1e9515cb7e2df8c6bb65", id="the long vector"),
    ],
)
def test_the_published_vectors_are_reproduced(parameters: dict[str, str], signature: str) -> None:
    """Both examples of the documentation, to the letter; nothing but key and signature is added."""
    assert signed(parameters, KEYS) == {**parameters, "PublicKey": KEYS.public_key, "Signature": signature}


@given(
    parameters=st.dictionaries(st.text(min_size=1).filter(lambda name: name != "PublicKey"), st.text()),
    public_key=st.text(),
    private_key=st.text(),
)
def test_any_parameters_are_signed_as_the_official_sdk_signs_them(
    parameters: dict[str, str], public_key: str, private_key: str
) -> None:
    """Names and values of any script, also empty ones and such as look like URL-escapes."""
    ours = signed(parameters, KeyPair(public_key, private_key))
    assert ours["Signature"] == Credential(public_key, private_key).verify_ac(dict(parameters))


def test_signing_leaves_the_parameters_alone() -> None:
    """They are signed again for every attempt, perhaps with other keys."""
    parameters = dict(SHORT)
    signed(parameters, KEYS)
    assert parameters == SHORT
