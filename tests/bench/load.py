"""The load generator: keep-alive connections that post signed messages, as fast as answers come or at a fixed rate."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

Post = tuple[str, bytes, dict[str, str]]
"""Path, body, headers."""


async def until(holds: Callable[[], bool], otherwise: str, *, within: float = 60.0) -> None:
    """Wait for something that other processes bring about. Raises RuntimeError if it does not come."""
    end = time.monotonic() + within
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError(otherwise)
        await asyncio.sleep(0.005)


@dataclass(kw_only=True)
class Answers:
    """What came back: seconds from the scheduled moment to each 2xx, and what was refused."""

    took: list[float] = field(default_factory=list)
    refused: int = 0


class Sender(asyncio.Protocol):
    """One keep-alive connection: one request under way at a time, `on_answer(sender)` after each."""

    _transport: asyncio.Transport

    def __init__(self, answers: Answers, on_answer: Callable[["Sender"], None]) -> None:
        self._answers = answers
        self._on_answer = on_answer
        self._held = b""
        self._scheduled = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a client's are duplex

    def post(self, post: Post, scheduled: float) -> None:
        """Send one request; `scheduled` (monotonic) is when it was to leave."""
        path, body, headers = post
        self._scheduled = scheduled
        told = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        head = f"POST {path} HTTP/1.1\r\nhost: gateway\r\n{told}content-length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)

    def data_received(self, data: bytes) -> None:
        self._held += data
        end = self._held.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._held[:end].lower()
        at = head.find(b"content-length:")
        size = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._held) < end + 4 + size:
            return
        self._held = b""
        if head[9:10] == b"2":
            self._answers.took.append(time.monotonic() - self._scheduled)
        else:
            self._answers.refused += 1
        self._on_answer(self)

    def close(self) -> None:
        """Hang up."""
        self._transport.close()


@dataclass(kw_only=True)
class Load:
    """Up to `connections` at once. `make(scheduled)` gives the message that is to leave at that moment (monotonic); None
    when there is none now (see `more`)."""

    port: int
    make: Callable[[float], Post | None]
    connections: int = 16
    answers: Answers = field(default_factory=Answers)
    _idle: list[Sender] = field(default_factory=list)
    _late: deque[float] = field(default_factory=deque)
    _closed_loop: bool = False

    async def connect(self) -> None:
        """Open the connections."""
        loop = asyncio.get_running_loop()
        for _ in range(self.connections):
            _, sender = await loop.create_connection(
                lambda: Sender(self.answers, self._answered), "127.0.0.1", self.port
            )
            self._idle.append(sender)

    def _answered(self, sender: Sender) -> None:
        self._idle.append(sender)
        self.more()

    def more(self) -> None:
        """Something may be sent now: an answer came, or the backlog shrank."""
        while self._idle and (self._closed_loop or self._late):
            scheduled = time.monotonic() if self._closed_loop else self._late[0]
            post = self.make(scheduled)
            if post is None:
                return
            if not self._closed_loop:
                self._late.popleft()
            self._idle.pop().post(post, scheduled)

    async def closed(self, seconds: float) -> float:
        """Send the next as soon as an answer came; the seconds it really took."""
        begun = time.monotonic()
        self._closed_loop = True
        self.more()
        await asyncio.sleep(seconds)
        self._closed_loop = False
        return time.monotonic() - begun

    async def open(self, rate: float, seconds: float) -> None:
        """Send at a fixed rate whatever comes back; lateness counts from the scheduled moment."""
        begun = time.monotonic()
        for number in range(round(rate * seconds)):
            at = begun + number / rate
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            self._late.append(at)
            self.more()
        await self.settled()

    async def settled(self) -> None:
        """Wait for the answers that are under way."""
        await until(lambda: len(self._idle) == self.connections, "answers are missing")

    def close(self) -> None:
        """Hang up."""
        for sender in self._idle:
            sender.close()
