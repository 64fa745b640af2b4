"""Two lists beside each other: every ticket is on both, only there or only here, and says why; verdicts are compared by target."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from gateway.domain.reports.closing import compare
from gateway.domain.reports.lists import Cause, Comparison, Frame, ListedBy, Ours, Place, Theirs
from gateway.domain.reports.outcome import Outcome, Verdict
from gateway.domain.sla.terms import TargetKind
from tests.domain.reports.month import OCTOBER, H, at, case, outcome

FRAME = Frame(period=OCTOBER)
RESOLVED = {TargetKind.RESOLUTION: Verdict.MET}


def theirs(number: str, row: int = 2, **more: Any) -> Theirs:
    given: dict[str, Any] = {"row": row, "number": number, "verdicts": RESOLVED}
    return Theirs(**(given | more))


def ours(number: int, *clocks: Outcome, **more: Any) -> Ours:
    mine = case(number, **more)
    found = clocks or (outcome(number, Verdict.MET),)
    return Ours(case=mine, numbers=frozenset({mine.number, f"N-{number}"}), outcomes=found)


def told(found: Comparison) -> list[tuple[str, Place, Cause]]:
    return [(line.key, line.place, line.cause) for line in found.lines]


def test_equal_lists_have_no_line() -> None:
    found = compare([theirs("M-1"), theirs("M-2", 3)], [ours(1), ours(2)], FRAME)
    assert (found.theirs, found.ours, found.both, found.agreed, found.lines) == (2, 2, 2, 2, ())


@pytest.mark.parametrize("number", [" m-1 ", "N-1", "n-1"])
def test_a_number_is_any_that_a_desk_gave_it(number: str) -> None:
    assert compare([theirs(number)], [ours(1)], FRAME).lines == ()


HERE: dict[str, tuple[tuple[Outcome, ...], dict[str, Any], Cause]] = {
    "counted in another month": (
        (outcome(1, Verdict.MET, counted_at=at(2, month=11)),),
        *({}, Cause.OUTSIDE),
    ),
    "not due yet": ((outcome(1, Verdict.RUNNING),), {}, Cause.RUNNING),
    "cancelled here": ((outcome(1, Verdict.CANCELLED),), {}, Cause.CANCELLED),
    "a ticket cancelled without a clock": (
        (outcome(1, Verdict.CANCELLED),),
        {"cancelled": True},
        Cause.CANCELLED,
    ),
}


@pytest.mark.parametrize(("clocks", "more", "cause"), HERE.values(), ids=HERE)
def test_why_it_does_not_count_here(clocks: tuple[Outcome, ...], more: dict[str, Any], cause: Cause) -> None:
    found = compare([theirs("M-1")], [ours(1, *clocks, **more)], FRAME)
    assert told(found) == [("M-1", Place.ONLY_THERE, cause)]


def test_no_agreement() -> None:
    bare = Ours(case=case(1), numbers=frozenset({"M-1"}), outcomes=())
    assert told(compare([theirs("M-1")], [bare], FRAME)) == [("M-1", Place.ONLY_THERE, Cause.NO_AGREEMENT)]


UNKNOWN: dict[str, tuple[dict[str, Any], Cause, str]] = {
    "never handed over": ({"opened_at": at(5)}, Cause.NOT_LINKED, "no linked desk"),
    "opened before the month": ({"opened_at": at(30, month=9)}, Cause.OUTSIDE, "opened on 2026-09-30"),
    "merged into one that counts": ({"merged_into": "m-1"}, Cause.MERGED, "counts here as M-1"),
    "merged into another unknown": ({"merged_into": "M-8"}, Cause.MERGED, "merged into M-8 there"),
}


@pytest.mark.parametrize(("more", "cause", "words"), UNKNOWN.values(), ids=UNKNOWN)
def test_a_number_that_nobody_knows(more: dict[str, Any], cause: Cause, words: str) -> None:
    found = compare([theirs("M-1"), theirs("M-9", 3, **more)], [ours(1)], FRAME)
    [line] = found.lines
    assert (line.key, line.place, line.cause, words in line.words) == ("M-9", Place.ONLY_THERE, cause, True)


def test_a_renamed_ticket_is_on_both_and_said() -> None:
    found = compare([theirs("X-7", former=("M-1",))], [ours(1)], FRAME)
    assert told(found) == [("X-7", Place.BOTH, Cause.RENAMED)]
    assert (found.both, found.agreed) == (1, 1)


def test_doubled_and_merged_rows_count_once() -> None:
    rows = [theirs("M-1"), theirs("M-1", 3), theirs("X-7", 4, former=("M-1",), merged_into="M-1")]
    found = compare(rows, [ours(1)], FRAME)
    assert told(found) == [
        ("M-1 (row 3)", Place.ONLY_THERE, Cause.DOUBLED),
        ("X-7", Place.ONLY_THERE, Cause.MERGED),
    ]
    assert (found.theirs, found.both) == (3, 1)


@pytest.mark.parametrize(
    ("listed_by", "more", "cause"),
    [
        (ListedBy.OPENED, {}, Cause.MISSING),
        (ListedBy.OPENED, {"opened_at": at(30, month=9)}, Cause.OUTSIDE),
        (ListedBy.CLOSED, {}, Cause.MISSING),
        (ListedBy.CLOSED, {"closed_at": at(2, month=11)}, Cause.OUTSIDE),
        (ListedBy.CLOSED, {"closed_at": None}, Cause.OUTSIDE),
    ],
)
def test_what_their_list_does_not_have(listed_by: ListedBy, more: dict[str, Any], cause: Cause) -> None:
    found = compare([], [ours(1, **more)], Frame(period=OCTOBER, listed_by=listed_by))
    assert told(found) == [("M-1", Place.ONLY_HERE, cause)]


def test_each_target_is_compared_by_itself() -> None:
    said = RESOLVED | {TargetKind.RESPONSE: Verdict.BREACHED, TargetKind.UPDATE: Verdict.MET}
    clocks = (
        outcome(1, Verdict.MET),
        outcome(1, Verdict.MET, target_kind=TargetKind.RESPONSE, stopped_time=9 * H),
    )
    found = compare([theirs("M-1", verdicts=said)], [ours(1, *clocks)], FRAME)
    assert told(found) == [
        ("M-1/response", Place.BOTH, Cause.STOP),
        ("M-1/update", Place.BOTH, Cause.OUTSIDE),
    ]
    assert found.agreed == 1


def test_of_several_cycles_the_worst_is_compared() -> None:
    clocks = (outcome(1, Verdict.MET), outcome(1, Verdict.BREACHED, place=2, id="out_2", provisional=True))
    [line] = compare([theirs("M-1")], [ours(1, *clocks)], FRAME).lines
    assert (line.key, line.cause) == ("M-1/resolution", Cause.PROVISIONAL)


def test_a_clock_belongs_to_the_day_of_its_own_wall() -> None:
    """Half past midnight in Rome is still the day before in UTC; the clock says which day it counts on."""
    late = outcome(
        1, Verdict.MET, counted_at=datetime(2026, 10, 31, 23, 30, tzinfo=UTC), counted_on=date(2026, 11, 1)
    )
    assert told(compare([theirs("M-1")], [ours(1, late)], FRAME)) == [
        ("M-1", Place.ONLY_THERE, Cause.OUTSIDE)
    ]
