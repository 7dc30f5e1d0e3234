"""SNS: hand a notification to its topic."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from udts_monitor.errors import PublishError
from udts_monitor.outbox.notification import Notification, Topic
from udts_monitor.run.settings import SERVICE
from udts_monitor.text import error_text, one_line

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import BatchResultErrorEntryTypeDef

# Source: SNS quotas: an e-mail subscription that gets more than 10 messages a second is suspended.
_PAUSE_SECONDS: Mapping[Topic, float] = {Topic.ALERTS: 0.125, Topic.PAGER: 0.125, Topic.CHAT: 0.125}

logger = Logger(service=SERVICE, child=True)


class Publisher:
    """The topics that are on.

    Args:
        client: an SNS client.
        topics: ARN by topic; a topic that is not there is off.
        clock: seconds of a clock that never goes back.
        sleep: pauses, in seconds.
    """

    def __init__(
        self,
        client: "SNSClient",
        topics: Mapping[Topic, str],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._topics = topics
        self._clock = clock
        self._sleep = sleep
        self._next_at: dict[Topic, float] = {}

    def publish(self, notification: Notification) -> None:
        """Hand it to SNS, not faster than the topic's subscribers bear.

        A subject that SNS refuses is tried once more in plain ASCII: its service model allows UTF-8, older
        pages of its documentation do not.

        Raises:
            PublishError: SNS did not accept it, or the topic is off.
        """
        arn = self._arn(notification.topic)
        self._pace(notification.topic)
        try:
            self._send(arn, notification, notification.subject)
        except ClientError as error:
            if not _is_about_subject(error) or notification.subject.isascii():
                raise _not_accepted(arn, error) from error
            self._send_again(arn, notification)
        except BotoCoreError as error:
            raise _not_accepted(arn, error) from error

    def _send_again(self, arn: str, notification: Notification) -> None:
        try:
            self._send(arn, notification, notification.ascii_subject)
        except (BotoCoreError, ClientError) as error:
            raise _not_accepted(arn, error) from error

    def _send(self, arn: str, notification: Notification, subject: str) -> None:
        self._client.publish(TopicArn=arn, **_message(notification, subject))

    def publish_in_one_call(self, notifications: Sequence[Notification]) -> list[PublishError | None]:
        """Hand at most ten of one topic to SNS together; not for topics that are paced.

        Returns:
            For each why SNS did not accept it, None where it did.
        """
        arn = self._arn(notifications[0].topic)
        entries = [
            {"Id": str(place), **_message(found, found.subject)} for place, found in enumerate(notifications)
        ]
        try:
            answer = self._client.publish_batch(TopicArn=arn, PublishBatchRequestEntries=entries)  # type: ignore[arg-type]
        except (BotoCoreError, ClientError) as error:
            return [_not_accepted(arn, error)] * len(notifications)
        accepted = {found["Id"] for found in answer["Successful"]}
        failed = {found["Id"]: found for found in answer["Failed"]}
        return [
            None if entry["Id"] in accepted else _refused_entry(arn, failed.get(entry["Id"]))
            for entry in entries
        ]

    def subscribers(self) -> dict[str, int]:
        """Confirmed subscriptions by topic; a topic that cannot be asked is missing."""
        counted = {}
        for topic, arn in self._topics.items():
            try:
                found = self._client.get_topic_attributes(TopicArn=arn)["Attributes"]
            except (BotoCoreError, ClientError) as error:
                logger.warning(
                    "subscriptions not counted", topic=topic, cause="sns_not_usable", reason=error_text(error)
                )
            else:
                counted[str(topic)] = int(found.get("SubscriptionsConfirmed", 0))
        return counted

    def _arn(self, topic: Topic) -> str:
        arn = self._topics.get(topic)
        if arn is None:
            raise PublishError(f"the {topic} topic is off: set {topic.upper()}_TOPIC_ARN", permanent=True)
        return arn

    def _pace(self, topic: Topic) -> None:
        pause = _PAUSE_SECONDS.get(topic, 0)
        self._sleep(max(0.0, self._next_at.get(topic, 0) - self._clock()))
        self._next_at[topic] = self._clock() + pause


def _is_about_subject(error: ClientError) -> bool:
    """Source: SNS Publish, InvalidParameter: "Invalid parameter: Subject"."""
    found = error.response.get("Error", {})
    return found.get("Code") in {"InvalidParameter", "InvalidParameterValue"} and "subject" in (
        found.get("Message", "").lower()
    )


def _message(notification: Notification, subject: str) -> dict[str, Any]:
    attributes = {
        name: {"DataType": "String", "StringValue": value} for name, value in notification.attributes.items()
    }
    message = {"Message": notification.body, "MessageAttributes": attributes}
    return message | ({"Subject": subject} if subject else {})


def _not_accepted(arn: str, error: BotoCoreError | ClientError) -> PublishError:
    permanent = isinstance(error, ClientError) and _refused(error)
    return PublishError(f"{arn}: {error_text(error)}", permanent=permanent)


def _refused_entry(arn: str, failed: "BatchResultErrorEntryTypeDef | None") -> PublishError:
    """An entry that SNS took for no sender's fault, or did not mention, is tried again soon."""
    if failed is None:
        return PublishError(f"{arn}: SNS did not answer for it", permanent=False)
    text = one_line(f"{failed['Code']}: {failed.get('Message', '')}")
    return PublishError(f"{arn}: {text}", permanent=failed["SenderFault"])


def _refused(error: ClientError) -> bool:
    """SNS understood and refused: wrong topic, permission or content. Throttling is no refusal."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    throttled = "Throttl" in error.response.get("Error", {}).get("Code", "")
    return 400 <= status < 500 and not throttled  # noqa: PLR2004 - HTTP's client errors
