"""Entry point of the read-only function: wiring only. Importing it needs no AWS and no environment.

It is asked in three ways: by hand (``{"command": "status"}``), by a dashboard as a custom widget, and over
its address, where it has one. It reads the table and writes nothing.
"""

import logging
import os
from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from udts_monitor.adapters.aws_calls import client_config
from udts_monitor.adapters.cached import Cached
from udts_monitor.adapters.credentials import KeysError
from udts_monitor.adapters.read_token import cached_token
from udts_monitor.adapters.reader import THREADS, Reader
from udts_monitor.errors import CommandError, ConfigurationError, MonitorError, StoreError
from udts_monitor.page import gate
from udts_monitor.page.ask import by_hand, widget
from udts_monitor.page.look import Look
from udts_monitor.page.signing_in import sentence_page, sign_in_page
from udts_monitor.page.web import Request, Response, data_response, respond
from udts_monitor.query.answers import Answers
from udts_monitor.query.explain import explained

SERVICE = "udts-monitor"
_SUFFIX = "-task-status"
_ARN_PARTS = 7
_SEE_OTHER, _UNAUTHORIZED, _FORBIDDEN, _UNAVAILABLE = 303, 401, 403, 503

logger = Logger(service=SERVICE, use_rfc3339=True, utc=True)
# At DEBUG these write whole requests and answers to the log, the secret among them.
for chatty in ("boto3", "botocore"):
    logging.getLogger(chatty).setLevel(logging.INFO)


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: object, context: LambdaContext) -> dict[str, Any] | str:
    """Answer a question; by hand ``status``, ``history``, ``incidents`` or ``explain``.

    Raises:
        CommandError: the question is wrong; says how.
        ConfigurationError: TABLE_NAME is missing.
        StoreError: the table cannot be read.
    """
    asked: Mapping[str, Any] = event if isinstance(event, dict) else {}
    try:
        if event is not None and not isinstance(event, dict):
            raise CommandError('The payload is no JSON object; send one like {"command": "status"}')
        if "http" in asked.get("requestContext", {}):
            return _over_http(asked, context)
        answers = Answers(_reader(), datetime.now(UTC))
        if "widgetContext" in asked or asked.get("describe"):
            return widget(asked, answers, context.invoked_function_arn)
        return by_hand(asked, answers, explained)
    except MonitorError as error:
        # What has words of its own needs no stack.
        logger.error("question not answered", cause=error.cause, reason=str(error))  # noqa: TRY400
        raise


def _over_http(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """A request to the function's address; whoever may not read learns nothing."""
    request = _request(event)
    look = _plain_look(request)
    try:
        closed = _closed(event, request, look)
        if closed:
            return _answer(closed)
        answers = Answers(_reader(), datetime.now(UTC))
        where, source = _where(context)
        return _answer(respond(request, answers, where, source, explained))
    except (StoreError, KeysError) as error:
        reason = error.reason if isinstance(error, KeysError) else str(error)
        logger.error("page not shown", cause="store", reason=reason)  # noqa: TRY400 - it has words of its own
        if request.path.startswith("/api/"):
            return _answer(data_response({"error": "the table cannot be read just now"}, _UNAVAILABLE))
        return _answer(Response(body=sentence_page(look, "failed"), status=_UNAVAILABLE))


def _closed(event: Mapping[str, Any], request: Request, look: Look) -> Response | None:
    """What a request gets that may not read, None for one that may."""
    if event["requestContext"].get("authorizer", {}).get("iam"):
        return None  # AWS has let it in
    arn = os.environ.get("STATUS_TOKEN_SECRET_ARN", "")
    if not arn:
        return Response(body=sentence_page(look, "refused"), status=_FORBIDDEN)
    token = _token(arn).current()
    if gate.is_open(token, event.get("headers", {}), event.get("cookies", [])):
        return None
    if request.path.startswith("/api/"):
        return data_response({"error": "the read token is missing or wrong"}, _UNAUTHORIZED)
    given = gate.token_in(_body(event)) if request.method == "POST" else ""
    if gate.admits(token, given):
        to_the_page = {"Location": "./", "Set-Cookie": gate.cookie(token)}
        return Response(body="", status=_SEE_OTHER, more=to_the_page)
    return Response(body=sign_in_page(look, wrong=request.method == "POST"), status=_UNAUTHORIZED)


def _request(event: Mapping[str, Any]) -> Request:
    context = event["requestContext"]
    return Request(
        method=context["http"].get("method", "GET"),
        path=event.get("rawPath") or "/",
        query=dict(parse_qsl(event.get("rawQueryString", ""))),
        address=f"https://{context.get('domainName', '')}/",
    )


def _plain_look(request: Request) -> Look:
    """For pages that say nothing of the table."""
    now = datetime.now(UTC)
    up = "../" * (len(request.path.strip("/").split("/")) - 1)
    return Look(now=now, since=now, zone=ZoneInfo("UTC"), up=up)


def _body(event: Mapping[str, Any]) -> str:
    body = str(event.get("body") or "")
    return b64decode(body).decode(errors="replace") if event.get("isBase64Encoded") else body


def _answer(response: Response) -> dict[str, Any]:
    return {"statusCode": response.status, "headers": response.headers, "body": response.body}


def _where(context: LambdaContext) -> tuple[str, str]:
    """Stack, account and region for people, and a name of this deployment for programs."""
    stack = context.function_name.removesuffix(_SUFFIX)
    parts = context.invoked_function_arn.split(":")
    if len(parts) < _ARN_PARTS:
        return stack, f"urn:udts-monitor:{stack}"
    region, account = parts[3], parts[4]
    return f"{stack}, {account}, {region}", f"urn:udts-monitor:{account}:{region}:{stack}"


@lru_cache(maxsize=1)
def _reader() -> Reader:
    table = os.environ.get("TABLE_NAME", "").strip()
    if not table:
        raise ConfigurationError(["TABLE_NAME: missing; it is required"])
    return Reader(boto3.client("dynamodb", config=client_config(THREADS)), table)


@lru_cache(maxsize=1)
def _token(arn: str) -> Cached[str]:
    """The token's reader, which keeps what it read for as long as the execution environment lives."""
    return cached_token(boto3.client("secretsmanager", config=client_config(1)), arn)
