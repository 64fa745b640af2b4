"""What a clock has lived: its runs and stops, and of what lies further back only the figures that later questions need."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.domain.sla.pieces import Run, passed, union, used_up
from gateway.domain.sla.terms import NONE
from gateway.domain.worktime import Worktime


@dataclass(frozen=True, kw_only=True)
class Past:
    """What a clock had lived by `until`. `crossed`: amounts it can be asked for → the moment at which so much had run;
    `opened`: visits → what had run when their window opened."""

    until: datetime | None = None
    elapsed: timedelta = NONE
    stopped_time: timedelta = NONE
    net_elapsed: timedelta = NONE
    breached_at: datetime | None = None
    crossed: Mapping[timedelta, datetime] = field(default_factory=dict)
    opened: Mapping[str, timedelta] = field(default_factory=dict)


NO_PAST = Past()


class Life:
    """A clock's past and what it lived after it, counted together."""

    __slots__ = ("_work", "elapsed", "past", "runs", "stopped_time")

    def __init__(self, past: Past, runs: Sequence[Run], work: Worktime) -> None:
        self.past, self.runs, self._work = past, runs, work
        elapsed, stopped = past.elapsed, past.stopped_time
        for run in runs:
            if run.stopped:
                stopped += run.open_time
            else:
                elapsed += run.open_time
        self.elapsed, self.stopped_time = elapsed, stopped

    def passed(self, until: datetime) -> timedelta:
        """How much had run by that moment, which is not before the end of the past."""
        if not self.runs or until >= self.runs[-1].end:
            return self.elapsed
        return self.past.elapsed + passed(self.runs, until, self._work)

    def used_up(self, amount: timedelta) -> datetime:
        """The instant at which so much had run. Raises ValueError if less has; KeyError for an amount of the past that
        nobody was to ask for."""
        past = self.past
        if past.crossed and amount <= past.elapsed:
            return past.crossed[amount]
        return used_up(self.runs, amount - past.elapsed, self._work)

    def judged(self, until: datetime | None) -> bool:
        """Whether the past has judged what was in force up to then."""
        end = self.past.until
        return end is not None and until is not None and until < end

    def net(self, excluded: Iterable[tuple[datetime, datetime]]) -> timedelta:
        """Running time without what was excluded (R19); spans that overlap are left out once."""
        net = self.past.net_elapsed + self.elapsed - self.past.elapsed
        for run in self.runs if excluded else ():
            if not run.stopped:
                cuts = [(max(start, run.start), min(stop, run.end)) for start, stop in excluded]
                net -= union(cuts, self._work)
        return net

    def opened(self, visit: str, at: datetime) -> timedelta:
        """How much had run when the window of a visit opened."""
        known = self.past.opened.get(visit)
        return self.passed(at) if known is None else known

    def as_past(self, asked: Iterable[timedelta]) -> Past:
        """The sums of this life; `asked`: the amounts that later questions may be about."""
        runs = self.past.crossed or any(not run.stopped for run in self.runs)
        amounts = {amount for amount in (*asked, NONE, self.elapsed) if amount <= self.elapsed}
        return Past(
            elapsed=self.elapsed,
            stopped_time=self.stopped_time,
            crossed={amount: self.used_up(amount) for amount in sorted(amounts)} if runs else {},
        )
