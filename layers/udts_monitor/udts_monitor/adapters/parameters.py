"""A task list in Parameter Store: in one parameter, or in all parameters of a folder."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from udts_monitor.adapters.aws_calls import is_configuration
from udts_monitor.adapters.cached import Cached
from udts_monitor.errors import ConfigurationError, ParameterError
from udts_monitor.run.settings import SERVICE
from udts_monitor.text import error_text

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

# Source: Systems Manager API reference, GetParametersByPath, MaxResults.
_PAGE = 10

logger = Logger(service=SERVICE, child=True)


def cached_parameters(client: "SSMClient", name: str) -> Cached[Mapping[str, str]]:
    """The parameters, an old list while they cannot be read just now: that is better than nobody watching."""
    return Cached(lambda: read_parameters(client, name), kept_through=ParameterError, on_kept=_log_kept)


def read_parameters(client: "SSMClient", name: str) -> Mapping[str, str]:
    """The texts of a parameter, or of all parameters in a folder (``/path/``), by name and sorted by it.

    Raises:
        ConfigurationError: they cannot be read until a person changes something.
        ParameterError: they cannot be read just now.
    """
    try:
        found = _folder(client, name) if name.endswith("/") else _one(client, name)
    except (ClientError, BotoCoreError) as error:
        if is_configuration(error):
            advice = "check the name, the parameter and the function's permission for it"
            problem = f"UDTS_TASKS: the parameter {name} cannot be read: {error_text(error)}; {advice}"
            raise ConfigurationError([problem]) from error
        raise ParameterError(
            f"The task list in the parameter {name} could not be read just now; the next run tries again: "
            f"{error_text(error)}"
        ) from error
    if not found:
        raise ConfigurationError([f"UDTS_TASKS: the folder {name} holds no parameter"])
    return found


def _one(client: "SSMClient", name: str) -> dict[str, str]:
    return {name: client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]}


def _folder(client: "SSMClient", name: str) -> dict[str, str]:
    pages = client.get_paginator("get_parameters_by_path").paginate(
        # IAM knows a folder by its name without the slash.
        Path=name.rstrip("/"),
        WithDecryption=True,
        PaginationConfig={"PageSize": _PAGE},
    )
    found = {entry["Name"]: entry["Value"] for page in pages for entry in page["Parameters"]}
    return dict(sorted(found.items()))


def _log_kept(error: Exception) -> None:
    logger.warning("task list kept", cause=ParameterError.cause, reason=str(error))
