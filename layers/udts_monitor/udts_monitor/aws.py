"""What the monitor reads from AWS beside its table.

The secret with the UCloud keys, and a task list that is too long for an environment variable.
"""

from typing import TYPE_CHECKING

from aws_lambda_powertools.utilities.parameters import SSMProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from udts_monitor.credentials import KeysError
from udts_monitor.errors import ConfigurationError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

PARAMETER_MAX_AGE_SECONDS = 300
# Waiting does not help with these; with every other error it may.
_CONFIGURATION_CODES = frozenset(
    {
        "AccessDeniedException",
        "DecryptionFailure",
        "InvalidParameterException",
        "InvalidRequestException",
        "ResourceNotFoundException",
        "UnrecognizedClientException",
        "ValidationException",
    }
)


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
        code = error.response.get("Error", {}).get("Code", "")
        wrong = code in _CONFIGURATION_CODES
        advice = "; check UCLOUD_SECRET_ARN, the secret and the function's permission for it" if wrong else ""
        raise KeysError(f"the secret {arn} cannot be read: {code}{advice}", configuration=wrong) from error
    except BotoCoreError as error:
        raise KeysError(
            f"the secret {arn} cannot be read: {type(error).__name__}", configuration=False
        ) from error


def read_parameter(provider: SSMProvider, name: str) -> str:
    """The text of a parameter, at most five minutes old.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        return str(provider.get(name, max_age=PARAMETER_MAX_AGE_SECONDS, decrypt=True))
    except GetParameterError as error:
        raise ConfigurationError([f"UDTS_TASKS: the parameter {name} cannot be read: {error}"]) from error
