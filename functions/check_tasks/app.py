"""Entry point of the scheduled run: wiring only. Importing it needs no AWS and no environment."""

import logging
import os
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from udts_monitor.adapters.aws_calls import client_config, publishing_config
from udts_monitor.adapters.cached import Cached
from udts_monitor.adapters.config import Settings, read_settings, read_watch_list
from udts_monitor.adapters.credentials import FixedKeys, KeyPair, cached_keys
from udts_monitor.adapters.fingerprint import code_fingerprint
from udts_monitor.adapters.insights import Insights
from udts_monitor.adapters.parameters import cached_parameters
from udts_monitor.adapters.publisher import Publisher
from udts_monitor.adapters.shard_queue import ShardQueue, shard_in
from udts_monitor.adapters.store import Store
from udts_monitor.adapters.typed import readable
from udts_monitor.adapters.ucloud import Keys, UCloud
from udts_monitor.errors import CommandError, MonitorError, RunError
from udts_monitor.messages.display import Display, Origin
from udts_monitor.outbox.notification import PEOPLE
from udts_monitor.outbox.pending import Claim
from udts_monitor.run.commands import Commands
from udts_monitor.run.doctor import Diagnosis, Doctor
from udts_monitor.run.ports import Ports
from udts_monitor.run.run import Run
from udts_monitor.run.settings import SERVICE, Limits, RunSettings
from udts_monitor.run.shards import Shard
from udts_monitor.run.summary import Summary
from udts_monitor.task import WatchList
from udts_monitor.text import truncate

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

# Kept back from the checks for saving and publishing, but never more than a third of the run.
RESERVE_SECONDS = 15.0
# A run is given up for dead only when Lambda has certainly ended it.
LEASE_MARGIN = timedelta(seconds=2)
# A line above CloudWatch's 256 KB is broken in two, and then no query reads it.
REASON_LIMIT = 10_000
_QUOTE_LIMIT = 100
_ACCOUNT_PART = 4
_FUNCTION_SUFFIX = "-check-tasks"

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
    """Check all tasks, or do what a person asks: ``{"command": "test"}``, silence, acknowledge, doctor.

    Returns:
        The run's summary: ``checked``, ``no_answer``, ``skipped``, ``events``, ``published``, ``pending``; or
        what the doctor found; or, to SQS, which shards did not succeed: ``batchItemFailures``.

    Raises:
        ConfigurationError: names every wrong variable and every wrong task; nothing was touched.
        ParameterError: the task list cannot be read just now; nothing was touched.
        CommandError: the event asks for something in a wrong way; nothing was touched.
        StoreError: the table cannot be used.
        RunError: part of the run did not succeed; the next run repeats that part.
        BatchProcessingError: no shard that SQS handed over succeeded.
    """
    match event:
        case {"Records": [{"eventSource": "aws:sqs"}, *_] as records}:
            return _check_shards(records, context)
        case _:
            return _logged(partial(_run, event, context))


def _check_shards(records: list[Any], context: LambdaContext) -> dict[str, Any]:
    """Check what the queue holds; a shard that does not succeed comes again, until its retention is over."""
    # A tenth of a second of a processor, for which a run without shards does not wait.
    from aws_lambda_powertools.utilities.batch import (  # noqa: PLC0415
        BatchProcessor,
        EventType,
        process_partial_response,
    )

    def check(record: "SQSRecord") -> None:
        shards, problems = readable(shard_in, [(record.message_id, record.body)])
        for name, problem in problems.items():
            # It would come again for nothing, and the next run makes new ones.
            logger.error("shard dropped", cause="unreadable_message", reason=problem, message_id=name)
        for shard in shards.values():
            _logged(partial(_run_shard, shard, context))

    processor = BatchProcessor(event_type=EventType.SQS)
    return dict(process_partial_response({"Records": records}, check, processor, context))


def _logged(run: Callable[[], Summary | Diagnosis]) -> dict[str, Any]:
    """The answer to an event, or to a shard; however it ends, the log says so."""
    try:
        summary = run()
    except Exception as error:
        _log_failure(error)
        raise
    logger.info("run finished", **summary.as_dict())
    return summary.as_dict()


def _run(event: object, context: LambdaContext) -> Summary | Diagnosis:
    command = _command(event)
    settings = read_settings()
    parts = _parts(settings, context)
    match command.get("command", "check"):
        case "check":
            summary = _checked(Run(*parts).check_tasks, settings, runs=1)
        case "test":
            summary = Commands(*parts).test(_watch_list(settings))
        case "silence":
            summary = Commands(*parts).silence(command, _watch_list(settings))
        case "acknowledge":
            summary = Commands(*parts).acknowledge(command, _watch_list(settings))
        case "doctor":
            return Doctor(*parts).examine(_watch_list(settings))
        case other:
            shown = truncate(repr(other), _QUOTE_LIMIT)
            raise CommandError(
                f"The command {shown} is not known; known are check, test, silence, acknowledge and doctor"
            )
    return _without_errors(summary)


def _run_shard(shard: Shard, context: LambdaContext) -> Summary:
    settings = read_settings()
    run = Run(*_parts(settings, context))
    return _without_errors(_checked(lambda watch: run.check_shard(watch, shard), settings, runs=0))


def _parts(settings: Settings, context: LambdaContext) -> tuple[Ports, RunSettings, Limits]:
    return _ports(settings), _run_settings(settings, context), _limits(context)


def _without_errors(summary: Summary) -> Summary:
    if summary.errors:
        raise RunError(truncate("; ".join(summary.errors), REASON_LIMIT))
    return summary


