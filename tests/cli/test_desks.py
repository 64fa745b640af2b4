"""`interdesk desks list`: how talking to each desk goes, also to one that is never polled."""

from datetime import timedelta

import orjson
import pytest

from gateway.app import Gateway, utc_now
from gateway.domain import breaker
from gateway.store import rows
from tests.api import house
from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("ago", "failures", "state"),
    [(None, 0, "not polled"), (31, 0, "not polled"), (31, 1, "failing"), (1, 0, "well"), (1, 1, "failing")],
)
def test_a_desk_that_is_not_polled_is_seen(
    gateway: Gateway, run: Run, ago: int | None, failures: int, state: str
) -> None:
    house.open_chain(gateway)
    polled_at = utc_now() - timedelta(minutes=ago) if ago else None
    document = breaker.to_document(breaker.Breaker(failures=failures)) if failures else None
    with gateway.database.write() as db:
        db.execute(rows.desk.update().values(polled_at=polled_at, breaker=document))
    listed = [orjson.loads(line) for line in run("desks", "list", "--json").stdout.splitlines()]
    assert {desk["state"] for desk in listed} == {state}
