"""The command line as a person uses it, on a stack in this process: AWS by moto, UCloud by the simulator."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from local.simulator import Simulator
from tests.cli.troubled import befall, watch_twelve
from tests.handler.conftest import (  # noqa: F401 - the fixtures that deployed is made of
    Clock,
    Deployed,
    bare_environment,
    clock,
    counting,
    deployed,
    faults,
    simulator,
)
from udts_monitor.errors import MonitorError
from udts_monitor_cli import look as looking
from udts_monitor_cli import main as entry
from udts_monitor_cli import stack as stacks
from udts_monitor_cli.stack import Stack


@dataclass(frozen=True, slots=True)
class Shown:
    """What a command ended with, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What it printed for a person."""
        return self.out.splitlines()

    @property
    def document(self) -> Any:  # noqa: ANN401 - JSON
        """What it printed for a program."""
        return json.loads(self.out)


type Ask = Callable[..., Shown]


class InProcess(Stack):
    """A stack whose function runs in this process; what it raises comes back as Lambda would say it."""

    __slots__ = ()

    def client(self, service: str) -> Any:  # noqa: ANN401 - a client of any service
        """As everywhere; the one thing of Lambda that is asked for is none of what moto knows."""
        if service != "lambda":
            return super().client(service)
        limits = {"UnreservedConcurrentExecutions": 990, "ConcurrentExecutions": 1000}
        return SimpleNamespace(get_account_settings=lambda: {"AccountLimit": limits})

    def ask(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """Call the handler."""
        try:
            answer = DEPLOYED[0].run(json.loads(json.dumps(command)))
        except MonitorError as error:
            raise stacks._not_done(  # noqa: SLF001 - what ask does with Lambda's answer
                {"errorType": type(error).__name__, "errorMessage": str(error)}
            ) from error
        return answer


DEPLOYED: list[Deployed] = []


@pytest.fixture
def in_process(deployed: Deployed) -> Stack:  # noqa: F811 - the fixture
    """What the template makes beside the function, as far as a person asks for it."""
    DEPLOYED[:] = [deployed]
    arn = "arn:aws:sns:us-east-1:123456789012:"
    queue = boto3.client("sqs").create_queue(QueueName="failures")["QueueUrl"]
    boto3.client("scheduler").create_schedule(
        Name="udts-monitor-check-tasks",
        ScheduleExpression="rate(1 minute)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": f"{arn}x", "RoleArn": "arn:aws:iam::123456789012:role/schedule"},
    )
    boto3.client("cloudwatch").put_metric_alarm(
        AlarmName="udts-monitor-no-runs",
        ComparisonOperator="LessThanThreshold",
        EvaluationPeriods=1,
        MetricName="Runs",
        Namespace="UdtsMonitor",
        Period=60,
        Statistic="Sum",
        Threshold=1,
    )
    outputs = {
        "TableName": "monitor",
        "FunctionName": "check-tasks",
        "FailureQueueUrl": queue,
        "AlertsTopicArn": f"{arn}alerts",
        "EventsTopicArn": f"{arn}events",
    }
    return InProcess(name="udts-monitor", session=boto3.Session(), outputs=outputs)


@pytest.fixture
def udts_monitor(
    in_process: Stack,
    clock: Clock,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Ask:
    """Calls the command line, as typed, on a terminal of 80 columns."""

    def opened(name: str, region: str | None, profile: str | None) -> Stack:
        del name, region, profile
        return in_process

    def ask(*words: str) -> Shown:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["udts-monitor", *words])
        code = entry.main(list(words))
        printed = capsys.readouterr()
        return Shown(code, printed.out, printed.err)

    monkeypatch.setattr(entry, "open_stack", opened)
    monkeypatch.setattr(looking, "datetime", clock)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    return ask


@pytest.fixture
def troubled(
    deployed: Deployed,  # noqa: F811 - the fixture
    simulator: Simulator,  # noqa: F811 - the fixture
    clock: Clock,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> Deployed:
    """Twelve tasks, an hour and more after it began."""
    # The day of docs/command-line.md, whenever the tests run: midnights and months show in the answers.
    clock.ahead = datetime(2026, 11, 27, 12, tzinfo=UTC) - datetime.now(UTC)
    watch_twelve(monkeypatch)
    befall(deployed, simulator, clock)
    deployed.run({"command": "acknowledge", "incident": "orders", "by": "ada", "why": "more connections"})
    return deployed
