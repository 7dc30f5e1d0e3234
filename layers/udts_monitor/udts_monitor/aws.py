"""What the monitor reads from AWS beside its table.

The secret with the UCloud keys, and a task list that is too long for an environment variable.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from udts_monitor.credentials import KeysError
from udts_monitor.errors import ConfigurationError, ParameterError
from udts_monitor.ports import SERVICE
from udts_monitor.text import said

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_ssm import SSMClient

PARAMETER_MAX_AGE_SECONDS = 300.0
# Waiting does not help with these; with every other error it may.
# Source: API references of Secrets Manager (GetSecretValue) and Systems Manager (GetParameter), errors.
_CONFIGURATION_CODES = frozenset(
    {
        "AccessDeniedException",
        "DecryptionFailure",
        "InvalidKeyId",
        "InvalidParameterException",
        "InvalidRequestException",
        "ParameterNotFound",
        "ParameterVersionNotFound",
        "ResourceNotFoundException",
        "UnrecognizedClientException",
        "ValidationException",
    }
)

logger = Logger(service=SERVICE, child=True)


def client_config(connections: int) -> Config:
    """Few and short attempts: the next run is the better retry, and this one has a minute."""
    return Config(
        connect_timeout=2,
        read_timeout=4,
        retries={"mode": "standard", "total_max_attempts": 3},
        max_pool_connections=max(10, connections),
    )


def publishing_config() -> Config:
    """At most five seconds for a message: begun at the last moment, it ends before Lambda ends the run.

    The outbox is the better retry: what failed waits there, with its attempts and its error.
    """
    return Config(connect_timeout=2, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2})


def read_secret(client: "SecretsManagerClient", arn: str) -> str:
    """The text of a secret.

    Raises:
        KeysError: it cannot be read; says whether a person has to change something.
    """
    try:
        return client.get_secret_value(SecretId=arn).get("SecretString", "")
    except ClientError as error:
        code, wrong = _code(error), _code(error) in _CONFIGURATION_CODES
        advice = "; check UCLOUD_SECRET_ARN, the secret and the function's permission for it" if wrong else ""
        raise KeysError(f"the secret {arn} cannot be read: {code}{advice}", configuration=wrong) from error
    except BotoCoreError as error:
        raise KeysError(
            f"the secret {arn} cannot be read: {type(error).__name__}", configuration=False
        ) from error


def read_parameter(client: "SSMClient", name: str) -> str:
    """The text of a parameter.

    Raises:
        ConfigurationError: it cannot be read until a person changes something.
        ParameterError: it cannot be read just now.
    """
    try:
        return client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    except ClientError as error:
        if _code(error) in _CONFIGURATION_CODES:
            advice = "check the name, the parameter and the function's permission for it"
            problem = f"UDTS_TASKS: the parameter {name} cannot be read: {said(error)}; {advice}"
            raise ConfigurationError([problem]) from error
        raise _unread(name, error) from error
    except BotoCoreError as error:
        raise _unread(name, error) from error


class TaskList:
    """A task list in a parameter: read again after five minutes, the last good text kept.

    Args:
        read: returns the parameter's text; raises ConfigurationError or ParameterError.
        clock: seconds of a clock that never goes back.
    """

    def __init__(self, read: Callable[[], str], clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._text: str | None = None
        self._read_at = float("-inf")

    def text(self) -> str:
        """The text, at most five minutes old unless it cannot be read just now.

        Raises:
            ConfigurationError: a person has to change something.
            ParameterError: it cannot be read just now and never could.
        """
        if self._text is None or self._clock() - self._read_at >= PARAMETER_MAX_AGE_SECONDS:
            self._text = self._read_or_kept()
        return self._text

    def _read_or_kept(self) -> str:
        try:
            text = self._read()
        except ParameterError as error:
            if self._text is None:
                raise
            # An old list is better than nobody watching; every run tries again until it succeeds.
            logger.warning("task list kept", cause=error.cause, reason=str(error))
            return self._text
        self._read_at = self._clock()
        return text


def _unread(name: str, error: Exception) -> ParameterError:
    return ParameterError(
        f"The task list in the parameter {name} could not be read just now; the next run tries again: "
        f"{said(error)}"
    )


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")
