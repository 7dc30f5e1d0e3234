"""The deployed monitor as its operator sees it: runs, heartbeat, states, history, and what was told."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from local.aws import LocalAws
from local.demo.verdict import Arrival, Told
from local.inbox import Inbox, Message
from local.page import asked

ALERTS, EVENTS = "alerts", "events"
TOPICS = (ALERTS, EVENTS)
_EVENT_ID = re.compile(r"^event id:\s*(\S.*?)\s*$", re.IGNORECASE | re.MULTILINE)
_deserialize = TypeDeserializer().deserialize

type Item = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run, by the heartbeat it left."""

    ran_at: datetime
    by_schedule: bool
    heartbeat: Item

    @property
    def told(self) -> tuple[Told, ...]:
        """Its events."""
        return tuple(
            Told(task=event["task"].partition("/")[2], kind=event["kind"])
            for event in self.heartbeat["events"]
        )


class Stage:
    """The deployed stack, from the first look at it."""

    def __init__(self, aws: LocalAws, outputs: Mapping[str, str]) -> None:
        self._lambda = aws.client("lambda")
        self._dynamodb = aws.client("dynamodb")
        self._aws = aws
        self._function = outputs["FunctionName"]
        self._status_function = outputs["StatusFunctionName"]
        self._table = outputs["TableName"]
        self._inboxes = {
            topic: Inbox.subscribe(aws, outputs[f"{topic.capitalize()}TopicArn"]) for topic in TOPICS
        }
        self.deployed_at = datetime.now(UTC)
        self.messages: dict[str, list[Message]] = {topic: [] for topic in TOPICS}
        self.runs: list[Run] = []
        self.errors: list[str] = []

    def page(self) -> str:
        """Return the status page as it is now, as HTML."""
        return str(asked(self._aws, self._status_function)["body"])

    def run(self) -> None:
        """Call the function, as the schedule does, and look what came of it."""
        self.look()
        began = datetime.now(UTC)
        answer = self._lambda.invoke(FunctionName=self._function, Payload=b"{}")
        if "FunctionError" in answer:
            said = json.loads(answer["Payload"].read())
            self.errors.append(f"a run failed: {said.get('errorMessage', said)}")
        self._look(called_at=began)

    def look(self) -> None:
        """Take in what arrived and, when there is a new heartbeat, the run it tells of: the schedule's."""
        self._look(called_at=None)

    def statuses(self) -> dict[str, str]:
        """Return the stored status of each task by task id."""
        return {item["sk"].partition("/")[2]: item.get("status", "") for item in self._query("STATE")}

    def history(self, task: str) -> list[Item]:
        """Return all that the table keeps about a task, oldest first; nothing for one that was never seen."""
        keys = [item["sk"] for item in self._query("STATE") if item["sk"].endswith(f"/{task}")]
        return [item for key in keys for item in self._query(f"TASK#{key}")]

    def arrivals(self) -> list[Arrival]:
        """Return everything that arrived so far, topic by topic."""
        return [arrival_of(topic, message) for topic in TOPICS for message in self.messages[topic]]

    def _look(self, called_at: datetime | None) -> None:
        for topic, inbox in self._inboxes.items():
            self.messages[topic] += inbox.take()
        beat = self._heartbeat()
        if not beat:
            return
        ran_at = datetime.fromisoformat(beat["ran_at"])
        if self.runs and self.runs[-1].ran_at == ran_at:
            return
        # Ours began after our call. A scheduled run in the very same moment passes for ours: what is said
        # of the schedule is never too much.
        mine = called_at is not None and ran_at >= called_at
        self.runs.append(Run(ran_at=ran_at, by_schedule=not mine, heartbeat=beat))
        if not mine:
            # What failed in a run of ours, its answer has told.
            self.errors += [f"the schedule's run failed: {error}" for error in beat.get("errors", [])]

    def _heartbeat(self) -> Item:
        found = self._query("MONITOR", sort_key="RUN")
        return found[0] if found else {}

    def _query(self, partition: str, sort_key: str = "") -> list[Item]:
        condition, values = "pk = :pk", {":pk": {"S": partition}}
        if sort_key:
            condition, values = "pk = :pk AND sk = :sk", {**values, ":sk": {"S": sort_key}}
        found = self._dynamodb.query(
            TableName=self._table,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ConsistentRead=True,
        )
        return [{name: _deserialize(value) for name, value in item.items()} for item in found["Items"]]


def arrival_of(topic: str, message: Message) -> Arrival:
    """Read what a message's receiver recognises it by: its attributes, and the event id in its body."""
    if topic == EVENTS:
        event_id = str(cloud_event(message).get("id", ""))
    else:
        # The last one counts: what stands above it is UCloud's text and may say anything.
        event_id = (["", *_EVENT_ID.findall(message.text)])[-1]
    told = Told(task=message.attributes.get("task_id", ""), kind=message.attributes.get("event", ""))
    return Arrival(topic=topic, told=told, event_id=event_id)


def cloud_event(message: Message) -> Item:
    """Return the event in a message of the events topic, empty when it is no JSON object."""
    try:
        found = json.loads(message.text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
