"""What a compliance report is made of: clocks and tickets as the viewer may know them, and the limits beyond which something
is worth a line."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cached_property

from gateway.domain.reports.document import Section
from gateway.domain.reports.objectives import Result
from gateway.domain.reports.outcome import Case, Outcome, Verdict
from gateway.domain.reports.period import Period
from gateway.domain.reports.rollup import Rolled
from gateway.domain.reports.tally import COUNTED, tally
from gateway.domain.reports.views import Viewer
from gateway.domain.sla.terms import NONE, AgreementKind


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What is listed. A `repeat` is a ticket about the same thing so soon after the last one was closed; a site or asset is
    chronic with so many tickets within `look_back`, up to the period's end."""

    rating: int = 60
    """A rating below so many per cent is bad."""
    returned: int = 2
    """More hand-backs than these are too many."""
    silence: timedelta = timedelta(days=3)
    """Longer than a weekend, which is nobody's silence."""
    repeat: timedelta = timedelta(days=30)
    look_back: timedelta = timedelta(days=90)
    chronic: int = 3
    peers: int = 5
    """Of fewer others than these no median is told (R32)."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What an objective of an agreement came to in the period that it is judged over."""

    agreement: str
    result: Result


@dataclass(frozen=True, kw_only=True)
class Basis:
    """`outcomes`: all clocks of the period's tickets, of every agreement of the chain, masked for the viewer. `cases`: tickets
    open at some moment from `Limits.look_back` before the period's end on, masked. `months`: month → the sum
    of the viewer's promise, the oldest first. `others`: the shares of other partners, without names. `judged`: the objectives of the agreements that the
    viewer sees; `money`: its chapters about credits. `notes`: what a reader
    must know besides."""

    customer: str
    groups: tuple[str, ...] = ()
    """The organizations that the customer is part of: what is promised to them is promised to it (R27)."""
    period: Period
    as_of: datetime
    viewer: Viewer
    outcomes: Sequence[Outcome] = ()
    cases: Sequence[Case] = ()
    unpromised: Sequence[Case] = ()
    """Opened in the period, and no agreement ever held for them: nothing else is known of these tickets."""
    months: Mapping[str, Rolled] = field(default_factory=dict)
    others: Sequence[Fraction] = ()
    judged: Sequence[Judged] = ()
    money: tuple[Section, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)

    @cached_property
    def until(self) -> datetime:
        """The last moment that it tells of: the period's end, or as of when it was asked."""
        return min(self.period.end, self.as_of)

    @cached_property
    def promises(self) -> list[Outcome]:
        """The clocks that the report is about, whenever they count: what the customer is promised; to a partner what it
        promises itself."""
        if self.viewer.org and self.viewer.org != self.customer:
            return [one for one in self.outcomes if one.provider == self.viewer.org]
        return [one for one in self.outcomes if self.is_promise(one)]

    @cached_property
    def promised(self) -> list[Outcome]:
        """Of these, the ones of the period: counted in it, or still running at its end."""
        return self.as_of_the_end(self.promises)

    @cached_property
    def counted(self) -> list[Outcome]:
        """Of these, the ones with a verdict that counts."""
        return [one for one in self.promised if one.verdict in COUNTED]

    def is_promise(self, outcome: Outcome) -> bool:
        """Whether it is one to the customer itself, or to what it is part of."""
        return is_end_to_end(outcome, self.customer, *self.groups)

    def is_of_period(self, outcome: Outcome) -> bool:
        """One period for each clock (R30); what runs is in every one since it started."""
        day = outcome.counted_on
        return _begun(outcome, self.until) if day is None else self.period.first <= day <= self.period.last

    def as_of_the_end(self, outcomes: Iterable[Outcome]) -> list[Outcome]:
        """The ones of the period as they stood at its end: what has come to something since then ran."""
        last, until = self.period.last, self.until
        return [
            one if self.is_of_period(one) else _running(one)
            for one in outcomes
            if self.is_of_period(one)
            or (one.counted_on is not None and one.counted_on > last and _begun(one, until))
        ]

    @cached_property
    def concerned(self) -> list[Case]:
        """The tickets that were open at some moment of the period."""
        start, until = self.period.start, self.until
        return [
            one
            for one in self.cases
            if one.opened_at < until and (one.closed_at is None or one.closed_at >= start)
        ]

    @cached_property
    def total(self) -> Rolled:
        """The sum of what counts."""
        return tally(self.counted)

    @cached_property
    def circles(self) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
        """Tickets opened, closed and counted in the period."""
        start, until = self.period.start, self.until
        every = [*self.cases, *self.unpromised]
        return (
            frozenset(one.ticket_id for one in every if start <= one.opened_at < until),
            frozenset(
                one.ticket_id for one in self.cases if one.closed_at and start <= one.closed_at < until
            ),
            frozenset(one.ticket_id for one in self.counted),
        )


def _begun(outcome: Outcome, until: datetime) -> bool:
    return (outcome.started_at or outcome.opened_at) < until


def _running(outcome: Outcome) -> Outcome:
    """The same before it came to anything: nothing of it is known yet but when it is due."""
    return replace(
        outcome,
        verdict=Verdict.RUNNING,
        ended_at=None,
        breached_at=None,
        counted_at=None,
        counted_on=None,
        provisional=False,
        elapsed=NONE,
        net_elapsed=NONE,
        stopped_time=NONE,
        time={},
        stopped={},
        parts={},
    )


def is_end_to_end(outcome: Outcome, *customers: str) -> bool:
    """Whether it is a promise to one of these customers itself."""
    return outcome.agreement_kind is AgreementKind.SLA and outcome.consumer in customers
