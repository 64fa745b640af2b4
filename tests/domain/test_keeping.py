"""What a new fold means beside what was told: restated where the past changed, gone on where only time did."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.domain import keeping
from gateway.domain.keeping import KeptClock
from gateway.domain.model.change import replace as changed
from gateway.domain.sla.clocks import BREACHED, CANCELLED, MET, RUNNING, Clock
from gateway.domain.sla.terms import TargetKind
from tests.builders import NOW, PERSON, hop, later, tree

HOUR = timedelta(hours=1)
RAN = Clock(
    agreement="uc",
    hop="hop_vendor",
    target_kind=TargetKind.RESOLUTION,
    cycle=1,
    state=RUNNING,
    target=4 * HOUR,
    started_at=NOW,
    elapsed=HOUR,
)
ENDED: dict[str, Any] = {"state": MET, "ended_at": later(60), "ended_by": "evt_solved"}
LOST: dict[str, Any] = {"state": BREACHED, "breached_at": later(240), "elapsed": 5 * HOUR}


def kept(clock: Clock) -> KeptClock:
    """The clock as it was kept."""
    [(which, _)] = keeping.placed([clock])
    agreement, hop_id, target_kind, place = which
    return KeptClock(
        id="clk_1",
        org_id="org_vendor",
        ticket_id="tkt_1",
        hop_id=hop_id,
        agreement=agreement,
        target_kind=target_kind,
        place=place,
        folded_at=NOW,
        **keeping.figures(clock),
    )


@pytest.mark.parametrize(
    ("before", "now", "is_restated"),
    [
        ({}, {"elapsed": 2 * HOUR}, False),
        ({}, ENDED, False),
        ({}, LOST, False),
        ({}, {"state": CANCELLED, "ended_at": later(90), "ended_by": "evt_gone"}, False),
        (ENDED, ENDED, False),
        (ENDED, ENDED | {"elapsed": 2 * HOUR}, True),
        (ENDED, ENDED | {"ended_at": later(50)}, True),
        (ENDED, ENDED | LOST, True),
        (ENDED, {"ended_at": later(30), "ended_by": "evt_earlier", "state": MET}, True),
        (ENDED, {"state": RUNNING, "elapsed": 2 * HOUR}, False),
        (ENDED, {"state": MET, "ended_at": later(300), "ended_by": "evt_again"}, False),
        (LOST, LOST | {"elapsed": 6 * HOUR}, False),
        (LOST, LOST | {"ended_at": later(400), "ended_by": "evt_solved"}, False),
        (LOST, LOST | {"breached_at": later(300)}, True),
        (LOST, {"elapsed": 2 * HOUR}, True),
    ],
    ids=[
        "time passes", "met", "breached", "cancelled", "nothing new", "a stop fell away", "met earlier",
        "met no more", "an earlier statement turned up", "rejected", "rejected and met again", "later still",
        "done at last", "breached later", "never breached",
    ],
)  # fmt: skip
def test_what_is_restated(before: dict[str, Any], now: dict[str, Any], is_restated: bool) -> None:
    found = keeping.restated(kept(replace(RAN, **before)), replace(RAN, **now))

    assert (found is not None) is is_restated


def test_a_restatement_says_old_and_new() -> None:
    found = keeping.restated(kept(replace(RAN, **LOST)), replace(RAN, elapsed=2 * HOUR))

    assert found is not None
    assert found["clock"] == "uc/hop_vendor/resolution"
    assert (found["old"]["state"], found["new"]["state"]) == ("breached", "running")
    assert (found["old"]["elapsed"], found["new"]["elapsed"]) == (18_000.0, 7_200.0)


def test_a_clock_that_is_none_any_more_is_restated_if_anything_was_told_of_it() -> None:
    assert keeping.restated(kept(RAN), None) is None
    assert keeping.restated(kept(replace(RAN, **LOST)), None) is not None


def test_a_target_that_a_change_of_priority_ended_keeps_its_place() -> None:
    [(first, _)] = keeping.placed([RAN])
    places = [which for which, _ in keeping.placed([replace(RAN, superseded=1), RAN])]

    assert places == [first, (*first[:3], 2)]


def test_what_clocks_say_folds_nothing_again() -> None:
    case = tree("customer>vendor")
    case.put_ticket(watched=True)
    case.record("clock.breached", case.hops["hop_vendor"], PERSON)
    keeping.mark(case)
    assert case.ticket.fold_at is None

    case.record("status.changed", case.hops["hop_vendor"], PERSON)
    keeping.mark(case)
    assert case.ticket.fold_at == NOW


def test_a_ticket_that_nothing_binds_is_not_watched() -> None:
    case = tree("customer>vendor")
    case.record("status.changed", case.hops["hop_vendor"], PERSON)
    keeping.mark(case)

    assert (case.ticket.watched, case.ticket.fold_at) == (False, None)


def test_a_binding_begins_the_watch() -> None:
    case = tree("customer>vendor")
    case.record("agreement.bound", hop("vendor"), PERSON)
    keeping.mark(case)

    assert (case.ticket.watched, case.ticket.fold_at) == (True, NOW)


def test_a_fold_that_is_due_anyway_is_not_put_off() -> None:
    case = tree("customer>vendor")
    case.ticket = changed(case.ticket, watched=True, fold_at=later(-5))
    case.record("status.changed", case.hops["hop_vendor"], PERSON)
    keeping.mark(case)

    assert case.ticket.fold_at == later(-5)
