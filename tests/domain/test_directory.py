"""Whose site a code means: that of whoever the desk's owner works for."""

from gateway.domain.agreements import Agreement
from gateway.domain.directory import Directory
from gateway.domain.model import Organization, Site
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


def test_r27_what_is_promised_to_the_group_of_companies_covers_the_sites_of_its_members() -> None:
    organizations = [
        Organization(id="mall", code="mall"),
        Organization(id="shoes", code="shoes", parent="mall"),
        Organization(id="laces", code="laces", parent="shoes", zone="Europe/Rome"),
    ]
    known = Directory(
        organizations={one.id: one for one in organizations},
        sites={("laces", "MI-1"): Site(id="s", org_id="laces", code="MI-1")},
        agreements=(_promise("mall"),),
    )
    assert known.line_of("laces") == ("laces", "shoes", "mall")
    assert known.served_by("vendor") == {"vendor", "mall", "shoes", "laces"}
    assert known.site_served("vendor", "MI-1") is not None
    assert [one.code for one in known.agreements_by("vendor")] == ["mall"]
    assert (known.zone_of("laces"), known.zone_of("nobody")) == ("Europe/Rome", "UTC")


def test_an_organization_that_belongs_to_itself_ends_somewhere() -> None:
    """No plan lets it happen; a database that was written by hand may hold it."""
    both = {
        code: Organization(id=code, code=code, parent=parent) for code, parent in (("a", "b"), ("b", "a"))
    }
    assert Directory(organizations=both).line_of("a") == ("a", "b")
