"""Which agreement holds for a hop: the most specific one, on which level, today where the provider is."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from gateway.domain import binding
from gateway.domain.agreements import Agreement
from gateway.domain.calendar_documents import calendar_from
from gateway.domain.case import Case
from gateway.domain.model import Event, Field, Organization, Site
from gateway.domain.sla.bound import bindings, terms_of
from gateway.domain.sla.terms import AgreementKind, Terms
from tests.builders import PERSON, tree

ALWAYS = calendar_from({"code": "always", "always": True})


def agreement(code: str, consumer: str = "customer", kind: str = "uc", **more: Any) -> Agreement:
    terms = Terms(
        id=code,
        hop="",
        kind=AgreementKind(kind),
        provider="org_vendor",
        consumer=f"org_{consumer}",
        calendar=ALWAYS,
        targets={},
    )
    return Agreement(id=code, code=code, terms=terms, sheet=f"sht_{code}", **more)


def case(*agreements: Agreement, service: str = "tills", site: str = "MI-1", now: str = "") -> Case:
    """A ticket of a customer that belongs to a group of companies, handed on to its vendor."""
    facts = {Field.SERVICE: service, Field.SITE: site}
    found = tree("customer>vendor", hops={"vendor": {"facts": facts}})
    known = replace(
        found.directory,
        organizations={
            **found.directory.organizations,
            "org_customer": Organization(id="org_customer", code="customer", parent="holding"),
            "org_holding": Organization(id="org_holding", code="holding", parent="world"),
            "org_world": Organization(id="org_world", code="world"),
        },
        sites={("org_customer", "MI-1"): Site(id="s", org_id="org_customer", code="MI-1", group="lombardy")},
        agreements=agreements,
    )
    at = datetime.fromisoformat(now).replace(tzinfo=UTC) if now else found.now
    return Case(directory=known, ticket=found.ticket, hops=found.hops, now=at, new_id=found.new_id)


def bound(found: Case) -> list[Event]:
    vendor = found.hops["hop_vendor"]
    cause = found.record("assignment.offered", vendor, PERSON)
    binding.bind(found, vendor, cause)
    return found.events[1:]


def held(found: Case) -> list[str]:
    return [one.code for one in binding.holding(found, found.hops["hop_vendor"])]


LEVELS = [
    agreement("world", "world"),
    agreement("corporate", "holding"),
    agreement("customer"),
    agreement("link", link_id="lnk_customer_vendor"),
    agreement("group", groups=frozenset({"lombardy"})),
    agreement("service", services=frozenset({"tills"})),
    agreement("site", sites=frozenset({"MI-1"})),
]


@pytest.mark.parametrize("count", range(1, len(LEVELS) + 1))
def test_r27_the_most_specific_that_matches_wins(count: int) -> None:
    """Each level beats all that are wider, in whatever order they are known."""
    wider = LEVELS[:count]
    assert held(case(*wider)) == held(case(*reversed(wider))) == [wider[-1].code]


@pytest.mark.parametrize(
    ("one", "level"),
    list(
        zip(LEVELS, ["corporate", "corporate", "customer", "link", "group", "service", "site"], strict=True)
    ),
    ids=[one.code for one in LEVELS],
)
def test_r27_the_binding_says_on_which_level_and_why(one: Agreement, level: str) -> None:
    [event] = bound(case(one))
    assert event.type == binding.BOUND
    assert event.data["level"] == level
    assert event.data["because"] == ([] if level in ("corporate", "customer") else [level])


def test_a_site_of_the_whole_group_of_companies_beats_the_customers_own_agreement() -> None:
    assert held(case(agreement("own"), agreement("all", "holding", sites=frozenset({"MI-1"})))) == ["all"]


def test_among_equals_the_nearer_consumer_wins() -> None:
    sites = frozenset({"MI-1"})
    far, near = agreement("a", "holding", sites=sites), agreement("b", sites=sites)
    assert held(case(far, near)) == ["b"]


def test_an_agreement_inside_the_organization_holds_beside_the_one_with_the_customer() -> None:
    inside = agreement("desk-ola", "vendor", kind="ola")
    assert sorted(held(case(agreement("uc"), inside))) == ["desk-ola", "uc"]


def test_r27_what_was_promised_to_the_whole_group_of_companies_holds_for_its_member() -> None:
    """Clocks, views and reports know the customer itself, not whom it belongs to."""
    corporate = agreement("corporate", "holding")
    found = case(corporate)
    events = bound(found)
    assert events[0].data["consumer"] == "org_customer"
    [binding_] = bindings(events, now=found.now)
    [terms] = terms_of([binding_], {corporate.sheet: corporate})
    assert (corporate.terms.consumer, terms.consumer) == ("org_holding", "org_customer")
    assert "consumer" not in bound(case(agreement("own")))[0].data


ENDED = agreement("old", valid_until=date(2026, 2, 28), goes_on=True)


def test_r25_in_renewal_work_goes_on_under_the_last_version_and_is_marked() -> None:
    [event] = bound(case(replace(ENDED, version=3)))
    assert (event.data["agreement"], event.data["in_renewal"], event.data["version"]) == ("old", True, 3)


def test_what_is_in_force_goes_before_what_has_ended() -> None:
    assert held(case(ENDED, agreement("renewed"))) == ["renewed"]
    assert "in_renewal" not in bound(case(ENDED, agreement("renewed")))[0].data


def test_somebody_ended_it_and_nothing_goes_on() -> None:
    assert held(case(replace(ENDED, last_on=date(2026, 3, 1)))) == []


def test_days_begin_where_the_provider_is() -> None:
    """At 23:30 in London it is the next day in Moscow."""
    new_year = agreement("new", valid_from=date(2027, 1, 1))
    found = case(new_year, now="2026-12-31T21:30:00")
    assert held(found) == []
    moscow = replace(found.directory.organizations["org_vendor"], zone="Europe/Moscow")
    there = replace(found.directory, organizations={**found.directory.organizations, "org_vendor": moscow})
    assert held(replace(found, directory=there)) == ["new"]


MISSING = {
    "another service": (agreement("a", services=frozenset({"scales"})), "service"),
    "another site": (agreement("a", sites=frozenset({"MI-2"})), "site"),
    "another group": (agreement("a", groups=frozenset({"lazio"})), "group"),
    "another link": (agreement("a", link_id="lnk_other"), "link"),
    "ended": (agreement("a", valid_until=date(2026, 2, 28)), "dates"),
    "not begun": (agreement("a", valid_from=date(2026, 4, 1)), "dates"),
}


@pytest.mark.parametrize(("one", "why"), MISSING.values(), ids=MISSING.keys())
def test_r26_what_no_agreement_covers_is_marked_and_never_silent(one: Agreement, why: str) -> None:
    [event] = bound(case(one))
    assert (event.type, event.data) == (binding.MISSING, {"why": why, "nearest": "a"})


def test_r26_two_that_never_agreed_on_anything_miss_nothing() -> None:
    assert bound(case()) == []
    assert bound(case(agreement("others", "somebody"))) == []


def test_r26_the_agreement_that_comes_nearest_is_named() -> None:
    far = agreement("far", services=frozenset({"scales"}), sites=frozenset({"MI-2"}))
    near = agreement("near", services=frozenset({"scales"}))
    [event] = bound(case(far, near))
    assert event.data == {"why": "service", "nearest": "near"}
