"""The client gives what the doors tell, page by page."""

from collections.abc import Iterator

import pytest

from gateway.client import Interdesk
from gateway.errors import NotFound
from tests.api import house
from tests.api.directory import FURNISHED
from tests.api.house import Doors


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interdesk]:
    with house.installed(tmp_path_factory.mktemp("client"), said=FURNISHED) as gateway:
        house.open_chain(gateway)
        key = house.key(gateway, "north")["authorization"].removeprefix("Bearer ")
        with Doors(gateway) as doors, Interdesk(f"http://127.0.0.1:{doors.port}", key) as opened:
            yield opened


def test_lists_are_given_whole_and_things_by_their_names(client: Interdesk) -> None:
    assert [one["code"] for one in client.sites(limit=1)] == ["LU-001", "MI-001", "MI-002"]
    assert [one["code"] for one in client.assets(site="MI-002")] == ["TILL-8"]
    assert [one["code"] for one in client.organizations()] == ["north", "south"]
    assert [one["code"] for one in client.desks()] == ["north"]
    assert [list(client.agreements()), list(client.reports()), list(client.deliveries())] == [[], [], []]
    first, second = client.tickets(open="true", limit=1)
    assert first["id"] == "tkt_stays"
    whole = client.ticket(second["id"])
    assert [one["id"] for one in client.events(second["id"], limit=2)] == [
        one["id"] for one in whole["events"]
    ]
    assert client.clocks(second["id"]) == []
    number = whole["hops"][0]["number"]
    assert client.search(number or "")["found"][0]["ticket_id"] == second["id"]
    with pytest.raises(NotFound):
        client.ticket("tkt_never")
