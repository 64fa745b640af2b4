"""`GET /v1/search`: a number leads the caller to its own chain, and nobody to another's."""

import pytest

from gateway.app import Gateway
from tests.api import house
from tests.api.house import Chain, Doors


@pytest.fixture
def chain(either: Gateway) -> Chain:
    return house.open_chain(either)


@pytest.fixture
def gateway(either: Gateway) -> Gateway:
    return either


def test_each_side_finds_the_chain_by_its_own_number(gateway: Gateway, doors: Doors, chain: Chain) -> None:
    number = f"/v1/search?number=%23{chain.number}"
    told = doors.send("GET", number, headers=house.key(gateway, "north")).document
    [found] = told["found"]
    assert (found["ticket_id"], found["over"]) == (chain.ticket, False)
    assert [hop["organization"] for hop in found["hops"]] == ["north", "south"]

    other = doors.send("GET", number, headers=house.key(gateway, "south"))
    assert (other.status, other.code) == (404, "IDK-1401")
    assert doors.send("GET", number).status == 401


@pytest.mark.parametrize("number", ["", "%20", "x" * 300])
def test_what_is_no_number_is_told(gateway: Gateway, doors: Doors, chain: Chain, number: str) -> None:
    answer = doors.send("GET", f"/v1/search?number={number}", headers=house.key(gateway))
    assert (answer.status, answer.code) == (422, "IDK-1403")
