"""Sends an answer over HTTP, well or as badly as its fault demands."""

import asyncio
import json

from aiohttp import web

from local.simulator.account import Answer
from local.simulator.faults import Fault

_HOURS = 3600.0
_FILLING = b"x" * 2**20


async def deliver(request: web.Request, answer: Answer) -> web.StreamResponse:
    """The HTTP response to one call of the API."""
    body = json.dumps(answer.body).encode()
    if answer.fault is None:
        return _json(body)
    await asyncio.sleep(answer.fault.latency_seconds)
    instead = _instead(answer.fault)
    return await _damaged(request, answer.fault, body) if instead is None else instead


def _instead(fault: Fault) -> web.Response | None:
    """What is sent in place of the true answer, if anything is."""
    match fault:
        case Fault(http_status=int(status)):
            return web.Response(status=status, text=f"<html>{status}</html>", content_type="text/html")
        case Fault(not_json=True):
            return web.Response(text="<html>upstream connect error</html>", content_type="text/html")
        case Fault(body=str(text)):
            return _json(text.encode())
        case Fault(redirect_to=str(url)):
            return web.Response(status=302, headers={"Location": url})
        case _:
            return None


async def _damaged(request: web.Request, fault: Fault, body: bytes) -> web.StreamResponse:
    match fault:
        case Fault(hang=True):
            await asyncio.sleep(24 * _HOURS)  # ends with the client's patience, or with the server
        case Fault(close=True):
            _drop_connection(request)
        case Fault(truncated=True):
            return await _truncated(request, body)
        case Fault(trickle=True):
            return await _trickled(request, body)
        case Fault(huge_megabytes=int(megabytes)):
            return await _huge(request, body, megabytes)
    return _json(body)


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")


def _drop_connection(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.close()


async def _begun(request: web.Request, length: int | None) -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_type = "application/json"
    response.content_length = length
    await response.prepare(request)
    return response


async def _truncated(request: web.Request, body: bytes) -> web.StreamResponse:
    response = await _begun(request, len(body))
    await response.write(body[: len(body) // 2])
    _drop_connection(request)
    return response


async def _trickled(request: web.Request, body: bytes) -> web.StreamResponse:
    response = await _begun(request, len(body))
    for index in range(len(body)):
        await response.write(body[index : index + 1])
        await asyncio.sleep(1)
    return response


async def _huge(request: web.Request, body: bytes, megabytes: int) -> web.StreamResponse:
    # Valid JSON with a true status at its end, and no length announced: only a client that
    # counts while it reads is safe.
    response = await _begun(request, None)
    await response.write(b'{"Filling": "')
    for _ in range(megabytes):
        await response.write(_FILLING)
    await response.write(b'", ' + body[1:])
    return response
