"""One answer as it arrives: bytes go in, status, headers and body chunks come out. No clock, no socket."""

import asyncio
from collections import deque
from collections.abc import Callable

import httptools

from gateway.desk_client.trip import Broken
from gateway.domain.outcome import Stage

_PAUSE_ABOVE = 256 * 1024
_NO_BODY = frozenset({204, 304})


class Incoming:
    """Parses one HTTP/1.1 answer strictly (httptools). Interim 1xx answers are skipped.

    `flow(True)` is called when unread body grows too large, `flow(False)` when it has been read.
    """

    __slots__ = (
        "_error", "_flow", "_framed", "_head_bytes", "_head_limit", "_parser", "_paused", "_size",
        "_trailer_bytes", "_waiter",
        "bodiless", "chunks", "complete", "dirty", "headers", "headers_complete", "keep_alive", "status",
    )  # fmt: skip

    def __init__(self, *, head_limit: int, bodiless: bool, flow: Callable[[bool], None]) -> None:
        self.bodiless = bodiless
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.chunks: deque[bytes] = deque()
        self.headers_complete = self.complete = self.keep_alive = self.dirty = False
        self._flow = flow
        self._head_limit = head_limit
        self._head_bytes = self._trailer_bytes = self._size = 0
        self._framed = self._paused = False
        self._error: Broken | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._parser = httptools.HttpResponseParser(self)

    # what the connection tells us

    def feed(self, data: bytes) -> None:
        """Bytes from the desk. What follows a complete answer, or breaks the protocol, spoils the connection."""
        if self.complete:
            self.dirty = True
            return
        if not self.headers_complete:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self.fail(f"the desk does not speak HTTP/1.1: {error}")
        except httptools.HttpParserUpgrade:
            self.fail("the desk switched to another protocol")
        too_long = self._trailer_bytes if self.headers_complete else self._head_bytes
        if too_long > self._head_limit:
            self.fail(f"the answer's headers are larger than {self._head_limit} bytes")
        self._wake()

    def end(self, detail: str, *, orderly: bool) -> None:
        """The connection is gone: an orderly end is that of a body without a length; all else breaks the answer."""
        self.dirty = True
        if orderly and self.headers_complete and not self._framed and self._error is None:
            self.complete = True
        self.fail(detail)

    def fail(self, detail: str) -> None:
        """Note why there will be no whole answer; too late if there is one."""
        self.dirty = True
        if not self.complete and self._error is None:
            self._error = Broken(Stage.ANSWER, detail)
        self._wake()

    # what the parser tells us; of a second answer in the same bytes it tells as well, and that is nobody's

    def on_message_begin(self) -> None:
        self.dirty = self.dirty or self.complete

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.headers_complete:
            self._trailer_bytes += len(name) + len(value) + 4
            return  # nothing here needs a trailer
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        if self.complete:
            return
        status = self._parser.get_status_code()
        if status < 200:
            self.headers.clear()
            return
        self.status = status
        self.keep_alive = self._parser.should_keep_alive()
        self._framed = self.bodiless or status in _NO_BODY or self._has_length()
        self.headers_complete = True
        self.complete = self.bodiless

    def _has_length(self) -> bool:
        return any(
            name == b"content-length"
            or (name == b"transfer-encoding" and value.rstrip().lower().endswith(b"chunked"))
            for name, value in self.headers
        )

    def on_body(self, chunk: bytes) -> None:
        if self.complete:
            return
        self.chunks.append(chunk)
        self._size += len(chunk)
        if self._size > _PAUSE_ABOVE and not self._paused:
            self._paused = True
            self._flow(True)

    def on_message_complete(self) -> None:
        if self.headers_complete:
            self.complete = True

    # what the reader asks

    @property
    def reusable(self) -> bool:
        """Whether the connection may carry another exchange."""
        return self.complete and self.keep_alive and not self.dirty and not self.bodiless

    async def head(self) -> None:
        """Wait for status and headers. Raises Broken."""
        while not self.headers_complete:
            await self._wait()

    async def chunk(self) -> bytes:
        """The next piece of the body, b"" at its end. Raises Broken when the answer stops before that."""
        while not self.chunks:
            if self.complete:
                return b""
            await self._wait()
        chunk = self.chunks.popleft()
        self._size -= len(chunk)
        if self._paused and self._size < _PAUSE_ABOVE // 2:
            self._paused = False
            self._flow(False)
        return chunk

    async def _wait(self) -> None:
        if self._error is not None:
            raise self._error
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
