"""Who may know what (R32): names and times of others are nowhere in what a report counts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain.reports.compliance import report
from gateway.domain.reports.document import Report
from gateway.domain.reports.views import OTHERS, View, Viewer, cases_seen_by, chains_of, seen_by
from gateway.domain.sla.terms import NONE
from tests.domain.reports.month import CASES, DEEP, EAST, MALL, NAMES, NORTH, OUTCOMES, SOUTH, H, basis

CHAINS = chains_of(OUTCOMES)


def words_of(document: Report) -> str:
    """Everything that somebody could read in it."""
    return repr(document)


def hidden(*parties: str) -> list[str]:
    return [word for party in parties for word in (party, NAMES[party])]


@pytest.mark.parametrize(
    ("view", "org", "unseen"),
    [
        (View.CUSTOMER, MALL, hidden(SOUTH, EAST, DEEP)),
        (View.PARTNER, SOUTH, [*hidden(EAST, MALL), "M-2", "M-7"]),
        (View.PARTNER, EAST, [*hidden(SOUTH, DEEP, MALL), "M-2", "M-7"]),
        (View.PARTNER, DEEP, [*hidden(NORTH, EAST, MALL), "M-2"]),
    ],
)
def test_nothing_of_what_is_hidden_is_in_the_report(view: View, org: str, unseen: list[str]) -> None:
    text = words_of(report(basis(view, org)))
    assert [word for word in unseen if word in text] == []


def test_the_operator_sees_everybody() -> None:
    text = words_of(report(basis()))
    assert [name for name in NAMES.values() if name not in text] == []


def of_ticket_2(view: View, org: str) -> list[tuple[str, dict[str, timedelta], dict[str, timedelta]]]:
    viewer = Viewer(view=view, org=org, names=NAMES)
    found = [one for one in seen_by(viewer, OUTCOMES, CHAINS) if one.ticket_id == "tkt_2"]
    return [(one.agreement, dict(one.time), dict(one.parts)) for one in found]


def test_to_the_customer_all_that_is_below_its_vendor_is_the_vendors() -> None:
    assert of_ticket_2(View.CUSTOMER, MALL) == [("mall-sla", {MALL: H, NORTH: 9 * H}, {NORTH: 6 * H})]


def test_a_partner_sees_itself_and_who_works_for_it_by_name() -> None:
    assert of_ticket_2(View.PARTNER, SOUTH) == [
        ("south-uc", {SOUTH: 2 * H, DEEP: 4 * H}, {DEEP: 2 * H}),
        ("deep-uc", {DEEP: 3 * H}, {}),
    ]


def test_the_sums_stay_what_they_are() -> None:
    for view, org in ((View.CUSTOMER, MALL), (View.PARTNER, SOUTH), (View.PARTNER, NORTH)):
        viewer = Viewer(view=view, org=org)
        whole = {one.id: one for one in OUTCOMES}
        for one in seen_by(viewer, OUTCOMES, CHAINS):
            assert sum(one.time.values(), NONE) == sum(whole[one.id].time.values(), NONE)
            assert sum(one.parts.values(), NONE) == sum(whole[one.id].parts.values(), NONE)


def test_who_worked_for_whom_nobody_can_say() -> None:
    """A party of which no agreement tells stands without a name."""
    viewer = Viewer(view=View.PARTNER, org=SOUTH)
    other = replace(OUTCOMES[2], time={**OUTCOMES[2].time, "org_unknown": H})
    [one] = seen_by(viewer, [other], CHAINS)
    assert one.time == {SOUTH: 2 * H, DEEP: 4 * H, OTHERS: H}


def test_a_customer_is_not_told_of_hand_backs_and_parties() -> None:
    viewer = Viewer(view=View.CUSTOMER, org=MALL)
    [two] = [one for one in cases_seen_by(viewer, CASES, CHAINS) if one.ticket_id == "tkt_2"]
    assert (two.parties, two.returned, dict(two.time)) == ((NORTH,), 0, {MALL: H, NORTH: 3 * H})


def test_a_partner_is_told_a_rating_only_of_its_own_work() -> None:
    """East stood alone at the end of its chain; South had somebody below it, and was rated for both."""
    [east] = cases_seen_by(Viewer(view=View.PARTNER, org=EAST), CASES, CHAINS)
    [south] = cases_seen_by(Viewer(view=View.PARTNER, org=SOUTH), CASES, CHAINS)
    assert (east.rating, east.reopened, south.visits, south.abortive) == (20, 0 + 1, 0, 0)
    assert (dict(south.time), south.customer) == ({SOUTH: H}, NORTH)


def test_agreements_in_a_circle_end() -> None:
    circle = [OUTCOMES[2], replace(OUTCOMES[3], provider=NORTH, consumer=SOUTH)]
    chains = chains_of(circle)
    assert chains.below("tkt_2", SOUTH, MALL) is None
    assert cases_seen_by(Viewer(view=View.PARTNER, org=SOUTH), CASES, chains)


@pytest.mark.parametrize(
    ("party", "name"),
    [
        (NORTH, "North Stores"),
        ("link:hop_x", "transit to the next desk"),
        ("outside:power_or_facility", "outside: power or facility"),
        ("contract_gap", "contract gap"),
        (OTHERS, "others in the chain"),
        ("", "nobody"),
    ],
)
def test_parties_have_words(party: str, name: str) -> None:
    assert Viewer(names=NAMES).name(party) == name


def test_what_is_promised_to_the_group_is_promised_to_each_of_it() -> None:
    """A corporate agreement: its consumer is what the mall is part of (R27)."""
    corporate = [replace(one, consumer="org_group") if one.consumer == MALL else one for one in OUTCOMES]
    chains = chains_of(corporate)
    viewer = Viewer(view=View.CUSTOMER, org=MALL, groups=("org_group",), names=NAMES)
    shown = seen_by(viewer, corporate, chains)
    assert len(shown) == len(seen_by(Viewer(view=View.CUSTOMER, org=MALL), OUTCOMES, CHAINS))
    assert seen_by(replace(viewer, groups=()), corporate, chains) == []
    [two] = [one for one in cases_seen_by(viewer, CASES, chains) if one.ticket_id == "tkt_2"]
    assert two.parties == (NORTH,)
    told = replace(basis(), outcomes=shown, groups=("org_group",), viewer=viewer)
    assert [one.ticket_id for one in told.counted] == [
        one.ticket_id for one in basis(View.CUSTOMER, MALL).counted
    ]
