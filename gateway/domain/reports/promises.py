"""What is agreed on about the clocks of a period (R27): which of them count, which share must be within the target and how
late the rest may be, and what a small sample counts. What came of it is `objectives`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from gateway.domain.figures import open_time
from gateway.domain.reports.outcome import Outcome
from gateway.domain.reports.period import Period, period_from
from gateway.domain.sla.terms import TargetKind

WHOLE = Fraction(1)
Limit = timedelta | Fraction
"""Of a tail: so long, or such a multiple of the target (two times: Fraction(2))."""


class Every(StrEnum):
    """How often something is judged, or a fee is paid."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def months(self) -> int:
        """How many calendar months it has."""
        return {Every.MONTH: 1, Every.QUARTER: 3, Every.YEAR: 12}[self]

    def around(self, period: Period) -> Period:
        """The month, quarter or year that the last day of a period is in."""
        year, month = period.last.year, period.last.month
        names = {
            Every.MONTH: f"{year}-{month:02}",
            Every.QUARTER: f"{year}-Q{(month + 2) // 3}",
            Every.YEAR: str(year),
        }
        return period_from(names[self], zone=period.zone)


class Small(StrEnum):
    """What a sample counts that is too small to be judged by its share."""

    MET = "met"
    CARRY = "carry"
    """Its cases are judged together with those of the next period."""
    AT_MOST = "at_most"
    """Case by case: not more than so many may be missed."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which clocks of an agreement count; what is empty leaves nothing out. Sites and groups by their codes."""

    target: TargetKind
    priorities: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    def holds(self, outcome: Outcome, groups: Mapping[str, str] | None = None) -> bool:
        """Whether this clock is one of them; `groups` says which group each site is in."""
        group = (groups or {}).get(outcome.site, "")
        return outcome.target_kind is self.target and all(
            not wanted or given in wanted
            for wanted, given in (
                (self.priorities, outcome.priority),
                (self.services, outcome.service),
                (self.sites, outcome.site),
                (self.groups, group),
            )
        )


@dataclass(frozen=True, kw_only=True)
class Tail:
    """At least this share within a longer limit: the rest in 4 h is a share of one."""

    share: Fraction
    within: Limit

    def beyond(self, time: timedelta, target: timedelta | None) -> bool:
        """Whether a clock that ran so long is outside of it."""
        limit = self.within
        if isinstance(limit, timedelta):
            return time > limit
        if target is None:
            return False
        return time * limit.denominator > target * limit.numerator

    @property
    def words(self) -> str:
        """`4 h`, or `200 % of the target`."""
        if isinstance(self.within, timedelta):
            return open_time(self.within)
        return f"{percent(self.within)} of the target"


@dataclass(frozen=True, kw_only=True)
class Objective:
    """`share` of the selected clocks within their target, each tail within its limit. A sample of less than `smallest` is
    judged by `small`; `at_most` belongs to Small.AT_MOST. `net`: exclusions the consumer agreed to are taken off."""

    name: str
    selection: Selection
    share: Fraction
    tails: tuple[Tail, ...] = ()
    every: Every = Every.MONTH
    smallest: int = 0
    small: Small = Small.MET
    at_most: int = 0
    net: bool = True
    weight: Fraction = WHOLE


def percent(part: Fraction) -> str:
    """A share as it is agreed on, exactly: `95 %`, `99.5 %`."""
    text = f"{Decimal(part.numerator * 100) / part.denominator:f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} %"
