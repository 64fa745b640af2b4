"""Objectives and credits that contradict themselves or stand on nothing: where, what is wrong, what would be right."""

from collections.abc import Mapping
from typing import Any

import pytest

from gateway import schemas
from gateway.domain.contract_problems import agreement_problems
from gateway.domain.objective_problems import objective_problems
from gateway.domain.plan import Item, Kind, Ref

IN_TIME: Mapping[str, Any] = {"name": "in-time", "target": "resolution", "share": "95%"}
SHARE: Mapping[str, Any] = {
    "name": "missed",
    "by": "share",
    "objective": "in-time",
    "bands": [{"amount": 100}],
}
FEE: Mapping[str, Any] = {"amount": 12000}


def document(*objectives: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    told = {
        "code": "acme-tills",
        "organization": "vendor",
        "consumer": "acme",
        "kind": "sla",
        "calendar": "always",
        "targets": {
            "resolution": {"critical": "24h", "low": {"business_days": 2}},
            "response": {"high": "1h"},
        },
        **({"objectives": list(objectives)} if objectives else {}),
        **more,
    }
    schemas.check("agreement", told)
    return told


def priced(*schemes: Mapping[str, Any], **terms: Any) -> dict[str, Any]:
    return document(IN_TIME, credits={"currency": "EUR", "schemes": list(schemes), **terms})


def problems(told: Mapping[str, Any]) -> list[str]:
    return [str(one) for one in objective_problems(told, "acme.yaml: agreements[0]")]


def tails(*steps: str) -> dict[str, Any]:
    listed = [dict(zip(("share", "within"), step.split(" in "), strict=True)) for step in steps]
    return {**IN_TIME, "share": "85%", "tails": listed}


CONTRADICTIONS: Mapping[str, tuple[dict[str, Any], str]] = {
    "a shorter time for a larger share": (
        document(tails("95% in 48h", "97% in 36h")),
        "objectives[0].tails[1]: 97 % within 36 h contradicts 95 % within 48 h of tails[0] (critical); the longer the time",
    ),
    "the same time twice": (
        document(tails("95% in 48h", "97% in 48h")),
        "objectives[0].tails[1]: 97 % within 48 h contradicts 95 % within 48 h of tails[0]",
    ),
    "a tail as long as the target": (
        document(tails("95% in 24h")),
        "objectives[0].tails[0]: 95 % within 24 h contradicts 85 % within 24 h of the target",
    ),
    "a longer time for a smaller share": (
        document(tails("80% in 48h")),
        "objectives[0].tails[0]: 80 % within 48 h contradicts 85 % within 24 h of the target",
    ),
    "a multiple against a length": (
        document(tails("95% in 200%", "99% in 40h")),
        "objectives[0].tails[1]: 99 % within 40 h contradicts 95 % within 48 h of tails[0]",
    ),
    "tails beside a target in business days": (
        document({**tails("95% in 48h", "97% in 24h"), "priorities": ["low"]}),
        "objectives[0].tails[1]: 97 % within 24 h contradicts 95 % within 48 h of tails[0]; the longer the time",
    ),
    "a year that is carried over": (
        document({**IN_TIME, "every": "year", "smallest_sample": 5, "small_sample": "carry"}),
        "objectives[0].small_sample: small samples are carried over within a year, and it is judged by the year; write met",
    ),
    "two objectives of one name": (
        document(IN_TIME, {**IN_TIME, "share": "90%"}),
        "objectives[1].name: 'in-time' stands there twice; use another name",
    ),
    "an objective for what is not promised": (
        document({**IN_TIME, "target": "attendance"}),
        "objectives[0].target: the agreement has no target for attendance; promised: resolution, response",
    ),
    "an objective for a priority that is not promised": (
        document({**IN_TIME, "priorities": ["high"]}),
        "objectives[0].priorities: the agreement has no resolution target for high; promised: critical, low",
    ),
    "an objective for a site that it is not for": (
        document({**IN_TIME, "sites": ["MI-002"]}, sites=["MI-001"]),
        "objectives[0].sites: the agreement is not for 'MI-002'; did you mean 'MI-001'?",
    ),
    "a scheme for no objective": (
        priced({**SHARE, "objective": "in-tim"}),
        "credits.schemes[0].objective: there is no objective 'in-tim'; did you mean 'in-time'?",
    ),
    "a scheme for what is not promised": (
        priced({"name": "late", "by": "delay", "target": "update", "each": "15m", "amount": 40}),
        "credits.schemes[0].target: the agreement has no target for update",
    ),
    "two schemes of one name": (priced(SHARE, SHARE), "credits.schemes[1].name: 'missed' stands there twice"),
    "a share of no fee": (
        priced({**SHARE, "bands": [{"of_fee": "5%"}]}),
        "credits.schemes[0].bands[0].of_fee: it is a share of a fee, and there is no fee; add fee: {amount: …, every: month}",
    ),
    "a cap of no fee": (
        priced({**SHARE, "cap": "10%"}),
        "credits.schemes[0].cap: it is a share of a fee, and there is no fee",
    ),
    "at risk of no fee": (
        priced(SHARE, at_risk="15%"),
        "credits.at_risk: it is a share of a fee, and there is no fee",
    ),
    "a share of what nobody puts at risk": (
        priced({**SHARE, "bands": [{"of_risk": "40%"}]}, fee=FEE),
        "credits.schemes[0]: it is a share of what is at risk, and nothing is; add at_risk, like 15%",
    ),
    "a share of the fee of no case": (
        priced({"name": "each", "by": "case", "target": "resolution", "of_case_fee": "20%"}),
        "credits.schemes[0].of_case_fee: it is a share of the fee of a case, and there is none; add case_fee",
    ),
    "a band above what is asked for": (
        priced({**SHARE, "bands": [{"below": "97%", "amount": 100}]}),
        "credits.schemes[0].bands[0].below: below 97 % costs something, but 95 % is all that is asked for; at most 95 %",
    ),
    "a band twice": (
        priced({**SHARE, "bands": [{"below": "95%", "amount": 100}, {"below": "95.0%", "amount": 200}]}),
        "credits.schemes[0].bands[1]: below 95 % is priced twice; keep one of them",
    ),
    "a miss twice": (
        priced({**SHARE, "bands": [{"amount": 100}, {"amount": 200}]}),
        "credits.schemes[0].bands[1]: a miss is priced twice; keep one of them",
    ),
    "a lower band that is cheaper": (
        priced(
            {**SHARE, "bands": [{"below": "95%", "of_fee": "5%"}, {"below": "90%", "of_fee": "3%"}]}, fee=FEE
        ),
        "credits.schemes[0].bands[1].of_fee: a lower share costs less than a higher one; the lower, the more",
    ),
    "more misses than periods": (
        priced(
            SHARE,
            {
                "name": "again",
                "by": "repeat",
                "objective": "in-time",
                "misses": 4,
                "in_periods": 3,
                "times": 2,
            },
        ),
        "credits.schemes[1].misses: 4 misses never fit into 3 periods; at most 3",
    ),
    "twice of nothing": (
        priced(
            {
                "name": "again",
                "by": "repeat",
                "objective": "in-time",
                "misses": 2,
                "in_periods": 3,
                "times": 2,
            }
        ),
        "credits.schemes[0].times: no scheme by share says what missing in-time costs",
    ),
    "a cap shorter than what it caps": (
        priced(
            {"name": "each", "by": "case", "target": "resolution", "amount": 50, "every": "quarter"},
            fee=FEE,
            at_risk="15%",
        ),
        "credits.schemes[0]: it is counted by the quarter, what is at risk only by the month; write at_risk: {share: …,",
    ),
    "less than the smallest coin": (
        priced({**SHARE, "bands": [{"amount": "10.125"}]}),
        "credits.schemes[0].bands[0].amount: 10.125 EUR cannot be paid; EUR has 2 digits behind the point",
    ),
    "a claim of no scheme": (
        priced(SHARE, raise_within="30d", claimed={"mised/2026-10": "2026-11-12"}),
        "credits.claimed.mised/2026-10: there is no scheme 'mised'; did you mean 'missed'?",
    ),
    "a bill finer than a coin": (
        priced(SHARE, fee={"as_billed": {"2026-10": "10.125"}}),
        "credits.fee.as_billed.2026-10: 10.125 EUR cannot be paid",
    ),
    "nothing at all": (
        priced({**SHARE, "bands": [{"amount": "0.00"}]}),
        "credits.schemes[0].bands[0].amount: it is nothing; leave it out, or say how much",
    ),
}


@pytest.mark.parametrize(("told", "words"), CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_a_contradiction_is_told_once_with_its_place(told: dict[str, Any], words: str) -> None:
    [problem] = problems(told)
    assert problem.startswith(f"acme.yaml: agreements[0].{words}")


def test_what_fits_together_is_accepted() -> None:
    told = priced(
        {
            **SHARE,
            "bands": [{"below": "95%", "of_fee": "5%"}, {"below": "90%", "of_risk": "80%"}],
            "cap": "10%",
        },
        {"name": "again", "by": "repeat", "objective": "in-time", "misses": 3, "in_periods": 3, "times": 2},
        fee=FEE,
        at_risk="15%",
    )
    assert problems(told) == []
    assert problems(document(tails("95% in 48h", "99% in 400%"))) == []
    assert (
        problems(document({**IN_TIME, "priorities": ["low"], "tails": [{"share": "99%", "within": "1h"}]}))
        == []
    )


def test_they_are_problems_of_the_agreement() -> None:
    told = document({**IN_TIME, "target": "attendance"})
    item = Item(
        ref=Ref(kind=Kind.AGREEMENT, code="acme-tills", organization="vendor"), document=told, source="a.yaml"
    )
    assert "a.yaml.objectives[0].target" in [one.place for one in agreement_problems({item.ref: item}, item)]
