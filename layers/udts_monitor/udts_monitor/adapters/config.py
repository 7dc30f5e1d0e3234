"""The configuration: read from the environment, checked as a whole."""

import hashlib
import ipaddress
import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from udts_monitor.adapters.task_entry import TaskListError
from udts_monitor.adapters.task_list import parse_parameters, parse_tasks
from udts_monitor.decision.event import Kind
from udts_monitor.decision.policy import THRESHOLDS, Policy
from udts_monitor.errors import ConfigurationError
from udts_monitor.messages.display import CONSOLE
from udts_monitor.messages.phrases import Language
from udts_monitor.outbox.notification import Topic
from udts_monitor.task import MAX_THRESHOLD, WatchList, is_id
from udts_monitor.text import one_line

ALL_KINDS = "all"
PARAMETER_PREFIX = "ssm:"
# Source: UCloud API reference, calling: inside a UCloud VPC the API is there, over HTTP only.
VPC_HOST = "api.service.ucloud.cn"
# Stricter than urlsplit: two readers of an address must not see two hosts in it.
_ADDRESS = re.compile(r"https?://([\w.-]+|\[[\d:.a-f]+\])(:\d+)?(/[^\s?#\\]*)?", re.ASCII | re.IGNORECASE)

# Source: UCloud API reference, public parameters: such as cn-bj2, hk, us-ca.
_REGION = re.compile(r"[a-z]{2,12}(-[a-z0-9]{1,12}){0,3}")

_LINK = re.compile(r"https://[A-Za-z0-9][A-Za-z0-9._~:/?#@!$&'()*+,;=%-]{0,140}")

type Text = Annotated[str, StringConstraints(strip_whitespace=True)]
type Count = Annotated[int, Field(ge=0, le=MAX_THRESHOLD)]
type Threshold = Annotated[float, Field(ge=0, le=MAX_THRESHOLD, allow_inf_nan=False)]


class RollCallEvery(StrEnum):
    """How often the roll is called, beside after every deployment."""

    OFF = "off"
    DAILY = "daily"
    WEEKLY = "weekly"

    @property
    def every(self) -> timedelta | None:
        """The time between two, None for never."""
        return {"daily": timedelta(days=1), "weekly": timedelta(days=7)}.get(self)


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


