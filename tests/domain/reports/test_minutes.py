"""Where the minutes went: each counted once, however many targets a ticket has."""

from datetime import timedelta
from fractions import Fraction

from gateway.domain.reports.minutes import headlines, section
from gateway.domain.reports.outcome import Verdict
from gateway.domain.sla.terms import TargetKind
from tests.domain.reports.month import NORTH, H, basis, outcome, rows


def test_shares_of_the_running_time_sum_up_to_all_of_it() -> None:
    found = rows(section(basis()), "time-by-party")
    assert {row["name"]: row["length"] for row in found} == {
        "North Stores": 13 * H,
        "Deep Subcontractor": 4 * H,
        "South Services": 2 * H,
        "The Mall": H,
        "transit": H,
    }
    assert sum((row["share"] for row in found if isinstance(row["share"], Fraction)), Fraction()) == 1
    whole = sum((length for one in headlines(basis().counted) for length in one.time.values()), timedelta())
    assert whole == 21 * H


def test_why_clocks_stood_still_and_what_was_on_the_way() -> None:
    told = section(basis())
    assert [(row["name"], row["length"]) for row in rows(told, "stopped-by-reason")] == [
        ("site access", 2 * H)
    ]
    assert [(row["name"], row["length"]) for row in rows(told, "transit")] == [
        ("transit to South Services", H)
    ]


def test_a_ticket_of_many_targets_is_counted_by_its_resolution() -> None:
    both = [
        outcome(1, Verdict.MET, target_kind=kind, time={NORTH: length}, elapsed=length)
        for kind, length in ((TargetKind.RESPONSE, 9 * H), (TargetKind.RESOLUTION, 2 * H))
    ]
    updates = [
        outcome(
            2,
            Verdict.MET,
            id=f"out_{length}",
            target_kind=TargetKind.UPDATE,
            elapsed=length,
            time={NORTH: length},
        )
        for length in (H, 3 * H)
    ]
    assert sorted(one.elapsed for one in headlines([*both, *updates])) == [2 * H, 3 * H]


def test_without_a_clock_there_are_no_minutes() -> None:
    told = section(basis(outcomes=()))
    assert (told.summary, told.charts) == ("No clock was counted.", ())
