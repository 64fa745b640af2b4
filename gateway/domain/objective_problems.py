"""What is wrong with objectives and service credits, beyond what their schema says: names nobody has, tails and bands that
contradict each other, shares of a fee that nobody told."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from gateway.domain.documents import length
from gateway.domain.figures import open_time
from gateway.domain.model import Priority
from gateway.domain.objective_documents import limit, part_of
from gateway.domain.problem import Problem, suggestion
from gateway.domain.reports import money
from gateway.domain.reports.promises import Every, percent

Document = Mapping[str, Any]


def objective_problems(document: Document, source: str) -> Iterator[Problem]:
    """Of an agreement's document (or one version of it) its `objectives` and `credits`."""
    objectives: Sequence[Document] = document.get("objectives", ())
    yield from _doubled(objectives, f"{source}.objectives")
    for place, objective in enumerate(objectives):
        where = f"{source}.objectives[{place}]"
        yield from _promised(document, objective, where)
        yield from _tails(document, objective, where)
        if objective.get("every") == "year" and objective.get("small_sample") == "carry":
            what = "small samples are carried over within a year, and it is judged by the year"
            yield Problem(place=f"{where}.small_sample", what=what, right="write met or {at_most: 1}")
    if "credits" in document:
        yield from _credits(document, document["credits"], f"{source}.credits")


def _doubled(named: Sequence[Document], where: str) -> Iterator[Problem]:
    names = [one["name"] for one in named]
    for place, name in enumerate(names):
        if names.index(name) < place:
            yield Problem(
                place=f"{where}[{place}].name", what=f"{name!r} stands there twice", right="use another name"
            )


def _promised(document: Document, told: Document, where: str) -> Iterator[Problem]:
    """It counts what the agreement does not promise."""
    promised = document["targets"].get(told["target"])
    if promised is None:
        right = f"promised: {', '.join(sorted(document['targets']))}"
        yield Problem(
            place=f"{where}.target", what=f"the agreement has no target for {told['target']}", right=right
        )
        return
    known = [priority.value for priority in Priority if priority in promised]
    for priority in told.get("priorities", ()):
        if priority not in known:
            what = f"the agreement has no {told['target']} target for {priority}"
            yield Problem(place=f"{where}.priorities", what=what, right=f"promised: {', '.join(known)}")
    for name in ("services", "sites", "groups"):
        own = document.get(name, ())
        for one in told.get(name, ()):
            if own and one not in own:
                what = f"the agreement is not for {one!r}"
                yield Problem(place=f"{where}.{name}", what=what, right=suggestion(one, own))


def _tails(document: Document, objective: Document, where: str) -> Iterator[Problem]:
    """A longer time must be for a larger share: 95 % in 48 h and 97 % in 24 h cannot both be meant."""
    right = "the longer the time, the larger the share"
    for priority, steps in _stairs(document, objective):
        found = list(_against(steps))
        for place, what in found:
            told = f"{what} ({priority})" if priority else what
            yield Problem(place=f"{where}.{place}", what=told, right=right)
        if found:
            return


_Step = tuple[timedelta, Fraction, str]


def _stairs(document: Document, objective: Document) -> Iterator[tuple[str, list[_Step]]]:
    """(priority, steps) for each length of the target; a target in business days has none to compare tails with."""
    asked = part_of(objective["share"])
    tails = [
        (limit(tail["within"]), part_of(tail["share"]), f"tails[{place}]")
        for place, tail in enumerate(objective.get("tails", ()))
    ]
    for priority, target in _lengths(document, objective):
        steps = [
            (target * within.numerator / within.denominator, share, name)
            if isinstance(within, Fraction)
            else (within, share, name)
            for within, share, name in tails
        ]
        yield priority, [(target, asked, "the target"), *steps]
    yield "", [(within, share, name) for within, share, name in tails if isinstance(within, timedelta)]


