"""`interdesk replay` of a ticket and of a stretch of time: counted first, then done; bad input."""

from datetime import timedelta

import orjson
import pytest

from gateway.app import Gateway, utc_now
from gateway.store import looks
from gateway.store.claiming import Claim
from gateway.store.scope import Scope
from tests.api import house
from tests.cli.conftest import Run


def test_a_stretch_is_counted_first_and_then_looked_at(gateway: Gateway, run: Run) -> None:
    chain = house.open_chain(gateway)
    counted = run("replay", "--from", "2026-01-01T00:00:00+00:00", "--desk", "north", "--dry-run", "--json")
    assert (counted.exit_code, orjson.loads(counted.stdout)["tickets to look at"]) == (0, 1)
    assert _looked_at(gateway) == []

    assert run("replay", "--ticket", chain.ticket).exit_code == 5  # nobody can be asked
    done = run("replay", "--ticket", chain.ticket, "--yes")

    assert (done.exit_code, _looked_at(gateway)) == (0, [chain.number])


def _looked_at(gateway: Gateway) -> list[str]:
    with gateway.database.write() as db:
        room = dict.fromkeys(gateway.context.directory(db).desks, 9)
        terms = Claim(now=utc_now(), lease=timedelta(seconds=9), capacity=room, limit=9)
        return [look.remote_id for look in looks.claim(db, Scope.operator(), terms)]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "name deliveries or messages"),
        (("dlv_1", "--ticket", "T-1"), 2, "name deliveries or messages"),
        (("dlv_1", "--dry-run"), 2, "go with --ticket or --from"),
        (("--to", "2026-01-01T00:00:00+00:00"), 2, "name deliveries or messages"),
        (("--from", "2026-01-02T00:00:00+00:00", "--to", "2026-01-01T00:00:00+00:00"), 3, "is not after"),
        (("--from", "2026-01-02T00:00:00"), 3, "has no offset"),
        (("--from", "2026-01-02T00:00:00+00:00", "--desk", "west"), 2, "no desk west"),
        (("--ticket", "T-4711"), 2, "there is no ticket"),
    ],
    ids=["nothing", "two", "ids dry", "end only", "backwards", "no offset", "desk", "ticket"],
)
def test_bad_input(run: Run, gateway: Gateway, words: tuple[str, ...], code: int, said: str) -> None:
    assert gateway is not None
    told = run("replay", *words)
    assert (told.exit_code, said in told.output) == (code, True), told.output
