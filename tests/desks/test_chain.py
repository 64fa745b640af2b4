"""A ticket goes down a chain of real desks and comes back: customer(RT) → vendor(Redmine) → partner(RT) →
subcontractor(Roundup), with a gateway of its own process between them. How it is handed over: test_chain_handover."""

import time
from datetime import datetime

import pytest

from tests.desks.crew import DESKS, GATEWAY, Crew, Way, word
from tests.desks.house import House
from tests.desks.people.redmine import RedmineAgent

pytestmark = [pytest.mark.desks, pytest.mark.timeout(600)]

BYTES = bytes(range(256)) * 300 + b"\r\n\x00\xff end\n"
FILE = "Отчёт № 7 «схема».bin"


@pytest.fixture
def way(house: House, crew: Crew) -> Way:
    """A ticket that went down to the subcontractor."""
    found = Way.begun(crew, "VPN down", priority="100")
    found.arrives("vendor")
    found.delegated("vendor", "partner", to="partner")
    found.delegated("partner", "sub", to="subcontractor")
    return found


def test_a_ticket_goes_down_and_its_status_comes_back(house: House, crew: Crew) -> None:
    way = Way.begun(crew, "VPN down", priority="100")
    way.arrives("vendor")
    way.shows(customer="new", vendor="New")
    way.delegated("vendor", "partner", to="partner")
    way.shows(customer="open", vendor="New", partner="new")
    way.change("partner", status="open")
    way.shows(customer="open", vendor="In Progress", partner="open")
    assert not way.hears("vendor", "Partner accepted the assignment").public
    way.delegated("partner", "sub", to="subcontractor")
    way.shows(subcontractor="unread")
    way.change("subcontractor", status="in-progress")
    assert not way.hears("partner", "Subcontractor accepted the assignment").public

    way.change("subcontractor", status="need-eg")
    way.say("subcontractor", "Which tunnel?")
    way.hears("partner", "waits for an answer from you")
    way.hears("vendor", "Which tunnel?")
    way.shows(vendor="In Progress", partner="open", subcontractor="need-eg")
    way.say("partner", "Tunnel seven.")
    way.shows(subcontractor="in-progress")
    way.hears("subcontractor", "Tunnel seven.")

    way.change("subcontractor", status="resolved")
    way.hears("partner", "Subcontractor reports the work as resolved")
    way.shows(customer="open", vendor="In Progress", partner="open", subcontractor="resolved")
    way.change("partner", status="resolved")
    way.shows(customer="open", vendor="Waiting", partner="resolved", subcontractor="done-cbb")
    way.change("vendor", status="Resolved")
    way.hears("customer", "Vendor reports the work as resolved")
    way.hears("partner", "Vendor confirmed the resolution")
    way.change("customer", status="resolved")
    way.shows(customer="resolved", vendor="Closed", partner="resolved", subcontractor="done-cbb")

    way.change("customer", status="open")
    way.shows(customer="open", vendor="In Progress")
    way.hears("vendor", "Customer reopened the ticket")
    way.change("vendor", status="Resolved")
    way.hears("customer", "Vendor reports the work as resolved", times=2)
    way.change("customer", status="resolved")
    way.shows(customer="resolved", vendor="Closed")
    house.quiet()
    way.is_single()


def test_a_resolution_that_is_not_accepted_is_worked_on_again(house: House, way: Way) -> None:
    way.change("partner", status="open")
    way.change("subcontractor", status="resolved")
    way.hears("partner", "reports the work as resolved")
    way.change("partner", status="resolved")
    way.shows(vendor="Waiting", subcontractor="done-cbb")
    way.say("vendor", "Still no packets.")
    way.change("vendor", status="In Progress")
    way.shows(vendor="In Progress", partner="open")
    way.hears("partner", "Vendor did not accept the resolution. Reason: Still no packets.")
    way.change("partner", status="resolved")
    way.shows(vendor="Waiting")


def test_priority_and_title_go_down(house: House, way: Way) -> None:
    way.shows("priority", customer="100", vendor="High", partner="100", subcontractor="urgent")
    way.title = f"VPN и BGP лежат {word('t')}"
    way.change("customer", priority="150", title=way.title)
    way.shows("priority", vendor="Urgent", partner="150", subcontractor="critical")
    way.shows("title", **dict.fromkeys(DESKS, way.title))
    way.change("partner", priority="0")
    house.quiet()
    way.shows("priority", customer="150", vendor="Urgent", partner="0", subcontractor="wish")


def test_a_file_arrives_byte_by_byte(house: House, crew: Crew, way: Way) -> None:
    crew.alice["customer"].attach(way.at("customer"), FILE, BYTES)
    for desk in ("vendor", "partner", "subcontractor"):
        assert way.gets_file(desk) == (FILE, BYTES)
    crew.alice["subcontractor"].attach(way.at("subcontractor"), f"ответ {FILE}", BYTES[::-1])
    for desk in ("partner", "vendor", "customer"):
        assert way.gets_file(desk, number=2) == (f"ответ {FILE}", BYTES[::-1])
    house.quiet()
    assert {len(crew.admin[desk].files(way.at(desk))) for desk in DESKS} == {2}