def _command(event: object) -> dict[str, Any]:
    """What the handler was called with; nothing at all, or what says no command, is a run."""
    if event is None:
        return {}
    if not isinstance(event, dict):
        shown = truncate(repr(event), _QUOTE_LIMIT)
        raise CommandError(
            f'The payload {shown} is no JSON object; send one like {{"command": "test"}}, or none for a run'
        )
    # What a scheduler sends of itself is no command of a person; these know their own fields.
    unknown = sorted(map(str, event.keys() - {"command"}))
    if unknown and "source" not in event and event.get("command") not in ("silence", "acknowledge"):
        shown = truncate(", ".join(unknown), _QUOTE_LIMIT)
        raise CommandError(f"The payload has unknown fields: {shown}; a run and a test have none")
    return event


def _log_failure(error: Exception) -> None:
    """Every fault ends in one line: the parts of a run that failed have theirs already."""
    match error:
        case RunError():
            return
        case MonitorError():
            logger.error("run failed", cause=error.cause, reason=truncate(str(error), REASON_LIMIT))
        case _:
            # Its text may hold anything; Lambda writes it, with the place it comes from.
            logger.error(
                "run failed", cause="unexpected_error", reason=f"an unexpected {type(error).__name__}"
            )


def _checked(check: Callable[[WatchList], Summary], settings: Settings, *, runs: int) -> Summary:
    watch = _watch_list(settings)
    began = time.monotonic()
    summary = check(watch)
    _measure(summary, time.monotonic() - began, runs)
    return summary


@lru_cache(maxsize=1)
def _ports(settings: Settings) -> Ports:
    """The adapters, wired once for each execution environment."""
    config = client_config(settings.max_concurrency)
    ucloud = UCloud(
        base_url=settings.ucloud_base_url, keys=_keys(settings), connections=settings.max_concurrency
    )
    return Ports(
        ucloud=ucloud,
        insights=Insights(ucloud, settings.ucloud_region),
        store=Store(
            boto3.client("dynamodb", config=config),
            settings.table_name,
            timedelta(days=settings.history_retention_days),
        ),
        topics=Publisher(boto3.client("sns", config=publishing_config()), settings.topics),
        clock=lambda: datetime.now(UTC),
        queue=_queue(settings),
    )


def _queue(settings: Settings) -> ShardQueue | None:
    if not settings.shard_tasks:
        return None
    return ShardQueue(boto3.client("sqs", config=publishing_config()), settings.shard_queue_url)


def _keys(settings: Settings) -> Keys:
    if not settings.ucloud_secret_arn:
        public_key, private_key = settings.ucloud_public_key, settings.ucloud_private_key
        return FixedKeys(KeyPair(public_key.get_secret_value(), private_key.get_secret_value()))
    client = boto3.client("secretsmanager", config=client_config(1))
    return cached_keys(client, settings.ucloud_secret_arn)


def _watch_list(settings: Settings) -> WatchList:
    name = settings.tasks_parameter
    return read_watch_list(settings, _task_list(name).current() if name else None)


@lru_cache(maxsize=1)
def _task_list(name: str) -> Cached[Mapping[str, str]]:
    """The parameters' reader, which keeps what it read for as long as the execution environment lives."""
    return cached_parameters(boto3.client("ssm", config=client_config(1)), name)


def _run_settings(settings: Settings, context: LambdaContext) -> RunSettings:
    return RunSettings(
        policy=settings.policy,
        topics=tuple(settings.topics),
        display=Display(
            zone=ZoneInfo(settings.display_timezone),
            language=settings.display_language,
            console=settings.console_url,
            origin=_origin(context, settings),
        ),
        max_concurrency=settings.max_concurrency,
        digest_above=settings.digest_above,
        shard_tasks=settings.shard_tasks,
        roll_call_every=settings.roll_call.every,
        region=settings.ucloud_region,
        fingerprint=f"{code_fingerprint()}-{settings.fingerprint}",
    )


def _origin(context: LambdaContext, settings: Settings) -> Origin:
    """Which deployment this is. The template names the function after its stack."""
    # Source: Lambda, function ARN: arn:aws:lambda:<region>:<account>:function:<name>.
    parts = context.invoked_function_arn.split(":")
    region, account = parts[3:5] if len(parts) > _ACCOUNT_PART else ("", "")
    stack = context.function_name.removesuffix(_FUNCTION_SUFFIX)
    return Origin(stack=stack, account=account, region=region, table=settings.table_name)


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


def _measure(summary: Summary, seconds: float, runs: int) -> None:
    """A fixed set of metrics without task dimensions: each costs 0.30 USD a month."""
    # A shard is none: the alarm on missing runs looks for the scheduled ones.
    metrics.add_metric("Runs", MetricUnit.Count, runs)
    metrics.add_metric("RunSeconds", MetricUnit.Seconds, seconds)
    metrics.add_metric("Checked", MetricUnit.Count, summary.checked)
    metrics.add_metric("NoAnswer", MetricUnit.Count, summary.no_answer)
    metrics.add_metric("Skipped", MetricUnit.Count, summary.skipped)
    metrics.add_metric("Events", MetricUnit.Count, len(summary.events))
    metrics.add_metric("Published", MetricUnit.Count, summary.outbox.published)
    metrics.add_metric("Pending", MetricUnit.Count, summary.outbox.pending)
    metrics.add_metric("OldestPendingSeconds", MetricUnit.Seconds, summary.outbox.oldest_pending_seconds)
    # Programs on the events topic are optional; a topic for people that nobody hears is a mistake.
    people = [number for topic, number in summary.subscribers.items() if topic in PEOPLE]
    if people:
        metrics.add_metric("Subscribers", MetricUnit.Count, min(people))
    metrics.flush_metrics()
