"""Days that contradict each other, two agreements for the same tickets, names that nobody has: what is wrong, and what would be
right."""

from typing import Any

import pytest

from gateway.domain.agreement_problems import (
    life_problems,
    parent_problems,
    support_problems,
    twins,
)
from gateway.domain.contract_problems import bound_already
from gateway.domain.plan import Item, Items, Kind, Ref
from tests.domain.test_agreement_versions import RENEWED, TARGETS
from tests.domain.test_agreement_versions import agreement as document


def agreement(code: str = "acme-tills", *amendments: tuple[str, dict[str, Any]], **more: Any) -> Item:
    sides = {"organization": "vendor", "consumer": "acme", "kind": "sla"}
    told = {**document(*amendments), **sides, "code": code, **more}
    named = {name: value for name, value in told.items() if value is not None}
    ref = Ref(kind=Kind.AGREEMENT, code=code, organization=named["organization"])
    return Item(ref=ref, document=named, source="contracts.yaml: agreements[0]")


def items(*listed: Item) -> Items:
    return {one.ref: one for one in listed}


LIFE = {
    "ended before it begins": (
        agreement(terminated_on="2025-12-31"),
        "agreements[0].terminated_on: it is ended on 2025-12-31, before it begins on 2026-01-01",
    ),
    "an amendment before the agreement": (
        agreement("a", ("2025-06-01", TARGETS)),
        "amendments[0]: it begins on 2025-06-01, the agreement itself on 2026-01-01; change the agreement itself",
    ),
    "an amendment after the end": (
        agreement("a", ("2027-02-01", TARGETS)),
        "amendments[0]: it begins on 2027-02-01, but the agreement ends on 2026-12-31; say `valid_until` as well",
    ),
    "a renewal that ends before it begins": (
        agreement("a", ("2027-02-01", {"valid_until": "2027-01-31"})),
        "amendments[0]: it ends on 2027-01-31, before it begins on 2027-02-01",
    ),
    "a renewal that begins before the last one ends": (
        agreement("a", ("2026-12-01", {"valid_until": "2027-12-31"})),
        "amendments[0]: it renews from 2026-12-01 what ends on 2026-12-31: the two would overlap; begin on 2027-01-01",
    ),
    "a second renewal that begins before the first one ends": (
        agreement("a", RENEWED, ("2027-06-01", {"valid_until": "2028-05-31"})),
        "amendments[1]: it renews from 2027-06-01 what ends on 2027-12-31",
    ),
    "a renewal of what never ends": (
        agreement("a", RENEWED, valid_until=None),
        "amendments[0]: it renews from 2027-01-01 what ends never: the two would overlap; leave out `valid_until`",
    ),
    "two amendments from one day on": (
        agreement("a", ("2026-06-01", TARGETS), ("2026-06-01", {"calendar": "always"})),
        "amendments[1]: two amendments begin on 2026-06-01; make one of them",
    ),
}


@pytest.mark.parametrize(("item", "told"), LIFE.values(), ids=LIFE.keys())
def test_days_that_contradict_each_other(item: Item, told: str) -> None:
    said = [str(problem) for problem in life_problems(item)]
    assert any(told in one for one in said), said


@pytest.mark.parametrize(
    "item",
    [
        agreement(),
        agreement("a", RENEWED),
        agreement("a", ("2026-07-01", TARGETS), RENEWED, ("2027-03-01", TARGETS)),
        agreement("a", ("2027-03-01", {"valid_until": "2027-12-31"})),
        agreement(terminated_on="2026-01-01"),
    ],
    ids=["plain", "renewed", "amended, renewed and amended", "renewed late", "ended on its first day"],
)
def test_days_that_fit(item: Item) -> None:
    assert list(life_problems(item)) == []


def told(one: Item, other: Item) -> list[str]:
    both = items(one, other)
    return [str(problem) for item in both.values() for problem in twins(both, list(both), item)]


OTHER = {
    "the same days": (agreement("b"), True),
    "one day in common": (agreement("b", valid_from="2026-12-31", valid_until=None), True),
    "the day after": (agreement("b", valid_from="2027-01-01", valid_until=None), False),
    "for one service": (agreement("b", services=["tills"]), False),
    "for another consumer": (agreement("b", consumer="globex"), False),
    "by another provider": (agreement("b", organization="north"), False),
    "a draft": (agreement("b", draft=True), False),
    "a template": (agreement("b", template=True, consumer=None), False),
    "inside the organization": (agreement("b", kind="ola", consumer="vendor"), False),
    "over one link": (agreement("b", link="acme-vendor"), False),
    "of the other kind, between the same two": (agreement("b", kind="uc"), True),
}


