"""Service credits as they are agreed on (R29): what is paid for, how much, up to what. What that comes to in a period is
worked out in `credits`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from gateway.domain.reports.promises import Every, Selection


@dataclass(frozen=True, kw_only=True)
class Fee:
    """What is paid for the service each month, quarter or year: for `sites` places so much. `billed`: what was billed for a
    month, by its name (`2026-10`), where that is another amount, or none was agreed on."""

    every: Every = Every.MONTH
    amount: Fraction | None = None
    sites: int = 1
    billed: Mapping[str, Fraction] = field(default_factory=dict)

    def of(self, month: str) -> Fraction | None:
        """The fee of a month; None if nobody said."""
        agreed = self.amount * self.sites / self.every.months if self.amount is not None else None
        return self.billed.get(month, agreed)


@dataclass(frozen=True, kw_only=True)
class AtRisk:
    """How much of the fee may be lost at all, counted for each month, quarter or year."""

    share: Fraction
    every: Every = Every.MONTH


@dataclass(frozen=True, kw_only=True)
class Price:
    """An amount, or else a share: of the fee of the period, or of what is at risk of it."""

    amount: Fraction | None = None
    share: Fraction = Fraction()
    of_risk: bool = False


@dataclass(frozen=True, kw_only=True)
class Band:
    """What a share below a bound costs; without a bound, what every miss costs (also one by a tail)."""

    price: Price
    below: Fraction | None = None


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """One way of counting credits. `cap`: the most that it comes to, as a share of the fee of its period. `regained_after`:
    given back when the objective is met in so many periods that follow, one after the other; 0: never."""

    name: str
    every: Every = Every.MONTH
    cap: Fraction | None = None
    regained_after: int = 0


@dataclass(frozen=True, kw_only=True)
class ByShare(Scheme):
    """For the share that an objective missed; of several bands the lowest counts. Shares of the fee are weighted as the
    objective is."""

    objective: str
    bands: tuple[Band, ...]


@dataclass(frozen=True, kw_only=True)
class ByRepeat(Scheme):
    """For missing an objective in `misses` of `periods` periods, the last one included: what it costs by share is multiplied
    by `factor`, or `price` is added."""

    objective: str
    misses: int
    periods: int
    factor: Fraction | None = None
    price: Price | None = None


@dataclass(frozen=True, kw_only=True)
class ByCase(Scheme):
    """For each breach beyond the first `free` ones of a period: an amount; `of_case` if it was agreed on as a share of the
    fee of one case."""

    selection: Selection
    net: bool = True
    amount: Fraction
    of_case: Fraction | None = None
    free: int = 0


@dataclass(frozen=True, kw_only=True)
class ByDelay(Scheme):
    """For each started unit by which a clock ran over its target; the first `grace` of it is not counted. `most` for one
    case."""

    selection: Selection
    net: bool = True
    amount: Fraction
    unit: timedelta
    grace: timedelta = timedelta()
    most: Fraction | None = None


@dataclass(frozen=True, kw_only=True)
class Credits:
    """All schemes of an agreement, side by side. `raise_within`: so many days after a period the consumer has to claim what
    it is owed, else it lapses; None: nobody has to. `claimed`: the day a line was claimed, by its scheme and period
    (`late/2026-10`). `begins_on`: periods that begin earlier cost nothing."""

    currency: str
    fee: Fee | None = None
    at_risk: AtRisk | None = None
    raise_within: int | None = None
    claimed: Mapping[str, date] = field(default_factory=dict)
    begins_on: date | None = None
    schemes: tuple[Scheme, ...] = field(default=())
