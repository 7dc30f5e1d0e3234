"""The token that opens the status page, from a secret of its own: ``{"read_token": "..."}``."""

import json
from typing import TYPE_CHECKING, Any

from udts_monitor.adapters.cached import Cached
from udts_monitor.adapters.credentials import KeysError, read_secret

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

# What is shorter can be guessed: nothing counts the attempts.
SHORTEST = 20


def cached_token(client: "SecretsManagerClient", arn: str) -> Cached[str]:
    """The token in a secret, read again every five minutes."""
    return Cached(lambda: parse_token(read_secret(client, arn)), kept_through=KeysError)


def parse_token(text: str) -> str:
    """The token in a secret's text.

    Raises:
        KeysError: it is not there, or too short; the text itself is never repeated.
    """
    try:
        secret: Any = json.loads(text)
        token = secret["read_token"]
        usable = isinstance(token, str) and len(token.strip()) >= SHORTEST and token.isascii()
    except (ValueError, KeyError, TypeError, RecursionError):
        usable, token = False, ""
    if not usable:
        reason = (
            f'the secret has to be of the form {{"read_token": "..."}}, {SHORTEST} or more ASCII characters'
        )
        raise KeysError(reason, configuration=True)
    return str(token).strip()
