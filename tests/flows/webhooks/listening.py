"""A subscriber: a real HTTP server on loopback that keeps what it was sent and answers as it is told."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass(kw_only=True)
class Subscriber:
    """`answer` makes the head of an answer from what came: `200`, `307\\r\\nlocation: …`. `silent`: it never answers."""

    port: int = 0
    got: list[Sent] = field(default_factory=list)
    connections: int = 0
    answer: Callable[[Sent], str] = field(default=lambda _sent: "204")
    silent: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        line = (await reader.readline()).decode().split()
        if not line:
            return False
        headers: dict[str, str] = {}
        while (text := (await reader.readline()).decode().strip()) != "":
            name, _, value = text.partition(": ")
            headers[name.lower()] = value
        sent = Sent(
            path=line[1], headers=headers, body=await reader.readexactly(int(headers["content-length"]))
        )
        self.got.append(sent)
        if self.silent:
            await reader.read()  # until the other side has had enough
            return False
        status, _, more = self.answer(sent).partition("\r\n")
        head = f"HTTP/1.1 {status} X\r\n{more + chr(13) + chr(10) if more else ''}"
        writer.write((head + ("" if status == "204" else "content-length: 0\r\n") + "\r\n").encode())
        await writer.drain()
        return True


@asynccontextmanager
async def subscriber() -> AsyncIterator[Subscriber]:
    """One that listens while the block runs."""
    found = Subscriber()
    server = await asyncio.start_server(found._serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    async with server:
        yield found
