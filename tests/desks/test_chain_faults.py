"""The chain of real desks while desks are down or frozen, answers get lost, webhooks get lost, doubled and reordered, and
the gateway is stopped in mid-work: everything arrives once, in order."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest

from tests.desks.chain_links import coverage, links
from tests.desks.crew import DESKS, Crew, Way, word
from tests.desks.house import House, desk_in, installation
from tests.desks.launch.chain import Chain
from tests.desks.wire import Proxy, Relay

pytestmark = [pytest.mark.desks, pytest.mark.timeout(600)]

FROZEN_FOR = "15s"
"""Settle window of the customer's desk: a test freezes it, and what it was asked before it does when it thaws."""


@pytest.fixture(scope="module")
def proxies(four_desks: Chain) -> Iterator[Mapping[str, Proxy]]:
    """Between the gateway and all desks but the customer's, which it reaches directly."""
    ports = {
        "vendor": four_desks.vendor.port, "partner": four_desks.partner.port,
        "subcontractor": four_desks.subcontractor.port,
    }  # fmt: skip
    with ExitStack() as stack:
        yield {desk: stack.enter_context(Proxy(port)) for desk, port in ports.items()}


@pytest.fixture(scope="module")
def house(
    four_desks: Chain, proxies: Mapping[str, Proxy], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """The gateway's process, which reaches the desks through the proxies."""
    document = installation(four_desks, links(), coverage())
    for desk, proxy in proxies.items():
        told = desk_in(document, desk)
        told["base_url"] = str(httpx.URL(told["base_url"]).copy_with(port=proxy.port))
    desk_in(document, "customer")["settle_window"] = FROZEN_FOR
    ports = [proxy.port for proxy in proxies.values()]
    directory = tmp_path_factory.mktemp("house")
    gateway = House(directory=directory, chain=four_desks, proxies=ports, hurry=True)
    gateway.apply(document)
    with gateway.at_work():
        yield gateway


@pytest.fixture
def way(house: House, crew: Crew) -> Way:
    """A ticket at all four desks, at rest."""
    found = Way.begun(crew, "Switch dead", priority="50")
    found.arrives("vendor")
    found.delegated("vendor", "partner", to="partner")
    found.delegated("partner", "sub", to="subcontractor")
    house.quiet()
    return found


def three(way: Way, desk: str) -> list[str]:
    """alice says three things, one after the other; the words to look for."""
    words = [word(f"no{number}") for number in (1, 2, 3)]
    for said in words:
        way.say(desk, f"Look: {said}")
    return words


def test_desks_that_are_down_get_everything_once_in_order(house: House, crew: Crew, way: Way) -> None:
    names = ("customer", "partner", "subcontractor")
    down = [house.chain.customer, house.chain.partner, house.chain.subcontractor]
    with ThreadPoolExecutor() as at_once:
        list(at_once.map(lambda desk: desk.stop(), down))
        words = three(way, "vendor")
        crew.alice["vendor"].attach(way.at("vendor"), "plan.bin", b"\x00\xff plan")
        way.change("vendor", priority="Urgent")
        house.tries_in_vain(names)
        list(at_once.map(lambda desk: desk.restart(), down))
    house.quiet(patience=200)
    for name in names:
        way.hears_in_order(name, words)
        assert way.gets_file(name) == ("plan.bin", b"\x00\xff plan")
    way.shows("priority", customer="50", partner="150", subcontractor="critical")
    way.is_single()


def test_a_frozen_desk_gets_everything_once_in_order(house: House, way: Way) -> None:
    house.chain.customer.pause()
    words = three(way, "partner")
    house.tries_in_vain(["customer"])
    house.chain.customer.resume()
    house.quiet(patience=200)
    for name in ("customer", "vendor", "subcontractor"):
        way.hears_in_order(name, words)
    way.is_single()


def test_lost_webhooks_are_made_up_for_by_looking(house: House, way: Way) -> None:
    for desk in ("customer", "partner", "subcontractor"):
        house.hook(desk, None)
    try:
        way.change("partner", status="open")
        way.shows(vendor="In Progress")
        words = three(way, "customer")
        for name in DESKS[1:]:
            way.hears_in_order(name, words)
        way.change("subcontractor", status="in-progress")  # not before: Roundup may lose it, see its README
        assert not way.hears("partner", "Subcontractor accepted the assignment").public
    finally:
        for desk in ("customer", "partner", "subcontractor"):
            house.hook(desk, f"{house.url}/hooks/{desk}")


def test_doubled_and_reordered_webhooks_change_nothing(house: House, way: Way) -> None:
    with Relay(house.url) as relay:
        for desk in ("customer", "partner", "subcontractor"):
            house.hook(desk, f"{relay.url}/hooks/{desk}")
        way.change("partner", status="open")
        words = three(way, "customer")
        way.change("partner", status="stalled")
        for name in DESKS[1:]:
            way.hears_in_order(name, words)
        way.change("subcontractor", status="in-progress")  # not before: Roundup may lose it, see its README
        way.hears("vendor", "Partner accepted the assignment")
        way.hears("vendor", "Partner waits for an answer")
        way.hears("partner", "Subcontractor accepted the assignment")
        for desk in ("customer", "partner", "subcontractor"):
            house.hook(desk, f"{house.url}/hooks/{desk}")
        assert len(relay.given) >= 12
    house.quiet()
    way.hears_in_order("vendor", words)
    assert way.hop(house, "partner")["status"] == "pending"


def test_a_lost_answer_doubles_nothing(house: House, crew: Crew, proxies: Mapping[str, Proxy]) -> None:
    proxies["vendor"].lose(b"POST /issues.json")
    proxies["partner"].lose(b"POST /REST/2.0/ticket ")
    proxies["subcontractor"].lose(b"POST /subcontractor/rest/data/issue ")
    way = Way.begun(crew, "Answer lost", priority="50")
    way.arrives("vendor")
    way.delegated("vendor", "partner", to="partner")
    way.delegated("partner", "sub", to="subcontractor")
    house.quiet()
    way.is_single()

    proxies["vendor"].lose(b"PUT /issues/", b"PUT /issues/", b"PUT /issues/")
    proxies["partner"].lose(b"POST /REST/2.0/ticket/", b"PUT /REST/2.0/ticket/", b"POST /REST/2.0/ticket/")
    proxies["subcontractor"].lose(*[b"PATCH /subcontractor/rest/data/issue/"] * 3)
    words = three(way, "customer")
    way.change("customer", priority="100")
    crew.alice["customer"].attach(way.at("customer"), "scan.bin", b"\x89scan\r\n")
    for name in DESKS[1:]:
        way.hears_in_order(name, words)
        assert way.gets_file(name) == ("scan.bin", b"\x89scan\r\n")
    way.shows("priority", vendor="High", partner="100", subcontractor="urgent")
    house.quiet()
    assert {desk: len(proxy.lost) for desk, proxy in proxies.items()} == {
        "vendor": 4, "partner": 4, "subcontractor": 4,
    }  # fmt: skip
    for name in DESKS[1:]:
        way.hears_in_order(name, words)
        assert len(crew.admin[name].files(way.at(name))) == 1
    way.is_single()


def test_a_gateway_that_is_told_to_end_loses_nothing(house: House, crew: Crew, way: Way) -> None:
    words = three(way, "customer")
    crew.alice["customer"].attach(way.at("customer"), "log.bin", b"\x00log")
    other = Way.begun(crew, "While it ends", priority="50")
    house.end()
    house.start()
    other.arrives("vendor")
    for name in DESKS[1:]:
        way.hears_in_order(name, words)
        assert way.gets_file(name) == ("log.bin", b"\x00log")
    house.quiet()
    way.is_single()
    other.is_single()
