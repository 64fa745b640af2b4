"""Lines of work: what one may say, who reads what of it, when silence accepts it, who may decide."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import worklog
from gateway.domain.case import Because
from gateway.domain.model import Crossing
from gateway.domain.model.change import replace
from gateway.domain.worklog import Unit, Verdict, Work, WorkKind, WorkLine, WorkState
from gateway.errors import Invalid, Refused
from tests.builders import NOW, PROPERTY, happened, link, tree

NAMES = {"org_north": "North", "org_vendor": "Vendor"}
PLAIN = link("vendor", "north")
NAMELESS = link("vendor", "north", crossing=Crossing(people="organization"))


def line(**more: Any) -> WorkLine:
    plain: dict[str, Any] = {
        "id": "wrk_1",
        "org_id": "org_north",
        "consumer": "org_vendor",
        "ticket_id": "tkt_1",
        "hop_id": "hop_north",
        "link_id": "lnk_vendor_north",
        "kind": WorkKind.LABOUR,
        "amount": Decimal(90),
        "unit": Unit.MINUTES,
        "at": NOW,
        "month": "2026-03",
        "logged_at": NOW,
        "logged_by": "nora",
        "state": WorkState.TOLD,
        "review_until": NOW + timedelta(days=7),
        "passed_from": "wrk_0",
    }
    return WorkLine(**(plain | more))


@pytest.mark.parametrize(
    ("told_at", "days", "zone", "ends"),
    [
        pytest.param(
            "2026-03-02T08:00:00", 5, "UTC", "2026-03-10T00:00:00", id="Monday to the end of next Monday"
        ),
        pytest.param("2026-03-06T23:59:00", 1, "UTC", "2026-03-10T00:00:00", id="over a week-end"),
        pytest.param("2026-03-07T12:00:00", 1, "UTC", "2026-03-10T00:00:00", id="told on a Saturday"),
        pytest.param(
            "2026-03-02T16:00:00", 1, "Asia/Tokyo", "2026-03-04T15:00:00", id="Tuesday already in Tokyo"
        ),
        pytest.param(
            "2026-03-26T10:00:00", 2, "Europe/Rome", "2026-03-30T22:00:00", id="over a change of clocks"
        ),
    ],
)
def test_the_review_ends_at_midnight_after_so_many_working_days(
    told_at: str, days: int, zone: str, ends: str
) -> None:
    at, end = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (told_at, ends))
    assert worklog.review_ends(at, days=days, zone=zone) == end


def test_silence_accepts_at_the_end_of_the_review_and_not_before() -> None:
    told = line()
    assert worklog.standing(told, NOW + timedelta(days=7, microseconds=-1)) is WorkState.TOLD
    assert worklog.standing(told, NOW + timedelta(days=7)) is WorkState.LAPSED
    for state in (WorkState.LOGGED, WorkState.DISPUTED, WorkState.PROPOSED, WorkState.ACCEPTED):
        assert worklog.standing(line(state=state), NOW + timedelta(days=99)) is state


def test_each_end_reads_its_part_and_nobody_else_anything() -> None:
    told = line(decided_by="vera", visit_event="evt_7")
    assert worklog.seen_by(told, None, NAMELESS) == told
    above = worklog.seen_by(told, "org_vendor", NAMELESS)
    assert above == replace(told, passed_from=None, visit_event=None, logged_by="")
    assert worklog.seen_by(told, "org_north", NAMELESS) == replace(told, decided_by="")
    assert worklog.seen_by(told, "org_north", PLAIN) == told
    assert worklog.seen_by(told, "org_customer", PLAIN) is None
    for state in worklog.OWN:
        assert worklog.seen_by(line(state=state), "org_vendor", PLAIN) is None
        assert worklog.seen_by(line(state=state), "org_north", PLAIN) is not None


def verdict(state: WorkState = WorkState.ACCEPTED, **more: Any) -> Verdict:
    plain: dict[str, Any] = {"state": state, "by": "vera", "at": NOW}
    return Verdict(**(plain | more))


def test_a_verdict_is_kept_with_who_and_when() -> None:
    after = worklog.decided(line(), verdict(party="org_vendor"), names=NAMES)
    assert (after.state, after.decided_by, after.decided_at) == (WorkState.ACCEPTED, "vera", NOW)


@pytest.mark.parametrize(
    ("known", "said", "words"),
    [
        pytest.param({}, {"party": "org_north"}, "North logged this line", id="own side"),
        pytest.param({}, {"by": "nora"}, "nora logged this line", id="same person"),
        pytest.param({}, {"at": NOW + timedelta(days=8)}, "counts as accepted since", id="too late"),
        pytest.param({"state": WorkState.LAPSED}, {}, "counts as accepted since", id="lapsed"),
        pytest.param({"state": WorkState.ACCEPTED}, {}, "accepted already", id="twice"),
        pytest.param({"state": WorkState.PROPOSED}, {}, "only proposed", id="nobody logged it"),
        pytest.param(
            {"statement": "2026-03", "state": WorkState.DISPUTED},
            {},
            "closed statement of 2026-03",
            id="closed",
        ),
    ],
)
def test_a_verdict_that_may_not_be(known: dict[str, Any], said: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused) as refused:
        worklog.decided(line(**known), verdict(**said), names=NAMES)
    assert words in str(refused.value)


def test_one_organization_at_both_ends_decides_its_own() -> None:
    inside = line(consumer="org_north")
    assert worklog.decided(inside, verdict(party="org_north"), names=NAMES).state is WorkState.ACCEPTED


@PROPERTY
@given(st.text(max_size=12))
def test_no_text_becomes_an_amount_that_is_not_positive(text: str) -> None:
    try:
        number = worklog.number_from(text, "minutes")
    except Invalid:
        return
    assert 0 < number <= worklog.MOST


@pytest.mark.parametrize("kind", WorkKind)
@pytest.mark.parametrize("unit", Unit)
def test_each_kind_is_counted_in_its_units(kind: WorkKind, unit: Unit) -> None:
    work = Work(kind=kind, amount=Decimal(1), unit=unit, at=NOW)
    if unit in worklog.UNITS[kind]:
        worklog.check(work, now=NOW)
        return
    with pytest.raises(Invalid, match=f"{kind} is not counted in {unit}"):
        worklog.check(work, now=NOW)


@pytest.mark.parametrize(
    ("data", "proposed"),
    [
        ({"outcome": "no_access", "waited_minutes": 35}, (Decimal(35), Unit.MINUTES)),
        ({"outcome": "aborted"}, (Decimal(1), Unit.PIECES)),
        ({"outcome": "no_access", "waited_minutes": "35"}, (Decimal(1), Unit.PIECES)),
        ({"outcome": "no_access", "waited_minutes": True}, (Decimal(1), Unit.PIECES)),
        ({"outcome": "no_access", "waited_minutes": -3}, (Decimal(1), Unit.PIECES)),
        ({"outcome": "fixed"}, None),
        ({}, None),
    ],
)
def test_r35_only_a_visit_in_vain_proposes_a_line(
    data: dict[str, Any], proposed: tuple[Decimal, Unit] | None
) -> None:
    case = tree("customer>vendor", "vendor>north")
    for code in ("customer", "north"):
        case.record("visit.left", case.hops[f"hop_{code}"], Because(), data)
    found = [(one.org_id, (one.amount, one.unit)) for one in worklog.proposals(case)]
    assert found == ([("org_north", proposed)] if proposed else [])
    assert happened(case) == ["visit.left", "visit.left"], "a proposal is told to nobody"
