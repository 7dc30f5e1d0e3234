"""Everything around a run of the handler: a table, topics with inboxes, a UCloud, and the proxy between."""

import math
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.config import Config

from local.aws import LocalAws
from local.inbox import Inbox, Message
from local.simulator import Simulator, simulator_running
from tests.proof.canary_keys import MARKED, found_in, secret_of
from tests.proof.handlers import Ended, Handlers, Running
from tests.proof.proxy import Proxy, proxy_running
from tests.table import aws_client, create_table
from udts_monitor.adapters.credentials import KeyPair
from udts_monitor.outbox.notification import Topic

_deserializer = TypeDeserializer()
# Topics that get every event, with its id. The pager gets some of them in a few words (tests/messages).
HEAR_ALL: tuple[Topic, ...] = tuple(topic for topic in Topic if topic is not Topic.PAGER)
# As long as Lambda gives the real one.
USUAL_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedAws(LocalAws):
    """The same local AWS with one client for each service: making one costs more than a hundred calls."""

    def client(self, service: str) -> Any:  # noqa: ANN401 - as the original
        """A client of the service."""
        return _client(self.endpoint, service)

    def items(self, table: str, pk: str) -> list[dict[str, Any]]:
        """The items of a partition, in the order of their sort keys."""
        pages = (
            self.client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": pk}},
                ConsistentRead=True,
            )
        )
        return [
            {name: _deserializer.deserialize(value) for name, value in found.items()}
            for page in pages
            for found in page["Items"]
        ]


