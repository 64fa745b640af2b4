"""What each scheme of service credits comes to in one of its periods, before any cap, with its arithmetic in words (R29)."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import cached_property

from gateway.domain.figures import open_time, ran, share
from gateway.domain.reports import money
from gateway.domain.reports.objectives import (
    Result,
    Standing,
    counted_on,
    counts,
    course,
    is_final,
)
from gateway.domain.reports.outcome import Outcome
from gateway.domain.reports.period import Period
from gateway.domain.reports.promises import Every, Objective, Selection, percent
from gateway.domain.reports.schemes import Band, ByCase, ByDelay, ByRepeat, ByShare, Credits, Price, Scheme

_NONE = Fraction()


class View(StrEnum):
    """What counts as breached: only what stays so whatever is still decided, or everything as it stands now."""

    FINAL = "final"
    STANDING = "standing"


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What credits are worked out from: an agreement's clocks by the day they count on, over whole months in order.
    `groups`: the group of each site."""

    credits: Credits
    objectives: Mapping[str, Objective]
    outcomes: tuple[Outcome, ...]
    months: tuple[Period, ...]
    groups: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _days(self) -> list[date]:
        zone = self.months[0].zone
        return [counted_on(one, zone) or date.min for one in self.outcomes]

    def within(self, period: Period) -> tuple[Outcome, ...]:
        """The clocks that count in a period."""
        return self.outcomes[bisect_left(self._days, period.first) : bisect_right(self._days, period.last)]

    @cached_property
    def results(self) -> Mapping[str, list[Result]]:
        """What every objective came to in each of its periods that lies in these months."""
        return {name: self._course(objective) for name, objective in self.objectives.items()}

    def _course(self, objective: Objective) -> list[Result]:
        around = {period.name: period for period in map(objective.every.around, self.months)}
        whole = [period for period in around.values() if period.first >= self.months[0].first]
        return course(objective, self.within, whole, groups=self.groups)

    def results_until(self, objective: str, period: Period) -> list[Result]:
        """Those of the periods up to this one."""
        return [one for one in self.results[objective] if one.period and one.period.last <= period.last]

    def fee(self, period: Period, every: Every) -> Fraction | None:
        """What is paid for a period; None if nobody said."""
        told = self.credits.fee
        paid = [told.of(month.name) if told is not None else None for month in period.months(every.months)]
        known = [one for one in paid if one is not None]
        return sum(known, _NONE) if len(known) == len(paid) else None

    def at_risk(self, period: Period, every: Every) -> Fraction | None:
        """How much of the fee of a period is at risk."""
        fee, risk = self.fee(period, every), self.credits.at_risk
        return fee * risk.share if fee is not None and risk is not None else fee


@dataclass(frozen=True, kw_only=True)
class Charge:
    """What one scheme comes to in one period. `amount` None: it cannot be said, for nobody told the fee. `proof`: the clocks
    it is for, each with its weight in it."""

    scheme: Scheme
    period: Period
    amount: Fraction | None
    words: str
    proof: tuple[tuple[Outcome, Fraction], ...] = ()


def charges(ground: Ground, month: Period, view: View) -> list[Charge]:
    """What all schemes whose period ends with this month come to, those for repetition last."""
    first: list[Charge] = []
    repeats = []
    for scheme in ground.credits.schemes:
        period = scheme.every.around(month)
        begins = ground.credits.begins_on
        if period.last != month.last or period.first < ground.months[0].first:
            continue
        if begins is not None and period.first < begins:
            continue
        if isinstance(scheme, ByShare):
            first += _by_share(ground, scheme, period, view)
        elif isinstance(scheme, ByCase):
            first += _by_case(ground, scheme, period, view)
        elif isinstance(scheme, ByDelay):
            first += _by_delay(ground, scheme, period, view)
        elif isinstance(scheme, ByRepeat):
            repeats.append((scheme, period))
    return [
        *first,
        *(one for repeat, period in repeats for one in _by_repeat(ground, repeat, period, (view, first))),
    ]


def standing_in(result: Result, view: View) -> Standing:
    """What an objective came to, in one view."""
    return result.final if view is View.FINAL else result.standing


