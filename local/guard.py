"""The local AWS behind a guard: it answers programs of this machine, and no web page.

It runs code and gives out secrets without asking who calls, so a page in the developer's browser could have
both: its requests reach 127.0.0.1, and the local AWS allows every origin. The guard is part of the local
AWS's own process, so there is no second port without it.

This file is run as it is by the Python of the local AWS, which has nothing of this project.
"""

import importlib
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

type Message = MutableMapping[str, Any]
type Send = Callable[[Message], Awaitable[None]]
type Application = Callable[[Message, Callable[[], Awaitable[Message]], Send], Awaitable[None]]

_FORBIDDEN = 403
_REASON = b"The local AWS answers programs of this machine under 127.0.0.1, and no web page.\n"


def guarded(application: Application, port: int) -> Application:
    """Let through what no browser sent, and what was sent to this machine's own name."""
    # A foreign name that resolves to 127.0.0.1 is how a page makes the browser believe that it is at home.
    own = {f"127.0.0.1:{port}".encode(), f"localhost:{port}".encode()}

    async def guard(scope: Message, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
        if scope["type"] == "lifespan" or _is_for_programs(scope["headers"], own):
            await application(scope, receive, send)
        else:
            await _refuse(scope, send)

    return guard


def _is_for_programs(headers: list[tuple[bytes, bytes]], own: set[bytes]) -> bool:
    lowered = [(name.lower(), value) for name, value in headers]
    if any(_is_a_browsers(name, value) for name, value in lowered):
        return False
    hosts = [value for name, value in lowered if name == b"host"]
    return len(hosts) == 1 and hosts[0] in own


def _is_a_browsers(name: bytes, value: bytes) -> bool:
    """Browsers older than 2023 send an image's request with no other sign than their own name."""
    own_name = name == b"user-agent" and value.lower().startswith(b"mozilla/")
    return name in {b"origin", b"referer"} or name.startswith(b"sec-fetch-") or own_name


async def _refuse(scope: Message, send: Send) -> None:
    # Source: ASGI, WebSocket Denial Response: closing before accepting answers 403 as well.
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(_REASON)).encode())]
    await send({"type": "http.response.start", "status": _FORBIDDEN, "headers": headers})
    await send({"type": "http.response.body", "body": _REASON})


def main() -> None:
    """Be the local AWS. Its own start puts on the port whatever stands under this name."""
    emulator: Any = importlib.import_module("ministack.app")
    emulator.app = guarded(emulator.app, int(os.environ["GATEWAY_PORT"]))
    emulator.main()


if __name__ == "__main__":
    main()