def _lengths(document: Document, objective: Document) -> Iterator[tuple[str, timedelta]]:
    """The targets that it is about, by priority; those in business days have no length by themselves."""
    targets = document["targets"].get(objective["target"], {})
    for priority in objective.get("priorities", tuple(Priority)):
        told = targets.get(priority)
        if isinstance(told, str):
            yield str(priority), length(told)


def _against(steps: Sequence[_Step]) -> Iterator[tuple[str, str]]:
    for place, (time, asked, name) in enumerate(steps):
        for other, less, before in steps[:place]:
            if (time - other) * (1 if asked > less else -1) <= timedelta():
                first = f"{percent(asked)} within {open_time(time)}"
                said = f"{percent(less)} within {open_time(other)}"
                yield name, f"{first} contradicts {said} of {before}"


def _credits(document: Document, told: Document, where: str) -> Iterator[Problem]:
    yield from _doubled(told["schemes"], f"{where}.schemes")
    yield from _amounts(told, told["currency"], where)
    objectives = {one["name"]: one for one in document.get("objectives", ())}
    for place, scheme in enumerate(told["schemes"]):
        at = f"{where}.schemes[{place}]"
        if "objective" in scheme and scheme["objective"] not in objectives:
            what = f"there is no objective {scheme['objective']!r}"
            yield Problem(
                place=f"{at}.objective", what=what, right=suggestion(scheme["objective"], objectives)
            )
            continue
        if "target" in scheme:
            yield from _promised(document, scheme, at)
        objective = objectives.get(scheme.get("objective", ""), {})
        yield from _bands(scheme, objective, at)
        yield from _repeats(scheme, told, at)
        yield from _cut(told, str(objective.get("every", scheme.get("every", "month"))), at)
    yield from _baseless(told, where)
    names = [scheme["name"] for scheme in told["schemes"]]
    for claim in told.get("claimed", ()):
        scheme = claim.partition("/")[0]
        if scheme not in names:
            what, right = f"there is no scheme {scheme!r}", suggestion(scheme, names)
            yield Problem(place=f"{where}.claimed.{claim}", what=what, right=right)


def _amounts(told: Any, currency: str, where: str) -> Iterator[Problem]:
    """Amounts finer than the smallest unit of the currency."""
    if isinstance(told, Mapping):
        for name, inner in told.items():
            if name in _AMOUNTS:
                yield from _too_fine(inner, currency, f"{where}.{name}")
            elif name == "as_billed":
                for month, paid in inner.items():
                    yield from _too_fine(paid, currency, f"{where}.{name}.{month}")
            else:
                yield from _amounts(inner, currency, f"{where}.{name}")
    elif isinstance(told, list):
        for place, inner in enumerate(told):
            yield from _amounts(inner, currency, f"{where}[{place}]")


_AMOUNTS = ("amount", "per_site", "case_fee", "most_per_case")


def _too_fine(told: str | float, currency: str, where: str) -> Iterator[Problem]:
    amount = Decimal(str(told))
    if amount != round(amount, money.digits(currency)):
        right = f"{currency} has {money.digits(currency)} digits behind the point"
        yield Problem(place=where, what=f"{amount} {currency} cannot be paid", right=right)
    elif not amount:
        yield Problem(place=where, what="it is nothing", right="leave it out, or say how much")


def _bands(scheme: Document, objective: Document, where: str) -> Iterator[Problem]:
    asked = part_of(objective["share"]) if objective else Fraction(1)
    bounds = [part_of(band["below"]) if "below" in band else None for band in scheme.get("bands", ())]
    for place, below in enumerate(bounds):
        at = f"{where}.bands[{place}]"
        if bounds.index(below) < place:
            what = f"below {percent(below)}" if below is not None else "a miss"
            yield Problem(place=at, what=f"{what} is priced twice", right="keep one of them")
        elif below is not None and below > asked:
            what = f"below {percent(below)} costs something, but {percent(asked)} is all that is asked for"
            yield Problem(place=f"{at}.below", what=what, right=f"at most {percent(asked)}")
    yield from _cheaper(scheme, bounds, where)


