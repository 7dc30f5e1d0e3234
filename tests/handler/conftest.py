"""The handler as Lambda calls it: AWS by moto, UCloud by the simulator, every AWS call counted."""

import json
import logging
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from io import StringIO
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.client
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.sns.models import sns_backends

from functions.check_tasks import app
from local.simulator import Simulator, simulator_running
from tests.table import create_table
from udts_monitor.adapters.config import Settings

KEYS = {"public_key": "simulator-public-key", "private_key": "simulator-private-key"}
TASKS = [f"udts-{number}" for number in range(1, 6)]


def refused(code: str, operation: str) -> ClientError:
    """What botocore raises when its own attempts are used up."""
    return ClientError({"Error": {"Code": code, "Message": "injected"}}, operation)


def overtaken() -> ClientError:
    """What botocore raises when a transaction's condition does not hold: another run has changed the item."""
    answer: Any = {
        "Error": {"Code": "TransactionCanceledException", "Message": "injected"},
        "CancellationReasons": [{"Code": "ConditionalCheckFailed"}],
    }
    return boto3.client("dynamodb").exceptions.TransactionCanceledException(answer, "TransactWriteItems")


def confirm(**subscriptions: int) -> None:
    """So many people or programs have confirmed theirs, by topic; moto counts none by itself."""
    for arn, topic in sns_backends["123456789012"]["us-east-1"].topics.items():
        topic.subscriptions_confimed = subscriptions[arn.rsplit(":", 1)[1]]


def break_the_outbox() -> None:
    """An item that a person wrote by hand stands in it."""
    boto3.client("dynamodb").put_item(
        TableName="monitor", Item={"pk": {"S": "OUTBOX"}, "sk": {"S": "by hand"}, "note": {"S": "call Ada"}}
    )


def mend_the_outbox() -> None:
    """That item is gone."""
    boto3.client("dynamodb").delete_item(
        TableName="monitor", Key={"pk": {"S": "OUTBOX"}, "sk": {"S": "by hand"}}
    )


@dataclass
class Deployed:
    """A function with its environment, and what happens around it."""

    simulator: Simulator
    queues: Mapping[str, str]
    secret: str
    calls: Counter[str] = field(default_factory=Counter)
    faults: dict[str, Exception] = field(default_factory=dict)
    runs: int = 0

    def run(self, event: object = None) -> dict[str, Any]:
        """Call the handler and return its answer."""
        self.runs += 1
        context = SimpleNamespace(
            function_name="check-tasks",
            memory_limit_in_mb=256,
            invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:check-tasks",
            aws_request_id=f"run-{self.runs}",
            get_remaining_time_in_millis=lambda: 30_000,
        )
        return app.lambda_handler(event, context)  # type: ignore[arg-type]

    def counted(self) -> Counter[str]:
        """The AWS calls and the UCloud calls of one more run."""
        self.calls.clear()
        self.simulator.forget_calls()
        self.run()
        return self.calls + Counter({"UCloud": len(self.simulator.log().calls)})

    def arrived(self, topic: str) -> list[dict[str, Any]]:
        """What a topic's queue got since the last look, in order."""
        sqs, found = boto3.client("sqs"), []
        while messages := sqs.receive_message(QueueUrl=self.queues[topic], MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self.queues[topic], ReceiptHandle=message["ReceiptHandle"])
        return found


@dataclass
class Log:
    """What the function writes to its log."""

    stream: StringIO = field(default_factory=StringIO)

    def lines(self) -> list[dict[str, Any]]:
        """Every line so far, oldest first; each is one JSON object."""
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def forget(self) -> None:
        """What is written from here on counts."""
        self.stream.seek(0)
        self.stream.truncate()

    def grave(self) -> list[dict[str, Any]]:
        """The lines above INFO."""
        return [line for line in self.lines() if line["level"] not in {"DEBUG", "INFO"}]


@dataclass
class Clock:
    """The function's clock, some time ahead of the real one."""

    ahead: timedelta = timedelta(0)

    def forward(self, **time: float) -> None:
        """Let time pass."""
        self.ahead += timedelta(**time)

    def now(self, zone: tzinfo) -> datetime:
        """As datetime.now."""
        return datetime.now(zone) + self.ahead


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """Five healthy tasks."""
    tasks = [{"id": task, "steps": ["Syncing"]} for task in TASKS]
    with simulator_running({"tasks": tasks}) as running:
        yield running


@pytest.fixture
def deployed(
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    counting: Counter[str],
    faults: dict[str, Exception],
) -> Iterator[Deployed]:
    """The function, deployed to an AWS of its own, with a queue at each topic."""
    with mock_aws():
        create_table(boto3.client("dynamodb"), "monitor")
        secret = boto3.client("secretsmanager").create_secret(Name="keys", SecretString=json.dumps(KEYS))
        sns, sqs, queues = boto3.client("sns"), boto3.client("sqs"), {}
        for topic in ("alerts", "events"):
            arn = sns.create_topic(Name=topic)["TopicArn"]
            queues[topic] = sqs.create_queue(QueueName=topic)["QueueUrl"]
            queue_arn = f"arn:aws:sqs:us-east-1:123456789012:{topic}"
            sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn)
            monkeypatch.setenv(f"{topic.upper()}_TOPIC_ARN", arn)
        confirm(alerts=1, events=1)
        monkeypatch.setenv("TABLE_NAME", "monitor")
        monkeypatch.setenv("UCLOUD_SECRET_ARN", secret["ARN"])
        monkeypatch.setenv("UCLOUD_BASE_URL", simulator.url)
        # What is watched is told after a deployment: these tests count other messages.
        monkeypatch.setenv("ROLL_CALL", "off")
        monkeypatch.setenv("UDTS_TASKS", ", ".join(TASKS))
        yield Deployed(
            simulator=simulator, queues=queues, secret=secret["ARN"], calls=counting, faults=faults
        )


@pytest.fixture
def log() -> Iterator[Log]:
    """The function's log from here on."""
    (handler,) = [found for found in app.logger.handlers if isinstance(found, logging.StreamHandler)]
    log = Log()
    before = handler.setStream(log.stream)
    yield log
    handler.setStream(before)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that can be put forward."""
    clock = Clock()
    monkeypatch.setattr(app, "datetime", clock)
    return clock


@pytest.fixture
def faults() -> dict[str, Exception]:
    """What AWS calls end in instead of being made, by operation."""
    return {}


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch, faults: dict[str, Exception]) -> Counter[str]:
    """Every AWS call that any client makes, by operation."""
    calls: Counter[str] = Counter()
    make: Callable[..., object] = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined] # noqa: SLF001

    # moto looks through its own tables while another thread changes them.
    one_at_a_time = threading.Lock()

    def counted(client: object, operation: str, parameters: object) -> object:
        with one_at_a_time:
            calls[operation] += 1
            if operation in faults:
                raise faults[operation]
            return make(client, operation, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", counted)
    return calls


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the shell reaches the function, no adapter of an earlier test either."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    app._ports.cache_clear()  # noqa: SLF001 - a new execution environment
    app._task_list.cache_clear()  # noqa: SLF001
