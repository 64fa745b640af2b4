"""Contracts that end, go on and are signed late while tickets are open: each ticket counts under what held for it, and is marked where
nothing did."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.agreements import Agreement
from gateway.domain.model import Event
from gateway.domain.sla.clocks import Clock
from gateway.domain.sla.terms import TargetKind
from gateway.flows import contracts, outcomes, recount, sla
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR
from gateway.store import history
from gateway.store.directory import SHEET
from gateway.testing.hub import Hub
from tests.flows.scenes.stage import Cast, Stage
from tests.flows.test_foresight import ALWAYS, HOUR, PROMISE, pass_by

LINKS = {"customer>vendor": {"answer_within": {"default": "9d"}}}
ENDS = {**PROMISE, "valid_until": "2026-03-03"}
"""The day after the tickets are opened."""


def stage(**more: Any) -> Stage:
    return Stage("customer>vendor", cast=Cast(agreements=[{**ENDS, **more}], calendars=[ALWAYS], links=LINKS))


def bound(found: Stage) -> list[Event]:
    return [event for event in found.events() if event.type in ("agreement.bound", "agreement.missing")]


def clocks(found: Stage) -> list[Clock]:
    return list(sla.read(found.hub.context, found.case.ticket.id, now=found.hub.now).clocks)


def unmeasured(found: Stage) -> list[bool]:
    """Of each clock whether it was counted under terms that were not in force, by ticket."""
    with found.hub.database.read() as db:
        names = history.bound_tickets(db, OPERATOR)
    marks = []
    for name in names:
        reading = sla.read(found.hub.context, name, now=found.hub.now)
        with found.hub.database.read() as db:
            _, told = history.of_ticket(db, OPERATOR, name)
        marks += [one.unmeasured for one in outcomes.came_to(reading, told)[1]]
    return marks


def test_r25_an_agreement_that_lapses_in_mid_ticket_counts_on_for_that_ticket() -> None:
    found = stage()
    found.open(priority="high")
    pass_by(found, timedelta(days=5))
    [clock] = clocks(found)
    assert clock.state == "breached"
    assert clock.elapsed > 5 * 24 * HOUR
    assert unmeasured(found) == [False], "it was in force when the ticket was handed over"


def test_r26_a_ticket_after_its_end_is_counted_under_nothing_and_marked() -> None:
    found = stage()
    pass_by(found, timedelta(days=5))
    found.open(priority="high")
    assert [event.type for event in bound(found)] == ["agreement.missing"]
    assert bound(found)[0].data == {"why": "dates", "nearest": "gold"}
    assert clocks(found) == []


def test_r25_in_renewal_a_ticket_counts_under_the_last_terms_and_is_marked() -> None:
    found = stage(after_end="in_renewal")
    pass_by(found, timedelta(days=5))
    found.open(priority="high")
    [event] = bound(found)
    assert (event.type, event.data["in_renewal"]) == ("agreement.bound", True)
    assert [clock.target for clock in clocks(found)] == [4 * HOUR]
    assert unmeasured(found) == [True]
    [binding] = sla.read(found.hub.context, found.case.ticket.id, now=found.hub.now).bindings
    assert (binding.in_renewal, binding.level) == (True, "customer")


SIGNED = [
    {"from": "2026-03-04", "change": {"valid_until": "2027-03-03", "targets": {"resolution": {"high": "2h"}}}}
]


def signed(found: Stage) -> None:
    """The renewal is signed: the directory holds it from now on, as after an `apply`."""
    later = Hub(stage(after_end="in_renewal", amendments=SIGNED).hub.plan)
    with found.hub.database.write() as db, later.database.read() as other:
        for row in other.execute(SHEET.select()).mappings():
            if not db.execute(SHEET.select().where(SHEET.c.id == row["id"])).first():
                db.execute(SHEET.insert().values(**row))
    found.hub.context.use(later.context.directory_now)


def test_r25_a_late_signature_binds_open_tickets_anew_and_shows_the_difference() -> None:
    found = stage(after_end="in_renewal")
    pass_by(found, timedelta(days=5))
    found.open(priority="high")
    pass_by(found, 3 * HOUR)
    assert clocks(found)[0].state == "running"

    signed(found)
    order = Order(actor="maria", reason="signed in March", now=found.hub.now)
    effect = contracts.rebind(found.hub.context, found.case.ticket.id, "gold", order)

    assert effect is not None
    assert [(clock.state, clock.target) for clock in effect.before] == [("running", 4 * HOUR)]
    assert [(clock.state, clock.target) for clock in effect.after] == [("breached", 2 * HOUR)]
    assert unmeasured(found) == [False]
    assert contracts.rebind(found.hub.context, found.case.ticket.id, "gold", order) is None, "once is enough"


@pytest.mark.parametrize(("days", "version"), [(0, 1), (1, 1), (2, 2), (300, 2), (500, 2)])
def test_the_version_that_holds_today_is_what_open_tickets_are_bound_to(days: int, version: int) -> None:
    found = stage(amendments=SIGNED)
    [one] = contracts.standing(found.hub.context, "gold", now=found.hub.now + timedelta(days=days))
    assert one.version == version


def test_an_earlier_version_can_be_asked_for_by_its_number() -> None:
    found = stage(amendments=SIGNED, valid_until="2026-03-31")
    for name, hours in (("gold", 2), ("gold@2", 2), ("gold@1", 4)):
        [terms] = [recount.other_terms(found.hub.context, name)(one.terms) for one in standing(found)]
        assert terms is not None
        assert terms.targets[TargetKind.RESOLUTION] == {"high": hours * HOUR}


def standing(found: Stage) -> list[Agreement]:
    return contracts.standing(found.hub.context, "gold", now=found.hub.now)


def uncovered(**link: str) -> Stage:
    """The vendor's agreement is for scales alone."""
    links = {"customer>vendor": {**LINKS["customer>vendor"], **link}}
    scales = {**PROMISE, "services": ["scales"]}
    return Stage("customer>vendor", cast=Cast(agreements=[scales], calendars=[ALWAYS], links=links))


def test_r26_a_rejection_reaches_the_desk_that_would_hand_it_on_as_a_clear_message() -> None:
    found = uncovered(uncovered="reject")
    found.open(priority="low", service="tills")
    assert found.docs("vendor") == []
    [said] = found.read("customer")
    assert said.startswith("Not passed on to Vendor: agreement gold does not cover")
    assert "it covers scales; ask for another agreement, or change the ticket." in said


def test_r26_an_urgent_one_passes_and_is_marked() -> None:
    found = uncovered(uncovered="reject")
    found.open(priority="urgent", service="tills")
    assert len(found.docs("vendor")) == 1
    assert [event.type for event in bound(found)] == ["agreement.missing"]


def test_r26_once_the_service_is_right_a_new_act_hands_it_on() -> None:
    found = uncovered(uncovered="reject")
    found.open(priority="low", service="tills")
    found.set("customer", "service", "scales")
    found.set("customer", "delegate", "")
    found.delegate("customer", "vendor")
    assert len(found.docs("vendor")) == 1
    assert [event.type for event in bound(found)] == ["agreement.bound"]