def _cheaper(scheme: Document, bounds: Sequence[Fraction | None], where: str) -> Iterator[Problem]:
    """A share that is missed by more must not cost less."""
    for kind in ("of_fee", "of_risk", "amount"):
        priced = [
            (Fraction(2) if below is None else below, _number(band[kind]), place)
            for place, (band, below) in enumerate(zip(scheme.get("bands", ()), bounds, strict=True))
            if kind in band
        ]
        for (_, before, _), (_, after, place) in zip(
            ordered := sorted(priced, key=lambda one: -one[0]), ordered[1:], strict=False
        ):
            if after < before:
                what = "a lower share costs less than a higher one"
                yield Problem(place=f"{where}.bands[{place}].{kind}", what=what, right="the lower, the more")


def _number(told: str | float) -> Fraction:
    return part_of(told) if isinstance(told, str) and told.endswith("%") else money.exact(told)


def _repeats(scheme: Document, told: Document, where: str) -> Iterator[Problem]:
    if scheme["by"] != "repeat":
        return
    if scheme["misses"] > scheme["in_periods"]:
        what = f"{scheme['misses']} misses never fit into {scheme['in_periods']} periods"
        yield Problem(place=f"{where}.misses", what=what, right=f"at most {scheme['in_periods']}")
    shares = [one for one in told["schemes"] if one["by"] == "share"]
    if "times" in scheme and scheme["objective"] not in [one.get("objective") for one in shares]:
        what = f"no scheme by share says what missing {scheme['objective']} costs"
        yield Problem(
            place=f"{where}.times", what=what, right="add one, or write amount, of_fee or of_risk here"
        )


def _cut(told: Document, every: str, where: str) -> Iterator[Problem]:
    """A cap counted by the month would cut what a whole quarter costs."""
    risk, fee = told.get("at_risk"), told.get("fee")
    if risk is None:
        return
    paid = fee.get("every", "month") if isinstance(fee, Mapping) else "month"
    counted = risk.get("every", paid) if isinstance(risk, Mapping) else paid
    if Every(counted).months < Every(every).months:
        what = f"it is counted by the {every}, what is at risk only by the {counted}"
        right = f"write at_risk: {{share: …, every: {every}}}"
        yield Problem(place=where, what=what, right=right)


def _baseless(told: Document, where: str) -> Iterator[Problem]:
    """Shares of a fee that nobody told."""
    right = "add fee: {amount: …, every: month}"
    for place in _shares_of_fee(told, where) if "fee" not in told else ():
        yield Problem(place=place, what="it is a share of a fee, and there is no fee", right=right)
    for number, scheme in enumerate(told["schemes"]):
        at = f"{where}.schemes[{number}]"
        of_risk = [scheme, *scheme.get("bands", ())]
        if "at_risk" not in told and any("of_risk" in one for one in of_risk):
            what = "it is a share of what is at risk, and nothing is"
            yield Problem(place=at, what=what, right="add at_risk, like 15%")
        if "of_case_fee" in scheme and "case_fee" not in told:
            what = "it is a share of the fee of a case, and there is none"
            yield Problem(place=f"{at}.of_case_fee", what=what, right="add case_fee, or write amount")


def _shares_of_fee(told: Document, where: str) -> Iterator[str]:
    if "at_risk" in told:
        yield f"{where}.at_risk"
    for number, scheme in enumerate(told["schemes"]):
        at = f"{where}.schemes[{number}]"
        yield from (f"{at}.{name}" for name in ("cap", "of_fee") if name in scheme)
        for place, band in enumerate(scheme.get("bands", ())):
            if "of_fee" in band:
                yield f"{at}.bands[{place}].of_fee"