def _by_share(ground: Ground, scheme: ByShare, period: Period, view: View) -> Iterator[Charge]:
    [result] = ground.results_until(scheme.objective, period)[-1:]
    if standing_in(result, view) is not Standing.MISSED:
        return
    beyond = (result.tally.certain if view is View.FINAL else result.tally.beyond)[0]
    total = result.denominator
    band = _band(scheme, Fraction(total - beyond, total))
    if band is None:
        return
    told = (
        f"{result.objective.name} in {period.name}: {total - beyond:,} of {total:,} within the target"
        f" ({share(total - beyond, total)}), {_asked(result.objective)};"
    )
    bound = f" below {percent(band.below)}:" if band.below is not None else " missed:"
    amount, why = _priced(ground, band.price, period, (scheme.every, result.objective.weight))
    proof = tuple((one, Fraction(1)) for one in result.tally.missed if view is View.STANDING or is_final(one))
    yield Charge(scheme=scheme, period=period, amount=amount, words=f"{told}{bound} {why}", proof=proof)


def _asked(objective: Objective) -> str:
    tails = "".join(f", {percent(tail.share)} within {tail.words}" for tail in objective.tails)
    return f"{percent(objective.share)} promised{tails}"


def _band(scheme: ByShare, reached: Fraction) -> Band | None:
    """The lowest band that the share is below; the one without a bound if there is none."""
    hit = [band for band in scheme.bands if band.below is not None and reached < band.below]
    always = [band for band in scheme.bands if band.below is None]
    return min(hit, key=lambda band: band.below or _NONE) if hit else always[0] if always else None


def _priced(
    ground: Ground, price: Price, period: Period, of: tuple[Every, Fraction]
) -> tuple[Fraction | None, str]:
    """(amount, how it came about) of a price in a period of that kind, weighted."""
    every, weight = of
    currency = ground.credits.currency
    if price.amount is not None:
        return price.amount, money.words(price.amount, currency)
    base = ground.at_risk(period, every) if price.of_risk else ground.fee(period, every)
    what = "what is at risk" if price.of_risk else "the fee"
    times = f" x weight {float(weight):g}" if weight != 1 else ""
    if base is None:
        return None, f"{percent(price.share)} of {what}{times}; nobody said what the fee of {period.name} is"
    amount = base * price.share * weight
    told = f"{percent(price.share)} of {what}, {money.words(base, currency)},{times}"
    return amount, f"{told.rstrip(',')} = {money.words(amount, currency)}"


def _missed(ground: Ground, scheme: ByCase | ByDelay, period: Period, view: View) -> list[Outcome]:
    """The breaches of a scheme, by the moment they count at; of a delay that still goes on nobody knows the end yet."""
    return [
        one
        for one in ground.within(period)
        if counts(one, net=scheme.net) is False
        and scheme.selection.holds(one, ground.groups)
        and (view is View.STANDING or is_final(one))
    ]


def _by_case(ground: Ground, scheme: ByCase, period: Period, view: View) -> Iterator[Charge]:
    missed = _missed(ground, scheme, period, view)
    paid = missed[scheme.free :]
    if not paid:
        return
    amount, currency = len(paid) * scheme.amount, ground.credits.currency
    free = f", {scheme.free} of them free" if scheme.free else ""
    of_case = f" ({percent(scheme.of_case)} of the fee of a case)" if scheme.of_case is not None else ""
    words = (
        f"{_what(scheme.selection)} in {period.name}: {_count(len(missed), 'breach', 'breaches')}{free};"
        f" {len(paid):,} x {money.words(scheme.amount, currency)}{of_case} = {money.words(amount, currency)}"
    )
    proof = tuple((one, Fraction(1)) for one in paid)
    yield Charge(scheme=scheme, period=period, amount=amount, words=words, proof=proof)