def test_a_file_goes_no_further_than_its_words_though_it_was_uploaded_before(
    house: House, crew: Crew, way: Way
) -> None:
    alice, ticket = crew.alice["vendor"], way.at("vendor")
    assert isinstance(alice, RedmineAgent)
    uploads = {name: alice.upload(name, name.encode()) for name in ("inside.bin", "north.bin", "open.bin")}
    time.sleep(3)  # a person writes; Redmine's times are whole seconds
    alice.save(ticket, [uploads["inside.bin"]], word("inside"), public=False)
    alice.save(ticket, [uploads["north.bin"]], f"@@partner {word('north')}", public=True)
    alice.save(ticket, [uploads["open.bin"]], word("open"), public=True)
    for desk, number in {"customer": 1, "partner": 2, "subcontractor": 1}.items():
        assert way.gets_file(desk, number=number) == ("open.bin", b"open.bin")
    house.quiet()
    held = {
        desk: [name for name, _ in crew.admin[desk].files(way.at(desk))] for desk in DESKS if desk != "vendor"
    }
    assert held == {
        "customer": ["open.bin"],
        "partner": ["north.bin", "open.bin"],
        "subcontractor": ["open.bin"],
    }


REACHED = {
    "publish": {
        "customer": {"vendor": True, "partner": True},
        "vendor": {"customer": True, "partner": True},
        "partner": {"vendor": True, "customer": True},
    },
    "land_as_internal": {
        "customer": {"vendor": False},
        "vendor": {"customer": False, "partner": True},
        "partner": {"vendor": True, "customer": False},
    },
    "stop": {"customer": {}, "vendor": {"partner": True}, "partner": {"vendor": True}},
}
"""By the rule between customer and vendor (the partner's link publishes): who reads what is said where, and whether it
is public there."""


@pytest.mark.parametrize("rule", REACHED)
def test_a_comment_reaches_whom_the_links_let_read_it(house: House, crew: Crew, rule: str) -> None:
    way = Way.begun(crew, "Till dead", delegate=rule)
    way.arrives("vendor")
    way.delegated("vendor", "partner", to="partner")
    words = {desk: word("said") for desk in REACHED[rule]}
    for desk, said in words.items():
        way.say(desk, f"Look at {said}, please")
    for desk, readers in REACHED[rule].items():
        heard = {reader: way.hears(reader, words[desk]) for reader in readers}
        assert {reader: said.public for reader, said in heard.items()} == readers
        assert {said.author for said in heard.values()} <= {GATEWAY}
    way.is_noticed(house, words)
    assert {desk: crew.desks_that_know(words[desk]) for desk in words} == {
        desk: {desk, *readers} for desk, readers in REACHED[rule].items()
    }


def test_what_is_private_reaches_nobody(house: House, crew: Crew, way: Way) -> None:
    words = {desk: word("canary") for desk in ("customer", "vendor", "partner")}
    for desk, said in words.items():
        way.say(desk, f"They never pay: {said}", public=False)
    known = word("known")
    way.say("subcontractor", known)
    way.is_noticed(house, [*words, "subcontractor"])
    assert crew.desks_that_know(known) == set(DESKS), "what is there is found"
    assert {desk: crew.desks_that_know(said) for desk, said in words.items()} == {
        desk: {desk} for desk in words
    }
    assert not any(house.keeps(said) for said in words.values()), "what may go nowhere is not even kept"


def test_an_addressed_note_reaches_that_neighbour_alone(house: House, crew: Crew, way: Way) -> None:
    hushed, open_ = word("hush"), word("open")
    way.say("vendor", f"@@partner Between us: {hushed}", public=False)
    way.say("vendor", f"@@partner Only for you: {open_}")
    assert not way.hears("partner", hushed).public
    assert way.hears("partner", open_).public
    house.quiet()
    assert crew.desks_that_know(hushed) == {"vendor", "partner"}
    assert crew.desks_that_know(open_) == {"vendor", "partner"}


def test_our_own_comment_to_a_new_ticket_accepts_nothing(house: House, crew: Crew) -> None:
    way = Way.begun(crew, "Printer")
    way.arrives("vendor")
    way.delegated("vendor", "partner", to="partner")
    way.say("vendor", "Second floor, by the stairs.")
    way.hears("partner", "Second floor")
    way.shows(partner="open")
    house.quiet()
    [moved] = way.events(house, "desk.moved", "partner")
    assert (moved["actor_kind"], moved["data"]["to"]) == ("automation", "open")
    assert way.hop(house, "partner")["status"] == "offered"
    assert not way.events(house, "assignment.accepted", "partner")
    assert way.field("vendor", "status") == "New"
    way.change("partner", assignee="alice")
    way.shows(vendor="In Progress")


def test_what_happened_between_two_looks_is_not_lost(house: House, crew: Crew) -> None:
    way = Way.begun(crew, "Router")
    way.arrives("vendor")
    way.delegated("vendor", "partner", to="partner")
    way.change("partner", status="open")
    way.shows(vendor="In Progress")
    house.quiet()
    with house.paused():
        for vendors, partners in (("Feedback", "stalled"), ("In Progress", "open"), ("Feedback", "stalled")):
            way.change("vendor", status=vendors)
            way.change("partner", status=partners)
    for desk in ("vendor", "partner"):
        seen = way.moves(house, desk, ["pending", "in_progress", "pending"])
        times = [datetime.fromisoformat(event["reported_at"]) for event in seen]
        assert times == sorted(times)
        assert [event["source"] for event in seen] == ["history"] * 3
