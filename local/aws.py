"""A local AWS (ministack) on 127.0.0.1 that really deploys and runs the template.

It has no authentication and belongs on development machines only: a guard keeps web pages out, nothing keeps
out other users of the machine. Its environment is its own, because the functions it runs inherit it: nothing
of the caller's shell, keys or packages gets in.
"""

import os
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import boto3
import botocore.session

from local import child_process, sam
from local.scratch import scratch_folder
from local.template import PROJECT, load, time_to_live

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

REGION = "us-east-1"
_PYTHON = PROJECT / ".tools/local-aws/bin/python"
_GUARD = PROJECT / "local/guard.py"
_START_SECONDS = 60
# Any key works; this one is the local AWS's root, which no policy restricts.
_KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}


class LocalAwsError(Exception):
    """The local AWS did not start; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalAws:
    """A running local AWS: where it is, and how to deploy to it and talk to it."""

    endpoint: str
    folder: Path
    """Private: belongs to the local AWS while it runs, holds its log."""
    certificate: Path | None = None
    """What to trust when the endpoint speaks TLS."""
    region: str = REGION

    @overload
    def client(self, service: Literal["cloudformation"]) -> "CloudFormationClient": ...
    @overload
    def client(self, service: Literal["dynamodb"]) -> "DynamoDBClient": ...
    @overload
    def client(self, service: Literal["lambda"]) -> "LambdaClient": ...
    @overload
    def client(self, service: Literal["scheduler"]) -> "EventBridgeSchedulerClient": ...
    @overload
    def client(self, service: Literal["secretsmanager"]) -> "SecretsManagerClient": ...
    @overload
    def client(self, service: Literal["sns"]) -> "SNSClient": ...
    @overload
    def client(self, service: Literal["sqs"]) -> "SQSClient": ...
    @overload
    def client(self, service: Literal["ssm"]) -> "SSMClient": ...
    @overload
    def client(self, service: Literal["iam", "logs"]) -> Any: ...  # noqa: ANN401 - no type stubs installed
    def client(self, service: str) -> Any:
        """Return a new boto3 client of the service, with the rights of root."""
        # Neither a profile nor a configuration file of the caller counts.
        core = botocore.session.Session(
            session_vars={
                "profile": (None, None, None, None),
                "config_file": (None, None, os.devnull, None),
                "credentials_file": (None, None, os.devnull, None),
            }
        )
        core.set_credentials(_KEYS["AWS_ACCESS_KEY_ID"], _KEYS["AWS_SECRET_ACCESS_KEY"])
        session = boto3.Session(botocore_session=core, region_name=self.region)
        verify = str(self.certificate) if self.certificate else None
        return session.client(service, endpoint_url=self.endpoint, verify=verify)  # type: ignore[call-overload]

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point the AWS and SAM command lines, or boto3, to this local AWS."""
        trust = {"AWS_CA_BUNDLE": str(self.certificate)} if self.certificate else {}
        direct = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        return {**_KEYS, **trust, **direct, "AWS_ENDPOINT_URL": self.endpoint}

    def answers(self) -> bool:
        """Whether it is there and ready."""
        try:
            self.read("/_ministack/ready")
        except OSError:
            # Nobody listens yet, the certificate is still being made, or the answer is "not ready".
            return False
        return True

    def read(self, path: str) -> bytes:
        """Return the body of one of the addresses that are its own and not AWS's.

        Raises:
            OSError: It does not answer, or with an error.
        """
        # Never through a proxy: the address is this machine's own.
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
        if self.certificate:
            trust = ssl.create_default_context(cafile=self.certificate)
            handlers.append(urllib.request.HTTPSHandler(context=trust))
        with urllib.request.build_opener(*handlers).open(f"{self.endpoint}{path}", timeout=2) as answer:
            body: bytes = answer.read()
            return body

    def deploy(
        self, built: Path, parameters: Mapping[str, str], stack: str = "udts-monitor"
    ) -> dict[str, str]:
        """Create or update the stack from a template that `sam.build` returned; return the stack's outputs.

        Raises:
            SamError: The deployment failed.
        """
        sam.deploy(built, parameters, stack=stack, folder=self.folder, environment=self.environment)
        outputs = self.outputs(stack)
        self._turn_on_time_to_live(outputs["TableName"], time_to_live(load(built)))
        return outputs

    def outputs(self, stack: str = "udts-monitor") -> dict[str, str]:
        """Return the outputs of a deployed stack by name."""
        description = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in description.get("Outputs", [])}

    def _turn_on_time_to_live(self, table: str, attribute: str) -> None:
        # The local CloudFormation drops a table's TimeToLiveSpecification.
        dynamodb = self.client("dynamodb")
        found = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        if found.get("TimeToLiveStatus") != "ENABLED":
            dynamodb.update_time_to_live(
                TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": attribute}
            )


@contextmanager
def local_aws(*, auth: bool = False, state: Path | None = None) -> Iterator[LocalAws]:
    """Start a local AWS and stop it at the end, also when this process is killed.

    Args:
        auth: Enforce the policies of roles, topics and queues, as AWS does. Without it everything is allowed.
            The endpoint then speaks TLS with a certificate of its own (made by openssl), because the policies
            of the template deny plain HTTP.
        state: Folder to load the state from, and to save it to at the end. Without it nothing is kept.

    Raises:
        LocalAwsError: It did not start.
    """
    with scratch_folder("local-aws") as folder:
        port = _free_port()
        with (folder / "log").open("wb") as log:
            process = child_process.start(
                # Isolated: no module of the working directory or of the caller's environment is importable.
                [_PYTHON, "-I"],
                [_GUARD],
                folder=folder,
                output=log,
                environment=_environment(folder, port, auth=auth, state=state),
            )
        try:
            aws = LocalAws(
                endpoint=f"{'https' if auth else 'http'}://127.0.0.1:{port}",
                folder=folder,
                certificate=folder / "ministack-tls/server.crt" if auth else None,
            )
            _wait_until_ready(aws, process)
            yield aws
        finally:
            child_process.stop(process)


def _environment(folder: Path, port: int, *, auth: bool, state: Path | None) -> dict[str, str]:
    environment = {
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "PATH": "/usr/bin:/bin",
        "GATEWAY_PORT": str(port),
        # Its default is every network interface.
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "LOG_LEVEL": "WARNING",
        # The functions inherit that too; theirs is the level that the template gives them on AWS.
        "POWERTOOLS_LOG_LEVEL": "INFO",
        # No listener beside the one port.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
    }
    if auth:
        environment |= {"AUTH": "true", "USE_SSL": "1"}
    if state is not None:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        environment |= {
            "PERSIST_STATE": "1",
            "STATE_DIR": str(state.resolve()),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(state.resolve() / "s3"),
        }
    return environment


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(aws: LocalAws, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if aws.answers():
            return
        time.sleep(0.1)
    log = (aws.folder / "log").read_text(errors="replace").strip()[-2000:]
    raise LocalAwsError(f"The local AWS did not start: {log or 'it said nothing'}")
