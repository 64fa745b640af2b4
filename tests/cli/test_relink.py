"""`interdesk tickets relink` and `unlink`: over real HTTP to a desk; bad input."""

from pathlib import Path

import orjson
import pytest

from gateway.app import Gateway, utc_now
from gateway.testing.loopback import PLAIN, LoopbackDesk
from gateway.testing.loopback.server import LoopbackServer
from tests.api import house
from tests.cli.conftest import Run


def test_an_assignment_is_relinked_and_let_go(run: Run, tmp_path: Path) -> None:
    desk = LoopbackDesk(PLAIN, clock=utc_now, token=house.SECRETS["NORTH_TOKEN"])
    with LoopbackServer(desk) as server, house.installed(tmp_path, north=server.url) as gateway:
        chain = house.open_chain(gateway)
        with server.acting() as acting:
            acting.person("bob").open("one")
            number = acting.person("bob").open("two")
        hop = chain.hops["north"]

        assert run("tickets", "relink", hop, "--number", "77", "--yes").exit_code == 2
        assert run("tickets", "relink", hop, "--number", number).exit_code == 5  # nobody can be asked
        done = run("tickets", "relink", hop, "--number", number, "--yes", "--json")
        assert (done.exit_code, orjson.loads(done.stdout)["number"]) == (0, f"T-{number}")

        gone = run("tickets", "unlink", hop, "--yes", "--reason", "a mistake")
        assert (gone.exit_code, "cancelled and no longer linked" in gone.stderr) == (0, True)
        said = run("explain", hop).stdout
        assert f"let go of its ticket: interdesk tickets relink {hop} --number N" in said
        assert "does not map" not in said
        again = run("tickets", "unlink", hop, "--yes")
        assert (again.exit_code, "was unlinked before" in again.stderr) == (5, True)


@pytest.mark.parametrize("words", [("relink", "hop_none", "--number", "7"), ("unlink", "hop_none")])
def test_an_assignment_that_is_not_there(run: Run, gateway: Gateway, words: tuple[str, ...]) -> None:
    assert gateway is not None
    told = run("tickets", *words, "--yes")
    assert (told.exit_code, "no assignment hop_none" in told.stderr) == (2, True)
