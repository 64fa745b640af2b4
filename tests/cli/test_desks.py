"""`interdesk desks list`: how talking to each desk goes, also to one that is never polled."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from gateway.app import Gateway, utc_now
from gateway.domain import breaker
from gateway.domain.outcome import ClockSample
from gateway.store import offsets, rows
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


def test_how_wrong_a_desks_clock_was_is_shown(gateway: Gateway, run: Run) -> None:
    house.open_chain(gateway)
    now = utc_now()
    with gateway.database.write() as db:
        [desk_id] = db.execute(select(rows.desk.c.id).where(rows.desk.c.code == "north")).scalars()
        for place, (ago, seconds) in enumerate([(3, -420.0), (1, 0.2)]):
            measured: Any = {"at": now - timedelta(hours=ago), "error": timedelta(seconds=0.5)}
            sample = ClockSample(offset=timedelta(seconds=seconds), **measured)
            offsets.keep(db, [(f"off_{place}", "org", desk_id, sample)])
    listed = {
        row["code"]: row["clock"]
        for row in map(orjson.loads, run("desks", "list", "--json").stdout.splitlines())
    }
    assert (listed["north"], listed["south"]) == ("right", "")
    series = [orjson.loads(line) for line in run("desks", "offsets", "north", "--json").stdout.splitlines()]
    assert [(row["clock"], row["ahead_s"]) for row in series] == [("0:07:00 behind", -420.0), ("right", 0.2)]


def test_of_a_desk_that_is_not_there_nothing_is_shown(gateway: Gateway, run: Run) -> None:
    house.open_chain(gateway)
    told = run("desks", "offsets", "nowhere")
    assert told.exit_code
    assert "there is no desk nowhere" in told.stderr
