"""From any party's number to the chain and its story, as the one who asks may know it."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from gateway.errors import Invalid, NotFound
from gateway.flows.context import OPERATOR
from gateway.flows.find import Answer, Found, find
from gateway.store import cases, desks
from gateway.store.directory import ORGANIZATION
from tests.flows.scenes.stage import Cast, Stage

CAST = Cast(
    tempers={"customer": "customer", "vendor": "vendor", "partner": "partner"},
    agreements=[
        {
            "code": "vendor-sla",
            "provider": "vendor",
            "consumer": "customer",
            "kind": "sla",
            "calendar": "always",
            "targets": {"resolution": dict.fromkeys(("critical", "high", "medium", "low"), "8h")},
        }
    ],
    calendars=[{"code": "always", "always": True}],
)


def listed(stage: Stage) -> Stage:
    """With its organizations in the store, where views look for their names."""
    with stage.hub.database.write() as db:
        for org in stage.hub.context.directory_now.organizations.values():
            row = {"id": org.id, "org_id": org.id, "code": org.code, "document": {"name": org.name}}
            db.execute(insert(ORGANIZATION).values(**row))
    return stage


@pytest.fixture(scope="module")
def stage() -> Stage:
    """One ticket at three desks that write numbers in three ways, and another at the first."""
    found = listed(Stage("customer>vendor", "vendor>partner", cast=CAST))
    found.open(delegate=None)
    found.open()
    found.delegate("vendor", "partner")
    found.wait(timedelta(minutes=3))
    found.ticket = found.id("customer")
    return found


def ask(stage: Stage, text: str, org: str | None = None) -> Answer:
    return find(stage.hub.context, org and f"org_{org}", text, now=stage.hub.now)


def one(stage: Stage, text: str, org: str | None = None) -> Found:
    [found] = ask(stage, text, org).found
    return found


@pytest.mark.parametrize("code", ["customer", "vendor", "partner"])
def test_every_partys_number_leads_to_the_chain_however_it_is_written(stage: Stage, code: str) -> None:
    number = str(stage.doc(code)["number"])
    assert not number[0].isdigit(), "the desks of this test write a prefix"
    for written in (number, number.lower(), f"[{number}]", f"  {number}. "):
        assert one(stage, written).ticket_id == stage.case.ticket.id
    core = number.rpartition("-")[2]
    for written in (core, f"#{core}", f"Ticket #{core}"):
        assert stage.case.ticket.id in [each.ticket_id for each in ask(stage, written, code).found]


def test_our_id_and_the_marker_lead_there_too(stage: Stage) -> None:
    ticket = stage.case.ticket.id
    marker = str(stage.field("partner", "marker"))
    assert marker.startswith("idk-")
    for name in (ticket, stage.hop("vendor").id, marker):
        assert one(stage, name).ticket_id == ticket
    for name in (ticket, marker, stage.hop("partner").id):
        assert one(stage, name, "partner").ticket_id == ticket
    with pytest.raises(NotFound):
        one(stage, stage.hop("vendor").id, "partner")


def test_the_story_says_who_has_it_since_when_and_what_is_due(stage: Stage) -> None:
    told = one(stage, str(stage.doc("vendor")["number"]))
    assert [hop["desk"] for hop in told.hops] == ["customer", "vendor", "partner"]
    assert all(hop["number"] and hop["since"] for hop in told.hops)
    assert (told.over, told.holders) == (False, ("Partner",))
    assert told.since is not None
    assert told.since < stage.hub.now
    assert told.due_of == "resolution of vendor-sla"
    assert told.next_due is not None
    assert any("has not answered" in words for words in told.stuck) is False


def test_each_party_reads_no_more_than_it_may_know(stage: Stage) -> None:
    number = str(stage.doc("partner")["number"])
    told = one(stage, number, "partner")
    everything = repr(told)
    assert [hop["number"] for hop in told.hops if hop["number"]] == [number]
    for code in ("customer", "vendor"):
        assert str(stage.doc(code)["number"]) not in everything
    assert "Customer" not in everything
    assert "vendor-sla" not in everything
    upper = one(stage, str(stage.doc("customer")["number"]), "customer")
    assert "artner" not in repr(upper)


def test_a_number_of_another_partys_desk_is_not_there(stage: Stage) -> None:
    with pytest.raises(NotFound):
        ask(stage, str(stage.doc("vendor")["number"]), "stranger")
    with pytest.raises(NotFound):
        ask(stage, str(stage.doc("customer")["number"]), "partner")


@pytest.mark.parametrize("text", ["", "  ", "#", "[]"])
def test_nothing_typed_is_told(stage: Stage, text: str) -> None:
    with pytest.raises((Invalid, NotFound)):
        ask(stage, text)


def test_a_former_number_leads_there_and_says_so() -> None:
    stage = listed(Stage("customer>vendor", cast=CAST))
    stage.open()
    old = str(stage.doc("vendor")["number"])
    with stage.hub.database.write() as db:
        occasion = stage.hub.context.occasion(db, stage.hub.now)
        [case] = cases.load(db, OPERATOR, [stage.case.ticket.id], occasion).values()
        case.put(next(hop for hop in case.hops.values() if hop.desk_id == "dsk_vendor"), number="V-9000")
        cases.save(db, [case])

    assert one(stage, "V-9000").called == ("V-9000 at vendor",)
    assert one(stage, old).called == (f"{old} at vendor, its former number",)


def test_a_desk_that_is_held_is_told_as_stuck() -> None:
    stage = listed(Stage("customer>vendor", cast=CAST))
    stage.open()
    with stage.hub.database.write() as db:
        desks.hold(db, "dsk_vendor", "credentials: 401", now=stage.hub.now)
    stage.say("customer", "any news?")

    told = one(stage, str(stage.hop("vendor").number))
    assert any("nothing is sent to desk vendor" in words for words in told.stuck)
