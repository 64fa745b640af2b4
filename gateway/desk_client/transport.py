"""The transport beneath httpx: one guarded way out, no proxy, no redirect, no second try, and exact facts. A mailbox's
requests go out by IMAP and SMTP through the same guard."""

import ssl
from collections.abc import AsyncIterator, Mapping

import httpx

from gateway.desk_client import agency as agents
from gateway.desk_client.agency import Agency
from gateway.desk_client.connection import Connection
from gateway.desk_client.guard import NetworkPolicy
from gateway.desk_client.in_house import Door, through
from gateway.desk_client.incoming import Incoming
from gateway.desk_client.limits import Limits
from gateway.desk_client.mail import SCHEMES, Carrier
from gateway.desk_client.pool import Origin, Pool, Resolver, origin_of, system_resolver
from gateway.desk_client.trip import Trip
from gateway.errors import ConfigError


class GuardedTransport(httpx.AsyncBaseTransport):
    """HTTP/1.1 over asyncio. Serves the desks and every other outbound door (`httpx.AsyncClient(transport=…)`).

    `Request.extensions["trip"]` may hold a Trip; its facts are then exact: `connected` once TCP and TLS stand,
    `write_started` once a byte may have been handed to the kernel. Raises Broken (an httpx.TransportError), and
    ConfigError for an address that the policy refuses. `doors`: by scheme, the desks that live in this gateway; `agency`:
    where requests wait for desks' own agents.
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        policy: NetworkPolicy | None = None,
        tls: ssl.SSLContext | None = None,
        resolver: Resolver = system_resolver,
        doors: Mapping[str, Door] | None = None,
    ) -> None:
        limits = limits or Limits()
        self.agency: Agency | None = None
        self._doors = dict(doors or {})
        self._pool = Pool(
            limits=limits,
            policy=policy or NetworkPolicy(),
            tls=tls,
            resolver=resolver,
        )
        self._mail = Carrier(self._pool, limits)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer with its headers read; the body streams and must be closed by the caller."""
        trip: Trip = request.extensions.get("trip") or Trip()
        trip.write_started = False
        if trip.by_agent:
            return await agents.through(self._agencys(), request, trip)
        if request.url.scheme in SCHEMES:
            return await self._mail.handle(request, trip)
        door = self._doors.get(request.url.scheme)
        if door is not None:
            return await through(door, request, trip)
        origin = origin_of(request.url, trip)
        connection = await self._pool.take(origin, trip)
        try:
            incoming = await connection.exchange(request, trip)
        except BaseException:
            self._pool.drop(connection)
            raise
        return httpx.Response(
            incoming.status,
            headers=incoming.headers,
            stream=_Body(self._pool, origin, connection, incoming),
            request=request,
        )

    def _agencys(self) -> Agency:
        if self.agency is None:
            raise ConfigError("the desk is reached by its agent, and nothing here hands errands to agents")
        return self.agency

    async def aclose(self) -> None:
        """Drop every connection."""
        self._mail.close()
        self._pool.close()


class _Body(httpx.AsyncByteStream):
    def __init__(self, pool: Pool, origin: Origin, connection: Connection, incoming: Incoming) -> None:
        self._pool = pool
        self._origin = origin
        self._connection: Connection | None = connection
        self._incoming = incoming

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._connection is not None and (chunk := await self._connection.chunk(self._incoming)):
            yield chunk

    async def aclose(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            self._pool.give_back(self._origin, connection)
