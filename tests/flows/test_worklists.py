"""Work lists of a chain that is really at work: who sees what, since when, until when, and what to do; page by page."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event as events

from gateway.domain.case import Because
from gateway.domain.model import Site
from gateway.domain.worklists import NAMES, Item
from gateway.domain.worklog import Unit, Work, WorkKind
from gateway.errors import Invalid
from gateway.flows import sla, worklists, worklog
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.flows.worklists import Wanted
from gateway.store import cases
from gateway.store.db import Database
from tests.flows.installation import registry
from tests.flows.scenes.stage import MINUTE, Cast, Stage
from tests.migrated import bring_up

HOUR = 60 * MINUTE
UC = {
    "code": "vendor-uc",
    "provider": "vendor",
    "consumer": "customer",
    "kind": "uc",
    "calendar": "always",
    "targets": {"attendance": {"high": "8h"}, "resolution": {"high": "10h"}},
    "stops": {"requester_info": "by_consumer"},
    "review_period": "3h",
}
SITE = Site(id="sit_1", org_id="org_customer", code="TYO-1", zone="Asia/Tokyo")
QUIET = {"poll_every": "30d", "refetch_every": "30d"}


def stage(database: Database | None = None, *, taken: bool = True) -> Stage:
    """A ticket of high priority at the vendor since 08:00 UTC."""
    cast = Cast(
        agreements=(UC,),
        calendars=({"code": "always", "always": True},),
        sites=(SITE,),
        desks=dict.fromkeys(("customer", "vendor"), QUIET),
        links={"customer>vendor": {"answer_within": {"default": "3d"}}},
    )
    found = Stage("customer>vendor", cast=cast, database=database)
    found.open(priority="high")
    if taken:
        found.set("vendor", "status", "open")
    return found


def listed(found: Stage, name: str, code: str | None = None, **more: Any) -> list[Item]:
    wanted = Wanted(name=name, party=f"org_{code}" if code else None, **more)
    return list(worklists.listed(found.hub.context, wanted, now=found.hub.now).items)


def seen(found: Stage, name: str) -> dict[str | None, int]:
    return {code: len(listed(found, name, code)) for code in ("customer", "vendor", None)}


def test_an_offer_waits_for_who_has_to_answer_it_and_for_who_made_it() -> None:
    found = stage(taken=False)
    hop = found.hop("vendor")

    [mine] = listed(found, "unanswered-offers", "vendor")
    assert (mine.number, mine.due, mine.since) == (hop.number, hop.answer_by, hop.offered_at)
    assert mine.next == f"interdesk accept {hop.id} (or decline)"
    [made] = listed(found, "unanswered-offers", "customer")
    assert (made.number, made.organization) == (found.hop("customer").number, "org_customer")
    assert made.next == f"interdesk reassign {hop.id} LINK"
    assert len(listed(found, "unanswered-offers")) == 1
    found.set("vendor", "status", "open")
    assert seen(found, "unanswered-offers") == {"customer": 0, "vendor": 0, None: 0}


def test_offers_come_page_by_page_the_one_that_ends_first_before_the_others() -> None:
    found = stage(taken=False)
    for _ in range(4):
        found.wait(MINUTE)
        found.person("customer", "maria").open(title="x", text="y", priority="high", delegate="vendor")
        found.wait()
    whole = listed(found, "unanswered-offers", "vendor")
    assert [one.due for one in whole] == sorted(one.due for one in whole if one.due)
    assert len(whole) == 5

    paged: list[Item] = []
    after = None
    while True:
        wanted = Wanted(name="unanswered-offers", party="org_vendor", limit=2, after=after)
        page = worklists.listed(found.hub.context, wanted, now=found.hub.now)
        paged += page.items
        if page.next is None:
            break
        after = page.next
    assert [one.hop_id for one in paged] == [one.hop_id for one in whole]


def test_a_question_waits_for_the_one_above_and_for_nobody_else() -> None:
    found = stage()
    found.wait(MINUTE)
    found.set("vendor", "status", "waiting")

    [item] = listed(found, "waiting-for-me", "customer")
    assert (item.number, item.hop_id) == (found.hop("customer").number, found.hop("vendor").id)
    assert "waits for you (requester_info)" in item.what
    assert item.since is not None
    assert timedelta(0) <= found.hub.now - item.since < MINUTE
    assert seen(found, "waiting-for-me") == {"customer": 1, "vendor": 0, None: 1}
    found.say("customer", "it is the left one")
    assert seen(found, "waiting-for-me") == {"customer": 0, "vendor": 0, None: 0}


def test_a_stop_is_decided_by_its_consumer_until_it_lapses() -> None:
    found = stage()
    found.set("vendor", "status", "waiting")

    [item] = listed(found, "stops-to-decide", "customer")
    assert item.due is not None
    assert item.next.startswith("interdesk stops accept evt_")
    assert seen(found, "stops-to-decide") == {"customer": 1, "vendor": 0, None: 1}
    found.wait(item.due - found.hub.now + MINUTE)
    assert seen(found, "stops-to-decide") == {"customer": 0, "vendor": 0, None: 0}


def test_a_decided_stop_leaves_the_list_and_a_dispute_stays() -> None:
    found = stage()
    found.set("vendor", "status", "waiting")
    [item] = listed(found, "stops-to-decide", "customer")
    request = item.next.split()[3]

    def decide(word: str) -> None:
        sla.decide(found.hub.context, request, word, Order(actor="ann", now=found.hub.now, reason="so it is"))
        found.wait()

    decide("disputed")
    assert len(listed(found, "stops-to-decide", "customer")) == 1
    decide("upheld")
    assert listed(found, "stops-to-decide", "customer") == []


def test_a_clock_is_at_risk_once_a_warning_was_told() -> None:
    found = stage()
    assert seen(found, "at-risk") == {"customer": 0, "vendor": 0, None: 0}
    found.wait(6 * HOUR)

    items = listed(found, "at-risk", "vendor")
    assert [one.what for one in items] == [
        "attendance (vendor-uc): 75% mark passed",
        "resolution (vendor-uc): 50% mark passed",
    ]
    assert [one.due for one in items] == sorted(one.due for one in items if one.due)
    assert items[0].number == found.hop("vendor").number
    assert seen(found, "at-risk") == {"customer": 0, "vendor": 2, None: 2}
    found.wait(5 * HOUR)
    assert listed(found, "at-risk", "vendor") == [], "what is lost is at risk no more"


def test_a_clock_is_at_risk_when_most_like_it_were_missed() -> None:
    found = stage()
    ticket = found.case.ticket.id
    with found.hub.database.write() as db:
        for number in range(6):
            took = (9 if number == 0 else 11) * 3_600_000_000
            db.exec_driver_sql(
                "INSERT INTO clock (id, org_id, ticket_id, hop_id, agreement, sheet, target_kind, place, key, state, stopped,"
                " provisional, target, ended_at, elapsed, stopped_time, folded_at)"
                f" SELECT 'past_{number}', org_id, 'tkt_{number}', hop_id, agreement, sheet, target_kind, 1, key, 'breached',"
                f" stopped, provisional, target, {number + 1}, {took}, 0, folded_at FROM clock"
                " WHERE target_kind = 'resolution' AND place = 1 AND ticket_id = ?",
                (ticket,),
            )
    [item] = listed(found, "at-risk", "vendor")
    assert item.what == "resolution (vendor-uc): missed by 5 of 6 like it"


def visit(found: Stage, kind: str, **data: Any) -> None:
    with found.hub.database.write() as db:
        hop = found.hop("vendor")
        case = cases.load(db, OPERATOR, [hop.ticket_id], found.hub.context.occasion(db, found.hub.now))[
            hop.ticket_id
        ]
        case.record(f"visit.{kind}", case.hops[hop.id], Because(), data)
        cases.save(db, [case])


def window(start: str, end: str) -> dict[str, Any]:
    return {"window": [f"{start}+00:00", f"{end}+00:00"], "by": "provider"}


def test_somebody_has_to_come_and_no_visit_is_booked() -> None:
    found = stage()
    [item] = listed(found, "no-visit-booked", "vendor")
    assert (item.number, item.due) == (found.hop("vendor").number, found.hop("vendor").offered_at + 8 * HOUR)  # type: ignore[operator]
    assert seen(found, "no-visit-booked") == {"customer": 0, "vendor": 1, None: 1}
    visit(found, "proposed", **window("2026-03-02T10:00:00", "2026-03-02T12:00:00"))
    assert listed(found, "no-visit-booked", "vendor") == []
    visit(found, "missed")
    assert len(listed(found, "no-visit-booked", "vendor")) == 1


@pytest.mark.parametrize(
    ("start", "end", "site", "there"),
    [
        pytest.param("2026-03-02T10:00:00", "2026-03-02T12:00:00", None, 1, id="today, by the owner's wall"),
        pytest.param("2026-03-02T15:30:00", "2026-03-02T16:30:00", "TYO-1", 0, id="tomorrow in Tokyo"),
        pytest.param(
            "2026-03-01T15:30:00", "2026-03-01T16:30:00", "TYO-1", 1, id="yesterday here, today in Tokyo"
        ),
        pytest.param("2026-03-01T15:30:00", "2026-03-01T16:30:00", None, 0, id="yesterday"),
        pytest.param("2026-02-27T10:00:00", "2026-03-05T10:00:00", None, 1, id="a window of days"),
    ],
)
def test_visits_of_today_are_those_of_the_sites_day(
    start: str, end: str, site: str | None, there: int
) -> None:
    found = stage()
    if site:
        found.set("customer", "site", site)
    visit(found, "proposed", **window(start, end))
    visit(found, "confirmed")  # names no window: the one that was proposed stands

    assert seen(found, "todays-visits") == {"customer": 0, "vendor": there, None: there}


def test_a_visit_of_today_tells_its_window_in_the_sites_hours_and_leaves_when_it_is_over() -> None:
    found = stage()
    found.set("customer", "site", "TYO-1")
    visit(found, "proposed", **window("2026-03-02T08:30:00", "2026-03-02T09:30:00"))
    visit(found, "travelling")
    [item] = listed(found, "todays-visits", "vendor")
    assert item.what == "somebody is under way: 17:30–18:30 Asia/Tokyo"
    visit(found, "left", outcome="fixed")
    assert listed(found, "todays-visits", "vendor") == []


def logged(found: Stage) -> str:
    work = Work(kind=WorkKind.LABOUR, amount=Decimal(90), unit=Unit.MINUTES, at=found.hub.now)
    order = Order(actor="vera", now=found.hub.now)
    line = worklog.log(found.hub.context, found.hop("vendor").id, work, order)
    found.wait()
    return line.id


def test_hours_wait_for_the_side_above_until_they_lapse() -> None:
    found = stage()
    line = logged(found)
    [item] = listed(found, "hours-to-approve", "customer")
    assert (item.number, item.next) == (
        found.hop("customer").number,
        f"interdesk work accept {line} (or dispute)",
    )
    assert item.due == datetime.fromisoformat("2026-03-10T00:00:00+00:00")
    assert seen(found, "hours-to-approve") == {"customer": 1, "vendor": 0, None: 1}
    found.hub.clock.advance(timedelta(days=8))
    assert listed(found, "hours-to-approve", "customer") == [], "whoever has noticed"


@pytest.mark.parametrize("name", NAMES)
def test_an_organization_that_has_nothing_to_do_with_it_sees_nothing(name: str) -> None:
    found = stage()
    logged(found)
    found.set("vendor", "status", "waiting")
    assert listed(found, name, "stranger") == []


@pytest.mark.parametrize("after", ["x", "1-", "-hop", "9" * 18 + "-x", "١-x"])
def test_what_is_no_list_and_no_place_in_one_is_told(after: str) -> None:
    found = stage()
    with pytest.raises(Invalid, match="is no place in a list"):
        listed(found, "at-risk", after=after)
    with pytest.raises(Invalid, match="there is no work list 'at-rsk' · did you mean 'at-risk'"):
        listed(found, "at-rsk")


# -- indexes ------------------------------------------------------------------------------------------------------------------

INDEXES = {
    "unanswered-offers": "hop_answer",
    "no-visit-booked": "clock_due",
    "todays-visits": "booked_visit_ahead",
    "at-risk": "clock_due",
    "waiting-for-me": "hop_asked",
    "stops-to-decide": "stop_to_decide",
    "hours-to-approve": "work_line_undecided",
}


@pytest.fixture
def migrated(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'x.db'}")
    bring_up(opened)
    yield opened
    opened.close()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("party", [None, "org_1"])
def test_no_list_reads_every_ticket(migrated: Database, name: str, party: str | None) -> None:
    asked: list[tuple[str, Any]] = []
    with migrated.read() as db:
        events.listen(
            migrated.engine, "before_cursor_execute", lambda *told: asked.append((told[2], told[3]))
        )
    context = Context(database=migrated, registry=registry(), new_id=str, jitter=lambda: 0.0)
    worklists.listed(
        context, Wanted(name=name, party=party), now=datetime.fromisoformat("2026-03-02T08:00:00+00:00")
    )
    with migrated.read() as db:
        plans = [
            row[3]
            for sql, values in list(asked)
            if sql.startswith("SELECT") and any(f"FROM {one}" in sql for one in TABLES)
            for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
        ]
    assert any(INDEXES[name] in step for step in plans), plans
    whole = {f"SCAN {one}" for one in TABLES} | {"SCAN parent"}
    assert [step for step in plans if step in whole] == [], plans


TABLES = ("hop", "ticket", "clock", "event", "work_line", "booked_visit", "stop_to_decide")


def test_postgresql_answers_as_sqlite_does(migrated_postgres: str) -> None:
    database = Database(migrated_postgres)
    found = stage(database)
    logged(found)
    found.set("vendor", "status", "waiting")
    visit(found, "proposed", **window("2026-03-02T10:00:00", "2026-03-02T12:00:00"))
    counts = {name: len(listed(found, name)) for name in NAMES}
    assert counts == {
        "unanswered-offers": 0,
        "no-visit-booked": 0,
        "todays-visits": 1,
        "at-risk": 0,
        "waiting-for-me": 1,
        "stops-to-decide": 1,
        "hours-to-approve": 1,
    }
    database.close()
