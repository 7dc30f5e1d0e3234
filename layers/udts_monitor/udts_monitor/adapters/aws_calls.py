"""How AWS is called, and which of its errors only a person can mend."""

from botocore.config import Config
from botocore.exceptions import ClientError

# Waiting does not help with these; with every other error it may.
# Source: API references of Secrets Manager (GetSecretValue) and Systems Manager (GetParameter,
# GetParametersByPath), errors.
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


def error_code(error: ClientError) -> str:
    """AWS's code of an error, empty when it has none."""
    return error.response.get("Error", {}).get("Code", "")


def is_configuration(error: Exception) -> bool:
    """Whether a person has to change something; otherwise the next run may succeed."""
    return isinstance(error, ClientError) and error_code(error) in _CONFIGURATION_CODES
