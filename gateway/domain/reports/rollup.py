"""Sums of outcomes that can be added and taken back one by one: what a report of a year reads instead of its clocks (R34).
Counts and whole microseconds, so that no order of merging can change them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction

from gateway.domain.reports.outcome import Coverage, Outcome, Verdict
from gateway.domain.sla.terms import NONE

_MICRO = timedelta(microseconds=1)
_VERDICTS = (Verdict.MET, Verdict.BREACHED, Verdict.EXCLUDED, Verdict.CANCELLED)
_COVERAGES = tuple(Coverage)
SUMS = (
    *(verdict.value for verdict in _VERDICTS),
    *("provisional", "unmeasured", "elapsed", "overrun", "stopped"),
    *(coverage.value for coverage in _COVERAGES),
)
"""What is summed, in order."""
LINKS = "link"
"""Stands for all transit, whatever link it was on."""


class By(StrEnum):
    """By what sums are told apart. A day is by the wall of the agreement's zone (`2026-10-05`), a month so too (`2026-10`)."""

    CUSTOMER = "customer"
    PROVIDER = "provider"
    AGREEMENT = "agreement"
    TARGET_KIND = "target_kind"
    PRIORITY = "priority"
    SERVICE = "service"
    SITE = "site"
    DAY = "day"
    MONTH = "month"


class Measure(StrEnum):
    """What a sum of minutes is of."""

    TIME = "time"
    """Running time, by party; transit is `link`."""
    STOPPED = "stopped"
    """Time that stood still, by reason."""
    PARTS = "parts"
    """Parts of breaches, by party; `contract_gap` is nobody's."""


@dataclass(frozen=True, kw_only=True)
class Rolled:
    """The sum of the outcomes that share what `place` names, in the order that was asked for. The counts of verdicts exclude
    each other; all else is of those that count, which the cancelled do not."""

    place: tuple[str, ...] = ()
    met: int = 0
    breached: int = 0
    excluded: int = 0
    cancelled: int = 0
    provisional: int = 0
    unmeasured: int = 0
    elapsed: timedelta = NONE
    over: timedelta = NONE
    """By how much those ran over their targets that did."""
    stopped: timedelta = NONE
    coverage: Mapping[Coverage, int] = field(default_factory=dict)
    """How many were measured by what; what measured none is not named."""

    @property
    def counted(self) -> int:
        """How many the shares are of."""
        return self.met + self.breached + self.excluded

    @property
    def gross(self) -> Fraction | None:
        """The share met with nothing left out; None of nothing."""
        return Fraction(self.met, self.counted) if self.counted else None

    @property
    def net(self) -> Fraction | None:
        """The share met when agreed exclusions are taken off (R19); None of nothing."""
        return Fraction(self.met + self.excluded, self.counted) if self.counted else None


@dataclass(frozen=True, kw_only=True)
class Minutes:
    """How much time of one measure went to a party, or to a reason."""

    place: tuple[str, ...] = ()
    measure: Measure
    name: str
    length: timedelta


DAY_KEY = ("customer", "day", "target_kind", "priority", "agreement", "service", "provider", "org_id")
MONTH_KEY = ("customer", "month", "target_kind", "priority", "agreement", "service", "provider", "org_id")
YEAR_KEY = ("customer", "year", "priority", "target_kind", "agreement", "provider", "org_id")
SITE_KEY = ("customer", "month", "site", "target_kind", "agreement", "provider", "org_id")
MINUTES_KEY = ("customer", "day", "target_kind", "agreement", "provider", "measure", "name", "org_id")
Key = tuple[str, ...]


class Deltas:
    """By how much kept sums change when outcomes come, go or change. Keys as the constants above name them."""

    def __init__(self) -> None:
        self.days: dict[Key, list[int]] = {}
        self.months: dict[Key, list[int]] = {}
        self.years: dict[Key, list[int]] = {}
        self.sites: dict[Key, list[int]] = {}
        self.minutes: dict[Key, int] = {}

    def add(self, one: Outcome, sign: int = 1) -> None:
        """Add an outcome, or with −1 take one back. One that does not count into a day yet changes nothing."""
        if one.counted_on is None:
            return
        day, kind = str(one.counted_on), one.target_kind.value
        sums, whose = [sign * amount for amount in worth(one)], (one.provider, one.org_id)
        among = (kind, one.priority, one.agreement, one.service, *whose)
        _grow(self.days, (one.customer, day, *among), sums)
        _grow(self.months, (one.customer, day[:7], *among), sums)
        _grow(self.years, (one.customer, day[:4], one.priority, kind, one.agreement, *whose), sums)
        _grow(self.sites, (one.customer, day[:7], one.site, kind, one.agreement, *whose), sums)
        if one.verdict is not Verdict.CANCELLED:
            self._minutes(one, (one.customer, day, kind, one.agreement, one.provider), sign)

    def _minutes(self, one: Outcome, where: Key, sign: int) -> None:
        for measure in Measure:
            for name, length in getattr(one, measure.value).items():
                short = LINKS if name.startswith("link:") else name
                key = (*where, measure.value, short, one.org_id)
                self.minutes[key] = self.minutes.get(key, 0) + sign * (length // _MICRO)


def _grow(into: dict[Key, list[int]], key: Key, sums: list[int]) -> None:
    before = into.get(key)
    into[key] = sums if before is None else [one + more for one, more in zip(before, sums, strict=True)]


def worth(outcome: Outcome) -> list[int]:
    """What an outcome adds to each of the sums; nothing while it runs."""
    if outcome.verdict is Verdict.RUNNING:
        return [0] * len(SUMS)
    found = [int(outcome.verdict is verdict) for verdict in _VERDICTS]
    if outcome.verdict is Verdict.CANCELLED:
        return found + [0] * (len(SUMS) - len(found))
    lengths = (outcome.elapsed, outcome.over, outcome.stopped_time)
    found += [int(outcome.provisional), int(outcome.unmeasured), *(length // _MICRO for length in lengths)]
    return found + [int(outcome.coverage is coverage) for coverage in Coverage]


def summed(place: tuple[str, ...], sums: Sequence[int]) -> Rolled:
    """Sums in their order, by name."""
    met, breached, excluded, cancelled, provisional, unmeasured, elapsed, over, stopped, *measured = sums
    return Rolled(
        place=place,
        met=met,
        breached=breached,
        excluded=excluded,
        cancelled=cancelled,
        provisional=provisional,
        unmeasured=unmeasured,
        elapsed=elapsed * _MICRO,
        over=over * _MICRO,
        stopped=stopped * _MICRO,
        coverage={coverage: many for coverage, many in zip(_COVERAGES, measured, strict=True) if many},
    )


def rolled(outcomes: Iterable[Outcome], by: Sequence[By] = ()) -> list[Rolled]:
    """The sums of outcomes at hand, in the order of their places: the same that the store tells of kept ones. Those that
    still run are in none."""
    found: dict[tuple[str, ...], list[int]] = {}
    for one in outcomes:
        if one.verdict is not Verdict.RUNNING:
            sums = found.setdefault(tuple(_named(one, part) for part in by), [0] * len(SUMS))
            for place, amount in enumerate(worth(one)):
                sums[place] += amount
    return [summed(place, sums) for place, sums in sorted(found.items())]


def _named(outcome: Outcome, part: By) -> str:
    if part in (By.DAY, By.MONTH):
        day = str(outcome.counted_on or "")
        return day[:7] if part is By.MONTH else day
    return str(getattr(outcome, part.value))
