"""Live control over HTTP: what the methods of `Simulator` do, under /_control/, in JSON.

GET    /_control/tasks          the tasks as ListUDTSTask shows them
POST   /_control/tasks          add one: the fields of a task in a scenario
PUT    /_control/tasks/{id}     what it is from now on: the fields of a step
DELETE /_control/tasks/{id}     remove it
GET    /_control/faults         the faults that may still strike
POST   /_control/faults         inject one: a fault's fields, task_id, action, probability, count, seed
DELETE /_control/faults         end them all, or with ?task_id= those aimed at one task
GET    /_control/calls          calls, per_action, per_task, connections
DELETE /_control/calls          count from nothing again
PUT    /_control/keys           public_key, private_key: accept only these
PUT    /_control/metrics        shape: told as a map or as an array
POST   /_control/clock          advance_seconds: let time pass at once
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Annotated, Any, ClassVar

from aiohttp import web
from pydantic import ConfigDict, Field

from local.simulator.metrics import Shape
from local.simulator.simulator import Simulator, UnknownTaskError
from local.simulator.strict import STRICT, InvalidError, checked


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keys:
    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    public_key: str
    private_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Metrics:
    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    shape: Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clock:
    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    advance_seconds: Annotated[float, Field(ge=0)]


class Control:
    """The handlers of /_control/."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def routes(self) -> list[web.RouteDef]:
        """Every control path with its handler."""
        return [
            web.get("/_control/tasks", self._list_tasks),
            web.post("/_control/tasks", self._add_task),
            web.put("/_control/tasks/{id}", self._set_task),
            web.delete("/_control/tasks/{id}", self._remove_task),
            web.get("/_control/faults", self._list_faults),
            web.post("/_control/faults", self._inject),
            web.delete("/_control/faults", self._clear_faults),
            web.get("/_control/calls", self._list_calls),
            web.delete("/_control/calls", self._forget_calls),
            web.put("/_control/keys", self._set_keys),
            web.put("/_control/metrics", self._set_metrics_shape),
            web.post("/_control/clock", self._advance),
        ]

    async def _list_tasks(self, _: web.Request) -> web.Response:
        return _answer({"tasks": self._simulator.tasks()})

    async def _add_task(self, request: web.Request) -> web.Response:
        self._simulator.add_task(**await _fields(request))
        return _done()

    async def _set_task(self, request: web.Request) -> web.Response:
        self._simulator.set_step(request.match_info["id"], await _fields(request))
        return _done()

    async def _remove_task(self, request: web.Request) -> web.Response:
        self._simulator.remove_task(request.match_info["id"])
        return _done()

    async def _list_faults(self, _: web.Request) -> web.Response:
        return _answer({"faults": [asdict(injection) for injection in self._simulator.faults()]})

    async def _inject(self, request: web.Request) -> web.Response:
        self._simulator.inject(**await _fields(request))
        return _done()

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self._simulator.clear_faults(request.query.get("task_id"))
        return _done()

    async def _list_calls(self, _: web.Request) -> web.Response:
        log = self._simulator.log()
        return _answer(
            {
                "calls": [asdict(call) for call in log.calls],
                "per_action": log.per_action,
                "per_task": log.per_task,
                "connections": log.connections,
            },
        )

    async def _forget_calls(self, _: web.Request) -> web.Response:
        self._simulator.forget_calls()
        return _done()

    async def _set_keys(self, request: web.Request) -> web.Response:
        keys = checked(_Keys, await _fields(request))
        self._simulator.set_keys(keys.public_key, keys.private_key)
        return _done()

    async def _set_metrics_shape(self, request: web.Request) -> web.Response:
        self._simulator.set_metrics_shape(checked(_Metrics, await _fields(request)).shape)
        return _done()

    async def _advance(self, request: web.Request) -> web.Response:
        self._simulator.advance(checked(_Clock, await _fields(request)).advance_seconds)
        return _done()


@web.middleware
async def errors_in_words(
    request: web.Request,
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> web.StreamResponse:
    """A control call that is wrong gets a sentence that says why: 400, or 404 for a task there is not."""
    try:
        return await handler(request)
    except InvalidError as error:
        return _answer({"error": str(error)}, status=400)
    except UnknownTaskError as error:
        return _answer({"error": str(error)}, status=404)


async def _fields(request: web.Request) -> dict[str, Any]:
    try:
        fields = json.loads(await request.text())
    except ValueError as error:
        raise InvalidError(f"the body is not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise InvalidError("the body must be a JSON object")
    return fields


def _answer(content: dict[str, object], *, status: int = 200) -> web.Response:
    return web.json_response(content, status=status, dumps=partial(json.dumps, default=str))


def _done() -> web.Response:
    return _answer({"done": True})
