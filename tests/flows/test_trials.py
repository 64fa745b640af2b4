"""A chain of tests runs by the same rules as a real one, is marked for everybody in it, and is counted nowhere."""

from datetime import timedelta

import pytest

from gateway.domain.model import HopStatus
from gateway.errors import NotFound, Refused
from gateway.flows import commands, outcomes, reporting, sla, statement, timeline, worklists
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR
from gateway.flows.reporting import Wanted
from gateway.store import outcomes as kept
from tests.flows.scenes.stage import MINUTE, Cast, Stage

HOUR = 60 * MINUTE
SLA = {
    "code": "desk-sla",
    "provider": "vendor",
    "consumer": "customer",
    "kind": "sla",
    "calendar": "always",
    "targets": {"resolution": {"high": "2h"}, "attendance": {"high": "8h"}},
}
LISTS = ("unanswered-offers", "no-visit-booked", "at-risk")


def stage(*, test: bool) -> Stage:
    """A ticket of high priority on its way from the customer to the vendor, whose own desk is live, and a second later."""
    found = Stage(
        "customer>vendor",
        "vendor>north",
        cast=Cast(
            agreements=(SLA,),
            calendars=({"code": "always", "always": True},),
            desks={"customer": {"test": test}},
            links={"customer>vendor": {"test": test, "on_live_desk": test}},
        ),
    )
    found.open(priority="high")
    return found


@pytest.fixture(scope="module")
def trial() -> Stage:
    found = stage(test=True)
    found.wait(HOUR)
    return found


@pytest.fixture(scope="module")
def real() -> Stage:
    found = stage(test=False)
    found.wait(HOUR)
    return found


def listed(found: Stage) -> dict[str, int]:
    def count(name: str) -> int:
        wanted = worklists.Wanted(name=name)
        return len(worklists.listed(found.hub.context, wanted, now=found.hub.now).items)

    return {name: count(name) for name in LISTS}


def counted(found: Stage) -> int:
    with found.hub.database.read() as db:
        return len(kept.tickets(db, OPERATOR))


def test_the_same_work_is_counted_and_listed_unless_it_is_a_test(trial: Stage, real: Stage) -> None:
    assert listed(real) == {"unanswered-offers": 1, "no-visit-booked": 1, "at-risk": 1}
    assert listed(trial) == dict.fromkeys(LISTS, 0)
    assert (counted(real), counted(trial)) == (1, 0)
    outcomes.rebuild(trial.hub.context, now=trial.hub.now)
    assert counted(trial) == 0, "counting again does not bring it in"


def test_its_clocks_run_all_the_same(trial: Stage, real: Stage) -> None:
    def clocks(found: Stage) -> list[tuple[str, timedelta]]:
        read = sla.read(found.hub.context, found.case.ticket.id, now=found.hub.now)
        return [(clock.key.split("/")[-1], clock.elapsed) for clock in read.clocks]

    assert clocks(trial) == clocks(real) != []


def test_no_report_knows_of_it(trial: Stage) -> None:
    wanted = Wanted(customer="customer", period=f"{trial.hub.now:%Y-%m}")
    with pytest.raises(NotFound):
        reporting.compose(trial.hub.context, wanted, now=trial.hub.now)


def test_everybody_sees_that_it_is_one(trial: Stage, real: Stage) -> None:
    assert any("This is a test" in text for text in trial.read("vendor"))
    assert not any("This is a test" in text for text in real.read("vendor"))
    for found, test in ((trial, True), (real, False)):
        name = found.case.ticket.id
        assert timeline.read(found.hub.context, name, "org_vendor", now=found.hub.now).test is test


def test_it_goes_no_further_than_test_links(trial: Stage) -> None:
    hop = trial.hop("vendor")
    order = Order(actor="ann", now=trial.hub.now)
    with pytest.raises(Refused, match="cannot be offered"):
        commands.offer(trial.hub.context, hop.id, "vendor-north", order)
    trial.delegate("vendor", "north")
    assert not trial.docs("north")
    assert any("not for tests" in text for text in trial.read("vendor"))
    assert trial.is_("vendor") in (HopStatus.OFFERED, HopStatus.ACCEPTED, HopStatus.ACKNOWLEDGED)


def test_a_test_link_bills_nothing(trial: Stage) -> None:
    order = Order(actor="ann", now=trial.hub.now + timedelta(days=62))
    with pytest.raises(Refused, match="bills nothing"):
        statement.close(trial.hub.context, "customer-vendor", f"{trial.hub.now:%Y-%m}", order)
