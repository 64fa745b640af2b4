"""An installation with one desk that shares tickets, and a partner behind it on a socket of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from gateway import app as wiring
from gateway.app import Gateway
from gateway.domain.model import Desk
from gateway.domain.ticket_sharing import Standing
from gateway.flows.ticket_sharing import agreements
from gateway.flows.ticket_sharing.agreements import Call, Step
from tests.api import house
from tests.connectors.nhd_partner import Partner, served

KEY = "08a479474fc0c3fabfa2b7906f0ce5e55ad2d78f"
UUID = "23538de2af57572219a037c98aa4623a6767a498"
TOKEN = f"{UUID}:{KEY}"
WHERE = "http://gw.example"
DESKS = """
organizations:
  - {code: north, name: North Stores}
  - {code: zen, name: Zen Services}
desks:
  - code: zen
    organization: zen
    connector: nhd
    base_url: %(zen)s
    allow_private_network: true
    poll_every: 1h
    settings: {custom_fields: {priority: Priority, site: Store}%(more)s}
"""


@dataclass(frozen=True, kw_only=True)
class World:
    """The installation, the partner, and where the partner is."""

    gateway: Gateway
    partner: Partner
    url: str

    @property
    def desk(self) -> Desk:
        with self.gateway.database.read() as db:
            found = self.gateway.context.directory(db).desk_by_code("zen")
        assert found is not None
        return found

    def invitation(self, **changes: Any) -> dict[str, Any]:
        """As the partner invites us."""
        told = {
            "uuid": UUID,
            "name": "Zen",
            "sender_url": self.url,
            "receiver_url": f"{WHERE}/sharing/zen",
            "access_key": KEY,
            "status": "pending",
            "current_actor": None,
        }
        return {**told, **changes}

    async def call(self, step: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """One step of the handshake from our side."""
        async with self.gateway.desk_client() as client:
            call = Call(client=client, address=WHERE)
            return await step(self.gateway.context, call, self.step(), *args, **more)

    def step(self) -> Step:
        return Step(desk="zen", actor="test", now=wiring.utc_now())

    async def accept(self) -> None:
        """Our people say yes."""
        await self.call(agreements.answer, Standing.ACCEPTED)


@contextmanager
def world(folder: Path, *, strict: bool = False, url: str | None = None) -> Iterator[World]:
    """Open it. `url`: of another database than the embedded one."""
    partner = Partner(strict=strict)
    with served(partner) as port:
        where = f"http://127.0.0.1:{port}/sharing"
        more = ", dialect: rt" if strict else ""
        with house.installed(folder, url=url, said=DESKS, zen=where, more=more) as gateway:
            yield World(gateway=gateway, partner=partner, url=where)


def body(document: object) -> bytes:
    """As it goes out."""
    return orjson.dumps(document)
