"""A proxy that knows every call of a run, and lets one through, damages it, or kills the caller at it.

It stands where AWS_ENDPOINT_URL and UCLOUD_BASE_URL point to. A call has a name that is the same in every
run of a scenario, so that "the mark of the failure on the alerts topic" can be aimed at.
"""

import asyncio
import json
import random
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web

_PATIENCE_SECONDS = 10
_UCLOUD_PATH = "/ucloud"
# What belongs to one connection or to a body as it travelled, not to the message.
_OWN_HEADERS = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})
# Versions, times and fingerprints in ids: a name has to be the same in every run.
_PASSING_PARTS = re.compile(r"/(?:v?(?:\d{8}T[\d.]+Z|\d+|first|[0-9a-f]{12}-[0-9a-f]{12})/)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of the handler.

    Attributes:
        service: dynamodb, sns, secretsmanager or ucloud.
        operation: the API's name for it.
        about: what it concerns, without versions and times.
        request: its body as read.
    """

    service: str
    operation: str
    about: str
    request: Mapping[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """The same for the same call in every run."""
        return f"{self.operation} {self.about}".strip()


@dataclass(slots=True)
class Record:
    """A call and what became of it.

    Attributes:
        status: of the answer of whoever executed it, None when it never got there.
        fault: it did not get its plain answer.
    """

    call: Call
    status: int | None = None
    fault: "Fault | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What becomes of a call instead of its plain answer; without anything given the connection closes.

    Attributes:
        executed: it takes effect first; otherwise it never gets there.
        error: an AWS error code to answer.
        status: HTTP status of that answer.
        reasons: cancellation reasons of a transaction, for TransactionCanceledException.
        hang: there is no answer, ever.
        delay_seconds: how long the plain answer takes; it comes when nothing else is given.
        act: done at that very moment, before anything is answered.
    """

    executed: bool = False
    error: str = ""
    status: int = 400
    reasons: tuple[str, ...] = ()
    hang: bool = False
    delay_seconds: float = 0
    act: Callable[[], None] | None = None


@dataclass(slots=True, kw_only=True)
class Rule:
    """Which calls a fault befalls.

    Attributes:
        when: by name or whatever else of the call.
        skip: so many of them pass first.
        count: how many of them, None for all.
        probability: of each.
        seed: of the draws.
    """

    when: Callable[[Call], bool]
    fault: Fault
    skip: int = 0
    count: int | None = None
    probability: float = 1
    seed: int = 0
    met: int = 0

    def befalls(self, call: Call) -> bool:
        """Whether it strikes now; to ask is to draw."""
        if not self.when(call):
            return False
        self.met += 1
        met = self.met - self.skip
        if met <= 0 or (self.count is not None and met > self.count):
            return False
        return random.Random(f"{self.seed}/{self.met}").random() < self.probability  # noqa: S311 - repeatable


class Proxy:
    """Forwards, records, and does what the rules say. The first rule that strikes counts."""

    def __init__(self, aws: str, ucloud: str) -> None:
        self.url = ""
        self._aws = aws
        self._ucloud = ucloud
        self._lock = threading.Lock()
        self._records: list[Record] = []
        self._rules: list[Rule] = []

    @property
    def ucloud_url(self) -> str:
        """Where UCloud seems to be."""
        return self.url + _UCLOUD_PATH

    @property
    def records(self) -> tuple[Record, ...]:
        """Every call so far, in the order of arrival."""
        with self._lock:
            return tuple(self._records)

    def names_since(self, place: int) -> list[str]:
        """The names of the calls from this place on; the second call of one name is told from the first."""
        seen: dict[str, int] = {}
        names = []
        for record in self.records[place:]:
            name = record.call.name
            seen[name] = seen.get(name, 0) + 1
            names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
        return names

    def rule(self, when: Callable[[Call], bool] | str, fault: Fault, **aim: Any) -> None:  # noqa: ANN401 - Rule's
        """A fault from now on, for calls whose name begins so or that the function chooses."""
        chosen = (lambda call: call.name.startswith(when)) if isinstance(when, str) else when
        with self._lock:
            self._rules.append(Rule(when=chosen, fault=fault, **aim))

    def rule_at(self, name: str, fault: Fault) -> None:
        """A fault for the one call that `names_since` would list so, whatever else befalls such calls."""
        plain, _, ordinal = name.partition(" (")
        skip = int(ordinal.rstrip(")")) - 1 if ordinal else 0
        with self._lock:
            self._rules.insert(0, Rule(when=lambda call: call.name == plain, fault=fault, skip=skip, count=1))

    def clear(self) -> None:
        """No faults from now on."""
        with self._lock:
            self._rules = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One call."""
        body = await request.read()
        record = Record(_call(request, body))
        with self._lock:
            self._records.append(record)
            record.fault = next((rule.fault for rule in self._rules if rule.befalls(record.call)), None)
        fault = record.fault
        if fault is None:
            return await self._forward(request, body, record)
        delayed = bool(fault.delay_seconds) and not fault.error and not fault.hang
        answer = await self._forward(request, body, record) if fault.executed or delayed else None
        await asyncio.sleep(fault.delay_seconds)
        if fault.act:
            fault.act()
        if fault.hang:
            await asyncio.sleep(3600)
        if fault.error:
            return _error(record.call, fault)
        if answer is not None and delayed:
            return answer
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def _forward(self, request: web.Request, body: bytes, record: Record) -> web.Response:
        # What is under way goes on when the caller dies, as it would at AWS: it has to be recorded.
        return await asyncio.shield(self._forwarded(request, body, record))

    async def _forwarded(self, request: web.Request, body: bytes, record: Record) -> web.Response:
        target = self._ucloud if record.call.service == "ucloud" else self._aws
        headers = {name: text for name, text in request.headers.items() if name.lower() not in _OWN_HEADERS}
        client: aiohttp.ClientSession = request.app[_CLIENT]
        async with client.post(f"{target}/", data=body, headers=headers, allow_redirects=False) as answer:
            content = await answer.read()
            record.status = answer.status
            kept = {name: text for name, text in answer.headers.items() if name.lower() not in _OWN_HEADERS}
            return web.Response(status=answer.status, body=content, headers=kept)


_CLIENT = web.AppKey("client", aiohttp.ClientSession)


@contextmanager
def proxy_running(*, aws: str, ucloud: str = "") -> Iterator[Proxy]:
    """A proxy on a free port of 127.0.0.1 until the block ends."""
    proxy = Proxy(aws, ucloud)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="proxy", daemon=True)
    thread.start()
    try:
        runner = asyncio.run_coroutine_threadsafe(_listen(proxy), loop).result(_PATIENCE_SECONDS)
        try:
            yield proxy
        finally:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(_PATIENCE_SECONDS)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _listen(proxy: Proxy) -> web.AppRunner:
    application = web.Application(client_max_size=2**26)
    application.router.add_route("*", "/{path:.*}", proxy.handle)
    application.cleanup_ctx.append(_with_client)
    runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    return runner


async def _with_client(application: web.Application) -> Any:  # noqa: ANN401 - aiohttp's generator
    # The local AWS closes an idle connection after five seconds: a call sent at that very moment gets lost.
    connector = aiohttp.TCPConnector(keepalive_timeout=2)
    async with aiohttp.ClientSession(auto_decompress=False, connector=connector) as client:
        application[_CLIENT] = client
        yield


def _call(request: web.Request, body: bytes) -> Call:
    if request.path.startswith(_UCLOUD_PATH):
        form = dict(parse_qsl(body.decode()))
        return Call(
            service="ucloud", operation=form.get("Action", ""), about=form.get("TaskId", ""), request=form
        )
    target = request.headers.get("X-Amz-Target", "")
    if target:
        service, _, operation = target.partition(".")
        content: dict[str, Any] = json.loads(body)
        about = _about(operation, content) if service.startswith("DynamoDB") else ""
        service = "dynamodb" if service.startswith("DynamoDB") else service
        return Call(service=service, operation=operation, about=about, request=content)
    form = dict(parse_qsl(body.decode()))
    attributes = _attributes(form)
    topic = form.get("TopicArn", "").rpartition("-")[2]
    about = f"{attributes.get('event', '')} {topic} {attributes.get('task_id', '')}"
    return Call(service="sns", operation=form.get("Action", ""), about=about, request=form | attributes)


def _about(operation: str, request: Mapping[str, Any]) -> str:
    match operation:
        case "Query":
            return str(request["ExpressionAttributeValues"][":pk"]["S"])
        case "GetItem" | "UpdateItem":
            return _named(request["Key"])
        case "PutItem":
            return _named(request["Item"])
        case "TransactWriteItems":
            kind, write = next(iter(request["TransactItems"][0].items()))
            about = write["Item" if kind == "Put" else "Key"]
            # An event of the monitor alone has only its time for a key.
            name = f"MONITOR {about['kind']['S']}" if "kind" in about else _named(about)
            return f"{_written(kind, request['TransactItems'])} {name}"
        case _:
            return ""


def _written(kind: str, writes: Sequence[Mapping[str, Any]]) -> str:
    """What a transaction is for, by its first write, or by what it says in the history."""
    updates = [write["Update"] for write in writes if "Update" in write]
    names = {name for update in updates for name in update.get("ExpressionAttributeNames", {}).values()}
    if "SILENCE#" in json.dumps(writes[0]):
        return "silence" if kind == "Put" else "end"
    match kind:
        case "Put":
            return "save"
        case "Update":
            changed = writes[0]["Update"]["UpdateExpression"]
            known = {"roll_called_at": "roll call", "lease_owner": "claim", "digest_id": "bind"}
            return next((name for attribute, name in known.items() if attribute in changed), "outage")
        case _:
            return "withhold" if "withheld_at" in names else "mark"


def _named(key: Mapping[str, Any]) -> str:
    pk, sk = key["pk"]["S"], key["sk"]["S"]
    if pk != "OUTBOX" or sk.startswith("SILENCE#"):
        return f"{pk} {sk}"
    _, event, topic = sk.split("#", 2)
    return f"{pk} {_PASSING_PARTS.sub('/', event)} {topic}"


def _attributes(form: Mapping[str, str]) -> dict[str, str]:
    names = {name.removesuffix(".Name"): value for name, value in form.items() if name.endswith(".Name")}
    return {value: form.get(f"{entry}.Value.StringValue", "") for entry, value in names.items()}


def _error(call: Call, fault: Fault) -> web.Response:
    if call.service == "sns":
        kind = "Sender" if fault.status < 500 else "Receiver"
        text = (
            '<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error>'
            f"<Type>{kind}</Type><Code>{fault.error}</Code><Message>injected {fault.error}</Message>"
            "</Error><RequestId>injected</RequestId></ErrorResponse>"
        )
        return web.Response(status=fault.status, text=text, content_type="text/xml")
    answer: dict[str, Any] = {"__type": f"injected#{fault.error}", "message": f"injected {fault.error}"}
    if fault.reasons:
        answer["CancellationReasons"] = [{"Code": reason} for reason in fault.reasons]
        answer["Message"] = f"Transaction cancelled [{', '.join(fault.reasons)}]"
    return web.Response(
        status=fault.status, text=json.dumps(answer), content_type="application/x-amz-json-1.0"
    )
