"""Which periods of an objective a report tells of, and what it came to in each (R27)."""

from collections.abc import Iterator, Mapping, Sequence

from gateway.domain.agreements import Agreement
from gateway.domain.reports.basis import Judged
from gateway.domain.reports.objectives import course
from gateway.domain.reports.outcome import Outcome
from gateway.domain.reports.period import Period
from gateway.domain.reports.promises import Objective, Small

_CARRIED = 12
"""Small samples are carried over from at most so many periods back."""


def judged(
    agreement: Agreement, outcomes: Sequence[Outcome], period: Period, groups: Mapping[str, str]
) -> list[Judged]:
    """Every objective of an agreement in each of its periods that the report's period touches. `outcomes`: the agreement's,
    of those periods and, where small samples are carried over, of the ones before."""
    return [
        one
        for objective in agreement.objectives
        for one in _of(agreement.code, objective, (outcomes, period, groups))
    ]


def span(agreement: Agreement, period: Period) -> Period:
    """The days whose clocks have to be known for that."""
    every = [one for objective in agreement.objectives for one in _periods(objective, period)]
    first = min((one.first for one in every), default=period.first)
    last = max((one.last for one in every), default=period.last)
    return Period(first=min(first, period.first), last=max(last, period.last), zone=period.zone)


def _of(
    code: str, objective: Objective, over: tuple[Sequence[Outcome], Period, Mapping[str, str]]
) -> Iterator[Judged]:
    outcomes, period, groups = over

    def within(one: Period) -> list[Outcome]:
        return [found for found in outcomes if found.counted_on and one.first <= found.counted_on <= one.last]

    for result in course(objective, within, _periods(objective, period), groups=groups):
        if result.period is not None and result.period.last >= period.first:
            yield Judged(agreement=code, result=result)


def _periods(objective: Objective, period: Period) -> list[Period]:
    """The oldest first: those that the report's period touches, and those that a small sample is carried over from."""
    months = (period.last.year - period.first.year) * 12 + period.last.month - period.first.month + 1
    back = _CARRIED * objective.every.months if objective.small is Small.CARRY else 0
    around = [objective.every.around(month) for month in period.months(months + back)]
    return list({one.name: one for one in around}.values())
