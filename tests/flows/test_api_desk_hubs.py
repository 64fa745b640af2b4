"""Events wait in order, are told once, and end with their listener; specifications are a party's own: on both stores."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest

from gateway.desk_client.webhooks import Post, Poster
from gateway.domain.webhooks.model import Answer
from gateway.errors import NotFound
from gateway.flows.api_desk import hubs, specifications
from gateway.flows.api_desk.caller import Caller
from gateway.flows.api_desk.crier import Crier
from gateway.flows.api_desk.pushing import Patch
from gateway.store.db import Database
from gateway.store.scope import Scope
from tests.flows.api_desk import ApiStage


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

    async def post(self, post: Post) -> Answer:
        status = self.left.pop(0) if self.left else 204
        if status < 300:
            self.told.append(post.body)
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
