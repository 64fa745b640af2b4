"""Handing a ticket over between real desks: declined, returned, lapsed, withdrawn, reassigned, given to two at once.
The chain and its links: chain_links."""

import pytest

from tests.desks.crew import Crew, Way, word
from tests.desks.house import House, eventually

pytestmark = [pytest.mark.desks, pytest.mark.timeout(600)]


def begun(crew: Crew, title: str, *names: str, **fields: str) -> Way:
    """A ticket at the vendor's desk, delegated from there to each of the named: name=desk."""
    way = Way.begun(crew, title, **fields)
    way.arrives("vendor")
    if names:
        way.change("vendor", delegate=", ".join(names))
    for name in names:
        way.arrives({"partner": "partner", "second": "subcontractor"}[name])
    return way


def test_a_decline_comes_back_with_its_reason(house: House, crew: Crew) -> None:
    way = begun(crew, "Scale broken")
    way.say("vendor", "No scales in our contract.")
    way.change("vendor", status="Rejected")
    told = way.hears("customer", "Vendor declined the assignment. Reason: No scales in our contract.")
    assert not told.public
    house.quiet()
    assert [way.hop(house, desk)["status"] for desk in ("customer", "vendor")] == ["acknowledged", "declined"]
    way.shows(vendor="Rejected")
    way.is_single()


def test_what_was_accepted_is_returned_with_its_reason(house: House, crew: Crew) -> None:
    way = begun(crew, "Door stuck", "partner")
    way.change("partner", status="open")
    way.shows(vendor="In Progress")
    way.say("partner", "We need a locksmith.")
    way.change("partner", status="rejected")
    way.hears("vendor", "Partner returned the assignment. Reason: We need a locksmith.")
    way.shows(customer="open", vendor="New", partner="rejected")
    house.quiet()
    assert way.hop(house, "partner")["status"] == "returned"
    assert way.copies("partner") == [way.at("partner")], "it is not offered again without a new act"


def test_an_offer_lapses_to_the_next_rank_and_then_to_the_dispatcher(house: House, crew: Crew) -> None:
    way = begun(crew, "Kiosk dark", site="MI-001")
    way.change("vendor", delegate="covered")
    way.arrives("partner")
    way.arrives("subcontractor")
    assert not way.hears("partner", "This offer was not answered in time").public
    way.hears("vendor", "Partner did not answer the offer in time")
    way.hears("vendor", "Subcontractor did not answer the offer in time")
    way.shows(vendor="New", partner="rejected", subcontractor="done-cbb")
    house.quiet()
    assert len(way.events(house, "assignment.exhausted", "vendor")) == 1
    assert {desk: way.hop(house, desk)["status"] for desk in ("partner", "subcontractor")} == {
        "partner": "expired", "subcontractor": "expired",
    }  # fmt: skip
    assert way.field("partner", "site") == "MI-001"
    way.is_single()


def test_an_accepted_offer_asks_nobody_else(house: House, crew: Crew) -> None:
    way = begun(crew, "Kiosk slow", site="MI-001")
    way.change("vendor", delegate="covered")
    way.arrives("partner")
    way.change("partner", status="open")
    way.shows(vendor="In Progress")
    offered = way.hop(house, "partner")
    assert (offered["status"], offered["answer_by"]) == ("in_progress", None)
    assert way.copies("subcontractor") == []


def test_a_withdrawal_is_acknowledged(house: House, crew: Crew) -> None:
    way = begun(crew, "Cable cut", "partner")
    way.change("partner", status="open")
    way.shows(vendor="In Progress")
    hop = way.hop(house, "partner")["id"]
    house.command("withdraw", hop, "--reason", "the excavator is ours", "--actor", "tests")
    way.hears("partner", "Vendor withdrew this assignment. Reason: the excavator is ours")
    way.shows(partner="rejected")
    house.quiet()
    assert way.events(house, "withdrawal.acknowledged", "partner") == []
    way.change("partner", status="resolved")
    eventually(lambda: way.events(house, "withdrawal.acknowledged", "partner"), "the partner acknowledges")
    house.quiet()
    assert way.hop(house, "partner")["status"] == "withdrawn"
    way.shows(vendor="In Progress", partner="resolved")


def test_nothing_of_the_first_reaches_the_second_after_a_reassignment(house: House, crew: Crew) -> None:
    way = begun(crew, "Fridge warm", "partner")
    before, theirs, late, shared = word("customer"), word("secret"), word("late"), word("shared")
    way.say("customer", f"It hums: {before}")
    way.hears("partner", before)
    way.say("partner", f"Our technician Rossi says {theirs}")
    crew.alice["partner"].attach(way.at("partner"), f"{theirs}.bin", b"photo \x00\xff")
    way.hears("vendor", theirs)
    way.gets_file("customer")
    house.command(
        "reassign", way.hop(house, "partner")["id"], "v-s", "--reason", "too slow", "--actor", "tests"
    )
    way.arrives("subcontractor")
    way.hears("subcontractor", before)
    way.hears("partner", "Vendor withdrew this assignment. Reason: too slow")
    way.say("partner", f"We were nearly done: {late}")
    way.say("vendor", f"Please hurry: {shared}")
    way.hears("subcontractor", shared)
    house.quiet()
    assert crew.desks_that_know(theirs) == {"customer", "vendor", "partner"}
    assert "subcontractor" not in crew.desks_that_know(late)
    assert crew.desks_that_know(shared) == {"customer", "vendor", "subcontractor"}
    told = " ".join(said.text for said in way.said("subcontractor"))
    assert not any(name in told for name in ("Partner", "Rossi", "too slow"))
    assert crew.admin["subcontractor"].files(way.at("subcontractor")) == []
    way.is_single()


def test_two_work_on_it_at_once(house: House, crew: Crew) -> None:
    way = begun(crew, "Shop offline", "partner", "second")
    first, second = word("first"), word("second")
    way.change("partner", status="open")
    way.shows(vendor="In Progress")
    way.change("subcontractor", status="in-progress")
    way.say("partner", first)
    way.say("subcontractor", second)
    for said in (first, second):
        way.hears("vendor", said)
        way.hears("customer", said)
    way.change("partner", status="stalled")
    way.hears("vendor", "Partner waits for an answer from you")
    way.shows(vendor="In Progress")
    way.change("subcontractor", status="resolved")
    way.hears("vendor", "Subcontractor reports the work as resolved")
    house.quiet()
    way.shows(vendor="In Progress")
    way.change("partner", status="resolved")
    way.shows(vendor="Waiting")
    house.quiet()
    assert crew.desks_that_know(first) == {"customer", "vendor", "partner"}
    assert crew.desks_that_know(second) == {"customer", "vendor", "subcontractor"}
    way.change("vendor", status="Resolved")
    way.shows(subcontractor="done-cbb")
    way.hears("partner", "Vendor confirmed the resolution")
    way.is_single()
