"""Events wait in order, are told once, and end with their listener; specifications are a party's own: on both stores."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from gateway.desk_client.webhooks import Post, Poster
from gateway.domain.webhooks.model import Answer
from gateway.errors import NotFound, Refused
from gateway.flows import rotation
from gateway.flows.api_desk import hubs, specifications
from gateway.flows.api_desk.caller import Caller
from gateway.flows.api_desk.crier import Crier
from gateway.flows.api_desk.pushing import Patch
from gateway.store.db import Database
from gateway.store.scope import Scope
from gateway.vault import new_entry, ring
from tests.flows.api_desk import ENTRY, RING, ApiStage


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    url = "sqlite://" if request.param == "sqlite" else str(request.getfixturevalue("fresh_postgres"))
    found = Database(url)
    yield found
    found.close()


class Heard(Poster):
    """Takes what is posted, after refusals."""

    def __init__(self, *statuses: int) -> None:
        self.left, self.told = list(statuses), list[bytes]()
        self.addresses = list[str]()

    async def post(self, post: Post) -> Answer:
        status = self.left.pop(0) if self.left else 204
        if status < 300:
            self.told.append(post.body)
            self.addresses.append(post.url)
        return Answer(status=status, error="" if status < 300 else f"HTTP {status}")

    async def close(self) -> None:
        self.left = []


def cried(stage: ApiStage, heard: Heard) -> int:
    """How many were told by one round."""
    before = len(heard.told)

    async def told() -> None:
        crier = Crier(stage.hub.context, heard, now=stage.hub.own_clock)
        await crier.round()
        await asyncio.gather(*crier._busy.values())

    asyncio.run(told())
    return len(heard.told) - before


def test_events_are_told_in_order_and_once(database: Database) -> None:
    stage = ApiStage("customer", database=database)
    wanted = ("v5", "https://listener.example/x", None)
    listener = hubs.registered(stage.hub.context, stage.caller, wanted, now=stage.hub.now)
    stage.push()
    stage.patch({"status": "held"})
    heard = Heard(503)
    assert cried(stage, heard) == 0  # the first was refused: the second waits behind it
    assert cried(stage, heard) == 0
    stage.hub.clock.advance(timedelta(seconds=10))
    assert cried(stage, heard) == 2
    assert [b"CreateEvent" in body for body in heard.told] == [True, False]
    assert cried(stage, heard) == 0

    stage.patch({"status": "inProgress"})
    assert cried(stage, Heard(410)) == 0
    with pytest.raises(NotFound):
        hubs.one(stage.hub.context, stage.caller, listener.id)
    stage.patch({"status": "held"})
    assert cried(stage, heard) == 0


def kept(stage: ApiStage) -> str:
    with stage.hub.context.database.read() as db:
        [row] = db.execute(text("SELECT callback FROM tmf_listener")).scalars()
    return str(row)


def test_t17_the_address_of_a_listener_is_sealed(database: Database) -> None:
    stage = ApiStage("customer", database=database)
    address = "https://listener.example/hooks/a-token?key=a-secret"
    made = hubs.registered(stage.hub.context, stage.caller, ("v5", address, None), now=stage.hub.now)
    stage.push()
    heard = Heard()

    sealed = kept(stage)

    assert "listener.example" not in sealed
    assert hubs.one(stage.hub.context, stage.caller, made.id).callback == made.callback == address
    assert (cried(stage, heard), heard.addresses) == (1, [address])
    with pytest.raises(Refused, match="registered already"):
        hubs.registered(stage.hub.context, stage.caller, ("v5", address, None), now=stage.hub.now)


def test_t17_an_address_from_before_is_sealed_with_the_keys(database: Database) -> None:
    stage = ApiStage("customer", database=database)
    address = "https://listener.example/x?key=a-secret"
    made = hubs.registered(stage.hub.context, stage.caller, ("v5", address, None), now=stage.hub.now)
    with database.write() as db:
        db.execute(text("UPDATE tmf_listener SET callback = :plain"), {"plain": address})
    assert hubs.one(stage.hub.context, stage.caller, made.id).callback == address

    rotation.reseal(stage.hub.context, RING, actor="jens", now=stage.hub.now)
    older = kept(stage)
    newer = ring(f"{new_entry('k2')},{ENTRY}")
    rotation.reseal(stage.hub.context, newer, actor="jens", now=stage.hub.now)
    stage.hub.context.open_secret = newer.open

    assert [one.split(".")[1] for one in (older, kept(stage))] == ["k1", "k2"]
    assert hubs.one(stage.hub.context, stage.caller, made.id).callback == address


def test_a_specification_is_its_partys_own(database: Database) -> None:
    stage = ApiStage("customer", database=database)
    told = specifications.created(stage.errand(), {"name": "Dispute", "kept": [1]})
    patch = Patch(media_type="application/json", body={"name": "Bill dispute"})
    assert specifications.patched(stage.errand(), told["id"], patch)["name"] == "Bill dispute"
    assert [one["kept"] for one in specifications.listed(stage.hub.context, stage.caller)] == [[1]]
    stranger = Caller(scope=Scope.of("org_vendor"), name="Eve")
    with pytest.raises(NotFound):
        specifications.one(stage.hub.context, stranger, told["id"])
    specifications.removed(stage.hub.context, stage.caller, told["id"])
    with pytest.raises(NotFound):
        specifications.one(stage.hub.context, stage.caller, told["id"])
