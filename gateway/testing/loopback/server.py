"""A loopback desk over HTTP on 127.0.0.1: in a thread of this process, or as its own process (`__main__`)."""

import asyncio
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.testing.loopback.asgi import DROP, DeskApp
from gateway.testing.loopback.desk import LoopbackDesk
from gateway.testing.loopback.outbox import HookPoster

HOST = "127.0.0.1"
PATIENCE = 20.0
"""Seconds to come up or to end."""


class CuttingProtocol(HttpToolsProtocol):
    """uvicorn's own, plus a way for the application to cut the connection."""

    def on_message_begin(self) -> None:
        """Offer the cut in the scope of every request."""
        super().on_message_begin()
        extensions: dict[str, Any] = {DROP: self.transport.close}
        self.scope["extensions"] = extensions


class _Server(uvicorn.Server):
    """uvicorn's own, plus: says when it is up, posts the desk's webhooks, cuts what still hangs at the end."""

    def __init__(self, config: uvicorn.Config, app: DeskApp, poster: HookPoster | None) -> None:
        super().__init__(config)
        self.up = threading.Event()
        self._app = app
        self._poster = poster
        self._posting: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._poster is not None:
            self._posting = asyncio.create_task(self._poster.run(self._app.drain))
        self.up.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._posting is not None:
            self._posting.cancel()
            await asyncio.wait([self._posting])
        for connection in list(self.server_state.connections):
            if isinstance(connection, HttpToolsProtocol):
                connection.transport.abort()
        await super().shutdown(sockets)


class LoopbackServer:
    """Serves one desk at `url`. `stop` and `start` again keep the port: in between, connections are truly refused."""

    def __init__(
        self,
        desk: LoopbackDesk,
        *,
        port: int = 0,
        hook_url: str | Sequence[str] | None = None,
        control_token: str | None = None,
    ) -> None:
        self.poster = HookPoster(hook_url) if hook_url else None
        self.app = DeskApp(
            desk, control_token=control_token, on_request=self.poster.wake if self.poster else None
        )
        self.port = port
        self._thread: threading.Thread | None = None
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        """Where it listens, once started."""
        return f"http://{HOST}:{self.port}"

    @contextmanager
    def acting(self) -> Iterator[LoopbackDesk]:
        """The desk, for another thread than the server's."""
        with self.app.lock:
            yield self.app.desk

    def start(self) -> None:
        """Returns when it listens. Raises OSError if the port is taken, RuntimeError if it does not come up."""
        listening = socket.create_server((HOST, self.port), backlog=2048)
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(
            self.app,
            http=CuttingProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            date_header=False,  # the desk tells its own time, and a second header would tell another
        )
        server = self._server = _Server(config, self.app, self.poster)
        self._thread = threading.Thread(
            target=_run, args=(server, listening), name=f"desk-{self.port}", daemon=True
        )
        self._thread.start()
        if not server.up.wait(PATIENCE):
            raise RuntimeError(f"the loopback desk does not come up on port {self.port}")

    def stop(self) -> None:
        """Stop listening, cut every connection, end the thread; the desk keeps what it holds."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(PATIENCE)
        self._server = self._thread = None

    def __enter__(self) -> "LoopbackServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _run(server: _Server, listening: socket.socket) -> None:
    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=[listening]))
