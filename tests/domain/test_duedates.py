"""Due dates at the desks (R20): each hop shows its own agreement's, in the desk's own way; what the chain needs earlier is
said upstream, and below only where the link has a field for it."""

from datetime import timedelta
from typing import Any

from gateway.domain import duedates
from gateway.domain.case import Because, Case
from gateway.domain.model import Field, Hop
from gateway.domain.model.change import replace
from gateway.flows import sla
from gateway.flows.commands import Order
from gateway.testing.hub import START
from tests.builders import CAPABLE, later, put, said, tree, written
from tests.flows.scenes.stage import MINUTE, Cast, Stage

HOUR = 60 * MINUTE
ALWAYS = {"code": "always", "always": True}


def agreement(provider: str, consumer: str, hours: int, **more: Any) -> dict[str, Any]:
    """A resolution target of so many hours; a quarter of it for critical tickets."""
    plain = {
        "code": f"{provider}-uc",
        "provider": provider,
        "consumer": consumer,
        "kind": "uc",
        "calendar": "always",
        "targets": {"resolution": {"critical": f"{hours * 15}m", "high": f"{hours}h"}},
        "stops": {"requester_info": "automatic"},
    }
    return plain | more


def chain(*agreements: dict[str, Any], links: dict[str, Any] | None = None, **more: Any) -> Stage:
    terms = {"answer_within": {"default": "3d"}}
    edges = ("customer>vendor", "vendor>north")
    cast = Cast(
        agreements=agreements,
        calendars=(ALWAYS,),
        links={edge: terms | (links or {}).get(edge, {}) for edge in edges},
        **more,
    )
    found = Stage(*edges, cast=cast)
    found.open(priority="high")
    return found


def iso(after: timedelta) -> str:
    return (START + after).isoformat()


def writes(found: Stage, code: str) -> list[str]:
    """The values written into the desk's due field after it was made."""
    return [
        one.payload["fields"][Field.DUE]
        for one in found.deliveries(code)
        if one.kind == "update" and Field.DUE in one.payload["fields"]
    ]


def moved(found: Stage) -> list[str]:
    return [event.data["due"] for event in found.events() if event.type == "clock.due_moved"]


def test_the_ticket_is_made_with_the_due_moment_of_its_own_agreement() -> None:
    found = chain(agreement("vendor", "customer", 4))

    assert found.field("vendor", "due") == iso(4 * HOUR)
    assert (writes(found, "vendor"), moved(found)) == ([], [])


def test_each_hop_has_its_own_and_the_upstreams_date_does_not_override_it() -> None:
    found = chain(agreement("vendor", "customer", 8), agreement("north", "vendor", 2))
    found.wait(HOUR)
    found.delegate("vendor", "north")

    assert found.field("vendor", "due") == iso(8 * HOUR)
    assert found.field("north", "due") == found.hop("north").facts["agreed_due"] != iso(8 * HOUR)
    before = found.field("north", "due")
    found.set("vendor", "due", iso(HOUR))
    assert found.field("north", "due") == before


def test_without_an_agreement_the_upstreams_date_goes_down_as_ever() -> None:
    found = chain(agreement("vendor", "customer", 8))
    found.delegate("vendor", "north")

    assert found.field("north", "due") == found.field("vendor", "due")


def test_one_below_without_an_agreement_follows_the_one_above() -> None:
    found = chain(agreement("vendor", "customer", 8))
    found.delegate("vendor", "north")
    found.set("customer", "priority", "urgent")
    found.wait(2 * MINUTE)

    assert found.field("north", "due") == found.field("vendor", "due") == iso(2 * HOUR)


def test_a_stop_moves_it_once_the_clock_runs_again_and_not_while_it_stands() -> None:
    found = chain(agreement("vendor", "customer", 4))
    found.set("vendor", "status", "open")
    found.set("vendor", "status", "waiting")
    found.wait(3 * HOUR)
    assert writes(found, "vendor") == []

    found.set("vendor", "status", "open")
    found.wait(MINUTE)

    [due] = writes(found, "vendor")
    assert iso(7 * HOUR) < due < iso(7 * HOUR + MINUTE)
    assert found.field("vendor", "due") == due


def test_a_priority_that_rises_moves_it_at_once() -> None:
    found = chain(agreement("vendor", "customer", 4))

    found.set("customer", "priority", "urgent")
    found.wait(2 * MINUTE)

    assert writes(found, "vendor") == [iso(HOUR)]


def test_it_is_not_written_oftener_than_once_a_minute() -> None:
    found = chain(agreement("vendor", "customer", 4))

    for priority in ("urgent", "high", "urgent"):
        found.set("customer", "priority", priority)
    found.wait(5 * MINUTE)

    assert writes(found, "vendor") == [iso(HOUR)]


