"""The brake: nothing leaves while it is on, on either database; nothing is lost, and what waited goes in its order."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.app import Gateway, utc_now
from gateway.domain.brakes import Brake, Reach
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows import brakes, deliver, doctor
from gateway.flows.brakes import Wanted
from gateway.flows.context import OPERATOR
from gateway.flows.link_steps import By
from gateway.metrics import Metrics
from gateway.store import audit, rows
from gateway.store import brakes as store
from gateway.store.db import Db
from tests.api import house

LINK = Wanted(kind=Reach.LINK, target="north-south")
EVERYTHING = Wanted(kind=Reach.EVERYTHING)


@pytest.fixture(params=["sqlite", "postgresql"])
def gateway(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gateway]:
    url = None if request.param == "sqlite" else request.getfixturevalue("migrated_postgres")
    with house.installed(tmp_path, url=url) as opened:
        house.open_chain(opened)
        yield opened


def by(gateway: Gateway, code: str | None = None) -> By:
    known = gateway.context.directory_now.organizations.values()
    party = next((one.id for one in known if one.code == code), None)
    return By(party=party, actor=code or "maria", now=utc_now())


def taken(gateway: Gateway) -> list[str]:
    """What a worker takes now: the lanes' heads, by desk."""
    desks = gateway.context.directory_now.desks
    errands = deliver.claim(
        gateway.context, now=utc_now(), worker="w", capacity=dict.fromkeys(desks, 10), limit=50
    )
    return sorted(errand.desk.code for errand in errands)


@pytest.mark.parametrize(
    "wanted",
    [LINK, Wanted(kind=Reach.GROUP, target="south"), Wanted(kind=Reach.GROUP, target="north"), EVERYTHING],
    ids=["link", "its downstream's group", "its upstream's group", "everything"],
)
def test_nothing_leaves_while_it_is_on_and_everything_after(gateway: Gateway, wanted: Wanted) -> None:
    brakes.on(gateway.context, wanted, "wrong queue", by(gateway))
    assert taken(gateway) == []
    brakes.off(gateway.context, wanted, by(gateway))
    assert "south" in taken(gateway)


@pytest.mark.parametrize(("status", "goes"), [("in_progress", []), ("declined", ["north"])])
def test_who_no_longer_takes_part_stops_nothing_above(gateway: Gateway, status: str, goes: list[str]) -> None:
    with gateway.database.write() as db:
        [below] = db.execute(rows.hop.select().where(rows.hop.c.parent_id.is_not(None))).mappings().all()
        lane = rows.delivery.c.hop_id == below["id"]
        db.execute(rows.delivery.delete().where(rows.delivery.c.hop_id == below["parent_id"]))
        above = {"hop_id": below["parent_id"], "desk_id": _above(db, below["parent_id"])}
        db.execute(rows.delivery.update().where(lane, rows.delivery.c.head).values(above))
        db.execute(rows.hop.update().where(rows.hop.c.id == below["id"]).values(status=status))
    brakes.on(gateway.context, LINK, "wrong queue", by(gateway))
    assert taken(gateway) == goes


def _above(db: Db, hop_id: str) -> str:
    """The desk of the assignment that was handed on."""
    return str(db.execute(select(rows.hop.c.desk_id).where(rows.hop.c.id == hop_id)).scalar_one())


def test_only_what_was_put_on_for_it_is_let_go(gateway: Gateway) -> None:
    brakes.on(gateway.context, LINK, "wrong queue", by(gateway, "south"))
    brakes.on(gateway.context, LINK, "a test", by(gateway))
    brakes.off(gateway.context, replace(LINK, reason="a test"), by(gateway))
    assert [one["reason"] for one in brakes.shown(gateway.context, by(gateway))] == ["wrong queue"]


def test_a_link_that_is_not_meant_goes_on(gateway: Gateway) -> None:
    other = Brake(
        id="brk_1",
        org_id="operator",
        kind=Reach.LINK,
        target="lnk_other",
        on_at=utc_now(),
        on_by="maria",
        reason="x",
    )
    with gateway.database.write() as db:
        store.put(db, other)
    assert "south" in taken(gateway)


def test_who_may_put_it_on_and_take_it_off(gateway: Gateway) -> None:
    context, north, south = gateway.context, by(gateway, "north"), by(gateway, "south")
    with pytest.raises(Invalid, match="says why"):
        brakes.on(context, LINK, " ", north)
    for wanted in (EVERYTHING, Wanted(kind=Reach.GROUP, target="north")):
        with pytest.raises(Refused, match="you stop your own links"):
            brakes.on(context, wanted, "why", south)
    with pytest.raises(NotFound):
        brakes.on(context, Wanted(kind=Reach.LINK, target="nowhere"), "why", south)
    brakes.on(context, LINK, "wrong queue", south)
    with pytest.raises(Refused, match="is on already"):
        brakes.on(context, LINK, "again", south)
    with pytest.raises(Refused, match="not put on by you"):
        brakes.off(context, LINK, north)
    [seen] = brakes.shown(context, north)
    assert (seen["by"], seen["on_by"], seen["reason"]) == ("south", "", "wrong queue")
    [found] = doctor.brakes(context)
    assert (found.level, found.fix) == (doctor.Level.WARNING, "interdesk brake off --link north-south")
    metrics = Metrics()
    metrics.watch(gateway.database, utc_now)
    assert b'interdesk_brakes{kind="link"} 1.0' in metrics.text()
    brakes.off(context, LINK, by(gateway))
    assert brakes.shown(context, north) == []
    assert b'interdesk_brakes{kind="link"} 0.0' in metrics.text()
    with gateway.database.read() as db:
        told = [(one["actor"], one["action"]) for one in audit.entries(db, OPERATOR, limit=2)]
    assert told == [("maria", "brake off"), ("south", "brake on")]
