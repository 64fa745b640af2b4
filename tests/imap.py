"""A mailbox in this process, over the wire: what a server says of LOGIN, EXAMINE, SEARCH and FETCH, good or bad."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_WHEN = "22-Nov-2026 10:00:00 +0000"


@dataclass(kw_only=True)
class MailboxServer:
    """`mails`: by UID; `says`: what it answers to a command (LOGIN, EXAMINE …) instead of OK; `drip`: once asked for a
    search it sends this for ever."""

    port: int = 0
    mails: dict[int, bytes] = field(default_factory=dict)
    says: Mapping[str, str] = field(default_factory=dict)
    drip: bytes = b""
    asked: list[str] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once a client has hung up."""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One conversation (RFC 9051)."""
        try:
            writer.write(b"* OK ready\r\n")
            while line := await reader.readline():
                tag, _, words = line.decode().strip().partition(" ")
                self.asked.append(words)
                await self._answer(words, writer)
                verb = words.split()[0].upper()
                writer.write(f"{tag} {self.says.get(verb, 'OK done')}\r\n".encode())
                await writer.drain()
        except (ConnectionError, ssl.SSLError):
            self.asked.append("hung up")
        finally:
            self.left.set()
            writer.transport.abort()

    async def _answer(self, words: str, writer: asyncio.StreamWriter) -> None:
        if words.startswith("CAPABILITY"):
            writer.write(b"* CAPABILITY IMAP4rev1\r\n")
        elif words.startswith("EXAMINE") and "EXAMINE" not in self.says:
            writer.write(b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 99] x\r\n")
        elif words.startswith("UID SEARCH"):
            while self.drip:
                writer.write(self.drip)
                await writer.drain()
                await asyncio.sleep(0.001 if len(self.drip) < 9 else 0)
            writer.write(f"* SEARCH {' '.join(map(str, self._found(words)))}\r\n".encode())
        elif fetch := re.match(r"UID FETCH (\S+) \((.*)\)", words):
            for uid in map(int, fetch[1].split(",")):
                if uid in self.mails:
                    writer.write(_row(uid, self.mails[uid], fetch[2]))

    def _found(self, words: str) -> list[int]:
        wanted = [one.encode() for one in re.findall(r'HEADER \S+ "([^"]*)"', words)]
        return [
            uid
            for uid, raw in self.mails.items()
            if not wanted or any(one in raw.partition(b"\r\n\r\n")[0] for one in wanted)
        ]


def _row(uid: int, raw: bytes, what: str) -> bytes:
    told = f"* {uid} FETCH (UID {uid}"
    told += f" RFC822.SIZE {len(raw)}" if "RFC822.SIZE" in what else ""
    told += f' INTERNALDATE "{_WHEN}"' if "INTERNALDATE" in what else ""
    body = re.search(r"BODY\.PEEK\[(HEADER)?\](?:<0\.(\d+)>)?", what)
    if body is None:
        return f"{told})\r\n".encode()
    data = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if body[1] else raw
    data = data[: int(body[2])] if body[2] else data
    name = f"BODY[{body[1] or ''}]{'<0>' if body[2] else ''}"
    return f"{told} {name} {{{len(data)}}}\r\n".encode() + data + b")\r\n"


@asynccontextmanager
async def mailbox_server(
    server: MailboxServer, tls: ssl.SSLContext | None = None
) -> AsyncIterator[MailboxServer]:
    """It, on a free port."""
    listening = await asyncio.start_server(server.talk, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server
