"""What makes two sides judge one clock differently: each cause on figures that show it and nothing else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.domain.reports.lists import Cause, Theirs
from gateway.domain.reports.outcome import Verdict
from gateway.domain.reports.verdicts import Pair, explained, words
from tests.domain.reports.month import MALL, NORTH, H, at, case, outcome

OVER = {"elapsed": 5 * H, "net_elapsed": 5 * H, "time": {NORTH: 5 * H}, "ended_at": at(9, 14)}
MET = {"elapsed": 3 * H, "ended_at": at(9, 12)}

CAUSES: dict[str, tuple[Verdict, dict[str, Any], Verdict, dict[str, Any], Cause]] = {
    "they count a stop": (Verdict.MET, MET | {"stopped_time": 2 * H}, Verdict.BREACHED, {}, Cause.STOP),
    "a stop that changes nothing": (
        *(Verdict.MET, MET | {"stopped_time": H}, Verdict.BREACHED, {}),
        Cause.UNEXPLAINED,
    ),
    "a night between": (Verdict.MET, MET | {"ended_at": at(10, 9)}, Verdict.BREACHED, {}, Cause.CALENDAR),
    "another due moment": (Verdict.MET, MET, Verdict.BREACHED, {"due_at": at(9, 12)}, Cause.CALENDAR),
    "another start": (
        *(Verdict.MET, MET, Verdict.BREACHED),
        *({"opened_at": at(9, 7), "due_at": at(9, 11)}, Cause.START),
    ),
    "seconds between two desks": (
        *(Verdict.MET, MET, Verdict.BREACHED),
        *({"opened_at": at(9) + timedelta(seconds=59), "due_at": at(9, 13)}, Cause.UNEXPLAINED),
    ),
    "another priority": (Verdict.MET, MET, Verdict.BREACHED, {"priority": "critical"}, Cause.PRIORITY),
    "the same priority": (Verdict.MET, MET, Verdict.BREACHED, {"priority": "high"}, Cause.UNEXPLAINED),
    "on the way": (
        *(Verdict.BREACHED, OVER | {"time": {NORTH: 4 * H, "link:hop": H}}, Verdict.MET, {}),
        Cause.TRANSIT,
    ),
    "too little on the way": (
        *(Verdict.BREACHED, OVER | {"time": {NORTH: 4.5 * H, "link:hop": 0.5 * H}}, Verdict.MET, {}),
        Cause.UNEXPLAINED,
    ),
    "with the customer": (
        *(Verdict.BREACHED, OVER | {"time": {NORTH: 3 * H, MALL: 2 * H}}, Verdict.MET, {}),
        Cause.CUSTOMER,
    ),
    "on the way and with the customer": (
        *(Verdict.BREACHED, OVER | {"time": {NORTH: 4 * H, MALL: H / 2, "link:hop": H / 2}}, Verdict.MET, {}),
        Cause.TRANSIT,
    ),
    "undecided": (Verdict.BREACHED, OVER | {"provisional": True}, Verdict.MET, {}, Cause.PROVISIONAL),
    "excluded here": (Verdict.EXCLUDED, OVER, Verdict.BREACHED, {}, Cause.EXCLUSION),
    "excluded there": (Verdict.BREACHED, OVER, Verdict.EXCLUDED, {}, Cause.EXCLUSION),
    "cancelled there": (Verdict.BREACHED, OVER, Verdict.CANCELLED, {}, Cause.CANCELLED),
    "still open there": (Verdict.MET, MET, Verdict.RUNNING, {}, Cause.LATE_FACT),
    "no reason": (Verdict.BREACHED, OVER, Verdict.MET, {}, Cause.UNEXPLAINED),
}


@pytest.mark.parametrize(("verdict", "ours", "theirs", "row", "cause"), CAUSES.values(), ids=CAUSES)
def test_causes(
    verdict: Verdict, ours: dict[str, Any], theirs: Verdict, row: dict[str, Any], cause: Cause
) -> None:
    given: dict[str, Any] = {"row": 2, "number": "M-1"} | row
    pair = Pair(theirs=theirs, ours=outcome(1, verdict, **ours), row=Theirs(**given), case=case(1))
    found, said = explained(pair, restated_at=None, exported_at=None)
    assert found is cause
    assert said


@pytest.mark.parametrize(
    ("restated", "exported", "is_late"),
    [(None, None, False), (5, None, True), (5, 4, True), (5, 5, False), (5, 6, False)],
)
def test_what_came_after_their_list_explains_before_all_else(
    restated: int | None, exported: int | None, is_late: bool
) -> None:
    def day(number: int | None) -> datetime | None:
        return datetime(2026, 11, number, tzinfo=UTC) if number is not None else None

    pair = Pair(
        theirs=Verdict.MET,
        ours=outcome(1, Verdict.BREACHED, **OVER, provisional=True),
        row=Theirs(row=2, number="M-1"),
        case=case(1),
    )
    found, _ = explained(pair, restated_at=day(restated), exported_at=day(exported))
    assert (found is Cause.LATE_FACT) is is_late


def test_both_views_are_in_the_words() -> None:
    ours = outcome(1, Verdict.BREACHED, **OVER)
    assert words(ours) == "breached, 5 h of 4 h"
    pair = Pair(theirs=Verdict.MET, ours=ours, row=Theirs(row=2, number="M-1"), case=case(1))
    assert explained(pair, restated_at=None, exported_at=None)[1].startswith(
        "met there, breached, 5 h of 4 h here"
    )
