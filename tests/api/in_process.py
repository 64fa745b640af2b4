"""Requests to an application in this process, without a socket: thousands of them cost little."""

import asyncio
import threading
from collections.abc import Mapping, MutableMapping
from typing import Any
from urllib.parse import unquote

from fastapi import FastAPI


class InProcess:
    """Asks an application, one request at a time. Its lifespan is not begun. The loop runs all the while, because threads for
    synchronous endpoints end with whatever a loop was run for."""

    def __init__(self, app: FastAPI) -> None:
        self._app, self._loop, self._end = app, asyncio.new_event_loop(), asyncio.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self._loop.run_until_complete(self._end.wait())
        self._loop.close()

    def ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Status and body of the answer."""
        asking = self._ask(method, path, body, headers)
        return asyncio.run_coroutine_threadsafe(asking, self._loop).result(timeout=60)

    async def _ask(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        told: list[MutableMapping[str, Any]] = []
        coming = [{"type": "http.request", "body": body, "more_body": False}]
        raw, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(raw),
            "raw_path": raw.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "state": {},
        }

        async def receive() -> MutableMapping[str, Any]:
            return coming.pop() if coming else {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            told.append(message)

        await self._app(scope, receive, send)
        return int(told[0]["status"]), b"".join(one.get("body", b"") for one in told[1:])

    def close(self) -> None:
        """End its loop."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()