class Settings(BaseSettings):
    """One field for each variable; an empty variable is a missing one. README.md says what each means."""

    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True, hide_input_in_errors=True)

    ucloud_project_id: Text = ""
    udts_tasks: Text
    ucloud_public_key: SecretStr = SecretStr("")
    ucloud_private_key: SecretStr = SecretStr("")
    # Each after those it stands in for, so that its rule sees them; checked also where it is not given.
    ucloud_secret_arn: Annotated[Text, Field(validate_default=True)] = ""
    ucloud_region: Text = ""
    ucloud_base_url: Text = "https://api.ucloud.cn"
    console_url: Text = CONSOLE
    table_name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    pager_topic_arn: Text = ""
    chat_topic_arn: Text = ""
    events_topic_arn: Text = ""
    alerts_topic_arn: Annotated[Text, Field(validate_default=True)] = ""
    notify_on: Text = ALL_KINDS
    unreachable_after_checks: Count = 3
    recovered_after_checks: Count = 3
    stopped_grace_minutes: Threshold = 20
    synced_after_checks: Count = 3
    stalled_after_minutes: Threshold = 60
    resume_within_days: Threshold = 7
    source_log_retention_hours: Threshold = 0
    max_run_hours: Threshold = 0
    max_delay_seconds: Threshold = 300
    cutover_below_megabytes: Threshold = 5
    sample_minutes: Threshold = 5
    roll_call: Annotated[RollCallEvery, BeforeValidator(_lower)] = RollCallEvery.WEEKLY
    history_retention_days: Annotated[int, Field(ge=1, le=3650)] = 90
    digest_above: Annotated[int, Field(ge=1, le=1000)] = 5
    max_concurrency: Annotated[int, Field(ge=1, le=64)] = 16
    shard_tasks: Annotated[int, Field(ge=0, le=5000)] = 0
    shard_queue_url: Annotated[Text, Field(validate_default=True)] = ""
    display_timezone: Text = "UTC"
    display_language: Annotated[Language, BeforeValidator(str.strip)] = Language.EN

    @field_validator("ucloud_region")
    @classmethod
    def _region_is_one(cls, value: str) -> str:
        if value and not _REGION.fullmatch(value):
            raise ValueError("is not a region such as cn-bj2 (empty: no metrics are read)")
        return value

    @field_validator("ucloud_project_id")
    @classmethod
    def _project_is_an_id(cls, value: str) -> str:
        if value and not is_id(value):
            raise ValueError("is not a project id such as org-hiny12: letters, digits, - _ . are allowed")
        return value

    @field_validator("udts_tasks")
    @classmethod
    def _tasks_are_readable(cls, value: str, others: ValidationInfo) -> str:
        if not value.startswith(PARAMETER_PREFIX):
            parse_tasks(value, default_project=others.data.get("ucloud_project_id", ""))
        elif not value.removeprefix(PARAMETER_PREFIX).strip().strip("/"):
            raise ValueError(
                "ssm: has to be followed by the name of a parameter or folder, for example ssm:/udts/tasks"
            )
        return value

    @field_validator("ucloud_secret_arn")
    @classmethod
    def _there_are_keys(cls, value: str, others: ValidationInfo) -> str:
        keys = (others.data.get(name) for name in ("ucloud_public_key", "ucloud_private_key"))
        if not value and not all(key and key.get_secret_value().strip() for key in keys):
            raise ValueError(
                "missing; name the secret that holds the UCloud keys "
                "(for local use set UCLOUD_PUBLIC_KEY and UCLOUD_PRIVATE_KEY instead)"
            )
        return value

    @field_validator("alerts_topic_arn")
    @classmethod
    def _there_is_a_topic(cls, value: str, others: ValidationInfo) -> str:
        topics = ["alerts_topic_arn", *(name for name in others.data if name.endswith("_topic_arn"))]
        if not value and not any(others.data.get(name) for name in topics):
            raise ValueError(f"set at least one of {', '.join(topics).upper()}")
        return value

    @field_validator("shard_queue_url")
    @classmethod
    def _shards_have_a_queue(cls, value: str, others: ValidationInfo) -> str:
        if not value and others.data.get("shard_tasks"):
            raise ValueError(
                "missing; SHARD_TASKS needs the queue that the template makes: deploy it with ShardTasks, "
                "which sets both, or set SHARD_TASKS to 0"
            )
        return value

    @field_validator("ucloud_base_url")
    @classmethod
    def _keys_travel_safely(cls, value: str) -> str:
        url = urlsplit(value)
        if not url.hostname or url.port == 0 or not _ADDRESS.fullmatch(value):
            raise ValueError("has to be an address such as https://api.ucloud.cn")
        if url.scheme == "http" and not (_is_loopback(url.hostname) or url.hostname == VPC_HOST):
            raise ValueError(f"has to be https; http is allowed only to this machine and to {VPC_HOST}")
        return value

    @field_validator("console_url")
    @classmethod
    def _console_is_a_link(cls, value: str) -> str:
        if not _LINK.fullmatch(value) or not urlsplit(value).hostname:
            raise ValueError(f"has to be an https address such as {CONSOLE}")
        return value

    @field_validator("notify_on")
    @classmethod
    def _kinds_are_known(cls, value: str) -> str:
        if not _words(value):
            raise ValueError(
                f"names no kind, so nothing would be told; known are {ALL_KINDS}, {', '.join(Kind)}"
            )
        unknown = sorted(set(_words(value)) - {ALL_KINDS, *Kind})
        if unknown:
            raise ValueError(f"unknown kind {', '.join(unknown)}; known are {ALL_KINDS}, {', '.join(Kind)}")
        return value

    @field_validator("display_timezone")
    @classmethod
    def _zone_is_known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{value} is not an IANA time zone such as Asia/Shanghai") from error
        return value

    @property
    def topics(self) -> Mapping[Topic, str]:
        """The topics that are on, with their ARNs."""
        arns = {
            Topic.ALERTS: self.alerts_topic_arn,
            Topic.PAGER: self.pager_topic_arn,
            Topic.CHAT: self.chat_topic_arn,
            Topic.EVENTS: self.events_topic_arn,
        }
        return {topic: arn for topic, arn in arns.items() if arn}

    @property
    def policy(self) -> Policy:
        """The general thresholds and the kinds that are published; a task may set thresholds of its own."""
        words = _words(self.notify_on)
        kinds = None if ALL_KINDS in words else frozenset(words)
        thresholds = {name: getattr(self, name) for name in (*THRESHOLDS, "sample_minutes")}
        return Policy(kinds=kinds, **thresholds)

    @property
    def fingerprint(self) -> str:
        """Of all settings but the keys: another one means that somebody changed them."""
        shown = self.model_dump_json(exclude={"ucloud_public_key", "ucloud_private_key"})
        return hashlib.sha256(shown.encode()).hexdigest()[:12]

    @property
    def tasks_parameter(self) -> str:
        """Name of the parameter or folder (``/path/``) with the list, empty when the variable holds it."""
        if not self.udts_tasks.startswith(PARAMETER_PREFIX):
            return ""
        return self.udts_tasks.removeprefix(PARAMETER_PREFIX).strip()


def read_settings() -> Settings:
    """The settings from the environment.

    Raises:
        ConfigurationError: with a sentence for every wrong variable and every wrong task.
    """
    try:
        return Settings()
    except ValidationError as error:
        # Not "from error": what pydantic says may repeat values, and among them are keys.
        raise ConfigurationError(_problems(error)) from None


def read_watch_list(settings: Settings, parameters: Mapping[str, str] | None = None) -> WatchList:
    """The tasks that are watched.

    Args:
        settings: name them, or say where their list is.
        parameters: texts by the parameters' names, None where the variable itself holds the list.

    Raises:
        ConfigurationError: with a sentence for every problem of every entry.
    """
    project = settings.ucloud_project_id
    try:
        if parameters is None:
            return parse_tasks(settings.udts_tasks, default_project=project)
        return parse_parameters(parameters, default_project=project)
    except TaskListError as error:
        raise ConfigurationError([f"UDTS_TASKS: {problem}" for problem in error.problems]) from error


def _problems(error: ValidationError) -> list[str]:
    problems: list[str] = []
    for found in error.errors(include_url=False, include_input=False):
        variable = ".".join(map(str, found["loc"])).upper()
        cause = _cause(found)
        if isinstance(cause, TaskListError):
            problems += [f"{variable}: {problem}" for problem in cause.problems]
        elif found["type"] == "missing":
            problems.append(f"{variable}: missing; it is required")
        else:
            problems.append(f"{variable}: {cause or found['msg']}")
    return [one_line(problem) for problem in problems]


def _cause(found: Mapping[str, Any]) -> object:
    return found.get("ctx", {}).get("error")


def _words(text: str) -> list[str]:
    return [word.strip().lower() for word in text.split(",") if word.strip()]


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