def test_a_due_date_of_somebody_at_the_desk_is_theirs_until_ours_moves() -> None:
    found = chain(agreement("vendor", "customer", 4))
    found.set("vendor", "due", iso(9 * HOUR))
    found.wait(MINUTE)
    assert found.field("vendor", "due") == iso(9 * HOUR)
    assert found.discrepancies() == ["due_drift"]

    found.set("customer", "priority", "urgent")
    found.wait(2 * MINUTE)

    assert found.field("vendor", "due") == iso(HOUR)


def test_response_counts_where_nothing_else_is_promised() -> None:
    found = chain(agreement("vendor", "customer", 4, targets={"response": {"high": "30m"}}))

    assert found.field("vendor", "due") == iso(30 * MINUTE)


def test_what_the_chain_needs_earlier_is_said_upstream_once_and_again_when_it_changes() -> None:
    found = chain(agreement("vendor", "customer", 4), agreement("north", "vendor", 8))
    found.delegate("vendor", "north")
    found.wait(2 * HOUR)

    [told] = [text for text in found.read("vendor") if "is needed to finish" in text]
    assert (
        told
        == "North is needed to finish by 2026-03-02 12:00 UTC, but their target ends 2026-03-02 16:00 UTC."
    )
    assert not any("is needed" in text for text in found.read("north"))

    found.set("customer", "priority", "urgent")
    found.wait(2 * MINUTE)
    assert len([text for text in found.read("vendor") if "is needed to finish" in text]) == 2


def test_reserves_come_off_what_is_needed() -> None:
    reserve = {"reserve": {"high": "30m"}}
    found = chain(agreement("vendor", "customer", 4, **reserve), agreement("north", "vendor", 8))
    found.delegate("vendor", "north")
    found.wait(MINUTE)

    assert any("by 2026-03-02 11:30 UTC" in text for text in found.read("vendor"))


def test_where_the_targets_fit_nobody_is_bothered() -> None:
    found = chain(agreement("vendor", "customer", 8), agreement("north", "vendor", 2))
    found.delegate("vendor", "north")
    found.wait(HOUR)

    assert not any("needed" in text for code in ("vendor", "north") for text in found.read(code))


def test_it_goes_down_only_where_the_link_names_a_field() -> None:
    links = {"vendor>north": {"crosses": {"needed_by": "custom.needed_by"}}}
    found = chain(agreement("vendor", "customer", 8), agreement("north", "vendor", 2), links=links)
    found.delegate("vendor", "north")
    found.wait(MINUTE)

    sent = [one.payload["fields"] for one in found.deliveries("north") if one.kind == "update"]
    assert sent == [{"custom.needed_by": "2026-03-02 16:00 UTC"}]
    assert "needed_by" not in found.hop("north").facts
    assert [event.type for event in found.events("north") if event.type == "clock.needed_by"] == []
    assert not any("needed" in text for text in found.read("north"))


def test_a_void_moves_it_back() -> None:
    found = chain(agreement("vendor", "customer", 4))
    found.set("vendor", "status", "open")
    found.set("vendor", "status", "waiting")
    found.wait(3 * HOUR)
    found.set("vendor", "status", "open")
    found.wait(2 * MINUTE)
    [request] = [one.id for one in found.events("vendor") if one.data.get("to") == "pending"]

    order = Order(actor="ann", now=found.hub.now, reason="the answer stood in the ticket")
    sla.decide(found.hub.context, request, "voided", order)
    found.wait(2 * MINUTE)

    assert writes(found, "vendor")[-1] == iso(4 * HOUR)


def test_a_desk_that_knows_only_days_gets_the_day_and_the_moment_in_words() -> None:
    case = tree("customer>vendor", desks={"vendor": {"zone": "Europe/Rome", "capabilities": DAYS}})
    duedates.write(
        case, case.hops["hop_vendor"], later(15 * 60), case.record("clock.due_moved", vendor(case), Because())
    )

    assert written(case, "vendor") == [{"due": "2026-03-03"}]
    assert said(case, "vendor") == ["Due by our agreement: 2026-03-03 00:00 Europe/Rome."]


def test_a_change_below_the_desks_day_is_said_and_not_written() -> None:
    case = tree("customer>vendor", desks={"vendor": {"zone": "Europe/Rome", "capabilities": DAYS}})
    put(case, "vendor", shadow={"due": "2026-03-02"})
    duedates.write(case, vendor(case), later(60), case.record("clock.due_moved", vendor(case), Because()))

    assert written(case, "vendor") == []
    assert said(case, "vendor") == ["Due by our agreement: 2026-03-02 10:00 Europe/Rome."]


def test_a_desk_without_a_due_field_is_told_in_words() -> None:
    case = tree("customer>vendor", desks={"vendor": {"capabilities": replace(CAPABLE, due="none")}})
    duedates.write(case, vendor(case), later(60), case.record("clock.due_moved", vendor(case), Because()))

    assert (written(case, "vendor"), len(said(case, "vendor"))) == ([], 1)


DAYS = replace(CAPABLE, due="date")


def vendor(case: Case) -> Hop:
    return case.hops["hop_vendor"]
