"""Clocks (R13–R19): ledger and course and target and calendar → what a clock shows at a moment, in two views: the headline,
and the one in which undecided and disputed stop requests count too (R16)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from gateway.domain.sla.course import Cycle, Window, cycles, priorities, relevant
from gateway.domain.sla.ledger import Span, siblings, spans
from gateway.domain.sla.pieces import Piece, cut, passed, union, used_up
from gateway.domain.sla.reconcile import Reconciled
from gateway.domain.sla.standstill import Standstill, Stretch
from gateway.domain.sla.stops import Standing, Stops, View, standing, stops_of, visit_window
from gateway.domain.sla.terms import NONE, Chain, Record, TargetKind, Terms, moment
from gateway.domain.worktime import Amount, CalendarError, Worktime, in_open_time, worktime

WAITING, RUNNING, MET, BREACHED, CANCELLED = "waiting", "running", "met", "breached", "cancelled"
_HOUR = timedelta(hours=1)
_LASTING = frozenset({TargetKind.RESOLUTION, TargetKind.RESTORATION})


class Agreed(NamedTuple):
    """What the agreement gives from `since` on (the priority at the opening, None; a change of it)."""

    since: datetime | None
    amount: Amount
    cause: str | None


class Aim(NamedTuple):
    """A target in force from `since` on (the priority at the opening, None; a change of it; an agreed visit)."""

    since: datetime | None
    target: timedelta
    cause: str | None


@dataclass(frozen=True, kw_only=True)
class Clock:
    """One clock at one moment (R18). `remaining` is target − elapsed, negative after a breach; `due` as R18 has it."""

    agreement: str
    hop: str
    target_kind: TargetKind
    cycle: int
    state: str
    target: timedelta | None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    due: datetime | None = None
    breached_at: datetime | None = None
    elapsed: timedelta = NONE
    stopped_time: timedelta = NONE
    net_elapsed: timedelta = NONE
    stopped: bool = False
    open_now: bool = False
    provisional: bool = False
    superseded: int = 0
    """A change of priority ended this cycle, the how manieth of its target, and a new one began at zero (R17)."""
    pieces: tuple[Piece, ...] = ()
    started_by: str | None = None
    ended_by: str | None = None

    @property
    def key(self) -> str:
        """`agreement/hop/target`, with `#n` from the second cycle on (for updates always), `~n` if superseded."""
        name = f"{self.agreement}/{self.hop}/{self.target_kind.value}"
        if self.superseded:
            return f"{name}~{self.superseded}"
        numbered = self.cycle > 1 or self.target_kind is TargetKind.UPDATE
        return f"{name}#{self.cycle}" if numbered else name

    @property
    def remaining(self) -> timedelta | None:
        """What is left of the target; None without one."""
        return None if self.target is None else self.target - self.elapsed

    def warn_at(self, work: Worktime, before: timedelta = _HOUR) -> datetime | None:
        """So much business time before the due moment (R9)."""
        return None if self.due is None else work.add(self.due, -before)


@dataclass(frozen=True, kw_only=True)
class Folded:
    """Everything the clocks of a ticket need in one view, folded once."""

    chain: Chain
    told: Reconciled
    stops: Stops
    view: View
    spans: tuple[Span, ...]
    exclusions: tuple[tuple[datetime, datetime], ...] = ()
    priorities: tuple[tuple[datetime, str, str], ...] = ()

    @property
    def now(self) -> datetime:
        """The moment of evaluation."""
        return self.view.now

    @cached_property
    def order(self) -> Sequence[str]:
        """All hops in the order of R12: each before what hangs below it, siblings by offer then id."""
        below, found, waiting = siblings(self.chain, self.told), [], [self.chain.top.id]
        while waiting:
            found.append(waiting.pop())
            waiting += reversed(below[found[-1]])
        return found

    def stretches(self, terms: Terms) -> Sequence[Stretch]:
        """The ledger as the clocks of an agreement live it."""
        return Standstill(self.chain, self.stops, terms, self.view).stretches(self.spans)

    @cached_property
    def undecided(self) -> bool:
        """Whether some request still waits for a decision, so that the second view may differ."""
        return any(
            standing(self.chain, self.stops, request, terms, now=self.now) is Standing.OPEN
            for request in self.stops.requests.values()
            for terms in self.chain.agreements
        )


def fold(chain: Chain, told: Reconciled, view: View) -> Folded:
    """Fold reconciled records into what the clocks read."""
    stops = stops_of(chain, told, now=view.now)
    return Folded(
        chain=chain,
        told=told,
        stops=stops,
        view=view,
        spans=spans(chain, told, stops, view),
        exclusions=tuple(_exclusions(told)),
        priorities=tuple(priorities(told)),
    )


def second_view(folded: Folded) -> Folded:
    """The same ticket as if undecided and disputed requests counted."""
    return fold(folded.chain, folded.told, View(now=folded.now, undecided=True))


def _exclusions(told: Reconciled) -> Iterator[tuple[datetime, datetime]]:
    """Spans that author and consumer leave out of net figures (R19)."""
    for record in told.records:
        if record.type == "exclusion.added" and record.data.get("agreed", True):
            start, stop = moment(record.data.get("start")), moment(record.data.get("stop"))
            if start is not None and stop is not None:
                yield start, stop


def clocks(folded: Folded) -> list[Clock]:
    """All clocks of the ticket, agreements in order. A breach that only undecided requests make is provisional (R16)."""
    found: list[Clock] = []
    for terms in folded.chain.agreements:
        records, stretches = relevant(terms, folded.told), folded.stretches(terms)
        for target in terms.targets:
            found += _Reader(folded, terms, target, stretches).clocks(records)
    if folded.view.undecided or not any(clock.breached_at for clock in found) or not folded.undecided:
        return found
    spared = {clock.key for clock in clocks(second_view(folded)) if clock.breached_at is None}
    return [
        replace(clock, provisional=True) if clock.breached_at and clock.key in spared else clock
        for clock in found
    ]


class _Reader:
    """Reads the clocks of one target of one agreement."""

    def __init__(
        self, folded: Folded, terms: Terms, target: TargetKind, stretches: Sequence[Stretch]
    ) -> None:
        self._folded, self._terms, self._target = folded, terms, target
        self._work = worktime(terms.calendar_of(target))
        self._superseded = 0
        never = target is TargetKind.UPDATE and not terms.updates_wait
        self._stretches = [Stretch(span, stopped=False) for span, _, _ in stretches] if never else stretches

    def clocks(self, records: Sequence[Record]) -> list[Clock]:
        folded, found = self._folded, list[Clock]()
        every = cycles(folded.chain, self._terms, self._target, folded.told, records)
        for number, cycle in enumerate(every, start=1):
            if self._target is TargetKind.UPDATE:
                found += self._updates(cycle, len(found))
            else:
                found += self._cycle(cycle, number)
        return found

    # -- one cycle --------------------------------------------------------------------------------------------------------

    def _cycle(self, cycle: Cycle, number: int) -> list[Clock]:
        aims = list(self._aims(cycle))
        if not aims:
            return []
        if not self._terms.from_change or self._target is TargetKind.ATTENDANCE:
            return [self._clock(cycle, number, aims)]
        found = []
        for aim, after in zip(aims, [*aims[1:], None], strict=True):
            part = _part(cycle, aim.since, after.since if after is not None else None)
            one = self._clock(part, number, [aim])
            if after is not None:
                self._superseded += 1
                one = replace(one, superseded=self._superseded)
            found.append(one)
        return found

    def _clock(self, cycle: Cycle, number: int, agreed: list[Agreed]) -> Clock:
        now = self._folded.now
        pieces = tuple(self._pieces(cycle))
        aims = self._with_visits(cycle, self._counted(cycle, agreed), pieces)
        elapsed = sum((piece.open_time for piece in pieces if not piece.stopped), NONE)
        breached_at = self._breached_at(aims, pieces, cycle.ended_at or now)
        target = aims[-1].target
        live = not cycle.ended and bool(cycle.windows)
        return Clock(
            agreement=self._terms.id,
            hop=self._terms.hop,
            target_kind=self._target,
            cycle=number,
            state=BREACHED if breached_at else _state(cycle),
            target=target,
            started_at=cycle.started_at,
            ended_at=cycle.ended_at if cycle.ended else None,
            due=self._due(cycle, pieces, target, elapsed),
            breached_at=breached_at,
            elapsed=elapsed,
            stopped_time=sum((piece.open_time for piece in pieces if piece.stopped), NONE),
            net_elapsed=self._net(pieces, elapsed),
            stopped=live and self._stands_still(),
            open_now=live and self._work.is_open(now),
            provisional=breached_at is None and self._provisional(cycle),
            pieces=pieces,
            started_by=cycle.started_by,
            ended_by=cycle.ended_by,
        )

    def _provisional(self, cycle: Cycle) -> bool:
        """Met, but its hop is not closed yet, nor has the time to object to it passed (R13)."""
        if self._target not in _LASTING or cycle.ended != "met" or cycle.confirmed:
            return False
        lapses, at = self._terms.confirmation, cycle.ended_at
        return lapses is None or at is None or self._folded.now < at + lapses

    def _stands_still(self) -> bool:
        """Whether it is stopped now: a stop that has run out is none, though the status goes on."""
        _, stopped, until = self._stretches[-1]
        return stopped and (until is None or self._folded.now < until)

    # -- targets ----------------------------------------------------------------------------------------------------------

    def _aims(self, cycle: Cycle) -> Iterator[Agreed]:
        """The targets in force over the cycle, by priority."""
        amounts = self._terms.targets[self._target]
        started, end = cycle.started_at, cycle.ended_at
        before: Agreed | None = None
        for place, (at, priority, event) in enumerate(self._folded.priorities):
            if priority not in amounts or (before is not None and end is not None and at >= end):
                continue
            if before is not None and started is not None and at > started:
                yield before
            changes = place > 0 and (started is None or at > started)
            before = Agreed(at if changes else None, amounts[priority], event)
        if before is not None:
            yield before

    def _counted(self, cycle: Cycle, agreed: Sequence[Agreed]) -> list[Aim]:
        """What was agreed as open time. Business days are counted from the start of the cycle, of one that waits as if it
        started now (R8)."""
        start = cycle.started_at or self._folded.now
        return [Aim(since, in_open_time(amount, self._work, start), cause) for since, amount, cause in agreed]

    def _with_visits(self, cycle: Cycle, aims: list[Aim], pieces: Sequence[Piece]) -> list[Aim]:
        """A visit that the consumer asked for or moved sets the target of attendance from then on (R35): what had passed
        when its window opens, and the open time from there to its end."""
        if self._target is not TargetKind.ATTENDANCE or not cycle.windows:
            return aims
        agreed = []
        for record in self._folded.told.records:
            window = visit_window(record)
            if window is None or record.hop != self._terms.hop or record.data.get("by") != "consumer":
                continue
            at = self._folded.told.effective[record.id]
            if cycle.ended_at is None or at < cycle.ended_at:
                until_then = passed(pieces, window[0], self._work)
                if pieces and not pieces[-1].stopped:  # what runs now is taken to run on until then
                    until_then += self._work.between(self._folded.now, window[0])
                agreed.append(Aim(at, until_then + self._work.between(*window), record.id))
        first = agreed[0].since if agreed else None
        return [aim for aim in aims if first is None or aim.since is None or aim.since < first] + agreed

    def _breached_at(self, aims: Sequence[Aim], pieces: Sequence[Piece], end: datetime) -> datetime | None:
        """The first moment at which more than the target then in force had passed; no earlier than the change that made
        it so (R17)."""
        for place, aim in enumerate(aims):
            until = aims[place + 1].since if place + 1 < len(aims) else None
            if passed(pieces, min(until or end, end), self._work) > aim.target:
                crossed = used_up(pieces, aim.target, self._work)
                return crossed if aim.since is None else max(crossed, aim.since)
        return None

    def _due(
        self, cycle: Cycle, pieces: Sequence[Piece], target: timedelta, elapsed: timedelta
    ) -> datetime | None:
        """The due moment (R18); None before the start, and where the calendar has not enough open time in sight."""
        if not cycle.windows:
            return None
        if elapsed >= target and elapsed:
            return used_up(pieces, target, self._work)
        try:
            return self._work.add(cycle.ended_at or self._folded.now, target - elapsed)
        except CalendarError:
            return None

    def _net(self, pieces: Sequence[Piece], elapsed: timedelta) -> timedelta:
        """Running time without what was excluded (R19); spans that overlap are left out once."""
        for piece in pieces if self._folded.exclusions else ():
            if not piece.stopped:
                cuts = [
                    (max(start, piece.start), min(stop, piece.end)) for start, stop in self._folded.exclusions
                ]
                elapsed -= union(cuts, self._work)
        return elapsed

    # -- running and stopped ----------------------------------------------------------------------------------------------

    def _pieces(self, cycle: Cycle) -> Iterator[Piece]:
        for window in cycle.windows:
            end = window.end or self._folded.now
            for stretch in self._stretches:
                span = stretch.span
                if span.start >= end:
                    break
                if span.end > window.start and span.end > span.start:
                    yield from cut(stretch, max(span.start, window.start), min(span.end, end), self._work)

    # -- updates ----------------------------------------------------------------------------------------------------------

    def _updates(self, cycle: Cycle, before: int) -> list[Clock]:
        """A public update at least every so often: a cycle for each silence (R13), numbered from `before`."""
        aims, found = list(self._aims(cycle)), list[Clock]()
        if not aims or not cycle.windows:
            return found
        starts = [*aims[1:]] if self._terms.from_change else []
        marks = sorted({*cycle.updates, *(aim.since for aim in starts if aim.since is not None)})
        since: datetime | None = None
        for until in (*marks, None):
            part = _part(cycle, since, until)
            if until is not None and until in cycle.updates:
                part.ended, part.confirmed = "met", True
            if part.windows:
                within = [aim for aim in aims if until is None or aim.since is None or aim.since < until]
                older = [
                    aim for aim in within if aim.since is None or (since is not None and aim.since <= since)
                ]
                within = within[max(len(older) - 1, 0) :] if within else aims[:1]
                found.append(self._clock(part, before + len(found) + 1, within))
            since = until
        return found


def _state(cycle: Cycle) -> str:
    if cycle.ended:
        return MET if cycle.ended == "met" else CANCELLED
    return RUNNING if cycle.windows else WAITING


def _part(cycle: Cycle, since: datetime | None, until: datetime | None) -> Cycle:
    """What of a cycle lies between two changes of its target (R17: a new cycle at zero from the change)."""
    if since is None and until is None:
        return cycle
    windows = []
    for window in cycle.windows:
        start = window.start if since is None else max(window.start, since)
        end = window.end if until is None else min(window.end or until, until)
        if end is None or start < end:
            windows.append(Window(start, end))
    if until is not None:
        return Cycle(windows=windows, ended=CANCELLED, started_by=cycle.started_by)
    ended: dict[str, Any] = {"ended": cycle.ended, "ended_by": cycle.ended_by, "confirmed": cycle.confirmed}
    return Cycle(windows=windows, started_by=cycle.started_by, **ended)
