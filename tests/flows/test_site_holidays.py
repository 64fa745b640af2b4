"""A site in a country whose public holidays nobody knows is told where a calendar takes those of the site."""

from typing import Any

import pytest

from gateway.domain.plan import Item, Kind, Ref
from gateway.flows.site_holidays import problems


def site(code: str, country: str) -> Item:
    ref = Ref(kind=Kind.SITE, code=code, organization="north")
    return Item(ref=ref, document={"country": country} if country else {}, source=f"a.yaml sites {code}")


def calendar(**holidays: Any) -> Item:
    return Item(
        ref=Ref(kind=Kind.CALENDAR, code="shop", organization="south"),
        document={"holidays": holidays},
        source="a.yaml",
    )


def told(wanted: list[Item], stored: list[Item]) -> list[str]:
    mine = {item.ref: item for item in wanted}
    return [str(one) for one in problems(mine, {item.ref: item for item in stored} | mine)]


OF_SITE = calendar(of_site=True)


@pytest.mark.parametrize(
    ("wanted", "stored", "places"),
    [
        pytest.param([site("A", "XX"), OF_SITE], [], ["A"], id="both are new"),
        pytest.param([site("A", "XX")], [OF_SITE], ["A"], id="a site under a calendar that is there"),
        pytest.param([OF_SITE], [site("A", "XX"), site("B", "IT")], ["A"], id="a calendar over sites"),
        pytest.param([site("B", "IT")], [site("A", "XX"), OF_SITE], [], id="what the file does not touch"),
        pytest.param([site("A", "XX"), calendar(country="IT")], [], [], id="no calendar asks for it"),
        pytest.param([site("A", ""), OF_SITE], [], [], id="no country"),
    ],
)
def test_a_country_nobody_knows(wanted: list[Item], stored: list[Item], places: list[str]) -> None:
    found = told(wanted, stored)
    assert [one.partition(":")[0] for one in found] == [f"a.yaml sites {place}" for place in places]
    assert all("no public holidays of 'XX' are known" in one and "calendar shop" in one for one in found)
