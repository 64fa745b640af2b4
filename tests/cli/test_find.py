"""`interdesk find`: the story of a ticket from a number as it stands in a mail."""

import orjson
import pytest

from gateway.app import Gateway
from tests.api import house
from tests.api.house import Chain
from tests.cli.conftest import Run


@pytest.fixture
def chain(gateway: Gateway) -> Chain:
    return house.open_chain(gateway)


def test_a_ticket_is_found_and_told(run: Run, chain: Chain) -> None:
    said = run("find", f"#{chain.number}")
    assert said.exit_code == 0
    assert chain.ticket in said.stdout
    assert "with South Services" in said.stdout.replace("on its way to ", "")
    assert "interdesk explain" not in said.stdout

    [found] = orjson.loads(run("find", chain.ticket, "--json").stdout)["found"]
    assert [hop["desk"] for hop in found["hops"]] == ["north", "south"]


def test_another_side_reads_its_own(run: Run, chain: Chain) -> None:
    told = orjson.loads(run("find", chain.number, "--org", "north", "--json").stdout)["found"]
    assert [hop["desk"] for hop in told[0]["hops"]] == ["north", ""]
    assert run("find", chain.number, "--org", "south").exit_code == 2
    assert "did you mean" in run("find", chain.number, "--org", "nort").stderr


def test_a_number_of_nobody_is_told(run: Run, chain: Chain) -> None:
    said = run("find", "4711-0815")
    assert (said.exit_code, "no ticket is called 4711-0815" in said.stderr) == (2, True)
