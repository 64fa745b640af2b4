"""Links by command: printed once, listed, taken back."""

import orjson
import pytest

from gateway import keys
from gateway.app import Gateway
from tests.api import house
from tests.api.house import Chain
from tests.cli.conftest import Run


@pytest.fixture
def chain(gateway: Gateway) -> Chain:
    return house.open_chain(gateway)


def test_a_link_is_printed_once_listed_and_taken_back(run: Run, chain: Chain) -> None:
    made = run("sla", "link", chain.ticket, "--for", "south", "--expires", "8h", "--actor", "ann")
    address, _, token = made.stdout.strip().rpartition("/")
    assert address == "http://127.0.0.1:8080/shared"
    assert keys.is_link(token)
    assert "INTERDESK_PUBLIC_URL" in made.stderr

    [row] = [orjson.loads(line) for line in run("sla", "links", chain.ticket, "--json").stdout.splitlines()]
    assert (row["organization"], row["created_by"], row["state"]) == ("south", "ann", "works")
    assert token not in run("sla", "links", chain.ticket).stdout

    assert "opens nothing any more" in run("sla", "unlink", row["id"]).stderr
    assert "taken back" in run("sla", "links", chain.ticket).stdout
    assert run("sla", "unlink", "shr_none").exit_code == 2


def test_the_address_is_the_one_that_browsers_know(
    run: Run, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTERDESK_PUBLIC_URL", "https://desk.example/gateway/")
    told = orjson.loads(run("sla", "link", chain.ticket, "--for", "north", "--json").stdout)
    assert told["url"].startswith("https://desk.example/gateway/shared/fgw_link_")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--for", "south", "--expires", "soon"), 3, "'soon' is no length of time"),
        (("--for", "south", "--expires", "400d"), 5, "366 days"),
        (("--for", "nobody"), 2, "there is no organization 'nobody'"),
    ],
    ids=["no length", "too long", "nobody"],
)
def test_what_cannot_be_is_refused(
    run: Run, chain: Chain, words: tuple[str, ...], code: int, told: str
) -> None:
    refused = run("sla", "link", chain.ticket, *words)
    assert (refused.exit_code, told in refused.stderr) == (code, True)
    assert "nobody was given a link" in run("sla", "links", chain.ticket).stderr
