"""Subjects on their way through SNS: in UTF-8, and once more in plain ASCII where it takes no other."""

import json
from typing import TYPE_CHECKING, cast

import pytest
from botocore.exceptions import ClientError

from tests.messages.scene import SETTINGS, TOO_MANY, in_sync
from tests.walk import Walk
from udts_monitor.adapters.publisher import Publisher
from udts_monitor.decision.observation import Observation
from udts_monitor.errors import PublishError
from udts_monitor.messages.alert import SUBJECT_LIMIT, subject_line
from udts_monitor.messages.phrases import Language
from udts_monitor.outbox.notification import Notification, Topic
from udts_monitor.run.render import notifications
from udts_monitor.task import TaskRef

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class Sns:
    """SNS as its service model describes it, or as the older pages of its documentation do."""

    def __init__(self, *, ascii_only: bool = False, refusal: str = "Invalid parameter: Subject") -> None:
        self.ascii_only = ascii_only
        self.refusal = refusal
        self.taken: list[str] = []
        self.calls = 0

    def publish(self, *, Subject: str = "", **_: object) -> None:  # noqa: N803 - the service's name
        """One message."""
        self.calls += 1
        if self.ascii_only and not Subject.isascii():
            error = {"Error": {"Code": "InvalidParameter", "Message": self.refusal}}
            raise ClientError({**error, "ResponseMetadata": {"HTTPStatusCode": 400}}, "Publish")  # type: ignore[typeddict-item]
        self.taken.append(Subject)


def mail() -> Notification:
    """A failure told in Chinese."""
    walk = in_sync()
    walk.check(Observation(status="Failed", failed_message=TOO_MANY))
    (found,) = notifications(walk.events, [Topic.ALERTS], SETTINGS[Language.ZH])
    return found


def publish(sns: Sns) -> None:
    """Hand it over."""
    Publisher(cast("SNSClient", sns), {Topic.ALERTS: "arn"}, sleep=lambda _: None).publish(mail())


def test_a_chinese_subject_is_sent_as_it_is() -> None:
    """In one call."""
    sns = Sns()
    publish(sns)
    assert sns.taken == ["[FAILED] orders-db (udts-ixdp441): 立即处理：错误 1040，连接数已满"]
    assert sns.calls == 1


def test_where_sns_refuses_it_the_subject_is_sent_in_english() -> None:
    """The same message, with the same beginning, so that mail rules find it."""
    sns = Sns(ascii_only=True)
    publish(sns)
    assert sns.taken == ["[FAILED] orders-db (udts-ixdp441): Act now: Error 1040, too many connections"]


@pytest.mark.parametrize(
    "said",
    [
        "Act now: it cannot be resumed, as it has failed for good",
        "立即处理：" + "无法恢复" * 9,
        "立即处理：无法再次启动，而且 4 小时都没有恢复。UCloudUDTS 未给出原因",
    ],
)
def test_a_long_name_leaves_room_for_what_there_is_to_do(said: str) -> None:
    """Chinese has no spaces to be cut at: all behind the colon was gone."""
    head = "[REMINDER] " + "a" * 37 + "... (udts-ixdp441): "
    subject = subject_line("reminder", "a" * 300, "udts-ixdp441", said)
    assert subject.startswith(head + said[:15])
    assert subject.endswith("...")
    assert len(subject) <= SUBJECT_LIMIT


def test_a_long_name_leaves_room_in_the_title_of_a_card() -> None:
    """As in a subject."""
    walk = Walk(task=TaskRef(task_id="udts-ixdp441", name="a" * 300))
    walk.check("Syncing")
    walk.check("FailedUnrecoverable")
    (card,) = notifications(walk.events, [Topic.CHAT], SETTINGS[Language.ZH])
    title = json.loads(card.body)["content"]["title"]
    assert "... (udts-ixdp441): 立即处理：无法再次启动" in title


def test_what_sns_refuses_for_another_reason_is_not_tried_again() -> None:
    """A wrong topic stays wrong."""
    sns = Sns(ascii_only=True, refusal="Invalid parameter: TopicArn")
    with pytest.raises(PublishError) as refused:
        publish(sns)
    assert refused.value.permanent
    assert sns.calls == 1
