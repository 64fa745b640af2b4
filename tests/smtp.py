"""A mail server in this process: it takes what it is given, or answers as it is told to."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message


@dataclass(kw_only=True)
class MailServer:
    """`answers`: what it says to the recipients that come next, instead of 250; `vanish`: close before the last answer."""

    port: int = 0
    taken: list[Message] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    vanish: bool = False
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once it has taken something."""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One conversation (RFC 5321)."""
        writer.write(b"220 mail.example\r\n")
        while line := await reader.readline():
            verb = line[:4].upper().strip()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                await self._data(reader)
                if self.vanish:
                    break
                writer.write(b"250 taken\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(f"{self._answer(verb, line)}\r\n".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    def _answer(self, verb: bytes, line: bytes) -> str:
        if verb == b"MAIL":
            self.senders.append(line.decode().strip())
        return self.answers.pop(0) if verb == b"RCPT" and self.answers else "250 ok"

    async def _data(self, reader: asyncio.StreamReader) -> None:
        lines: list[bytes] = []
        while (line := await reader.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        self.taken.append(message_from_bytes(b"".join(lines)))
        self.arrived.set()


@asynccontextmanager
async def mail_server(*answers: str, vanish: bool = False) -> AsyncIterator[MailServer]:
    """It, on a free port."""
    server = MailServer(answers=list(answers), vanish=vanish)
    listening = await asyncio.start_server(server.talk, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()


def texts(messages: Sequence[Message]) -> list[str]:
    """What stands in them."""
    found = [message.get_payload(decode=True) for message in messages]
    return [payload.decode() for payload in found if isinstance(payload, bytes)]
