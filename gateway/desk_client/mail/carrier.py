"""Carries out the requests of a mail desk: what they ask of the mailbox by IMAP, what they send by SMTP.

    GET  /                 greeting, user; `smtp` is greeted too
    GET  /letters          `after` (a UID, or `end`) with `most`; or `to`; or `id`: a list
    GET  /letters/<uid>    one mail as it is; 413 if it is larger than an answer may be
    GET  /file             `id`, `part`, `sha256`, maybe `to`: the bytes of one file of a mail
    POST /letters          a form with `envelope`, `mail` and maybe a file

`folder` and `uidvalidity` go with any read. Every socket comes from the pool's guard; one conversation each, none kept.
"""

import asyncio
import base64
import contextlib
import hashlib
import imaplib
import json
import socket
import ssl
from collections.abc import AsyncIterable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

import httpx

from gateway.desk_client.limits import Limits
from gateway.desk_client.mail import outbox
from gateway.desk_client.mail.files import file_in
from gateway.desk_client.mail.folder import SAFE, Folder, Found, Refused
from gateway.desk_client.mail.outbox import Login
from gateway.desk_client.pool import Origin, Pool, mail_tls_context
from gateway.desk_client.trip import Broken, Trip
from gateway.domain.outcome import Stage
from gateway.errors import ConfigError

SCHEMES = frozenset({"imap", "imaps"})
_PORTS = {"imap": 143, "imaps": 993, "smtp": 587, "smtps": 465}
_AT_ONCE = 16
T = TypeVar("T")


class _Line:
    """The sockets of one conversation: TLS takes the first one's place, which then ends nothing any more."""

    def __init__(self, first: socket.socket) -> None:
        self.first = first
        self._sockets = [first]
        self._over = False

    def goes_on(self, secure: socket.socket) -> None:
        """Over that one from now on. Raises OSError if somebody has hung up meanwhile."""
        self._sockets.append(secure)
        if self._over:
            raise ConnectionAbortedError("hung up")

    def close(self) -> None:
        """By the thread that talks over it."""
        for one in self._sockets:
            one.close()

    def hang_up(self) -> None:
        """From another thread: whoever reads or writes there stops at once, and closes what it holds."""
        self._over = True
        for one in self._sockets:
            with contextlib.suppress(OSError):  # not connected any more, or in the next one's hands
                socket.socket.shutdown(one, socket.SHUT_RDWR)


class Carrier:
    """One for the whole process, over the transport's own pool: its limits, its policy, its resolver."""

    def __init__(self, pool: Pool, limits: Limits) -> None:
        self._pool = pool
        self._limits = limits
        self._tls: ssl.SSLContext | None = None
        # Threads of its own: a mailbox that drips must not take those that work on disk and database.
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="mailbox")

    async def handle(self, request: httpx.Request, trip: Trip) -> httpx.Response:
        """The answer to one request. Raises Broken or ConfigError as a web desk's wire would."""
        try:
            if request.method == "POST":
                return await self._send(request, trip)
            return await self._read(request, trip)
        except Refused as error:
            return _answer(request, error.status, {"message": str(error)})

    async def _send(self, request: httpx.Request, trip: Trip) -> httpx.Response:
        body = await _whole(request)
        try:
            letter = outbox.letter_from(request.headers.get("content-type", ""), body)
        except (ValueError, KeyError, TypeError, LookupError) as error:
            raise Refused(400, f"this is no letter: {error}") from error
        if len(letter.content) > outbox.MOST_BYTES:
            raise Refused(413, "the letter is too large for mail")
        connected, login = await self._outgoing(letter.smtp, request, trip)
        await outbox.send(connected, login, letter, trip)
        return _answer(request, 201, {"taken": True})

    async def _outgoing(self, url: str, request: httpx.Request, trip: Trip) -> tuple[socket.socket, Login]:
        """A socket to the outgoing server: TLS always, but for a network the operator has listed."""
        origin = _origin(url, trip)
        if origin.scheme not in {"smtp", "smtps"}:
            raise ConfigError(f"{url!r} is no outgoing mail server", cure="write smtps://host:465")
        user, secret = _credentials(request)
        connected = await self._pool.connected(origin)
        plain = origin.scheme == "smtp" and self._pool.policy.is_listed(connected.getpeername()[0])
        login = Login(
            host=origin.host,
            user=user,
            secret=secret,
            implicit=origin.scheme == "smtps",
            context=None if plain else self._context(),
            timeout=self._limits.read,
        )
        return connected, login

    async def _read(self, request: httpx.Request, trip: Trip) -> httpx.Response:
        query = dict(parse_qsl(request.url.query.decode("ascii"), keep_blank_values=True))
        path = request.url.path.strip("/")
        if path == "" and query.get("smtp"):
            connected, login = await self._outgoing(query["smtp"], request, trip)
            await outbox.greet(connected, login)
        user, secret = _credentials(request)
        origin = _origin(f"{request.url.scheme}://{request.url.netloc.decode('ascii')}", trip)
        connected = await self._pool.connected(origin)
        trip.connected = True

        line = _Line(connected)

        def talk() -> tuple[int, object]:
            try:
                secure = self._secured(line, origin)
                folder = Folder(secure, user=user, secret=secret, most=self._limits.blob_bytes)
                try:
                    folder.open(query.get("folder", "INBOX"))
                    return _asked(folder, path, query, self._limits, user)
                finally:
                    folder.close()
            finally:
                line.close()

        status, told = await self._in_thread(talk, line)
        return _answer(request, status, told)

    async def _in_thread(self, talk: Callable[[], T], line: "_Line") -> T:
        """Run a blocking conversation; who gives up meanwhile hangs up, which ends the thread as well."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, talk)
        except asyncio.CancelledError:
            line.hang_up()
            raise
        except (OSError, imaplib.IMAP4.error, ssl.SSLError, ValueError, EOFError) as error:
            raise Broken(Stage.ANSWER, f"the mailbox: {str(error) or type(error).__name__}") from error
        finally:
            line.first.close()

    def close(self) -> None:
        """Begin no more conversations."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _secured(self, line: "_Line", origin: Origin) -> socket.socket:
        line.first.settimeout(self._limits.read)
        if origin.scheme == "imap":
            return line.first
        host = origin.host.strip("[]")
        secure = self._context().wrap_socket(line.first, server_hostname=host, do_handshake_on_connect=False)
        line.goes_on(secure)
        secure.do_handshake()
        return secure

    def _context(self) -> ssl.SSLContext:
        self._tls = self._tls or mail_tls_context(self._pool.tls)
        return self._tls


