"""The UCloud key pair: from Secrets Manager on AWS, from the environment for local use."""

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from udts_monitor.adapters.aws_calls import error_code, is_configuration
from udts_monitor.adapters.cached import Cached

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


@dataclass(frozen=True, slots=True)
class KeyPair:
    """What signs a request. The private key never shows in a repr."""

    public_key: str
    private_key: str = field(repr=False)


class KeysError(Exception):
    """There are no usable keys.

    Attributes:
        configuration: a person has to change something; otherwise the next run may find them.
        quote: the service's own word for why, empty when it gave none.
    """

    def __init__(self, reason: str, *, configuration: bool, quote: str = "") -> None:
        self.reason = reason
        self.quote = quote
        self.configuration = configuration
        super().__init__(reason)


class FixedKeys:
    """Keys given in the environment: there is nothing to renew."""

    def __init__(self, keys: KeyPair) -> None:
        self._keys = keys

    def current(self) -> KeyPair:
        """The given keys."""
        return self._keys

    def renewed(self, rejected: KeyPair) -> KeyPair | None:  # noqa: ARG002 - the port's signature
        """There are no others: always None."""
        return None


def cached_keys(client: "SecretsManagerClient", arn: str) -> Cached[KeyPair]:
    """The keys in a secret; one broken half-way through a rotation does not blind the monitor."""
    return Cached(lambda: parse_keys(read_secret(client, arn)), kept_through=KeysError)


def read_secret(client: "SecretsManagerClient", arn: str) -> str:
    """The text of a secret.

    Raises:
        KeysError: it cannot be read; says whether a person has to change something.
    """
    try:
        return client.get_secret_value(SecretId=arn).get("SecretString", "")
    except (ClientError, BotoCoreError) as error:
        configuration = is_configuration(error)
        cause = error_code(error) if isinstance(error, ClientError) else type(error).__name__
        advice = "; check UCLOUD_SECRET_ARN, the secret and the function's permission for it"
        reason = f"the secret {arn} cannot be read: {cause}{advice if configuration else ''}"
        raise KeysError(reason, configuration=configuration, quote=cause) from error


def parse_keys(text: str) -> KeyPair:
    """The key pair in a secret's text, ``{"public_key": ..., "private_key": ...}``.

    Raises:
        KeysError: it is not of that form; the text itself is never repeated.
    """
    try:
        secret: Any = json.loads(text)
        keys = secret["public_key"], secret["private_key"]
        "".join(keys).encode()  # half a character cannot be signed with
    except (ValueError, KeyError, TypeError, RecursionError):
        keys = None, None
    public_key, private_key = keys
    if not (isinstance(public_key, str) and isinstance(private_key, str) and public_key and private_key):
        raise KeysError(
            'the secret has to be of the form {"public_key": "...", "private_key": "..."}: set a new value',
            configuration=True,
        )
    return KeyPair(public_key, private_key)