@cache
def _client(endpoint: str, service: str) -> Any:  # noqa: ANN401 - any service
    return aws_client(service, endpoint_url=endpoint, config=Config(max_pool_connections=32))


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One world. Nothing in it is shared with another but the local AWS."""

    aws: SharedAws
    handlers: Handlers
    proxy: Proxy
    ucloud: Simulator
    tasks: tuple[str, ...]
    table: str
    topics: Mapping[Topic, str]
    inboxes: Mapping[Topic, Inbox]
    variables: dict[str, str]
    queue: str = ""
    """Of the shards: its URL, empty where runs check their tasks themselves."""
    shards: int = 0
    """So many a run makes."""
    received: dict[Topic, list[Message]] = field(default_factory=dict)
    runs: list[Running] = field(default_factory=list)

    def prepare(self, *, seconds: float = USUAL_SECONDS, event: Mapping[str, Any] | None = None) -> Running:
        """A run that has not begun; without an event that of the next shard, or else the scheduled one."""
        event = event or next((_event(found) for found in self._waiting_shards()), None)
        running = self.handlers.prepare(self.variables, seconds=seconds, event=event)
        self.runs.append(running)
        return running

    def run(self, *, seconds: float = USUAL_SECONDS, event: Mapping[str, Any] | None = None) -> Ended:
        """A run, to its end."""
        shards = [] if event else self._waiting_shards()
        running = self.prepare(seconds=seconds, event=_event(shards[0]) if shards else event)
        running.go()
        ended = running.wait()
        for found in shards if not ended.error and not ended.killed else ():
            self.aws.client("sqs").delete_message(QueueUrl=self.queue, ReceiptHandle=found["ReceiptHandle"])
        return ended

    @property
    def has_shards(self) -> bool:
        """Something is on the queue."""
        return bool(self._waiting_shards())

    def _waiting_shards(self) -> list[dict[str, Any]]:
        """The next message of the queue, if any; it stays there until a run has done with it."""
        if not self.queue:
            return []
        sqs = self.aws.client("sqs")
        found: list[dict[str, Any]] = sqs.receive_message(QueueUrl=self.queue, VisibilityTimeout=0).get(
            "Messages", []
        )
        return found

    def silence(self, scope: str, *, minutes: int) -> None:
        """Somebody asks for silence; for 0 minutes that ends the one that is set."""
        until = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()
        ended = self.run(event={"command": "silence", "scope": scope, "by": "ada", "until": until})
        assert not ended.error, ended.error

    def runs_until_quiet(self) -> list[Ended]:
        """Runs until one, and each of its shards, found nothing to do.

        Whoever died holding a lease is waited for first. The clocks are the real ones: it ends when it ends.
        """
        done, quiet = [], 0
        while quiet <= self.shards:
            self.wait_for_leases()
            ended = self.run()
            done.append(ended)
            assert not ended.error, ended.error
            (found,) = ended.said("run finished")
            quiet = 0 if found["events"] or found["pending"] or found["published"] else quiet + 1
        return done

    def wait_for_leases(self, at_most: float = math.inf) -> None:
        """Until everything in the outbox may be claimed, but no more seconds than these."""
        leases = self.outbox().values()
        if leases:
            left = (max(leases) - datetime.now(UTC)).total_seconds() + 0.01
            time.sleep(max(0.0, min(left, at_most)))

    def outbox(self) -> dict[str, datetime]:
        """What waits in the outbox, and until when nobody else may publish it."""
        return {found["sk"]: datetime.fromisoformat(found["lease_until"]) for found in self.waiting()}

    def waiting(self) -> list[dict[str, Any]]:
        """The notifications in the outbox, oldest first."""
        return [found for found in self.items("OUTBOX") if "lease_until" in found]

    def items(self, pk: str) -> list[dict[str, Any]]:
        """The items of a partition, in the order of their sort keys; the proxy does not see this."""
        return self.aws.items(self.table, pk)

    def history(self, task: str, what: str) -> list[dict[str, Any]]:
        """A task's transitions, samples or events, oldest first; the monitor's own events for no task."""
        partition = f"TASK#-/{task}" if task else "MONITOR"
        return [found for found in self.items(partition) if found.get("what") == what]

    def messages(self, topic: Topic) -> list[Message]:
        """What a subscriber of the topic got so far, in order of arrival."""
        got = self.received.setdefault(topic, [])
        got += self.inboxes[topic].take()
        return got

    def traces(self) -> str:
        """All that is left of the runs: logs at DEBUG, exceptions, items, messages."""
        pages = self.aws.client("dynamodb").get_paginator("scan").paginate(TableName=self.table)
        items = [found for page in pages for found in page["Items"]]
        messages = [message for topic in self.topics for message in self.messages(topic)]
        return "\n".join([*(run.written() for run in self.runs), *map(str, items), *map(str, messages)])


def _event(message: Mapping[str, Any]) -> dict[str, Any]:
    """As Lambda hands a message over."""
    record = {"eventSource": "aws:sqs", "messageId": message["MessageId"], "body": message["Body"]}
    return {"Records": [record]}


@contextmanager
def environment(
    aws: SharedAws,
    handlers: Handlers,
    *,
    secret: str,
    tasks: Sequence[str] = ("udts-a",),
    **variables: object,
) -> Iterator[Environment]:
    """A new world in which all tasks are Syncing. Whatever happens in it, the keys are nowhere in the end.

    Args:
        aws: where the table and the topics are made.
        handlers: who runs.
        secret: ARN of the secret with the marked keys.
        tasks: their ids.
        variables: of the environment, in lower case.
    """
    name = uuid.uuid4().hex[:8]
    table = f"proof-{name}"
    create_table(aws.client("dynamodb"), table)
    sns = aws.client("sns")
    topics = {topic: sns.create_topic(Name=f"proof-{name}-{topic}")["TopicArn"] for topic in HEAR_ALL}
    inboxes = {topic: Inbox.subscribe(aws, arn) for topic, arn in topics.items()}
    most = int(str(variables.get("shard_tasks", 0)))
    queue = aws.client("sqs").create_queue(QueueName=f"proof-{name}-shards")["QueueUrl"] if most else ""
    scenario = {"tasks": [{"id": task, "steps": ["Syncing"]} for task in tasks]}
    with (
        simulator_running(scenario, public_key=MARKED.public_key, private_key=MARKED.private_key) as ucloud,
        proxy_running(aws=aws.endpoint, ucloud=ucloud.url) as proxy,
    ):
        settings = {
            "AWS_ENDPOINT_URL": proxy.url,
            "UCLOUD_BASE_URL": proxy.ucloud_url,
            "UCLOUD_SECRET_ARN": secret,
            "UDTS_TASKS": ",".join(tasks),
            "TABLE_NAME": table,
            # Every event on its own: what a digest holds together is proven elsewhere.
            "DIGEST_ABOVE": "1000",
            # Its own story: in the others it would stand before the first news.
            "ROLL_CALL": "off",
            "SHARD_QUEUE_URL": queue,
            **{f"{topic.upper()}_TOPIC_ARN": arn for topic, arn in topics.items()},
            **{variable.upper(): str(value) for variable, value in variables.items()},
        }
        made = Environment(
            aws=aws,
            handlers=handlers,
            proxy=proxy,
            ucloud=ucloud,
            tasks=tuple(tasks),
            table=table,
            topics=topics,
            inboxes=inboxes,
            variables=settings,
            queue=queue,
            shards=-(-len(tasks) // most) if most else 0,
        )
        yield made
        left = found_in(made.traces(), tasks)
        assert not left, f"the runs left {left}"


def keep_keys(aws: LocalAws, keys: KeyPair = MARKED) -> str:
    """A new secret with these keys; its ARN."""
    name = f"proof-{uuid.uuid4().hex[:8]}"
    return aws.client("secretsmanager").create_secret(Name=name, SecretString=secret_of(keys))["ARN"]
