"""The configuration: read from the environment, checked as a whole."""

import ipaddress
import os
import re
from collections.abc import Mapping
from datetime import timedelta
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

from udts_monitor.errors import ConfigurationError
from udts_monitor.event import Kind
from udts_monitor.notification import Topic
from udts_monitor.phrases import Language
from udts_monitor.policy import Policy
from udts_monitor.tasks import MAX_THRESHOLD, TaskListError, TaskRef, is_id, parse_tasks

ALL_KINDS = "all"
PARAMETER_PREFIX = "ssm:"
# Source: UCloud API reference, calling: inside a UCloud VPC the API is there, over HTTP only.
VPC_HOST = "api.service.ucloud.cn"
# Stricter than urlsplit: two readers of an address must not see two hosts in it.
_ADDRESS = re.compile(r"https?://([\w.-]+|\[[\d:.a-f]+\])(:\d+)?(/[^\s?#\\]*)?", re.ASCII | re.IGNORECASE)

type Text = Annotated[str, StringConstraints(strip_whitespace=True)]
type Count = Annotated[int, Field(ge=0, le=MAX_THRESHOLD)]
type Threshold = Annotated[float, Field(ge=0, le=MAX_THRESHOLD, allow_inf_nan=False)]


class Settings(BaseSettings):
    """One field for each variable; an empty variable is a missing one. README.md says what each means."""

    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True, hide_input_in_errors=True)

    ucloud_project_id: Text = ""
    udts_tasks: Text
    ucloud_secret_arn: Text = ""
    ucloud_public_key: SecretStr = SecretStr("")
    ucloud_private_key: SecretStr = SecretStr("")
    ucloud_base_url: Text = "https://api.ucloud.cn"
    table_name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    alerts_topic_arn: Text = ""
    chat_topic_arn: Text = ""
    events_topic_arn: Text = ""
    notify_on: Text = ALL_KINDS
    unreachable_after_checks: Count = 3
    recovered_after_checks: Count = 3
    synced_after_checks: Count = 3
    stopped_grace_minutes: Threshold = 20
    stalled_after_minutes: Threshold = 60
    resume_within_days: Threshold = 7
    max_run_hours: Threshold = 0
    max_delay_seconds: Threshold = 300
    sample_minutes: Threshold = 5
    history_retention_days: Annotated[int, Field(ge=1, le=3650)] = 90
    digest_above: Annotated[int, Field(ge=1, le=1000)] = 5
    max_concurrency: Annotated[int, Field(ge=1, le=64)] = 16
    display_timezone: Text = "UTC"
    display_language: Annotated[Language, BeforeValidator(str.strip)] = Language.EN

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
        elif len(value) == len(PARAMETER_PREFIX):
            raise ValueError("ssm: has to be followed by the parameter's name, for example ssm:/udts/tasks")
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
            Topic.CHAT: self.chat_topic_arn,
            Topic.EVENTS: self.events_topic_arn,
        }
        return {topic: arn for topic, arn in arns.items() if arn}

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of event that are published."""
        words = _words(self.notify_on)
        return frozenset(Kind) if ALL_KINDS in words else frozenset(Kind(word) for word in words)

    @property
    def policy(self) -> Policy:
        """The general thresholds; a task may set its own."""
        return Policy(
            unreachable_after_checks=self.unreachable_after_checks,
            recovered_after_checks=self.recovered_after_checks,
            stopped_grace=timedelta(minutes=self.stopped_grace_minutes),
            sample_every=timedelta(minutes=self.sample_minutes),
            resume_within=timedelta(days=self.resume_within_days),
        )

    @property
    def tasks_parameter(self) -> str:
        """The name of the parameter that holds the task list, empty when the variable holds it itself."""
        if not self.udts_tasks.startswith(PARAMETER_PREFIX):
            return ""
        return self.udts_tasks.removeprefix(PARAMETER_PREFIX).strip()


def read_settings() -> Settings:
    """The settings from the environment.

    Raises:
        ConfigurationError: with a sentence for every wrong variable and every wrong task.
    """
    problems = _missing_together()
    try:
        settings = Settings()
    except ValidationError as error:
        # Not "from error": what pydantic says may repeat values, and among them are keys.
        raise ConfigurationError(_problems(error) + problems) from None
    if problems:
        raise ConfigurationError(problems)
    return settings


def read_tasks(text: str, settings: Settings) -> tuple[TaskRef, ...]:
    """The tasks in a task list.

    Raises:
        ConfigurationError: with a sentence for every wrong entry.
    """
    try:
        return parse_tasks(text, default_project=settings.ucloud_project_id)
    except TaskListError as error:
        raise ConfigurationError([f"UDTS_TASKS: {problem}" for problem in error.problems]) from error


def _missing_together() -> list[str]:
    """Rules over several variables, looked up apart so that they are reported with all the others."""
    given = {name for name, value in os.environ.items() if value.strip()}
    problems = []
    if "UCLOUD_SECRET_ARN" not in given and not {"UCLOUD_PUBLIC_KEY", "UCLOUD_PRIVATE_KEY"} <= given:
        problems.append(
            "UCLOUD_SECRET_ARN: missing; name the secret that holds the UCloud keys "
            "(for local use set UCLOUD_PUBLIC_KEY and UCLOUD_PRIVATE_KEY instead)"
        )
    if not given & {"ALERTS_TOPIC_ARN", "CHAT_TOPIC_ARN", "EVENTS_TOPIC_ARN"}:
        problems.append("ALERTS_TOPIC_ARN, CHAT_TOPIC_ARN, EVENTS_TOPIC_ARN: set at least one of them")
    return problems


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
    return problems


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
