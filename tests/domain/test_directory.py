"""Whose site a code means: that of whoever the desk's owner works for."""

from gateway.domain.agreements import Agreement
from gateway.domain.directory import Directory
from gateway.domain.model import Site
from gateway.domain.sla.terms import Terms
from gateway.domain.worktime import ROUND_THE_CLOCK, Calendar

ALWAYS = Calendar(code="always", weekly=ROUND_THE_CLOCK)


def _promise(consumer: str) -> Agreement:
    terms = Terms(id=consumer, hop="", provider="vendor", consumer=consumer, calendar=ALWAYS, targets={})
    return Agreement(id=consumer, code=consumer, terms=terms)


def _directory(*sites: tuple[str, str]) -> Directory:
    found = {(org, code): Site(id=f"{org}/{code}", org_id=org, code=code) for org, code in sites}
    return Directory(sites=found, agreements=(_promise("mall"), _promise("acme")))


def _served(code: str, *sites: tuple[str, str]) -> str | None:
    site = _directory(*sites).site_served("vendor", code)
    return site.id if site else None


def test_a_customer_without_a_desk_has_sites_at_its_vendors_desk() -> None:
    assert _served("MI-1", ("mall", "MI-1"), ("other", "MI-1")) == "mall/MI-1"


def test_ones_own_site_comes_first() -> None:
    assert _served("MI-1", ("mall", "MI-1"), ("vendor", "MI-1")) == "vendor/MI-1"


def test_nobody_guesses_whose_site_it_is() -> None:
    assert _served("MI-1", ("mall", "MI-1"), ("acme", "MI-1")) is None


def test_a_strangers_site_is_none() -> None:
    assert _served("MI-1", ("other", "MI-1")) is None
    assert _directory().served_by("vendor") == {"vendor", "mall", "acme"}
    assert _directory().served_by("mall") == {"mall"}
