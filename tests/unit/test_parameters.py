"""A task list in Parameter Store: what AWS answers, and what of it a person has to mend."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from botocore.config import Config
from botocore.stub import Stubber
from moto import mock_aws

from tests.table import aws_client
from udts_monitor.adapters.parameters import cached_parameters, read_parameters
from udts_monitor.errors import ConfigurationError, ParameterError

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

NAME = "/udts-monitor/tasks"
FOLDER = "/udts-monitor/lists/"
ONE_ATTEMPT = Config(retries={"total_max_attempts": 1})


@contextmanager
def ssm() -> Iterator[tuple["SSMClient", Stubber]]:
    """A client that does not talk to anybody."""
    client = aws_client("ssm", config=ONE_ATTEMPT)
    with Stubber(client) as stubber:
        yield client, stubber


def test_the_text_of_a_parameter_is_read_decrypted() -> None:
    """So that a SecureString works like a String."""
    with ssm() as (client, stubber):
        expected = {"Name": NAME, "WithDecryption": True}
        stubber.add_response("get_parameter", {"Parameter": {"Value": "udts-1"}}, expected)
        assert read_parameters(client, NAME) == {NAME: "udts-1"}


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
            read_parameters(client, NAME)


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
            read_parameters(client, NAME)


def test_an_aws_that_cannot_be_reached_may_be_reached_by_the_next_run() -> None:
    """A connection is no configuration."""
    client = aws_client("ssm", endpoint_url="http://127.0.0.1:1", config=ONE_ATTEMPT)
    with pytest.raises(ParameterError, match="Could not connect"):
        read_parameters(client, NAME)


# --- A folder -----------------------------------------------------------------------------------------


def page(*numbers: int, token: str = "") -> dict[str, object]:
    """A page of parameters, with the token of the next one."""
    found = [{"Name": f"{FOLDER}{number}", "Value": f"udts-{number}"} for number in numbers]
    return {"Parameters": found} | ({"NextToken": token} if token else {})


def test_all_parameters_of_a_folder_are_read_decrypted_and_sorted_by_name() -> None:
    """Ten a page, as many pages as there are; a folder within the folder is another folder."""
    request = {"Path": FOLDER.rstrip("/"), "WithDecryption": True, "MaxResults": 10}
    with ssm() as (client, stubber):
        stubber.add_response("get_parameters_by_path", page(3, 1, token="more"), request)
        stubber.add_response("get_parameters_by_path", page(token="last"), {**request, "NextToken": "more"})
        stubber.add_response("get_parameters_by_path", page(2), {**request, "NextToken": "last"})
        found = read_parameters(client, FOLDER)
        stubber.assert_no_pending_responses()
    assert list(found.items()) == [(f"{FOLDER}{number}", f"udts-{number}") for number in (1, 2, 3)]


def test_a_folder_is_what_stands_right_in_it() -> None:
    """Neither a folder within it nor a neighbour whose name begins alike."""
    with mock_aws():
        client = aws_client("ssm")
        numbers = [f"{FOLDER}{number:02}" for number in range(12)]
        for name in (*numbers, f"{FOLDER}inner/13", "/udts-monitor/lists-old/14", "/udts-monitor/lists"):
            client.put_parameter(Name=name, Value=f"udts-{name[-2:]}", Type="String")
        assert list(read_parameters(client, FOLDER)) == numbers


def test_a_folder_without_parameters_is_a_wrong_configuration() -> None:
    """AWS has no error for a folder that does not exist."""
    with ssm() as (client, stubber):
        stubber.add_response("get_parameters_by_path", page())
        with pytest.raises(ConfigurationError, match=f"UDTS_TASKS: the folder {FOLDER} holds no parameter"):
            read_parameters(client, FOLDER)


def test_a_folder_that_fails_half_way_is_not_half_a_list() -> None:
    """The tasks of the other half would be watched by nobody; a missing right is told as such."""
    for code, error in (
        ("ThrottlingException", ParameterError),
        ("AccessDeniedException", ConfigurationError),
    ):
        with ssm() as (client, stubber):
            stubber.add_response("get_parameters_by_path", page(1, token="more"))
            stubber.add_client_error("get_parameters_by_path", code, http_status_code=400)
            with pytest.raises(error, match=code):
                read_parameters(client, FOLDER)


# --- What is kept -------------------------------------------------------------------------------------


def test_an_old_list_outlasts_a_busy_aws_but_not_its_parameter(monkeypatch: pytest.MonkeyPatch) -> None:
    """An old list is better than nobody watching; a deleted one would be missed at the next cold start."""
    monkeypatch.setattr("udts_monitor.adapters.cached.MAX_AGE_SECONDS", 0.0)
    monkeypatch.setattr("udts_monitor.adapters.cached.RETRY_SECONDS", 0.0)
    with ssm() as (client, stubber):
        cached = cached_parameters(client, NAME)
        stubber.add_response("get_parameter", {"Parameter": {"Value": "udts-1"}})
        stubber.add_client_error("get_parameter", "ThrottlingException", http_status_code=400)
        stubber.add_client_error("get_parameter", "ParameterNotFound", http_status_code=400)
        assert [cached.current(), cached.current()] == [{NAME: "udts-1"}] * 2
        with pytest.raises(ConfigurationError):
            cached.current()