def _asked(
    folder: Folder, path: str, query: Mapping[str, str], limits: Limits, user: str
) -> tuple[int, object]:
    """What this request wants of the open folder. Raises Refused."""
    if path == "":
        return 200, {"greeting": folder.greeting, "user": user, "uidvalidity": folder.uidvalidity}
    if path == "file":
        return _file(folder, query, limits)
    if path.startswith("letters/"):
        return _one(folder, _count(path.removeprefix("letters/")), query, limits)
    if path != "letters":
        raise Refused(404, f"a mailbox has no {path[:50]!r}")
    return 200, _listed(folder, query)


def _listed(folder: Folder, query: Mapping[str, str]) -> object:
    more = False
    if "to" in query:
        found = folder.addressed(_safe(query["to"]))
    elif "id" in query:
        found = folder.named(_safe(query["id"]))
    elif query.get("after") == "end":
        found = []
    else:
        anew = query.get("uidvalidity") not in (None, "", str(folder.uidvalidity))
        after = 0 if anew else _count(query.get("after", "0"))
        found, more = folder.after(after, _count(query.get("most", "50")))
    told = {"uidvalidity": folder.uidvalidity, "uidnext": folder.uidnext, "more": more}
    return {**told, "mails": [_row(one) for one in found]}


def _row(one: Found) -> dict[str, object]:
    raw = None if one.raw is None else base64.b64encode(one.raw).decode()
    head = base64.b64encode(one.head).decode() if one.raw is None else ""
    return {"uid": one.uid, "size": one.size, "at": one.at.isoformat(), "raw": raw, "head": head}


def _one(folder: Folder, uid: int, query: Mapping[str, str], limits: Limits) -> tuple[int, object]:
    if query.get("uidvalidity") not in (None, "", str(folder.uidvalidity)):
        raise Refused(503, "the mailbox was built anew meanwhile; its numbers mean other mails")
    if folder.size_of(uid) > limits.body_bytes:
        raise Refused(413, "the mail is too large")
    data = folder.whole(uid)
    if data is None:  # since it was listed: the ticket it was about is still there
        raise Refused(503, "that mail is gone")
    return 200, data


def _file(folder: Folder, query: Mapping[str, str], limits: Limits) -> tuple[int, object]:
    """Its bytes, found again by digest: of several mails with one Message-ID the one that holds it."""
    name, too_large = query.get("id", ""), False
    for one in _holding(folder, name, query.get("to", "")):
        if one.size > limits.blob_bytes:
            too_large = True
            continue
        raw = one.raw if one.raw is not None else folder.whole(one.uid)
        data = file_in(raw or b"", _count(query.get("part", "0")))
        if data is not None and hashlib.sha256(data).hexdigest() == query.get("sha256"):
            return 200, data
    if too_large:
        raise Refused(413, "the mail is too large")
    raise Refused(404, "that file is gone")


def _holding(folder: Folder, name: str, to: str) -> Iterator[Found]:
    """The mails that may hold a file: those of that Message-ID; of one that has none, or none that can be searched for,
    all that were for the ticket's address."""
    if SAFE.fullmatch(name) or not to:
        yield from folder.named(_safe(name))
    if to:
        yield from folder.addressed(_safe(to))


def _safe(text: str) -> str:
    if not SAFE.fullmatch(text):
        raise Refused(400, "this cannot be searched for")
    return text


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 11):
        raise Refused(400, f"{text[:20]!r} is no number")
    return int(text)


def _origin(url: str, trip: Trip) -> Origin:
    parts = urlsplit(url)
    try:
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        port = None
    if port is None or not parts.hostname or parts.username or parts.password:
        raise ConfigError(f"{url!r} is no mail server", cure="write imaps://host:993 or smtps://host:465")
    return Origin(parts.scheme, parts.hostname, port, trip.owner, trip.allow_private_network)


def _credentials(request: httpx.Request) -> tuple[str, str]:
    kind, _, packed = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, secret = base64.b64decode(packed, validate=True).decode().partition(":")
    except ValueError:
        user = secret = ""
    if kind != "Basic" or not user:
        raise ConfigError("a mail desk needs a user and a password", cure="give `user` and `secret`")
    return user, secret


async def _whole(request: httpx.Request) -> bytes:
    if not isinstance(request.stream, AsyncIterable):
        raise TypeError("a request body is an async stream")
    return b"".join([chunk async for chunk in request.stream])


def _answer(request: httpx.Request, status: int, told: object) -> httpx.Response:
    whole = isinstance(told, bytes)
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    kind = "message/rfc822" if whole else "application/json"
    headers = {"content-type": kind, "content-length": str(len(body))}
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body), request=request)
