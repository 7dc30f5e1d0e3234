"""A task list in a parameter: seldom read, and not lost because AWS is busy."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from udts_monitor.aws import TaskList, read_parameter
from udts_monitor.errors import ConfigurationError, ParameterError

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

NAME = "/udts-monitor/tasks"
THROTTLED = ParameterError("the parameter cannot be read just now")
GONE = ConfigurationError(["the parameter is gone"])


class Parameter:
    """A parameter and a clock in one hand: both are what the test says."""

    def __init__(self, content: str | Exception) -> None:
        self.content = content
        self.now = 1000.0
        self.reads = 0
        self.list = TaskList(self.read, lambda: self.now)

    def read(self) -> str:
        """The parameter's text, or why there is none."""
        self.reads += 1
        if isinstance(self.content, Exception):
            raise self.content
        return self.content


# --- How often it is read, and what stays -----------------------------------------------------------


def test_the_list_is_read_once_in_five_minutes() -> None:
    """A change is seen after five minutes at the latest."""
    parameter = Parameter("udts-1")
    for _ in range(10):
        assert parameter.list.text() == "udts-1"
    parameter.content = "udts-2"
    parameter.now += 299
    assert (parameter.list.text(), parameter.reads) == ("udts-1", 1)
    parameter.now += 1
    assert (parameter.list.text(), parameter.reads) == ("udts-2", 2)


def test_a_list_that_cannot_be_read_just_now_keeps_the_last_good_one() -> None:
    """Every run tries again, and the first that succeeds begins a new five minutes."""
    parameter = Parameter("udts-1")
    parameter.list.text()
    parameter.content = THROTTLED
    parameter.now += 300
    assert [parameter.list.text() for _ in range(3)] == ["udts-1"] * 3
    assert parameter.reads == 4
    parameter.content = "udts-2"
    assert [parameter.list.text() for _ in range(3)] == ["udts-2"] * 3
    assert parameter.reads == 5


def test_an_empty_list_was_read_too() -> None:
    """What is wrong with it is said by whoever parses it."""
    parameter = Parameter("")
    parameter.list.text()
    assert (parameter.list.text(), parameter.reads) == ("", 1)


def test_without_a_last_good_list_the_run_cannot_go_on() -> None:
    """Each run tries again."""
    parameter = Parameter(THROTTLED)
    for _ in range(2):
        with pytest.raises(ParameterError):
            parameter.list.text()
    parameter.content = "udts-1"
    assert parameter.list.text() == "udts-1"


def test_what_a_person_has_to_change_is_told_although_there_is_a_last_good_list() -> None:
    """A deleted parameter is no passing fault: an old list would hide it until the next cold start."""
    parameter = Parameter("udts-1")
    parameter.list.text()
    parameter.content = GONE
    parameter.now += 300
    for _ in range(2):
        with pytest.raises(ConfigurationError):
            parameter.list.text()
    parameter.content = "udts-2"
    assert parameter.list.text() == "udts-2"


# --- What AWS answers ---------------------------------------------------------------------------------


@contextmanager
def ssm() -> Iterator[tuple["SSMClient", Stubber]]:
    """A client that does not talk to anybody."""
    client = boto3.client(
        "ssm",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
    with Stubber(client) as stubber:
        yield client, stubber


def test_the_text_of_a_parameter_is_read_decrypted() -> None:
    """So that a SecureString works like a String."""
    with ssm() as (client, stubber):
        expected = {"Name": NAME, "WithDecryption": True}
        stubber.add_response("get_parameter", {"Parameter": {"Value": "udts-1"}}, expected)
        assert read_parameter(client, NAME) == "udts-1"


@pytest.mark.parametrize(
    "code",
    [
        "ParameterNotFound",
        "ParameterVersionNotFound",
        "AccessDeniedException",
        "ValidationException",
        "InvalidKeyId",
        "UnrecognizedClientException",
    ],
)
def test_what_waiting_does_not_help_with_is_a_wrong_configuration(code: str) -> None:
    """It names the variable, the parameter and the code."""
    with ssm() as (client, stubber):
        stubber.add_client_error("get_parameter", code, http_status_code=400)
        with pytest.raises(ConfigurationError, match=f"UDTS_TASKS: .*{NAME}.*{code}.*permission"):
            read_parameter(client, NAME)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ThrottlingException", 400),
        ("RequestLimitExceeded", 400),
        ("ExpiredTokenException", 400),
        ("InternalServerError", 500),
        ("ServiceUnavailable", 503),
        ("NeverHeardOf", 400),
    ],
)
def test_what_may_pass_is_said_to_pass(code: str, status: int) -> None:
    """Nobody is sent to look for a mistake in the configuration; the reason names parameter and code."""
    with ssm() as (client, stubber):
        stubber.add_client_error("get_parameter", code, http_status_code=status)
        with pytest.raises(ParameterError, match=rf"{NAME} could not be read just now.*next run.*{code}"):
            read_parameter(client, NAME)


def test_an_aws_that_cannot_be_reached_may_be_reached_by_the_next_run() -> None:
    """A connection is no configuration."""
    client = boto3.client(
        "ssm",
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
    with pytest.raises(ParameterError, match="Could not connect"):
        read_parameter(client, NAME)