def _by_delay(ground: Ground, scheme: ByDelay, period: Period, view: View) -> Iterator[Charge]:
    currency, proof = ground.credits.currency, []
    told: list[str] = []
    for one in _missed(ground, scheme, period, view):
        if view is View.FINAL and one.ended_at is None:
            continue
        units = started(over_of(one, net=scheme.net) - scheme.grace, scheme.unit)
        if units:
            whole = units * scheme.amount
            amount = whole if scheme.most is None else min(whole, scheme.most)
            proof.append((one, amount))
            told += [_delay(one, scheme, units, currency)] if len(told) < _EACH else []
    if not proof:
        return
    total = sum((amount for _, amount in proof), _NONE)
    after = f" after {open_time(scheme.grace)}" if scheme.grace else ""
    told = told if len(proof) <= _EACH else told[:_TOLD]
    more = f"; {len(proof) - len(told):,} more" if len(proof) > len(told) else ""
    words = (
        f"{_what(scheme.selection)} in {period.name}, each started {open_time(scheme.unit)}{after}:"
        f" {'; '.join(told)}{more}; together {money.words(total, currency)}"
    )
    yield Charge(scheme=scheme, period=period, amount=total, words=words, proof=tuple(proof))


_EACH, _TOLD = 5, 3
"""Of so many delays the arithmetic of each is told, of more that of the first few; the proof has all."""


def _delay(outcome: Outcome, scheme: ByDelay, units: int, currency: str) -> str:
    over = ran(over_of(outcome, net=scheme.net))
    cut = scheme.most is not None and units * scheme.amount > scheme.most
    most = f", at most {money.words(scheme.most, currency)}" if cut and scheme.most is not None else ""
    return f"{outcome.number or outcome.ticket_id} ran over by {over}: {units} x {money.words(scheme.amount, currency)}{most}"


def over_of(outcome: Outcome, *, net: bool) -> timedelta:
    """By how much a clock ran over its target, without what was excluded if `net`."""
    if outcome.target is None:
        return timedelta()
    return max(timedelta(), (outcome.net_elapsed if net else outcome.elapsed) - outcome.target)


def started(amount: timedelta, unit: timedelta) -> int:
    """How many units have begun: 15 min of 15 min are one, a microsecond more are two."""
    return max(0, -(-amount // unit))


def _by_repeat(
    ground: Ground, scheme: ByRepeat, period: Period, seen: tuple[View, list[Charge]]
) -> Iterator[Charge]:
    view, before = seen
    rolling = ground.results_until(scheme.objective, period)[-scheme.periods :]
    missed = [one for one in rolling if standing_in(one, view) is Standing.MISSED]
    if standing_in(rolling[-1], view) is not Standing.MISSED or len(missed) < scheme.misses:
        return
    names = ", ".join(one.period.name for one in missed if one.period is not None)
    told = (
        f"{scheme.objective} was missed in {len(missed)} of {scheme.periods} {scheme.every.value}s"
        f" ({names}), {scheme.misses} are enough:"
    )
    proof = tuple(
        (one, Fraction(1)) for one in rolling[-1].tally.missed if view is View.STANDING or is_final(one)
    )
    if scheme.price is not None:
        amount, why = _priced(ground, scheme.price, period, (scheme.every, Fraction(1)))
    else:
        amount, why = _multiplied(ground, scheme, before)
    yield Charge(scheme=scheme, period=period, amount=amount, words=f"{told} {why}", proof=proof)


def _multiplied(ground: Ground, scheme: ByRepeat, before: list[Charge]) -> tuple[Fraction | None, str]:
    factor, currency = scheme.factor or Fraction(1), ground.credits.currency
    same = [
        one.amount
        for one in before
        if isinstance(one.scheme, ByShare) and one.scheme.objective == scheme.objective
    ]
    known = [one for one in same if one is not None]
    if len(known) < len(same):
        return None, f"{float(factor):g} times what cannot be said without the fee"
    base = sum(known, _NONE)
    amount = base * (factor - 1)
    return amount, (
        f"{float(factor):g} times {money.words(base, currency)}, that is {money.words(amount, currency)} more"
    )


def _what(selection: Selection) -> str:
    priorities = f", {' or '.join(sorted(selection.priorities))}" if selection.priorities else ""
    return f"{selection.target.value}{priorities}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
