"""The breach list: the longest first, each with its parts, which sum up to it."""

from dataclasses import replace
from datetime import timedelta

from gateway.domain.reports.breaches import section, summed
from gateway.domain.reports.document import Section
from gateway.domain.reports.outcome import Verdict
from gateway.domain.reports.views import View
from tests.domain.reports.month import DEEP, MALL, NORTH, SOUTH, H, basis, outcome, rows


def test_what_was_excluded_stays_listed_and_is_marked() -> None:
    found = rows(section(basis()), "breaches")
    assert [(row["ticket"], row["over"], row["remark"]) for row in found] == [
        ("M-2", 6 * H, ""),
        ("M-6", H, "left out of net"),
    ]
    assert found[0]["mostly"] == "Deep Subcontractor"
    assert found[0]["clock"] == "mall-sla/hop_2_north/resolution"


def test_parts_sum_up_to_the_breach_and_times_to_what_ran() -> None:
    found = [row for row in rows(section(basis()), "breach-parts") if row["ticket"] == "M-2"]
    parts, times = ([row[name] for row in found] for name in ("part", "time"))
    assert sum((one for one in parts if isinstance(one, timedelta)), timedelta()) == 6 * H
    assert sum((one for one in times if isinstance(one, timedelta)), timedelta()) == 10 * H


def test_the_worst_party_is_named_first() -> None:
    breached = [one for one in basis().promised if one.parts]
    assert list(summed(breached, basis().viewer)) == [DEEP, SOUTH, "contract_gap", NORTH]
    assert section(basis()).summary == (
        "2 clocks were breached, 1 of them left out of net by agreement. "
        "Most of the time over: Deep Subcontractor (42 %)."
    )


def test_the_way_to_a_party_is_one_whatever_the_ticket() -> None:
    viewer = replace(basis().viewer, names={"hop_1": "North", "hop_2": "North", NORTH: "North"})
    late = [
        outcome(number, Verdict.BREACHED, parts={f"link:hop_{number}": number * H, NORTH: H})
        for number in (1, 2)
    ]
    assert summed(late, viewer) == {"transit to North": 3 * H, NORTH: 2 * H}


def test_a_contract_gap_is_explained_where_it_is_told() -> None:
    late = (outcome(1, Verdict.BREACHED, parts={"contract_gap": 3 * H, SOUTH: H}, elapsed=8 * H),)
    told = section(basis(outcomes=late))
    assert told.summary.endswith(
        "contract gap (75 %), which no party's own target explains; then South Services (25 %)."
    )
    assert "`interdesk chain check`" in _note(told)
    alone = section(basis(outcomes=(replace(late[0], parts={"contract_gap": 4 * H}),)))
    assert alone.summary.endswith("contract gap (100 %), which no party's own target explains.")


def test_where_there_is_no_gap_none_is_explained() -> None:
    late = (outcome(1, Verdict.BREACHED, parts={SOUTH: H}, elapsed=5 * H),)
    assert _note(section(basis(outcomes=late))) == "Who met its own agreement has no part."
    customers = section(basis(View.CUSTOMER, MALL))
    assert "gap" not in _note(customers) + customers.summary


def _note(told: Section) -> str:
    [table] = [one for one in told.tables if one.id == "breach-parties"]
    return table.note


def test_remarks_are_told() -> None:
    odd = outcome(1, Verdict.BREACHED, provisional=True, unmeasured=True, ended_at=None, elapsed=5 * H)
    [row] = rows(section(basis(outcomes=(odd,))), "breaches")
    assert (row["remark"], row["mostly"]) == ("provisional, no agreement in force, still open", "")


def test_no_breach_is_said() -> None:
    told = section(basis(outcomes=(outcome(1, Verdict.MET),)))
    assert (told.summary, told.charts, rows(told, "breaches")) == ("No clock was breached.", (), [])
