"""Entry point of the scheduled run: wiring only. Importing it needs no AWS and no environment."""

import logging
import os
import time
import uuid
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from udts_monitor.aws import TaskList, client_config, publishing_config, read_parameter, read_secret
from udts_monitor.config import Settings, read_settings, read_tasks
from udts_monitor.credentials import FixedKeys, KeyPair, SecretKeys
from udts_monitor.errors import CommandError, MonitorError, RunError
from udts_monitor.monitor import Run
from udts_monitor.notification import PEOPLE
from udts_monitor.outbox import Claim
from udts_monitor.ports import SERVICE, Limits, Ports, Rules, Summary
from udts_monitor.publisher import Publisher
from udts_monitor.silence import parse_silence
from udts_monitor.store import Store
from udts_monitor.tasks import TaskRef
from udts_monitor.text import cut
from udts_monitor.ucloud import Keys, UCloud
from udts_monitor.wording import Display

# Kept back from the checks for saving and publishing, but never more than a third of the run.
RESERVE_SECONDS = 15.0
# A run is given up for dead only when Lambda has certainly ended it.
LEASE_MARGIN = timedelta(seconds=2)
# A line above CloudWatch's 256 KB is broken in two, and then no query reads it.
REASON_LIMIT = 10_000
_QUOTE_LIMIT = 100

# Source: Lambda, log-level filtering: a line with another form of time is given the level INFO.
logger = Logger(service=SERVICE, use_rfc3339=True, utc=True)
# By function, so that a dead stack does not hide behind a living one in the same account.
metrics = Metrics(namespace="UdtsMonitor", service=os.environ.get("AWS_LAMBDA_FUNCTION_NAME", SERVICE))
# At DEBUG these write whole requests and answers to the log, the secret among them.
for chatty in ("boto3", "botocore"):
    logging.getLogger(chatty).setLevel(logging.INFO)
# At WARNING this quotes headers it cannot read, whatever whoever answered has put into them.
logging.getLogger("urllib3").setLevel(logging.ERROR)


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: object, context: LambdaContext) -> dict[str, Any]:
    """Check all tasks, or do what a person asks for: ``{"command": "test"}`` or ``"silence"``.

    Returns:
        The run's summary: ``checked``, ``no_answer``, ``skipped``, ``events``, ``published``, ``pending``.

    Raises:
        ConfigurationError: names every wrong variable and every wrong task; nothing was touched.
        ParameterError: the task list cannot be read just now; nothing was touched.
        CommandError: the event asks for something in a wrong way; nothing was touched.
        StoreError: the table cannot be used.
        RunError: part of the run did not succeed; the next run repeats that part.
    """
    try:
        summary = _run(event, context)
    except Exception as error:
        _log_failure(error)
        raise
    logger.info("run finished", **summary.as_dict())
    return summary.as_dict()


def _run(event: object, context: LambdaContext) -> Summary:
    wish = _wish(event)
    settings = read_settings()
    run = Run(_ports(settings), _rules(settings), _limits(context))
    match wish.get("command", "check"):
        case "check":
            summary = _check_tasks(run, settings)
        case "test":
            summary = run.send_test()
        case "silence":
            summary = run.silence(parse_silence(wish, datetime.now(UTC)))
        case other:
            said = cut(repr(other), _QUOTE_LIMIT)
            raise CommandError(f"The command {said} is not known; known are check, test and silence")
    if summary.errors:
        raise RunError(cut("; ".join(summary.errors), REASON_LIMIT))
    return summary


def _wish(event: object) -> dict[str, Any]:
    """What the handler was called with; nothing at all is a run like a scheduled one."""
    if event is None:
        return {}
    if not isinstance(event, dict):
        said = cut(repr(event), _QUOTE_LIMIT)
        raise CommandError(
            f'The payload {said} is no JSON object; send one such as {{"command": "test"}}, or none for a run'
        )
    return event


def _log_failure(error: Exception) -> None:
    """Every fault ends in one line: the parts of a run that failed have theirs already."""
    match error:
        case RunError():
            return
        case MonitorError():
            logger.error("run failed", cause=error.cause, reason=cut(str(error), REASON_LIMIT))
        case _:
            # Its text may hold anything; Lambda writes it, with the place it comes from.
            logger.error("run failed", cause="defect", reason=type(error).__name__)


