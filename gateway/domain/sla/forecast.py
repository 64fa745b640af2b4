"""Earliest finish and risk (R22): from the calendars of the parties still to act and how long each took before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import product
from typing import TypeVar

from gateway.domain.sla.clocks import Clock, Folded
from gateway.domain.sla.terms import NONE, AgreementKind, TargetKind, Terms
from gateway.domain.sla.tree import REQUESTER
from gateway.domain.worktime import CalendarError, worktime

T = TypeVar("T")

FEWEST = 5
"""With fewer finished clocks nothing is said of how long a party takes: it may finish at once."""
SCENARIOS = 40
"""So many equally likely lengths or moments are carried on from each party to the next."""

Lengths = Sequence[timedelta]
Past = Mapping[str, Lengths]
"""Agreement → how long its finished clocks of the target now in force took, in its calendar, stops left out."""


@dataclass(frozen=True, kw_only=True)
class Leg:
    """A party still to act: the hop it works at, how long it has had already, and how many finished clocks tell how long it
    takes. `verifies`: only its reserve is left, for the work below it is done."""

    hop: str
    agreement: str
    had: timedelta
    known: int
    verifies: bool = False


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """When a clock may be met. `earliest`: as quick as each party ever was; `likely`: the middle of all scenarios, `late`
    nine in ten. `chance` of a breach: the share of scenarios that end after the due moment; None where the past of a party
    is not known, and then no more than the earliest finish is told."""

    clock: Clock
    earliest: datetime
    likely: datetime | None
    late: datetime | None
    chance: Fraction | None
    legs: tuple[Leg, ...]

    @property
    def hopeless(self) -> bool:
        """Even the quickest would be too late."""
        return self.clock.due is not None and self.earliest > self.clock.due


def forecast(folded: Folded, every: Sequence[Clock], clock: Clock, past: Past) -> Forecast | None:
    """The forecast of a clock that runs or stands still; None of any other. A question is taken to be answered now, and a
    pass under way to arrive now. Branches are taken to be independent of each other."""
    if clock.started_at is None or clock.ended_at is not None or clock.superseded:
        return None
    way = _Way(folded, every, clock, past)
    moments = way.finishes(clock.hop)
    certain = all(leg.known >= FEWEST for leg in way.legs if not leg.verifies)
    if moments is None:
        return None
    late = [at for at in moments if clock.due is not None and at > clock.due]
    return Forecast(
        clock=clock,
        earliest=moments[0],
        likely=moments[len(moments) // 2] if certain else None,
        late=moments[len(moments) * 9 // 10] if certain else None,
        chance=Fraction(len(late), len(moments)) if certain else None,
        legs=tuple(way.legs),
    )


class _Way:
    """From whoever holds the ticket now up to the clock's own hop."""

    def __init__(self, folded: Folded, every: Sequence[Clock], clock: Clock, past: Past) -> None:
        self._folded, self._every, self._clock, self._past = folded, every, clock, past
        self.legs: list[Leg] = []
        own = folded.chain.subtree(clock.hop)
        held = (
            {_place(entry.holder, entry.hop) for entry in folded.spans[-1].entries} if folded.spans else set()
        )
        self._holders = (held & own) or {clock.hop}
        self._verifying = {
            entry.hop
            for entry in (folded.spans[-1].entries if folded.spans else ())
            if entry.state == "verify"
        }

    def finishes(self, hop: str) -> list[datetime] | None:
        """Equally likely moments, in order, at which the hop may be done; None where a calendar has no such moment."""
        below = [child for child in self._folded.chain.children[hop] if self._has_work(child)]
        if not below:
            return self._alone(hop)
        branches = [self.finishes(child) for child in below]
        known = [branch for branch in branches if branch is not None]
        if len(known) < len(branches):
            return None
        ends = known[0]
        for branch in known[1:]:
            ends = _thinned(sorted(max(pair) for pair in product(ends, branch)))
        return self._after(hop, ends)

    def _has_work(self, hop: str) -> bool:
        return bool(self._folded.chain.subtree(hop) & self._holders)

    def _alone(self, hop: str) -> list[datetime] | None:
        """The hop itself works; where it only verifies what others did, its reserve is what is left."""
        terms, now = self._terms(hop), self._folded.now
        if terms is None:
            self.legs.append(Leg(hop=hop, agreement="", had=NONE, known=0))
            return [now]
        if hop in self._verifying:
            self.legs.append(Leg(hop=hop, agreement=terms.id, had=NONE, known=0, verifies=True))
            return self._after(hop, [now])
        had, lengths = self._had(terms), sorted(self._past.get(terms.id, ()))
        self.legs.append(Leg(hop=hop, agreement=terms.id, had=had, known=len(lengths)))
        work = worktime(terms.calendar_of(TargetKind.RESOLUTION))
        try:
            return [work.add(now, left) for left in _left(lengths, had)]
        except CalendarError:
            return None

    def _after(self, hop: str, ends: Iterable[datetime]) -> list[datetime] | None:
        """The hop's reserve comes after what is done below it."""
        terms, priority = self._terms(hop), self._folded.priorities[-1][1] if self._folded.priorities else ""
        reserve = terms.reserve.get(priority, NONE) if terms is not None else NONE
        if terms is None or not reserve:
            return list(ends)
        work = worktime(terms.reserve_calendar or terms.calendar)
        try:
            return [work.add(end, reserve) for end in ends]
        except CalendarError:
            return None

    def _terms(self, hop: str) -> Terms | None:
        """The agreement by which the hop's work is measured: the clock's own at its hop."""
        here = [one for one in self._folded.chain.at(hop) if one.kind is not AgreementKind.OLA]
        own = [one for one in here if one.id == self._clock.agreement]
        return next(iter([*own, *here]), None)

    def _had(self, terms: Terms) -> timedelta:
        ran = [
            one.elapsed
            for one in self._every
            if (one.agreement, one.hop) == (terms.id, terms.hop) and one.target_kind is TargetKind.RESOLUTION
        ]
        return ran[-1] if ran else NONE


def _place(holder: str, hop: str) -> str:
    """The hop whose turn it is: of a pass under way that of the other end's, of a question that of the asking hop."""
    return hop if holder == REQUESTER or holder.startswith("link:") else holder


def _left(lengths: Lengths, had: timedelta) -> list[timedelta]:
    """What may be left after `had`, equally likely: what those who took longer still needed. Longer than ever before: as
    if it began anew, for nothing says that it ends soon. Nothing known: it may end at once."""
    if len(lengths) < FEWEST:
        return [NONE]
    longer = [length - had for length in lengths if length > had]
    return _thinned(longer or list(lengths))


def _thinned(ordered: list[T]) -> list[T]:
    """At most so many of them, evenly spread; the first stays."""
    if len(ordered) <= SCENARIOS:
        return ordered
    return [ordered[place * len(ordered) // SCENARIOS] for place in range(SCENARIOS)]
