"""One folder of a mailbox by IMAP (RFC 9051), opened for reading only: nothing is marked, moved or deleted.

Blocking, on a socket that the guard has let through; run in a thread. The standard library's client with a bound on what
a server may send at once.
"""

import imaplib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import mktime_tz, parsedate_tz
from socket import socket
from typing import Any

IN_LIST = 256 * 1024
"""A larger mail comes in a list by its head only."""
LIST_BYTES, HEADS_BYTES = 4_000_000, 4_000_000
"""Of all whole mails, and of all heads without a mail: together, in base64, less than an answer may be."""
_LEAST_HEAD, _MOST_HEAD = 4_096, 65_536
OLDEST, NEWEST = 600, 400
"""Of a ticket flooded with mail the first and the last are read: what it began with, and what is new."""
SAFE = re.compile(r"[A-Za-z0-9@._+=$-]{1,200}")
"""What may stand in a search: no quote, no line break, no wildcard."""
_ADDRESSED = ("To", "Cc", "From", "Delivered-To", "X-Original-To", "Envelope-To")

_FOR_NOW = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\b", re.IGNORECASE)
"""A no to a login that says nothing about the password (RFC 5530, 3; RFC 9051, 7.1)."""


class Refused(Exception):
    """The server said no: `status` is the HTTP status that means the same."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Found:
    """A mail in the list; `raw` None for a large one, of which there is the beginning of its `head`."""

    uid: int
    size: int
    at: datetime
    raw: bytes | None
    head: bytes = b""


class _Client(imaplib.IMAP4):
    """Speaks over a socket it is given, and reads no more than it is allowed: `most` bytes at once, twice that in all."""

    def __init__(self, connected: socket, most: int) -> None:
        self._connected, self._most, self._left = connected, most, 2 * most
        super().__init__("", 0)

    def _create_socket(self, timeout: float | None) -> socket:
        del timeout
        return self._connected

    def read(self, size: int) -> bytes:
        if size > self._most:
            raise self.abort(f"the server sends {size} bytes at once")
        return self._counted(super().read(size))

    def readline(self) -> bytes:
        return self._counted(super().readline())

    def _counted(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left < 0:
            raise self.abort(f"the server sends more than {2 * self._most} bytes")
        return data


class Folder:
    """Logged in, the folder open. Raises Refused, or OSError and imaplib.IMAP4.abort where the connection breaks."""

    def __init__(self, connected: socket, *, user: str, secret: str, most: int) -> None:
        self._client = _Client(connected, most)
        greeting = self._client.welcome.decode("ascii", "replace")
        self.greeting = re.sub(r"^\* OK\s*(?:\[[^\]]*\]\s*)?", "", greeting)[:200]
        self.uidvalidity = self.uidnext = 0
        try:
            self._answer(401, lambda: self._client.login(user, secret))
        except Refused as error:
            raise Refused(503 if _FOR_NOW.search(str(error)) else 401, str(error)) from error

    def open(self, name: str) -> None:
        """EXAMINE it. A no is no word on any one ticket: the folder is locked, being built anew, or wrongly configured."""
        quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
        self._answer(503, lambda: self._client.select(quoted, readonly=True))
        self.uidvalidity = self._number("UIDVALIDITY")
        self.uidnext = self._number("UIDNEXT")

    def _number(self, name: str) -> int:
        value = self._client.response(name)[1]
        text = value[-1] if value and value[-1] else None
        if text is None:
            raise Refused(502, f"the server does not tell {name}")
        return int(text)

    def after(self, uid: int, most: int) -> tuple[list[Found], bool]:
        """The mails above a UID, the oldest first, and whether there are more."""
        uids = [
            one for one in self._search("UID", f"{uid + 1}:*") if one > uid
        ]  # `*` is the last one even below
        return self._list(uids[:most]), len(uids) > most

    def addressed(self, text: str) -> list[Found]:
        """The mails with this in an address header."""
        terms: list[str] = []
        for name in _ADDRESSED:
            terms = (
                ["HEADER", name, _quoted(text)]
                if not terms
                else ["OR", *terms, "HEADER", name, _quoted(text)]
            )
        return self._list(_some(self._search(*terms)))

    def named(self, message_id: str) -> list[Found]:
        """The mails with this Message-ID (more than one if it arrived twice)."""
        return self._list(_some(self._search("HEADER", "Message-ID", _quoted(message_id))))

    def whole(self, uid: int) -> bytes | None:
        """One mail as it is; None if there is none of that UID."""
        rows = self._fetch([uid], "BODY.PEEK[]")
        return rows[0][1] if rows else None

    def size_of(self, uid: int) -> int:
        """In bytes; 0 if there is none."""
        rows = self._fetch([uid], "RFC822.SIZE")
        return _size(rows[0][0]) if rows else 0

    def _search(self, *terms: str) -> list[int]:
        data = self._answer(502, lambda: self._client.uid("SEARCH", *terms))
        return sorted(int(one) for one in b" ".join(part for part in data if part).split())

    def _list(self, uids: Sequence[int]) -> list[Found]:
        """Whole mails as long as they are small together; of the others the beginnings of their heads."""
        metas = {_uid(meta): meta for meta, _ in self._fetch(uids, "RFC822.SIZE INTERNALDATE")}
        small, total = [], 0
        for uid, meta in sorted(metas.items()):
            if _size(meta) <= IN_LIST and total + _size(meta) <= LIST_BYTES:
                total += _size(meta)
                small.append(uid)
        bodies = {_uid(meta): data for meta, data in self._fetch(small, "BODY.PEEK[]")}
        large = sorted(metas.keys() - bodies.keys())
        most = min(_MOST_HEAD, max(_LEAST_HEAD, HEADS_BYTES // max(len(large), 1)))
        heads = {_uid(meta): data for meta, data in self._fetch(large, f"BODY.PEEK[HEADER]<0.{most}>")}
        return [
            Found(
                uid=uid,
                size=_size(meta),
                at=_moment(meta),
                raw=bodies.get(uid),
                head=heads.get(uid, b"")[:most],
            )
            for uid, meta in sorted(metas.items())
        ]

    def _fetch(self, uids: Sequence[int], what: str) -> list[tuple[str, bytes]]:
        """(what the server says of each, its literal)."""
        if not uids:
            return []
        numbers = ",".join(map(str, uids))
        data = self._answer(502, lambda: self._client.uid("FETCH", numbers, f"(UID {what})"))
        rows: list[tuple[str, bytes]] = []
        for part in data:
            if isinstance(part, tuple):
                rows.append((part[0].decode("ascii", "replace"), part[1]))
            elif part and part.strip() == b")":
                continue
            elif part and (not rows or b"(" in part):
                rows.append((part.decode("ascii", "replace"), b""))
            elif part:  # what stands behind a literal belongs to it
                rows[-1] = (rows[-1][0] + part.decode("ascii", "replace"), rows[-1][1])
        return [row for row in rows if re.search(r"\bUID \d", row[0])]

    def _answer(self, status: int, call: Callable[[], tuple[str, Any]]) -> list[Any]:
        try:
            said, data = call()
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            raise Refused(status, str(error)[:300]) from error
        if said != "OK":
            raise Refused(status, " ".join(str(part)[:300] for part in data))
        return list(data)

    def close(self) -> None:
        """Hang up, politely where the connection still stands."""
        try:
            self._client.logout()
        except (OSError, imaplib.IMAP4.error):
            self._client.shutdown()


def _some(uids: list[int]) -> list[int]:
    return uids if len(uids) <= OLDEST + NEWEST else [*uids[:OLDEST], *uids[-NEWEST:]]


def _quoted(text: str) -> str:
    return f'"{text}"'


def _uid(meta: str) -> int:
    found = re.search(r"\bUID (\d+)", meta)
    return int(found[1]) if found else 0


def _size(meta: str) -> int:
    found = re.search(r"\bRFC822\.SIZE (\d+)", meta)
    return int(found[1]) if found else 0


def _moment(meta: str) -> datetime:
    """INTERNALDATE: when the receiving server took the mail, by its own clock."""
    found = re.search(r'INTERNALDATE "([^"]+)"', meta)
    parsed = parsedate_tz(found[1].strip().replace("-", " ")) if found else None
    if parsed is None:
        raise Refused(502, "the server does not tell when a mail arrived")
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=mktime_tz(parsed))
