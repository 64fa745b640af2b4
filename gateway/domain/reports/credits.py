"""Service credits of a period (R29): what a provider owes under its agreement, by which schemes, with the tickets that prove
it. Only what is final is owed; what may still change is shown as possible. What partners owe is set against it at the end."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from gateway.domain.agreements import Agreement
from gateway.domain.reports import money
from gateway.domain.reports.objectives import Standing, counted_on, proof_order
from gateway.domain.reports.outcome import Outcome
from gateway.domain.reports.period import Period
from gateway.domain.reports.pricing import Charge, Ground, View, charges
from gateway.domain.reports.promises import Small, percent
from gateway.domain.reports.schemes import ByRepeat, ByShare, Credits, Scheme

ZERO = Decimal(0)
_NEVER = date.max


class LineKind(StrEnum):
    """What a line of a statement is."""

    CREDIT = "credit"
    REGAINED = "regained"
    """Given back, because the objective was met for long enough afterwards: its amount is negative."""
    LAPSED = "lapsed"
    """Not claimed in time: its amount is zero, and `lapsed` what it would have been."""
    UNPRICED = "unpriced"
    """It cannot be said how much, for nobody told the fee: its amount is zero."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One scheme in one period. `settled`: the month whose statement it is in. `words`: how the amount came about. `proof`:
    the clocks it is for, each with its part of the amount (together one). `claim`: the name to claim it by, `claim_by` the
    last day. `lapsed`: what would have come on top, within every cap, had it been claimed in time."""

    kind: LineKind
    scheme: str
    objective: str
    period: Period
    settled: Period
    amount: Decimal
    words: str
    proof: tuple[tuple[Outcome, Fraction], ...] = field(default=(), repr=False)
    claim_by: date | None = None
    lapsed: Decimal = ZERO

    @property
    def claim(self) -> str:
        """`late-resolution/2026-10`."""
        return f"{self.scheme}/{self.period.name}"

    @property
    def tickets(self) -> tuple[str, ...]:
        """The tickets that prove it, each once, by its number."""
        return tuple(dict.fromkeys(one.number or one.ticket_id for one, _ in self.proof))


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What a provider owes its consumer for a period under one agreement. `possible`: the lines as they would be if
    everything stayed as it stands now, undecided and unconfirmed things and a month that is not over included. `later`:
    schemes that are settled only after the period, with their own."""

    agreement: str
    provider: str
    consumer: str
    currency: str
    period: Period
    lines: tuple[Line, ...] = ()
    possible: tuple[Line, ...] = ()
    later: tuple[str, ...] = ()

    @property
    def credited(self) -> Decimal:
        """What its lines come to, before anything is given back."""
        return sum((one.amount for one in self.lines if one.kind is LineKind.CREDIT), ZERO)

    @property
    def regained(self) -> Decimal:
        """What is given back in this period of earlier credits, as a positive amount."""
        return -sum((one.amount for one in self.lines if one.kind is LineKind.REGAINED), ZERO)

    @property
    def owed(self) -> Decimal:
        """What is due for the period; negative if more is given back than is owed."""
        return self.credited - self.regained

    @property
    def lapsed(self) -> Decimal:
        """How much more would have been credited, had everything been claimed in time."""
        return sum((one.lapsed for one in self.lines), ZERO)

    @property
    def still_possible(self) -> Decimal:
        """How much would come on top if everything stayed as it stands now."""
        return sum((one.amount for one in self.possible), ZERO) - self.owed

    @property
    def gaps(self) -> tuple[str, ...]:
        """What could not be priced, in words."""
        return tuple(one.words for one in self.possible if one.kind is LineKind.UNPRICED)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known beside the clocks. `as_of`: the day it is looked at; None: when all is over, and everything can still be
    claimed. `groups`: the group of each site."""

    as_of: date | None = None
    groups: Mapping[str, str] = field(default_factory=dict)


def assess(
    agreement: Agreement, outcomes: Iterable[Outcome], *, period: Period, known: Known | None = None
) -> Statement | None:
    """The credits of a period: of every month, quarter or year that ends in it. `outcomes` count from `since` on; those of
    other agreements are passed over. None: the agreement has no credits."""
    if agreement.credits is None:
        return None
    seen = known or Known()
    ground = _ground(agreement, agreement.credits, outcomes, (period, seen))
    found = {view: tuple(_settled(ground, seen, view)) for view in View}
    inside = {
        view: tuple(
            replace(one, proof=_parts(one.proof))
            for one in lines
            if period.first <= one.settled.last <= period.last
        )
        for view, lines in found.items()
    }
    return Statement(
        agreement=agreement.code,
        provider=agreement.terms.provider,
        consumer=agreement.terms.consumer,
        currency=agreement.credits.currency,
        period=period,
        lines=inside[View.FINAL],
        possible=inside[View.STANDING],
        later=tuple(
            f"{one.name} ({around.name})"
            for one in agreement.credits.schemes
            if (around := one.every.around(period)).last > period.last
        ),
    )


def since(agreement: Agreement, period: Period) -> datetime:
    """From which moment on `assess` has to know what counted: repetition, earning back and caps look behind the period."""
    return _months(agreement, period)[0].start


def _months(agreement: Agreement, period: Period) -> tuple[Period, ...]:
    """The months to be settled one after the other, so that each comes out the same whichever period is asked for: from
    what may be earned back in it, the beginning of the cap that is used up by then, and the misses that made it dear."""
    found = agreement.credits
    schemes = found.schemes if found is not None else ()
    every = [one.every.months for one in schemes] + [one.every.months for one in agreement.objectives]
    risk = [found.at_risk.every.months] if found is not None and found.at_risk is not None else []
    carried = [12 for one in agreement.objectives if one.small is Small.CARRY]  # from January on
    first = _number(period.first)
    first -= max((one.every.months * one.regained_after for one in schemes), default=0)
    first = _begun(first, [*risk, *every])
    first -= max((one.every.months * one.periods for one in schemes if isinstance(one, ByRepeat)), default=0)
    first = _begun(first, [*risk, *every, *carried])
    return tuple(period.months(_number(period.last) - first + 1))


def _begun(month: int, spans: list[int]) -> int:
    """The first month of the longest of the spans that a month is in."""
    return month - month % max(spans, default=1)


def _number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _ground(
    agreement: Agreement, terms: Credits, outcomes: Iterable[Outcome], of: tuple[Period, Known]
) -> Ground:
    period, known = of
    own = [
        one
        for one in outcomes
        if counted_on(one, period.zone) is not None
        and one.agreement in (agreement.id, agreement.code)
        and one.provider == agreement.terms.provider
    ]
    return Ground(
        credits=terms,
        objectives={one.name: one for one in agreement.objectives},
        outcomes=tuple(
            sorted(own, key=lambda one: (counted_on(one, period.zone) or _NEVER, proof_order(one)))
        ),
        months=_months(agreement, period),
        groups=known.groups,
    )


def _settled(ground: Ground, known: Known, view: View) -> Iterator[Line]:
    """Every line of every month, in order: capped by what earlier months have left, earned back by what later ones kept."""
    lines: list[Line] = []
    for month in ground.months:
        if view is View.FINAL and known.as_of is not None and known.as_of <= month.last:
            break  # what is not over is owed nothing for yet
        found = [_line(ground, known, charge, month) for charge in charges(ground, month, view)]
        new = _at_most(ground, month, found, lines)
        lines += [*new, *_regained(ground, month, lines, view)]
    yield from lines


def _line(ground: Ground, known: Known, charge: Charge, month: Period) -> Line:
    scheme, currency = charge.scheme, ground.credits.currency
    days = ground.credits.raise_within
    by = charge.period.last + timedelta(days=days) if days is not None else None
    line = Line(
        kind=LineKind.CREDIT,
        scheme=scheme.name,
        objective=scheme.objective if isinstance(scheme, ByShare | ByRepeat) else "",
        period=charge.period,
        settled=month,
        amount=ZERO,
        words=charge.words,
        proof=charge.proof,
        claim_by=by,
    )
    if charge.amount is None:
        return replace(line, kind=LineKind.UNPRICED)
    capped, why = _scheme_cap(ground, charge, charge.amount)
    amount, words = money.rounded(capped, currency), f"{charge.words}{why}"
    if by is not None and _lapsed(ground.credits.claimed.get(line.claim), by, known):
        told = f"{words}; not claimed by {by}, so it lapsed"
        return replace(line, kind=LineKind.LAPSED, lapsed=amount, words=told)
    return replace(line, amount=amount, words=words)


def _parts(proof: Sequence[tuple[Outcome, Fraction]]) -> tuple[tuple[Outcome, Fraction], ...]:
    """Together one; few weights differ."""
    often = Counter(weight for _, weight in proof)
    whole = sum((weight * count for weight, count in often.items()), Fraction())
    parts = {weight: weight / whole for weight in often}
    return tuple((one, parts[weight]) for one, weight in proof)


def _lapsed(claimed: date | None, by: date, known: Known) -> bool:
    """Whether it was claimed too late, or was not and the last day is over."""
    if claimed is not None:
        return claimed > by
    return known.as_of is not None and known.as_of > by


def _scheme_cap(ground: Ground, charge: Charge, amount: Fraction) -> tuple[Fraction, str]:
    scheme = charge.scheme
    fee = ground.fee(charge.period, scheme.every)
    if scheme.cap is None or fee is None:
        return amount, ""
    currency = ground.credits.currency
    most = money.down(fee * scheme.cap, currency)
    if amount <= most:
        return amount, ""
    return most, f"; at most {percent(scheme.cap)} of the fee = {money.words(most, currency)}"


def _at_most(ground: Ground, month: Period, new: list[Line], before: list[Line]) -> list[Line]:
    """The lines of a month, cut in proportion to what is left of the fee at risk; what lapsed, to what these leave."""
    risk = ground.credits.at_risk
    if risk is None:
        return new
    span, currency = risk.every.around(month), ground.credits.currency
    most = ground.at_risk(span, risk.every)
    if most is None:
        return new
    earlier = [one for one in before if span.first <= one.settled.last <= span.last]
    used = sum((one.amount for one in earlier if one.kind is LineKind.CREDIT), ZERO)
    gone = sum((one.lapsed for one in earlier), ZERO)
    left = max(ZERO, money.rounded(money.down(most, currency), currency) - used)
    amounts = _within([one.amount for one in new], left, currency)
    room = max(ZERO, left - sum(amounts, ZERO) - gone)
    lapsed = _within([one.lapsed for one in new], room, currency)
    what = f"what is left of {percent(risk.share)} of the fee of {span.name}"
    return [
        replace(one, amount=amount, lapsed=unclaimed, words=f"{one.words}; cut to {what}, {words} in all")
        if (amount, unclaimed) != (one.amount, one.lapsed)
        else one
        for one, amount, unclaimed in zip(new, amounts, lapsed, strict=True)
        for words in [money.words(room if one.lapsed else left, currency)]
    ]


def _within(amounts: list[Decimal], most: Decimal, currency: str) -> list[Decimal]:
    """Cut in proportion so that together they are not more."""
    total = sum(amounts, ZERO)
    if total <= most:
        return amounts
    ratio = Fraction(most) / Fraction(total)
    return money.split((Fraction(one) * ratio for one in amounts), currency)


def _regained(ground: Ground, month: Period, lines: list[Line], view: View) -> Iterator[Line]:
    """Credits whose objective was met in all the periods that followed, the last of which ends with this month. A period
    without a case is not met, nor is one that was carried on. In the final view only what stays met gives anything back."""
    schemes: dict[str, Scheme] = {one.name: one for one in ground.credits.schemes if one.regained_after}
    for line in lines:
        scheme = schemes.get(line.scheme)
        if scheme is None or line.kind is not LineKind.CREDIT or not line.amount:
            continue
        after = [
            one
            for one in ground.results_until(line.objective, month)
            if one.period is not None and one.period.first > line.period.last
        ]
        last = after[-1].period if after else None
        kept = all(
            one.standing is Standing.MET and (view is View.STANDING or not one.provisional) for one in after
        )
        if len(after) == scheme.regained_after and last is not None and last.last == month.last and kept:
            names = ", ".join(one.period.name for one in after if one.period is not None)
            words = f"{line.objective} was met in {names}: the credit for {line.period.name} is given back"
            yield replace(line, kind=LineKind.REGAINED, amount=-line.amount, settled=month, words=words)


@dataclass(frozen=True, kw_only=True)
class Balance:
    """What is owed in one currency, what partners have to bear of it, and what would come on top of either if everything
    stayed as it stands now, or had everything been claimed in time (`lapsed`; of partners' credits `unclaimed`)."""

    currency: str
    owed: Decimal = ZERO
    recoverable: Decimal = ZERO
    possible: Decimal = ZERO
    possibly_recoverable: Decimal = ZERO
    lapsed: Decimal = ZERO
    unclaimed: Decimal = ZERO

    @property
    def exposure(self) -> Decimal:
        """What remains with the provider: what is owed less what can be recovered."""
        return self.owed - self.recoverable


def balances(
    owed: Iterable[Statement], due: Iterable[Statement], *, customer: str | None = None
) -> list[Balance]:
    """What is owed against what is due from partners, by currency: one is never set against another. With `customer` only
    that part of what is due which its tickets prove."""
    found: dict[str, Balance] = {}
    for statement in owed:
        one = found.get(statement.currency) or Balance(currency=statement.currency)
        found[statement.currency] = replace(
            one,
            owed=one.owed + statement.owed,
            possible=one.possible + statement.still_possible,
            lapsed=one.lapsed + statement.lapsed,
        )
    for statement in due:
        one = found.get(statement.currency) or Balance(currency=statement.currency)
        final, standing, unclaimed = (
            _part(statement, amounts, customer)
            for amounts in (
                [(one, one.amount) for one in statement.lines],
                [(one, one.amount) for one in statement.possible],
                [(one, one.lapsed) for one in statement.lines],
            )
        )
        found[statement.currency] = replace(
            one,
            recoverable=one.recoverable + final,
            possibly_recoverable=one.possibly_recoverable + standing - final,
            unclaimed=one.unclaimed + unclaimed,
        )
    return [found[currency] for currency in sorted(found)]


def _part(statement: Statement, amounts: Iterable[tuple[Line, Decimal]], customer: str | None) -> Decimal:
    if customer is None:
        return sum((amount for _, amount in amounts), ZERO)
    exact = sum((Fraction(amount) * _weight(one, customer) for one, amount in amounts), Fraction())
    return money.rounded(exact, statement.currency)


def _weight(line: Line, customer: str) -> Fraction:
    return sum((part for one, part in line.proof if one.customer == customer), Fraction())
