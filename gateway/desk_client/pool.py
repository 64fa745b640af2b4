"""Connections to desks: made through the guard, kept a few seconds, never shared between desks."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx

from gateway.desk_client.connection import Connection
from gateway.desk_client.guard import NetworkPolicy
from gateway.desk_client.limits import Limits
from gateway.desk_client.trip import Broken, Trip
from gateway.domain.outcome import Stage
from gateway.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a connection leads, and for whom it was allowed."""

    scheme: str
    host: str
    port: int
    owner: str
    allow_private_network: bool


def origin_of(url: httpx.URL, trip: Trip) -> Origin:
    """Raises ConfigError for a URL that no desk may have."""
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
        raise ConfigError(f"{url.scheme}://{url.host} is no address of a desk", cure="use https://host/path")
    port = url.port or (443 if url.scheme == "https" else 80)
    return Origin(url.scheme, url.raw_host.decode("ascii"), port, trip.owner, trip.allow_private_network)


SockAddress = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
AddressRow = tuple[socket.AddressFamily, socket.SocketKind, int, str, SockAddress]
Resolver = Callable[[str, int], Sequence[AddressRow]]


def system_resolver(host: str, port: int) -> Sequence[AddressRow]:
    """What the system's resolver says; blocks, and raises OSError. It reads odd literals (`0x7f000001`) as well."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)


def tls_context() -> ssl.SSLContext:
    """Verifies names and chains against the public authorities; `load_verify_locations` adds an operator's own."""
    context = httpx.create_ssl_context(trust_env=False)
    context.set_alpn_protocols(["http/1.1"])
    return context


def mail_tls_context(own: ssl.SSLContext | None) -> ssl.SSLContext:
    """The same for mail servers (`own`: what the operator trusts instead), and no word of HTTP in it: Exim 4.96 with GnuTLS
    ends a handshake that offers only `http/1.1` (seen 2026-11-22)."""
    if own is None:
        return httpx.create_ssl_context(trust_env=False)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = own.minimum_version
    context.load_verify_locations(cadata=b"".join(own.get_ca_certs(binary_form=True)))
    return context


@dataclass
class Pool:
    """Opens and keeps connections. `close` ends them all."""

    limits: Limits
    policy: NetworkPolicy
    tls: ssl.SSLContext | None = None
    resolver: Resolver = system_resolver
    _kept: dict[Origin, list[Connection]] = field(default_factory=dict)
    _live: set[Connection] = field(default_factory=set)
    _sweeper: asyncio.TimerHandle | None = None
    # Threads of its own: a name server that hangs must not take those that work on disk and database.
    _threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(32, thread_name_prefix="resolve")
    )

    async def take(self, origin: Origin, trip: Trip) -> Connection:
        """A connection on which nothing has been written for this trip. Raises Broken or ConfigError."""
        kept = self._kept.get(origin, [])
        now = asyncio.get_running_loop().time()
        while kept:
            connection = kept.pop()
            if connection.fresh(now):
                trip.connected = trip.reused = True
                return connection
            self.drop(connection)
        connection = await self._open(origin)
        trip.connected, trip.reused = True, False
        return connection

    async def _open(self, origin: Origin) -> Connection:
        try:
            async with asyncio.timeout(self.limits.connect):
                return await self._dial(origin)
        except TimeoutError:
            raise Broken(Stage.CONNECT, f"no connection within {self.limits.connect:g} s") from None

    async def _dial(self, origin: Origin) -> Connection:
        return await self._wrap(origin, await self._first_that_answers(origin))

    async def _first_that_answers(self, origin: Origin) -> socket.socket:
        rows = await self._resolve(origin)
        for row in rows:
            self._check(origin, row[4])
        failure = "no address"
        for row in rows:
            try:
                async with asyncio.timeout(self.limits.connect / len(rows)):
                    return await self._socket(origin, row)
            except OSError as error:  # TimeoutError is one
                failure = str(error) or "no answer"
        raise Broken(Stage.CONNECT, f"cannot connect: {failure}")

    async def connected(self, origin: Origin) -> socket.socket:
        """A connected socket for a conversation that is not HTTP, let through by the same guard. Raises Broken or
        ConfigError; the caller closes it."""
        try:
            async with asyncio.timeout(self.limits.connect):
                return await self._first_that_answers(origin)
        except TimeoutError:
            raise Broken(Stage.CONNECT, f"no connection within {self.limits.connect:g} s") from None

    async def _resolve(self, origin: Origin) -> Sequence[AddressRow]:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(
                self._threads, self.resolver, origin.host.strip("[]"), origin.port
            )
        except (OSError, UnicodeError) as error:
            raise Broken(Stage.RESOLVE, f"{origin.host} cannot be resolved: {error}") from error

    def _secure(self, origin: Origin) -> ssl.SSLContext | None:
        if origin.scheme != "https":
            return None
        self.tls = self.tls or tls_context()
        return self.tls

    def _check(self, origin: Origin, sockaddr: Sequence[object]) -> None:
        self.policy.check(
            str(sockaddr[0]),
            scheme=origin.scheme,
            port=origin.port,
            allow_private_network=origin.allow_private_network,
        )

    async def _socket(self, origin: Origin, row: AddressRow) -> socket.socket:
        """The socket factory: every address passes the guard here, right before the connection and once it stands."""
        family, kind, protocol, _, sockaddr = row
        self._check(origin, sockaddr)
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().sock_connect(sock, sockaddr)
            self._check(origin, sock.getpeername())
        except BaseException:
            sock.close()
            raise
        return sock

    async def _wrap(self, origin: Origin, sock: socket.socket) -> Connection:
        secure = self._secure(origin)
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: Connection(self.limits),
                sock=sock,
                ssl=secure,
                server_hostname=origin.host.strip("[]") if secure else None,
            )
        except (OSError, ssl.SSLError, ValueError) as error:
            sock.close()
            raise Broken(Stage.TLS, f"no secure connection: {error}") from error
        except BaseException:
            sock.close()
            raise
        self._live.add(connection)
        return connection

    def give_back(self, origin: Origin, connection: Connection) -> None:
        """The exchange is over: keep the connection if both sides left it clean."""
        loop = asyncio.get_running_loop()
        if connection not in self._live or not connection.rest(loop.time()):
            self.drop(connection)
            return
        self._kept.setdefault(origin, []).append(connection)
        if self._sweeper is None:
            self._sweeper = loop.call_later(self.limits.idle, self._sweep)

    def drop(self, connection: Connection) -> None:
        """Close a connection for good."""
        self._live.discard(connection)
        connection.abort()

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for origin, kept in list(self._kept.items()):
            for connection in [each for each in kept if not each.fresh(now)]:
                kept.remove(connection)
                self.drop(connection)
            if not kept:
                del self._kept[origin]
        self._sweeper = loop.call_later(self.limits.idle, self._sweep) if self._kept else None

    def close(self) -> None:
        """Drop every connection, used or kept."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        for connection in list(self._live):
            self.drop(connection)
        self._kept.clear()
        self._threads.shutdown(wait=False, cancel_futures=True)
