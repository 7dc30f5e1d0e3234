"""A deployed stack: found by its name, read from its table, and asked through its function.

The command line has no other way to write: whatever changes goes through the one writer there is.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)

from udts_monitor.adapters.aws_calls import client_config, error_code
from udts_monitor.adapters.reader import THREADS, Reader
from udts_monitor.errors import StoreError
from udts_monitor.text import one_line, truncate
from udts_monitor_cli.codes import Code, CommandLineError

# A run may take a minute, and whoever asks twice would get two test messages.
_INVOKE = Config(connect_timeout=5, read_timeout=75, retries={"total_max_attempts": 1})
_TEXT_LIMIT = 2_000
_DETAIL_LIMIT = 300
_BAD_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_NO_RIGHT = frozenset(
    {"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What a stack's outputs name, and clients for it.

    Attributes:
        outputs: of the stack, by name.
    """

    name: str
    session: boto3.Session
    outputs: Mapping[str, str]

    @property
    def region(self) -> str:
        """Where it stands."""
        return str(self.session.region_name)

    def output(self, name: str) -> str:
        """One output; CommandLineError where the stack has none of this name."""
        if name not in self.outputs:
            text = f"The stack {self.name} has no output {name}: is it a stack of the UDTS monitor?"
            raise CommandLineError(text, Code.NO_ACCESS)
        return self.outputs[name]

    def reader(self) -> Reader:
        """The table, to look at."""
        client = self.session.client("dynamodb", config=client_config(THREADS))
        return Reader(client, self.output("TableName"))

    def client(self, service: str) -> Any:  # noqa: ANN401 - a client of any service
        """A client for another service."""
        return self.session.client(service, config=client_config(1))  # type: ignore[call-overload]

    def ask(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """Invoke the function with a command; its answer.

        Raises:
            CommandLineError: it refused the command, or did not do it.
        """
        client = self.session.client("lambda", config=_INVOKE)
        answer = client.invoke(FunctionName=self.output("FunctionName"), Payload=json.dumps(command).encode())
        found = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            raise _not_done(found if isinstance(found, dict) else {})
        return found if isinstance(found, dict) else {}


def open_stack(name: str, region: str | None, profile: str | None) -> Stack:
    """Find a stack with the usual settings of AWS: environment, profile, region, AWS_ENDPOINT_URL.

    Raises:
        CommandLineError: there is none, or AWS cannot be asked.
    """
    with said_in_one_line():
        session = boto3.Session(region_name=region, profile_name=profile)
    where = f" in {session.region_name}" if session.region_name else ""
    with said_in_one_line(f"There is no stack {name}{where}; --stack and --region name another one."):
        found = session.client("cloudformation", config=client_config(1)).describe_stacks(StackName=name)
    outputs = found["Stacks"][0].get("Outputs", [])
    named = {output["OutputKey"]: output["OutputValue"] for output in outputs}
    return Stack(name=name, session=session, outputs=named)


@contextmanager
def said_in_one_line(not_found: str = "") -> Iterator[None]:
    """What AWS raises, as one line that says what to change, without what a person must not see.

    Args:
        not_found: what a ValidationError or a resource that is not there means.
    """
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise CommandLineError(sentence_of(error, not_found), Code.NO_ACCESS) from error
    except StoreError as error:
        raise CommandLineError(truncate(one_line(str(error)), _TEXT_LIMIT), Code.NO_ACCESS) from error


def sentence_of(error: BotoCoreError | ClientError, not_found: str = "") -> str:
    """What to do about an error of AWS."""
    match error:
        case NoCredentialsError() | PartialCredentialsError():
            return "There are no AWS credentials: choose a profile with --profile, or `aws sso login`."
        case NoRegionError():
            return "No AWS region is set: set AWS_DEFAULT_REGION or --region."
        case ProfileNotFound():
            return f"{one_line(str(error))}: `aws configure list-profiles` lists those there are."
        case EndpointConnectionError():
            return f"AWS cannot be reached: {truncate(one_line(str(error)), _DETAIL_LIMIT)}"
        case ClientError():
            return _of_client(error, not_found)
        case _:
            return f"AWS could not be asked: {truncate(one_line(str(error)), _DETAIL_LIMIT)}"


def _of_client(error: ClientError, not_found: str) -> str:
    code, operation = error_code(error), error.operation_name
    detail = truncate(one_line(str(error.response.get("Error", {}).get("Message", ""))), _DETAIL_LIMIT)
    if code in _BAD_CREDENTIALS:
        return f"AWS refuses the credentials ({code}): sign in again, or choose others with --profile."
    if code in _NO_RIGHT:
        return f"These credentials may not call {operation}: {detail}"
    missing = code in {"ResourceNotFoundException", "NotFound"} or (
        code == "ValidationError" and "does not exist" in detail
    )
    return not_found if missing and not_found else f"AWS refused {operation} ({code}): {detail}"


def _not_done(found: Mapping[str, Any]) -> CommandLineError:
    text = one_line(str(found.get("errorMessage", "it gave no reason")))
    said = truncate(text, _TEXT_LIMIT)
    # Its own words for a wrong command need none before them.
    if found.get("errorType") == "CommandError":
        return CommandLineError(said, Code.WRONG)
    return CommandLineError(f"The function did not do it: {said}", Code.NOT_DONE)
