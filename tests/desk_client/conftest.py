"""A fault desk, a client that may reach it, and both event loops: the system's and the one production runs on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.blobs import BlobStore
from gateway.connector import Effect, Exchange, Request
from gateway.desk_client import Credentials, DeskClient, GuardedTransport, Limits, NetworkPolicy, PushTerms
from gateway.domain.model import Desk, Receipt
from gateway.domain.outcome import Verdict
from gateway.testing.fault_desk import FaultDesk

LOOPBACK = NetworkPolicy.of(["127.0.0.0/8", "::1/128"])
LIMITS = Limits(read=5.0, connect=5.0, deadline=20.0)
NOW = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": request.param}


def desk_at(url: str, *, desk_id: str = "dsk_1") -> Desk:
    return Desk(
        id=desk_id, code="partner", org_id="org_1", connector="x", base_url=url, allow_private_network=True
    )


def write(method: str = "POST", marker: str = "m-1", **more: object) -> Request:
    path = "/tickets" if method == "POST" else "/tickets/7"
    return Request(effect=Effect.WRITE, method=method, path=path, json={"marker": marker}, **more)  # type: ignore[arg-type]


def read(ticket: str = "7") -> Request:
    return Request(effect=Effect.READ, method="GET", path=f"/tickets/{ticket}")


def pushing(method: str = "POST", marker: str = "m-1") -> Exchange[Receipt]:
    """One write; its answer is the receipt."""
    ticket = (yield write(method, marker)).json()
    return Receipt(remote_id=ticket["id"], marker=ticket.get("marker"))


def asking(ticket: str = "7") -> Exchange[str]:
    """One read; its body is the answer."""
    return (yield read(ticket)).body.decode()


@dataclass
class Setting:
    """A desk, a client and how they meet."""

    faults: FaultDesk
    client: DeskClient
    desk: Desk
    credentials: Credentials
    blobs: BlobStore

    async def push(
        self, exchange: Exchange[Receipt] | None = None, terms: PushTerms | None = None
    ) -> Verdict:
        return await self.client.push(
            exchange or pushing(), desk=self.desk, credentials=self.credentials, terms=terms
        )

    async def ask(self, exchange: Exchange[str] | None = None, deadline: timedelta | None = None) -> str:
        return await self.client.ask(
            exchange or asking(), desk=self.desk, credentials=self.credentials, deadline=deadline
        )


@asynccontextmanager
async def a_setting(
    folder: Path, limits: Limits = LIMITS, faults: FaultDesk | None = None
) -> AsyncIterator[Setting]:
    blobs = BlobStore(folder / "blobs")
    transport = GuardedTransport(limits=limits, policy=LOOPBACK)
    async with (
        faults or FaultDesk() as desk,
        DeskClient(now=lambda: datetime.now(UTC), transport=transport, limits=limits, blobs=blobs) as client,
    ):
        credentials = Credentials(origin=desk.url, headers={"Authorization": "Basic eDp5"})
        yield Setting(desk, client, desk_at(desk.url), credentials, blobs)


@pytest.fixture
async def setting(tmp_path: Path, anyio_backend: object) -> AsyncIterator[Setting]:
    async with a_setting(tmp_path) as ready:
        yield ready


@pytest.fixture
async def hasty(tmp_path: Path, anyio_backend: object) -> AsyncIterator[Setting]:
    """A client that bears 0.2 s of silence."""
    async with a_setting(tmp_path, replace(LIMITS, read=0.2)) as ready:
        yield ready
