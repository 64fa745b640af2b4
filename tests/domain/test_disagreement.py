"""Times of desks that cannot be true are noted, once each, with both views and a cure."""

from datetime import timedelta

from gateway.domain import disagreement
from gateway.domain.sla.reconcile import BACKDATED, CLOCK_SKEW, Discrepancy, Reconciled
from gateway.domain.sla.terms import Record
from tests.builders import NOW, later, tree

TOLD = Reconciled(
    records=(
        Record(id="e1", type="status.changed", hop="hop_north", desk="hop_north", observed_at=NOW),
        Record(id="e2", type="assignment.offered", hop="hop_north", desk="hop_vendor", observed_at=NOW),
    ),
    effective={"e1": later(0), "e2": later(1)},
    discrepancies=(
        Discrepancy(event="e1", kind=CLOCK_SKEW, reported_at=later(9), by=timedelta(minutes=9)),
        Discrepancy(event="e2", kind=BACKDATED, reported_at=later(-4), by=timedelta(minutes=5)),
    ),
    statements=(),
    causes={},
    agreed=frozenset(),
)


def test_r24_each_has_both_views_and_a_cure_at_the_desk_that_told_it() -> None:
    case = tree("vendor>north")

    disagreement.note(case, TOLD, known=())

    [(kind, hop, data), (_, other, _)] = case.discrepancies
    assert (kind, hop, other) == (CLOCK_SKEW, "hop_north", "hop_vendor")
    assert (data["reported_at"], data["effective_at"], data["by_s"]) == (
        later(9).isoformat(),
        NOW.isoformat(),
        540.0,
    )
    assert "NTP" in data["cure"]


def test_what_is_known_is_not_noted_again() -> None:
    case = tree("vendor>north")

    disagreement.note(case, TOLD, known={(CLOCK_SKEW, "e1")})

    assert [kind for kind, _, _ in case.discrepancies] == [BACKDATED]
