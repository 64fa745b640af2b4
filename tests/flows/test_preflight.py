"""A link's checks, made by asking two desks over HTTP: they validate it, are made anew every day, and tell whose desk got worse."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.app import Gateway, utc_now
from gateway.domain.linking import Act, Role
from gateway.errors import Refused
from gateway.flows import dry_run, handshake, links, preflight
from gateway.flows.context import OPERATOR
from gateway.flows.handshake import Taken, Wanted
from gateway.flows.link_steps import By
from gateway.flows.preflight import Askings, Call, Daily
from gateway.store import alarms
from gateway.store.linking import LIFE
from gateway.testing.loopback import PLAIN, LoopbackDesk
from gateway.testing.loopback.server import LoopbackServer
from tests.api import house

DAY = timedelta(days=1)
_ahead = [timedelta()]


def _wall() -> datetime:
    """The time at the desks: a round on another day is on that day there too."""
    return utc_now() + _ahead[0]


@pytest.fixture
def desks() -> Iterator[dict[str, LoopbackServer]]:
    made = {
        code: LoopbackServer(LoopbackDesk(PLAIN, clock=_wall, token=house.SECRETS[f"{code.upper()}_TOKEN"]))
        for code in ("north", "south")
    }
    for server in made.values():
        server.start()
    yield made
    for server in made.values():
        server.stop()


@pytest.fixture
def gateway(tmp_path: Path, desks: dict[str, LoopbackServer]) -> Iterator[Gateway]:
    urls = {code: server.url for code, server in desks.items()}
    with house.installed(tmp_path, said=house.UNLINKED, **urls) as opened:
        with opened.database.read() as db:
            opened.context.directory(db)
        yield opened


def by(gateway: Gateway, code: str) -> By:
    known = gateway.context.directory_now.organizations.values()
    return By(party=next(one.id for one in known if one.code == code), actor=code, now=utc_now())


def made(gateway: Gateway, *, activate: bool = False) -> str:
    wanted = Wanted(desk="north", role=Role.UPSTREAM, to="south", activate=activate)
    _, code = handshake.invite(gateway.context, wanted, by(gateway, "north"))
    return handshake.accept(
        gateway.context, code, Taken(desk="south", activate=activate), by(gateway, "south")
    )


def checked(gateway: Gateway, link_id: str) -> str:
    async def ask() -> None:
        async with gateway.calling() as call:
            await preflight.check(gateway.context, call, link_id, by(gateway, "north"))

    asyncio.run(ask())
    return str(links.show(gateway.context, link_id, by(gateway, "north"))["state"])


def a_round(gateway: Gateway, later: timedelta = timedelta()) -> None:
    async def go() -> None:
        async with gateway.calling() as call:
            then = Call(client=call.client, credentials=call.credentials, now=_wall)
            await Daily(gateway.context, then).round()

    _ahead[0] = later
    try:
        asyncio.run(go())
    finally:
        _ahead[0] = timedelta()


def test_a_link_whose_desk_does_not_let_us_in_stays_pending(
    gateway: Gateway, desks: dict[str, LoopbackServer]
) -> None:
    link_id = made(gateway)
    with desks["south"].acting() as desk:
        desk.token = "another"
    assert checked(gateway, link_id) == "pending"
    with pytest.raises(Refused, match="has not passed its checks"):
        links.move(gateway.context, link_id, Act.ACTIVATE, "", by(gateway, "north"))
    theirs = links.show(gateway.context, link_id, by(gateway, "north"))["checks"]
    told = next(one for one in theirs if one["desk"] == "south")
    assert told == {"desk": "south", "name": "credentials", "fine": False, "must": True}
    mine = links.show(gateway.context, link_id, by(gateway, "south"))["checks"]
    assert "give it credentials that are valid" in str(next(one for one in mine if one["desk"] == "south"))
    with desks["south"].acting() as desk:
        desk.token = house.SECRETS["SOUTH_TOKEN"]
    assert checked(gateway, link_id) == "validated"


def test_desks_are_asked_at_somebodys_word_once_a_minute_and_not_when_it_is_over(gateway: Gateway) -> None:
    link_id, north = made(gateway), by(gateway, "north")
    assert preflight.is_wanted(gateway.context, link_id, north)
    checked(gateway, link_id)
    now = utc_now()
    for seconds, wanted in ((50, False), (61, True)):
        later = replace(north, now=now + timedelta(seconds=seconds))
        assert preflight.is_wanted(gateway.context, link_id, later) is wanted
    links.end(gateway.context, link_id, "over", north)
    with pytest.raises(Refused, match="is ended: its desks are not asked"):
        preflight.is_wanted(gateway.context, link_id, replace(north, now=now + DAY))


def test_an_organization_has_only_so_many_desks_asked_at_once() -> None:
    askings = Askings()
    with askings.of("north"), askings.of("north"):
        with pytest.raises(Refused, match="2 questions of yours to desks are under way"), askings.of("north"):
            pytest.fail("a third was let in")
        with askings.of("south"):
            pass
    with askings.of("north"):
        pass


def test_with_both_words_said_beforehand_it_is_live_once_checked(gateway: Gateway) -> None:
    assert checked(gateway, made(gateway, activate=True)) == "active"


def test_every_day_what_got_worse_is_told_once_and_stops_nothing(
    gateway: Gateway, desks: dict[str, LoopbackServer]
) -> None:
    link_id = made(gateway, activate=True)
    checked(gateway, link_id)
    a_round(gateway, DAY - timedelta(hours=1))
    assert letters(gateway) == []
    with desks["south"].acting() as desk:
        desk.token = "another"
    for days in (1, 2, 3):
        a_round(gateway, days * DAY + timedelta(minutes=days))
    [(org_id, subject, body)] = letters(gateway)
    assert org_id == by(gateway, "south").party
    assert subject == "Link north-south: a check of your desk fails"
    assert "south: credentials: IDK-1205" in body
    assert links.show(gateway.context, link_id, by(gateway, "south"))["state"] == "active"
    [step, *_] = links.show(gateway.context, link_id, by(gateway, "south"))["steps"]
    assert (step["act"], step["reason"]) == ("checks failed", "south: credentials")
    assert "checks failed" not in {
        one["act"] for one in links.show(gateway.context, link_id, by(gateway, "north"))["steps"]
    }


def letters(gateway: Gateway) -> list[tuple[str, str, str]]:
    with gateway.database.write() as db:
        far = utc_now() + 30 * DAY
        found = alarms.claim(db, OPERATOR, now=far, until=far, limit=10)
    return [(one.org_id, one.subject, one.body) for one in found]


def test_a_link_that_is_gone_is_forgotten(gateway: Gateway) -> None:
    with gateway.database.write() as db:
        db.execute(LIFE.insert().values(link_id="lnk_gone", org_id="x", agreement="", check_at=utc_now()))
    a_round(gateway)
    with gateway.database.read() as db:
        assert db.execute(select(LIFE)).all() == []


def test_a_dry_run_is_for_whoever_hands_tickets_over(
    gateway: Gateway, desks: dict[str, LoopbackServer]
) -> None:
    link_id = made(gateway)
    with desks["north"].acting() as desk:
        ticket = desk.person("ann").open("Dead", "No light", queue="Field", priority="urgent")
        desk.person("ann").comment(ticket, "come at nine", public=True)
        desk.person("ann").comment(ticket, "canary-4711", public=False)

    async def go(code: str) -> list[dict[str, object]]:
        async with gateway.calling() as call:
            return await dry_run.run(gateway.context, call, link_id, [ticket], by(gateway, code))

    with pytest.raises(Refused, match="the side that hands them over"):
        asyncio.run(go("south"))
    [shown] = asyncio.run(go("north"))
    assert shown["fields"] == {"title": "Dead", "description": "No light", "priority": "urgent"}
    assert "come at nine" in str(shown["comments"])
    assert "canary-4711" not in str(shown)
    assert any(str(one).startswith("{'what': 'private comment") for one in shown["withheld"])  # type: ignore[attr-defined]
    assert desks["south"].app.desk.cabinet.folders == {}
    with gateway.database.read() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM ticket").scalar() == 0
