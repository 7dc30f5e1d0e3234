"""The policies of docs/filter-policies.md, on both emulators, with notifications the core really makes."""

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from moto import mock_aws

from local.aws import local_aws
from local.template import PROJECT
from tests.messages.scene import SETTINGS, in_sync, last
from tests.messages.scenes import SCENES
from tests.table import aws_client
from tests.walk import ORDERS
from udts_monitor.adapters.publisher import Publisher
from udts_monitor.decision.event import Kind
from udts_monitor.decision.observation import Observation
from udts_monitor.messages.phrases import Language
from udts_monitor.outbox.notification import Notification, Topic
from udts_monitor.run.render import notifications

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

DOCUMENT = (PROJECT / "docs" / "filter-policies.md").read_text(encoding="utf-8")
_POLICY = re.compile(r"^### (.+?)\n.*?```json\n(.+?)\n```", re.DOTALL | re.MULTILINE)
POLICIES: Mapping[str, str] = dict(_POLICY.findall(DOCUMENT))
FOR_PEOPLE = ", for people"
# Everything is about udts-ixdp441 of org-hiny12 but "elsewhere", the monitor and the digest.
OF_ORDERS = {
    "failed",
    "finished",
    "stopped",
    "retrying",
    "reminder",
    "resume_deadline-failed-95",
    "recovered",
}
BLIND = {"unreachable-configuration", "reachable-many"}
SHOWN = (*OF_ORDERS, *BLIND, "digest")
PASSES: Mapping[str, set[str]] = {
    "Only failures": {"failed", "elsewhere"},
    "One project": OF_ORDERS,
    "Everything but retries": OF_ORDERS - {"retrying"} | BLIND | {"elsewhere"},
    "Critical or blind": {"failed", "reminder", "resume_deadline-failed-95", "elsewhere"} | BLIND,
    "One owner": OF_ORDERS,
    "Only beginnings and ends": {"failed", "stopped", "retrying", "recovered", "elsewhere"} | BLIND,
    "One task": OF_ORDERS,
}
# What a person hears beside that.
AND_FOR_PEOPLE: Mapping[str, set[str]] = {
    "Only failures": {"digest", "unreachable-configuration"},
    "One project": {"digest"} | BLIND,
    "Everything but retries": {"digest"},
    "Critical or blind": {"digest"},
    "One owner": {"digest", "elsewhere"} | BLIND,
    "Only beginnings and ends": {"digest"},
    "One task": {"digest"} | BLIND,
}


@dataclass(frozen=True)
class Cloud:
    """Clients of one emulator."""

    sns: "SNSClient"
    sqs: "SQSClient"


@contextmanager
def _cloud(where: str) -> Iterator[Cloud]:
    if where == "local-aws":
        with local_aws() as aws:
            yield Cloud(sns=aws.client("sns"), sqs=aws.client("sqs"))
        return
    with mock_aws():
        yield Cloud(sns=aws_client("sns"), sqs=aws_client("sqs"))


@pytest.fixture(scope="module", params=["moto", "local-aws"])
def delivered(request: pytest.FixtureRequest) -> Iterator[dict[str, set[str]]]:
    """By policy, the names of the messages that arrived at a queue subscribed with it."""
    with _cloud(request.param) as cloud:
        yield {
            **_delivered(cloud, Topic.EVENTS, {n: p for n, p in POLICIES.items() if FOR_PEOPLE not in n}),
            **_delivered(cloud, Topic.ALERTS, {n: p for n, p in POLICIES.items() if FOR_PEOPLE in n}),
        }


def messages(topic: Topic) -> dict[str, Notification]:
    """Real notifications for a topic by name; their ids are made distinct to be told apart."""
    english = {scene.name: scene.told(Language.EN) for scene in SCENES if scene.name in SHOWN}
    found = {name: told[topic] for name, told in english.items() if topic in told}
    walk = in_sync(replace(ORDERS, task_id="udts-other", project_id="org-other", owner=""))
    walk.check(Observation(status="Failed"))
    (found["elsewhere"],) = notifications(last(walk, Kind.FAILED), [topic], SETTINGS[Language.EN])
    return found


def _delivered(cloud: Cloud, topic: Topic, policies: Mapping[str, str]) -> dict[str, set[str]]:
    arn = cloud.sns.create_topic(Name=f"{topic}-{uuid.uuid4().hex[:8]}")["TopicArn"]
    queues = {name: _subscribed(cloud, arn, policy) for name, policy in policies.items()}
    publisher = Publisher(cloud.sns, {topic: arn}, sleep=lambda _: None)
    names = {}
    for name, notification in messages(topic).items():
        publisher.publish(notification)
        names[notification.body] = name
    return {
        policy: {names[body] for body in _arrived(cloud.sqs, queue, len(names))}
        for policy, queue in queues.items()
    }


def _subscribed(cloud: Cloud, topic_arn: str, policy: str) -> str:
    queue = cloud.sqs.create_queue(QueueName=f"queue-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    found = cloud.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    cloud.sns.subscribe(
        TopicArn=topic_arn,
        Protocol="sqs",
        Endpoint=found["Attributes"]["QueueArn"],
        Attributes={"FilterPolicy": policy, "RawMessageDelivery": "true"},
    )
    return queue


def _arrived(sqs: "SQSClient", queue: str, most: int) -> Iterator[str]:
    for _ in range(most + 1):
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        if not found:
            return
        for message in found:
            yield message["Body"]
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


@pytest.mark.parametrize("name", PASSES)
def test_a_policy_for_programs_lets_pass_what_it_says(delivered: dict[str, set[str]], name: str) -> None:
    """And nothing else."""
    assert delivered[name] == PASSES[name]


@pytest.mark.parametrize("name", PASSES)
def test_a_policy_for_people_lets_digests_and_blindness_pass_too(
    delivered: dict[str, set[str]], name: str
) -> None:
    """In a storm a person with a filter hears the digest, and hears when the monitor sees nothing."""
    assert delivered[name + FOR_PEOPLE] == PASSES[name] | AND_FOR_PEOPLE[name]


def test_every_policy_of_the_document_is_proven() -> None:
    """A policy that somebody adds is tested, or this fails; each is within SNS's limits."""
    assert set(POLICIES) == {*PASSES, *(name + FOR_PEOPLE for name in PASSES)}
    assert DOCUMENT.count("```json") == len(POLICIES)
    for policy in POLICIES.values():
        keys = json.loads(policy)
        assert len(keys) <= 5
        assert all(isinstance(values, list) and values for values in keys.values())


def test_the_document_names_every_attribute_and_kind() -> None:
    """Whoever writes a policy of his own finds all there is."""
    told = messages(Topic.ALERTS)
    for name in told["failed"].attributes:
        assert f"| `{name}` |" in DOCUMENT
    for kind in {event.kind for scene in SCENES for event in scene.tell()} | {"digest"}:
        assert f"`{kind}`" in DOCUMENT
