"""Who is seen by whom (R32): one's own hops, the neighbours by name, nobody else by name or time."""

import pytest

from gateway.domain.timeline import Lane, LaneKind, sight
from tests.domain.sla.story import chain
from tests.domain.timeline.day import CHAIN

ORDER = ("h0", "h1", "h2", "h3")


def lanes(org: str | None) -> list[Lane]:
    found = sight(CHAIN, org, ORDER)
    assert found is not None
    return list(found.lanes)


@pytest.mark.parametrize(
    ("org", "shown"),
    [
        (None, ["requester", "h0", "link:h1", "h1", "link:h2", "h2", "link:h3", "h3"]),
        ("acme", ["requester", "h0"]),
        ("org-h0", ["requester", "h0", "link:h1", "h1"]),
        ("org-h1", ["above", "link:h1", "h1", "link:h2", "h2"]),
        ("org-h2", ["above", "link:h2", "h2", "link:h3", "h3"]),
        ("org-h3", ["above", "link:h3", "h3"]),
    ],
    ids=str,
)
def test_r32_a_party_has_lanes_for_its_own_desks_and_its_neighbours(
    org: str | None, shown: list[str]
) -> None:
    assert [lane.id for lane in lanes(org)] == shown


def test_r32_what_works_below_a_neighbour_is_masked_by_its_distance() -> None:
    assert {lane.id: lane.tiers for lane in lanes("org-h0")} == {
        "requester": (),
        "h0": (),
        "link:h1": (),
        "h1": (2, 3),
    }
    assert lanes("acme")[-1].tiers == (2, 3, 4)
    assert [lane.tiers for lane in lanes("org-h2")] == [(), (), (), (), ()]


def test_r32_all_that_lies_above_is_one_lane_named_after_the_one_right_above() -> None:
    [above, *_] = lanes("org-h3")
    assert (above.kind, above.org) == (LaneKind.ABOVE, "org-h2")


def test_r32_a_sibling_stands_in_the_lane_above() -> None:
    found = sight(chain("h0 h1<h0 h2<h0"), "org-h2", ("h0", "h1", "h2"))
    assert found is not None
    assert found.lane_of["h1"] == found.lane_of["link:h1"] == "above"
    assert [lane.id for lane in found.lanes] == ["above", "link:h2", "h2"]


def test_r32_one_organization_may_stand_at_two_places_of_the_chain() -> None:
    found = sight(chain("h0 h1<h0 h2<h1 h3<h2", h3={"org": "org-h1"}), "org-h1", ORDER)
    assert found is not None
    assert {lane.id: lane.own for lane in found.lanes if lane.kind is LaneKind.HOP} == {
        "h1": True,
        "h2": False,
        "h3": True,
    }


def test_a_ticket_is_nobody_elses_business() -> None:
    assert sight(CHAIN, "org-elsewhere", ORDER) is None


def test_clocks_between_others_are_nobodys_business() -> None:
    for org, agreements in {
        "org-h0": ["till-sla"],
        "org-h1": ["till-sla", "nord-uc"],
        "org-h3": ["quick-uc"],
        "acme": [],
        None: ["till-sla", "nord-uc", "quick-uc"],
    }.items():
        found = sight(CHAIN, org, ORDER)
        assert found is not None
        assert [terms.id for terms in CHAIN.agreements if found.is_party(terms)] == agreements
