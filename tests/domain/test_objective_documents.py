"""Objectives and credits as documents tell them: every word of the example comes out as a noun."""

import json
from datetime import date, timedelta
from fractions import Fraction

import pytest

from gateway import schemas
from gateway.domain.objective_documents import credits_from, limit, objective_from, part_of
from gateway.domain.reports.promises import Every, Objective, Selection, Small, Tail
from gateway.domain.reports.schemes import (
    AtRisk,
    Band,
    ByCase,
    ByDelay,
    ByRepeat,
    ByShare,
    Credits,
    Fee,
    Price,
)
from gateway.domain.sla.terms import TargetKind


def read(name: str) -> tuple[tuple[Objective, ...], Credits]:
    text = (schemas.folder() / "examples" / "good" / "agreement" / f"{name}.json").read_text(encoding="utf-8")
    document = json.loads(text)
    objectives = tuple(map(objective_from, document["objectives"]))
    return objectives, credits_from(document["credits"], objectives)


CRITICAL = Selection(target=TargetKind.RESOLUTION, priorities=frozenset({"critical"}))
HIGH = Selection(target=TargetKind.RESOLUTION, priorities=frozenset({"high"}))


def test_objectives() -> None:
    first, second = read("priced")[0]
    assert first == Objective(
        name="critical-in-time",
        selection=Selection(
            target=TargetKind.RESOLUTION,
            priorities=frozenset({"critical"}),
            services=frozenset({"tills"}),
            sites=frozenset({"MI-001"}),
            groups=frozenset({"lombardy"}),
        ),
        share=Fraction(95, 100),
        tails=(
            Tail(share=Fraction(995, 1000), within=timedelta(hours=8)),
            Tail(share=Fraction(1), within=Fraction(4)),
        ),
        smallest=20,
        small=Small.AT_MOST,
        at_most=1,
        net=False,
        weight=Fraction(2),
    )
    assert (second.every, second.small, second.net, second.weight) == (
        Every.QUARTER,
        Small.CARRY,
        True,
        Fraction(1, 2),
    )


def test_what_credits_stand_on() -> None:
    found = read("priced")[1]
    assert (found.currency, found.raise_within, found.begins_on) == ("EUR", 30, date(2026, 4, 1))
    assert found.fee == Fee(every=Every.MONTH, amount=Fraction(12000))
    assert found.at_risk == AtRisk(share=Fraction(15, 100), every=Every.QUARTER)
    sites = read("fee_per_site")[1]
    assert sites.fee == Fee(every=Every.QUARTER, amount=Fraction(4000), sites=120)
    assert sites.at_risk == AtRisk(share=Fraction(1, 10), every=Every.QUARTER), "as often as the fee is paid"
    billed = read("fee_as_billed")[1]
    assert billed.fee == Fee(billed={"2026-10": Fraction(11800), "2026-11": Fraction(11900)})
    assert billed.claimed == {"missed/2026-10": date(2026, 11, 12), "missed/2026-Q4": date(2027, 1, 30)}


def test_schemes() -> None:
    tenth = Fraction(1, 10)
    assert read("priced")[1].schemes == (
        ByShare(
            name="missed",
            objective="critical-in-time",
            bands=(
                Band(below=Fraction(95, 100), price=Price(share=Fraction(5, 100))),
                Band(below=Fraction(9, 10), price=Price(share=Fraction(1), of_risk=True)),
                Band(price=Price(amount=Fraction(100))),
            ),
            cap=tenth,
            regained_after=3,
        ),
        ByRepeat(
            name="again",
            objective="critical-in-time",
            misses=3,
            periods=3,
            factor=Fraction(2),
            regained_after=3,
        ),
        ByRepeat(
            name="again-dear",
            every=Every.QUARTER,
            objective="high-in-time",
            misses=2,
            periods=4,
            price=Price(amount=Fraction(500)),
        ),
        ByCase(name="each-breach", selection=HIGH, amount=Fraction(16), of_case=Fraction(1, 5), free=2),
        ByCase(name="each-breach-dear", selection=CRITICAL, amount=Fraction(101, 2)),
        ByDelay(
            name="late",
            selection=CRITICAL,
            unit=timedelta(minutes=15),
            amount=Fraction(40),
            grace=timedelta(minutes=10),
            most=Fraction(400),
            cap=Fraction(5, 100),
        ),
    )


@pytest.mark.parametrize(
    ("told", "part"), [("95%", "0.95"), ("99.95%", "0.9995"), ("100%", "1"), ("0.5%", "0.005")]
)
def test_a_share_is_exact(told: str, part: str) -> None:
    assert part_of(told) == Fraction(part)


def test_a_limit_is_a_length_or_a_multiple() -> None:
    assert (limit("1h 30m"), limit("150%")) == (timedelta(minutes=90), Fraction(3, 2))