def _check_tasks(run: Run, settings: Settings) -> Summary:
    tasks = _tasks(settings)
    began = time.monotonic()
    summary = run.check_tasks(tasks)
    _measure(summary, time.monotonic() - began)
    return summary


@lru_cache(maxsize=1)
def _ports(settings: Settings) -> Ports:
    """The adapters, wired once for each execution environment."""
    config = client_config(settings.max_concurrency)
    return Ports(
        ucloud=UCloud(
            base_url=settings.ucloud_base_url, keys=_keys(settings), connections=settings.max_concurrency
        ),
        store=Store(
            boto3.client("dynamodb", config=config),
            settings.table_name,
            timedelta(days=settings.history_retention_days),
        ),
        topics=Publisher(boto3.client("sns", config=publishing_config()), settings.topics),
        clock=lambda: datetime.now(UTC),
    )


def _keys(settings: Settings) -> Keys:
    if not settings.ucloud_secret_arn:
        public_key, private_key = settings.ucloud_public_key, settings.ucloud_private_key
        return FixedKeys(KeyPair(public_key.get_secret_value(), private_key.get_secret_value()))
    client = boto3.client("secretsmanager", config=client_config(1))
    return SecretKeys(lambda: read_secret(client, settings.ucloud_secret_arn))


def _tasks(settings: Settings) -> tuple[TaskRef, ...]:
    parameter = settings.tasks_parameter
    text = _task_list(parameter).text() if parameter else settings.udts_tasks
    return read_tasks(text, settings)


@lru_cache(maxsize=1)
def _task_list(parameter: str) -> TaskList:
    """The parameter's reader, which keeps what it read for as long as the execution environment lives."""
    client = boto3.client("ssm", config=client_config(1))
    return TaskList(lambda: read_parameter(client, parameter))


def _rules(settings: Settings) -> Rules:
    return Rules(
        policy=settings.policy,
        kinds=settings.kinds,
        topics=tuple(settings.topics),
        display=Display(zone=ZoneInfo(settings.display_timezone), language=settings.display_language),
        max_concurrency=settings.max_concurrency,
        digest_above=settings.digest_above,
    )


def _limits(context: LambdaContext) -> Limits:
    left = context.get_remaining_time_in_millis() / 1000
    reserve = min(RESERVE_SECONDS, left / 3)
    killed_at = time.monotonic() + left
    return Limits(
        checks_until=killed_at - reserve,
        # Half of 15 seconds: the last message may take five, and has to be noted.
        publish_until=killed_at - reserve / 2,
        claim=Claim(
            # Unique even where Lambda repeats a request under its id: two runs must never share a claim.
            owner=f"{context.aws_request_id}/{uuid.uuid4().hex}",
            until=datetime.now(UTC) + timedelta(seconds=left) + LEASE_MARGIN,
        ),
    )


def _measure(summary: Summary, seconds: float) -> None:
    """A fixed set of metrics without task dimensions: each costs 0.30 USD a month."""
    metrics.add_metric("Runs", MetricUnit.Count, 1)
    metrics.add_metric("RunSeconds", MetricUnit.Seconds, seconds)
    metrics.add_metric("Checked", MetricUnit.Count, summary.checked)
    metrics.add_metric("NoAnswer", MetricUnit.Count, summary.no_answer)
    metrics.add_metric("Skipped", MetricUnit.Count, summary.skipped)
    metrics.add_metric("Events", MetricUnit.Count, len(summary.events))
    metrics.add_metric("Published", MetricUnit.Count, summary.published)
    metrics.add_metric("Pending", MetricUnit.Count, summary.pending)
    metrics.add_metric("OldestPendingSeconds", MetricUnit.Seconds, summary.oldest_pending_seconds)
    # Programs on the events topic are optional; a topic for people that nobody hears is a mistake.
    people = [number for topic, number in summary.listeners.items() if topic in PEOPLE]
    if people:
        metrics.add_metric("Listeners", MetricUnit.Count, min(people))
    metrics.flush_metrics()