@pytest.mark.parametrize(("other", "clash"), OTHER.values(), ids=OTHER.keys())
def test_r27_two_that_hold_for_the_same_tickets_are_refused(other: Item, clash: bool) -> None:
    found = told(agreement("a"), other)
    assert bool(found) is clash
    if clash:
        [words] = found
        assert "agreement vendor/b and agreement vendor/a hold for the same tickets" in words
        assert "end one the day before the other begins, or narrow one to services, sites or groups" in words


def test_two_for_services_in_common_clash_and_others_do_not() -> None:
    tills, both = agreement("a", services=["tills"]), agreement("b", services=["tills", "scales"])
    assert told(tills, both) != []
    assert told(tills, agreement("b", services=["scales"])) == []


def test_two_clash_from_the_amendment_on_that_gives_both_the_same_service() -> None:
    widened = agreement("b", ("2026-07-01", {"services": ["tills", "scales"]}), services=["scales"])
    [words] = told(agreement("a", services=["tills"]), widened)
    assert "from 2026-07-01 until 2026-12-31" in words


def test_what_goes_on_in_renewal_makes_room_for_another() -> None:
    assert (
        told(
            agreement("a", after_end="in_renewal"), agreement("b", valid_from="2027-01-01", valid_until=None)
        )
        == []
    )


def test_r28_an_agreement_that_supports_nothing_there_is() -> None:
    north = agreement("north-uc", organization="north", consumer="vendor", kind="uc")
    mine = agreement(supported_by=["north/north-uc", "north-uc", "nort-uc", "acme-tills"])
    said = [str(problem) for problem in support_problems(items(mine, north), mine)]
    assert len(said) == 2
    assert "supported_by[2]: there is no agreement 'nort-uc'; did you mean 'north-uc'?" in said[0]
    assert "supported_by[3]: it names itself; leave it out" in said[1]


def organization(code: str, parent: str) -> Item:
    ref = Ref(kind=Kind.ORGANIZATION, code=code)
    return Item(ref=ref, document={"code": code, "parent": parent}, source="contracts.yaml: organizations[0]")


def test_r27_an_organization_that_belongs_to_itself() -> None:
    round_about = items(organization("a", "b"), organization("b", "c"), organization("c", "a"))
    [problem] = parent_problems(round_about, round_about[Ref(kind=Kind.ORGANIZATION, code="a")])
    assert str(problem).endswith(
        "organizations[0].parent: it belongs to itself: a → b → c → a; leave one out"
    )
    straight = organization("a", "b")
    assert list(parent_problems(items(straight), straight)) == []


CHANGES = {
    "other terms at once": (agreement(), agreement(calendar="always"), "from now on"),
    "other terms from a day on": (
        agreement(),
        agreement("acme-tills", ("2026-07-01", TARGETS)),
        "from 2026-07-01 on",
    ),
    "a renewal with other terms": (
        agreement(),
        agreement("acme-tills", ("2027-01-01", {**TARGETS, "valid_until": "2027-12-31"})),
        "from 2027-01-01 on",
    ),
    "an amendment taken back": (
        agreement("acme-tills", ("2026-07-01", TARGETS)),
        agreement(),
        "from 2026-07-01 on",
    ),
    "a renewal under the same terms": (agreement(), agreement("acme-tills", RENEWED), ""),
    "other objectives from a day on": (
        agreement(),
        agreement("acme-tills", ("2026-07-01", {"objectives": []})),
        "",
    ),
    "ended": (agreement(), agreement(terminated_on="2026-08-01"), ""),
    "other reminders": (agreement(), agreement(remind_before=[5]), ""),
    "a draft that is signed": (agreement(draft=True), agreement(), ""),
    "a draft that changes": (agreement(draft=True), agreement(draft=True, calendar="always"), ""),
}


@pytest.mark.parametrize(("before", "after", "since"), CHANGES.values(), ids=CHANGES.keys())
def test_r17_a_plan_says_from_when_on_tickets_count_otherwise(before: Item, after: Item, since: str) -> None:
    found = list(bound_already(items(before), items(after)))
    assert [since in words for words in found] == ([True] if since else []), found
