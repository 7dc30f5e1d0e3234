"""Puts a simulator behind HTTP: for the command line, and in a thread of its own for tests."""

import asyncio
import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from weakref import WeakSet

from aiohttp import web

from local.simulator.control import Control, errors_in_words
from local.simulator.delivery import deliver
from local.simulator.scenario import Scenario, parse_scenario
from local.simulator.signature import flat
from local.simulator.simulator import TEST_PRIVATE_KEY, TEST_PUBLIC_KEY, Simulator

LOOPBACK = "127.0.0.1"
_PATIENCE_SECONDS = 10


@contextmanager
def simulator_running(
    scenario: Scenario | Mapping[str, object] | None = None,
    *,
    public_key: str = TEST_PUBLIC_KEY,
    private_key: str = TEST_PRIVATE_KEY,
) -> Iterator[Simulator]:
    """A simulator that listens on a free port of 127.0.0.1 until the block ends.

    Args:
        scenario: ready made, or plain data in the YAML format; None for an account without tasks.
        public_key: accepted until `set_keys`.
        private_key: belongs to `public_key`.
    """
    ready = scenario if isinstance(scenario, Scenario) else parse_scenario(scenario or {})
    simulator = Simulator(ready, public_key=public_key, private_key=private_key)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="ucloud-simulator", daemon=True)
    thread.start()
    try:
        runner = asyncio.run_coroutine_threadsafe(listen(simulator), loop).result(_PATIENCE_SECONDS)
        try:
            yield simulator
        finally:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(_PATIENCE_SECONDS)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def listen(simulator: Simulator, host: str = LOOPBACK, port: int = 0) -> web.AppRunner:
    """Answers from now on, at the simulator's url, until the runner's cleanup; port 0 is any free one."""
    runner = web.AppRunner(
        _application(simulator),
        access_log=None,
        # A hung or huge answer ends when its client gives up, and at the latest with the server.
        handler_cancellation=True,
        shutdown_timeout=0.1,
    )
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    simulator.url = f"http://{host}:{runner.addresses[0][1]}"
    return runner


def _application(simulator: Simulator) -> web.Application:
    application = web.Application(middlewares=[errors_in_words])
    connections: WeakSet[asyncio.Transport] = WeakSet()

    async def call(request: web.Request) -> web.StreamResponse:
        # Counted here and not when they are opened, so that control leaves the number alone.
        if request.transport is not None and request.transport not in connections:
            connections.add(request.transport)
            simulator.connection_seen()
        try:
            return await deliver(request, simulator.answer(await _parameters(request)))
        except ConnectionResetError:
            # The client left in the middle of a write, where handler_cancellation does not reach it.
            return web.Response()

    application.router.add_get("/", call)
    application.router.add_post("/", call)
    application.router.add_routes(Control(simulator).routes())
    application.on_response_prepare.append(_identify)
    return application


async def _identify(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["X-UCLOUD-REQUEST-UUID"] = str(uuid.uuid4())


async def _parameters(request: web.Request) -> dict[str, str]:
    """Query, form or JSON body; what cannot be read is not there, and is refused for what is missing."""
    if request.method != "POST":
        return dict(request.query)
    if request.content_type != "application/json":
        return {name: text for name, text in (await request.post()).items() if isinstance(text, str)}
    try:
        given = json.loads(await request.text())
    except ValueError:
        return {}
    return flat(given) if isinstance(given, dict) else {}
