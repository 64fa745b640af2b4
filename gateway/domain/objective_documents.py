"""Objectives and service credits as an agreement's document tells them (its schema already checked), into nouns. No rule
lives here, only shapes."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from gateway.domain.documents import length
from gateway.domain.reports.money import exact
from gateway.domain.reports.promises import WHOLE, Every, Limit, Objective, Selection, Small, Tail
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
    Scheme,
)
from gateway.domain.sla.terms import TargetKind

Document = Mapping[str, Any]


def part_of(text: str) -> Fraction:
    """`99.5%`, exactly."""
    return Fraction(text.removesuffix("%")) / 100


def objective_from(document: Document) -> Objective:
    """One of the `objectives` of an agreement."""
    small = document.get("small_sample", Small.MET.value)
    return Objective(
        name=document["name"],
        selection=selection_from(document),
        share=part_of(document["share"]),
        tails=tuple(
            Tail(share=part_of(one["share"]), within=limit(one["within"])) for one in _tails(document)
        ),
        every=Every(document.get("every", Every.MONTH)),
        smallest=int(document.get("smallest_sample", 0)),
        small=Small(small) if isinstance(small, str) else Small.AT_MOST,
        at_most=0 if isinstance(small, str) else int(small["at_most"]),
        net=document.get("counts", "net") == "net",
        weight=exact(document["weight"]) if "weight" in document else WHOLE,
    )


def _tails(document: Document) -> list[Document]:
    return list(document.get("tails", ()))


def limit(text: str) -> Limit:
    """`4h`, or `200%` of the target."""
    return part_of(text) if text.endswith("%") else length(text)


def selection_from(document: Document) -> Selection:
    """Which clocks: a target, and what narrows it."""
    return Selection(
        target=TargetKind(document["target"]),
        priorities=frozenset(document.get("priorities", ())),
        services=frozenset(document.get("services", ())),
        sites=frozenset(document.get("sites", ())),
        groups=frozenset(document.get("groups", ())),
    )


def credits_from(document: Document, objectives: tuple[Objective, ...]) -> Credits:
    """The `credits` of an agreement; schemes count by the periods of the objectives they name."""
    begins = document.get("begins_on")
    within = document.get("raise_within")
    fee = _fee(document["fee"]) if "fee" in document else None
    every = {one.name: one.every for one in objectives}
    return Credits(
        currency=document["currency"],
        fee=fee,
        at_risk=_at_risk(document["at_risk"], fee) if "at_risk" in document else None,
        raise_within=int(within.removesuffix("d")) if within else None,
        claimed={name: date.fromisoformat(day) for name, day in document.get("claimed", {}).items()},
        begins_on=date.fromisoformat(begins) if begins else None,
        schemes=tuple(_scheme(one, document, every) for one in document["schemes"]),
    )


def _fee(told: Document) -> Fee:
    amount = told.get("per_site", told.get("amount"))
    return Fee(
        every=_every(told),
        amount=exact(amount) if amount is not None else None,
        sites=int(told.get("sites", 1)),
        billed={month: exact(paid) for month, paid in told.get("as_billed", {}).items()},
    )


def _at_risk(told: Document | str, fee: Fee | None) -> AtRisk:
    """`15%` of the fee as often as it is paid, or of another period's."""
    paid = fee.every if fee is not None else Every.MONTH
    if isinstance(told, str):
        return AtRisk(share=part_of(told), every=paid)
    return AtRisk(share=part_of(told["share"]), every=Every(told.get("every", paid)))


def _scheme(told: Document, terms: Document, every: Mapping[str, Every]) -> Scheme:
    named: dict[str, Any] = {
        "name": told["name"],
        "every": every.get(told["objective"], Every.MONTH) if "objective" in told else _every(told),
        "cap": part_of(told["cap"]) if "cap" in told else None,
        "regained_after": int(told["earn_back"]["periods"]) if "earn_back" in told else 0,
    }
    return _READ[told["by"]](told, terms, named)


def _every(told: Document) -> Every:
    return Every(told.get("every", Every.MONTH))


def _by_share(told: Document, _terms: Document, named: dict[str, Any]) -> Scheme:
    bands = tuple(
        Band(price=_price(one), below=part_of(one["below"]) if "below" in one else None)
        for one in told["bands"]
    )
    return ByShare(**named, objective=told["objective"], bands=bands)


def _price(told: Document) -> Price:
    if "amount" in told:
        return Price(amount=exact(told["amount"]))
    if "of_risk" in told:
        return Price(share=part_of(told["of_risk"]), of_risk=True)
    return Price(share=part_of(told["of_fee"]))


def _by_repeat(told: Document, _terms: Document, named: dict[str, Any]) -> Scheme:
    return ByRepeat(
        **named,
        objective=told["objective"],
        misses=int(told["misses"]),
        periods=int(told["in_periods"]),
        factor=exact(told["times"]) if "times" in told else None,
        price=None if "times" in told else _price(told),
    )


def _by_case(told: Document, terms: Document, named: dict[str, Any]) -> Scheme:
    of_case = part_of(told["of_case_fee"]) if "of_case_fee" in told else None
    amount = exact(told["amount"]) if of_case is None else of_case * exact(terms.get("case_fee", 0))
    return ByCase(
        **named,
        selection=selection_from(told),
        net=told.get("counts", "net") == "net",
        amount=amount,
        of_case=of_case,
        free=int(told.get("free", 0)),
    )


def _by_delay(told: Document, _terms: Document, named: dict[str, Any]) -> Scheme:
    return ByDelay(
        **named,
        selection=selection_from(told),
        net=told.get("counts", "net") == "net",
        amount=exact(told["amount"]),
        unit=length(told["each"]),
        grace=length(told["grace"]) if "grace" in told else length("0s"),
        most=exact(told["most_per_case"]) if "most_per_case" in told else None,
    )


_READ = {"share": _by_share, "repeat": _by_repeat, "case": _by_case, "delay": _by_delay}
