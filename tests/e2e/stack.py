"""A deployed stack, as tests use it."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from local.aws import LocalAws
from local.inbox import Inbox, Message

# One for each test, so that none sees what another did.
TASKS = (
    "udts-finishes",
    "udts-fails",
    "udts-batched",
    "udts-batched-too",
    "udts-quiet",
    "udts-without-put",
    "udts-without-delete",
    "udts-without-publish",
    "udts-scheduled",
    "udts-updated",
    "udts-meanwhile",
    "udts-sharded",
)
SCENARIO = {"tasks": [{"id": task, "steps": ["Syncing"]} for task in TASKS]}
PARAMETERS = {
    "UdtsTasks": ", ".join(f"{task.removeprefix('udts-')}-db={task}" for task in TASKS),
    # A scheduled run would now and then do, or fail at, what a test expects of its own run.
    "ScheduleState": "DISABLED",
}

type Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What a test needs of the deployed stack."""

    aws: LocalAws
    outputs: Mapping[str, str]
    secret: str
    alerts: Inbox
    events: Inbox
    told: list[Message] = field(default_factory=list)

    def run(self, event: Mapping[str, Any] | None = None) -> tuple[str, Document]:
        """Run the function now; return the kind of its error, empty for none, and its answer."""
        answer = self.aws.client("lambda").invoke(
            FunctionName=self.outputs["FunctionName"], Payload=json.dumps(dict(event or {})).encode()
        )
        document: Document = json.loads(answer["Payload"].read())
        return answer.get("FunctionError", ""), document

    def summary(self, event: Mapping[str, Any] | None = None) -> Document:
        """Run the function now, which must end well; return its summary."""
        error, answer = self.run(event)
        # On a busy machine the local AWS may need longer than a run waits; the next run makes up for it.
        if error and "timeout on endpoint" in answer["errorMessage"]:
            error, answer = self.run(event)
        assert error == "", answer
        return answer

    def about(self, task: str) -> list[Message]:
        """Return all messages about a task so far, in order of arrival."""
        # Messages for other tests are among those that arrive.
        self.told.extend([*self.alerts.take(), *self.events.take()])
        return [message for message in self.told if message.attributes.get("task_id") == task]

    def items(self, pk: str) -> list[Document]:
        """Return all items of a partition of the table."""
        found = self.aws.client("dynamodb").query(
            TableName=self.outputs["TableName"],
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
            ConsistentRead=True,
        )["Items"]
        deserialize = TypeDeserializer().deserialize
        return [{name: deserialize(value) for name, value in item.items()} for item in found]

    def variables(self) -> dict[str, str]:
        """Return the function's environment variables."""
        configuration = self.aws.client("lambda").get_function_configuration(
            FunctionName=self.outputs["FunctionName"]
        )
        return configuration["Environment"]["Variables"]

    def looking(self) -> "Stack":
        """The same with the function that only looks."""
        return replace(self, outputs={**self.outputs, "FunctionName": self.outputs["StatusFunctionName"]})

    def end_execution_environment(self) -> None:
        """Let the next run begin from nothing: it keeps no keys, and no error about them."""
        # After a red run the local AWS starts a new one.
        with self.without("dynamodb:Query"):
            assert self.run()[0] == "Unhandled"

    def without(self, action: str) -> AbstractContextManager[None]:
        """Take one right from the function's role for a while."""
        return self._policy(lambda policy: _without(policy, action))

    def on_everything(self, action: str) -> AbstractContextManager[None]:
        """Give one right on everything for a while: the local AWS does not know the resource of each call."""
        right = {"Effect": "Allow", "Action": action, "Resource": "*"}
        return self._policy(lambda policy: {**policy, "Statement": [*policy["Statement"], right]})

    @contextmanager
    def _policy(self, change: Callable[[Document], Document]) -> Iterator[None]:
        iam = self.aws.client("iam")
        function = self.aws.client("lambda").get_function_configuration(
            FunctionName=self.outputs["FunctionName"]
        )
        name = function["Role"].rsplit("/", 1)[1]
        (only,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
        role = {"RoleName": name, "PolicyName": only}
        policy = iam.get_role_policy(**role)["PolicyDocument"]
        iam.put_role_policy(**role, PolicyDocument=json.dumps(change(policy)))
        try:
            yield
        finally:
            iam.put_role_policy(**role, PolicyDocument=json.dumps(policy))


def _without(policy: Document, action: str) -> Document:
    statements = []
    for statement in policy["Statement"]:
        actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        if kept := [found for found in actions if not fnmatchcase(action, found)]:
            statements.append({**statement, "Action": kept})
    assert statements != policy["Statement"]
    return {**policy, "Statement": statements}


def wait_until(holds: Callable[[], object], *, seconds: float, pause_seconds: float = 0.5) -> None:
    """Return as soon as it holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} seconds"
        time.sleep(pause_seconds)
