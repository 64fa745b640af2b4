"""Daily totals of a chain at work: both ends read one account, a day once counted is restated by what comes late, and what was
lost on the way is named."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from gateway.errors import Invalid, NotFound, Refused
from gateway.flows import commands, doctor, totals
from gateway.flows.commands import Order
from gateway.flows.link_steps import By
from gateway.store import rows
from gateway.testing.loopback.faults import Fault, FaultKind
from tests.flows.scenes.stage import Cast, Stage

DAY = timedelta(days=1)
QUIET = {"poll_every": "30d", "refetch_every": "30d"}


def stage() -> Stage:
    desks = dict.fromkeys(("customer", "vendor"), QUIET)
    links = {"customer>vendor": {"answer_within": {"default": "9d"}}}
    return Stage("customer>vendor", cast=Cast(desks=desks, links=links))


@pytest.fixture
def found() -> Stage:
    made = stage()
    made.open()
    return made


def read(found: Stage, party: str | None = None) -> dict[str, Any]:
    by = By(party=party and f"org_{party}", actor="ann", now=found.hub.now)
    return totals.read(found.hub.context, "customer-vendor", "", by)


def figures(told: dict[str, Any], end: str = "upstream") -> tuple[int, ...]:
    return tuple(told[end][name] for name in ("sent", "taken", "refused", "unanswered", "open"))


def test_both_ends_read_the_same_figures(found: Stage) -> None:
    assert figures(read(found)) == (1, 0, 0, 1, 1)
    found.set("vendor", "status", "open")
    for party in (None, "customer", "vendor"):
        told = read(found, party)
        assert figures(told) == figures(told, "downstream") == (1, 1, 0, 0, 1)
        assert told["differences"] == []
    with pytest.raises(NotFound):
        read(found, "stranger")


def test_a_day_is_kept_once_and_restated_by_what_comes_late(found: Stage) -> None:
    context = found.hub.context
    tomorrow = found.hub.now + DAY
    assert totals.keep(context, now=tomorrow) == 1, "days on which nothing was are not kept"
    assert totals.keep(context, now=tomorrow) == 0, "counting again changes nothing"
    found.set("vendor", "status", "open")  # heard of after that day was counted
    assert totals.keep(context, now=tomorrow) == 1
    by = By(party=None, actor="ann", now=tomorrow)
    told = totals.read(context, "customer-vendor", str(found.hub.now.date()), by)
    assert (figures(told), told["restated"]) == ((1, 1, 0, 0, 1), 1)


def test_a_day_that_comes_to_nothing_is_restated(found: Stage) -> None:
    context, tomorrow = found.hub.context, found.hub.now + DAY
    assert totals.keep(context, now=tomorrow) == 1
    with context.database.write() as db:
        db.execute(update(rows.event).values(observed_at=tomorrow, reported_at=tomorrow))
    assert totals.keep(context, now=tomorrow) == 1
    told = totals.read(
        context, "customer-vendor", str(found.hub.now.date()), By(party=None, actor="ann", now=tomorrow)
    )
    assert (figures(told), told["restated"]) == ((0, 0, 0, 0, 0), 1)


def test_a_closing_that_the_downstream_has_not_heard_of_is_named(found: Stage) -> None:
    for word in ("open", "solved"):
        found.set("vendor", "status", word)
    found.hub.desks["vendor"].faults = lambda _call: Fault(kind=FaultKind.REFUSE)
    commands.confirm(found.hub.context, found.hop("vendor").id, Order(actor="ann", now=found.hub.now))
    told = read(found)
    named = [(one["figure"], one["counted_by"]) for one in told["differences"]]
    assert named == [("open", "downstream")], told


def test_a_question_without_an_answer_says_so(found: Stage) -> None:
    by = By(party=None, actor="ann", now=found.hub.now)
    for day, error in (
        ("yesterday", Invalid),
        (str((by.now + DAY).date()), Refused),
        ("2020-01-01", NotFound),
    ):
        with pytest.raises(error):
            totals.read(found.hub.context, "customer-vendor", day, by)


def test_what_did_not_arrive_is_named_to_each_by_its_own_number() -> None:
    made = stage()
    made.hub.desks["vendor"].faults = lambda _call: Fault(kind=FaultKind.REFUSE)
    made.open()
    for party, tickets in (
        (None, [made.hop("customer").number]),
        ("customer", [made.hop("customer").number]),
        ("vendor", []),
    ):
        told = read(made, party)
        assert (figures(told), figures(told, "downstream")) == ((1, 0, 0, 1, 1), (0, 0, 0, 0, 0))
        named = [(one["figure"], one["counted_by"], one["tickets"]) for one in told["differences"]]
        assert named == [(figure, "upstream", tickets) for figure in ("sent", "unanswered", "open")]
    totals.keep(made.hub.context, now=made.hub.now + DAY)
    [finding] = doctor.totals(made.hub.context, now=made.hub.now + DAY)
    assert "customer-vendor" in finding.subject
