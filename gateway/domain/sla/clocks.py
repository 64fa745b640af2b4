"""Clocks (R13–R19): ledger and course and target and calendar → what a clock shows at a moment, in two views: the headline,
and the one in which undecided and disputed stop requests count too (R16)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from gateway.domain.sla.course import Cycle, Window, cycles, priorities
from gateway.domain.sla.ledger import Span, spans
from gateway.domain.sla.pieces import Piece, passed, union, used_up
from gateway.domain.sla.reconcile import Reconciled
from gateway.domain.sla.stops import Standing, Stops, View, standing, stops_of, stops_until, visit_window
from gateway.domain.sla.terms import NONE, OWN_LINK, AgreementKind, Chain, TargetKind, Terms
from gateway.domain.sla.tree import Entry
from gateway.domain.worktime import Worktime, worktime

WAITING, RUNNING, MET, BREACHED, CANCELLED = "waiting", "running", "met", "breached", "cancelled"
_HOUR = timedelta(hours=1)


class Aim(NamedTuple):
    """A target in force from `since` on (a change of priority, an agreed visit), because of an event."""

    since: datetime
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
    superseded: bool = False
    """A change of priority ended this cycle, and a new one began at zero (R17)."""
    pieces: tuple[Piece, ...] = ()
    started_by: str | None = None
    ended_by: str | None = None

    @property
    def key(self) -> str:
        """`agreement/hop/target`, with `#n` from the second cycle on (for updates always)."""
        name = f"{self.agreement}/{self.hop}/{self.target_kind.value}"
        if self.superseded:
            return f"{name}~{self.cycle}"
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
    subtrees: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """The moment of evaluation."""
        return self.view.now

    @property
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
        subtrees={terms.hop: chain.subtree(terms.hop) for terms in chain.agreements},
    )


def second_view(folded: Folded) -> Folded:
    """The same ticket as if undecided and disputed requests counted."""
    return fold(folded.chain, folded.told, View(now=folded.now, undecided=True))


def _exclusions(told: Reconciled) -> Iterator[tuple[datetime, datetime]]:
    """Spans that author and consumer leave out of net figures (R19)."""
    for record in told.records:
        if record.type == "exclusion.added" and record.data.get("agreed", True):
            start, stop = (datetime.fromisoformat(str(record.data[name])) for name in ("start", "stop"))
            yield start, stop


def clocks(folded: Folded) -> list[Clock]:
    """All clocks of the ticket, agreements in order. A breach that only undecided requests make is provisional (R16)."""
    found: list[Clock] = []
    for terms in folded.chain.agreements:
        for target in terms.targets:
            found += _Reader(folded, terms, target).clocks()
    if folded.view.undecided or not any(clock.breached_at for clock in found) or not folded.undecided:
        return found
    spared = {clock.key for clock in clocks(second_view(folded)) if clock.breached_at is None}
    return [
        replace(clock, provisional=True) if clock.breached_at and clock.key in spared else clock
        for clock in found
    ]


def is_stopped(folded: Folded, terms: Terms, target: TargetKind, span: Span) -> bool:
    """Whether a clock of these terms stands still in a span of the ledger (R14)."""
    return _Reader(folded, terms, target).is_stopped(span)


class _Reader:
    """Reads the clocks of one target of one agreement."""

    def __init__(self, folded: Folded, terms: Terms, target: TargetKind) -> None:
        self._folded, self._terms, self._target = folded, terms, target
        self._work = worktime(terms.calendar_of(target))
        self._provider = folded.subtrees[terms.hop]
        self._counted: dict[str, bool] = {}

    def clocks(self) -> list[Clock]:
        found = []
        for number, cycle in enumerate(
            cycles(self._folded.chain, self._terms, self._target, self._folded.told), start=1
        ):
            found += self._updates(cycle) if self._target is TargetKind.UPDATE else self._cycle(cycle, number)
        return found

    # -- one cycle --------------------------------------------------------------------------------------------------------

    def _cycle(self, cycle: Cycle, number: int) -> list[Clock]:
        aims = list(self._aims(cycle))
        if not aims:
            return []
        if not self._terms.from_change or len(aims) == 1 or self._target is TargetKind.ATTENDANCE:
            return [self._clock(cycle, number, aims)]
        found = []
        for place, aim in enumerate(aims):
            last = place + 1 == len(aims)
            until = None if last else aims[place + 1].since
            part = cycle if last and not place else _part(cycle, aim.since if place else None, until)
            found.append(self._clock(part, number, [aim], superseded=not last))
        return found

    def _clock(self, cycle: Cycle, number: int, aims: list[Aim], *, superseded: bool = False) -> Clock:
        now = self._folded.now
        pieces = tuple(self._pieces(cycle))
        aims = self._with_visits(cycle, aims, pieces)
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
            net_elapsed=self._net(pieces),
            stopped=live and self.is_stopped(self._folded.spans[-1]),
            open_now=live and self._work.is_open(now),
            provisional=breached_at is None and self._provisional(cycle),
            superseded=superseded,
            pieces=pieces,
            started_by=cycle.started_by,
            ended_by=cycle.ended_by,
        )

    def _provisional(self, cycle: Cycle) -> bool:
        """Met, but its hop is not closed yet (R13)."""
        lasting = self._target in (TargetKind.RESOLUTION, TargetKind.RESTORATION)
        return lasting and cycle.ended == "met" and not cycle.confirmed

    # -- targets ----------------------------------------------------------------------------------------------------------

    def _aims(self, cycle: Cycle) -> Iterator[Aim]:
        """The targets in force over the cycle, by priority."""
        amounts, end = self._terms.targets[self._target], cycle.ended_at
        before: Aim | None = None
        for at, priority, event in self._folded.priorities:
            if priority not in amounts or (before is not None and end is not None and at >= end):
                continue
            started = cycle.started_at
            aim = Aim(at, amounts[priority], event)
            if before is not None and started is not None and at > started:
                yield before
            before = aim
        if before is not None:
            yield before

    def _with_visits(self, cycle: Cycle, aims: list[Aim], pieces: Sequence[Piece]) -> list[Aim]:
        """A visit that the consumer asked for or moved sets the target of attendance (R35): what had passed when its
        window opens, and the open time from there to its end."""
        if self._target is not TargetKind.ATTENDANCE or not cycle.windows:
            return aims
        found = list(aims)
        for record in self._folded.told.records:
            window = visit_window(record)
            at = self._folded.told.effective[record.id]
            if window is None or record.hop != self._terms.hop or (cycle.ended_at and at >= cycle.ended_at):
                continue
            if record.data.get("by") == "consumer":
                until_then = passed(pieces, window[0], self._work)
                found.append(Aim(at, until_then + self._work.between(*window), record.id))
        return found

    def _breached_at(self, aims: Sequence[Aim], pieces: Sequence[Piece], end: datetime) -> datetime | None:
        """The first moment at which more than the target then in force had passed; no earlier than the change that made
        it so (R17)."""
        for place, aim in enumerate(aims):
            until = aims[place + 1].since if place + 1 < len(aims) else end
            if passed(pieces, until, self._work) > aim.target:
                crossed = used_up(pieces, aim.target, self._work)
                return max(crossed, aim.since) if place else crossed
        return None

    def _due(
        self, cycle: Cycle, pieces: Sequence[Piece], target: timedelta, elapsed: timedelta
    ) -> datetime | None:
        if not cycle.windows:
            return None
        if elapsed >= target:
            return used_up(pieces, target, self._work)
        return self._work.add(cycle.ended_at or self._folded.now, target - elapsed)

    def _net(self, pieces: Sequence[Piece]) -> timedelta:
        """Running time without what was excluded (R19); spans that overlap are left out once."""
        total = NONE
        for piece in pieces:
            if not piece.stopped:
                cuts = [
                    (max(start, piece.start), min(stop, piece.end)) for start, stop in self._folded.exclusions
                ]
                total += piece.open_time - union(cuts, self._work)
        return total

    # -- running and stopped ----------------------------------------------------------------------------------------------

    def _pieces(self, cycle: Cycle) -> Iterator[Piece]:
        for window in cycle.windows:
            end = min(window.end or self._folded.now, self._folded.now)
            for span in self._folded.spans:
                first, last = max(span.start, window.start), min(span.end, end)
                if first < last:
                    yield from self._cut(span, first, last)

    def _cut(self, span: Span, start: datetime, end: datetime) -> Iterator[Piece]:
        """A span as the clock lived it: stopped, running, or stopped only until its request ran out."""
        stopped = self.is_stopped(span)
        until = self._stops_until(span) if stopped else None
        if until is not None and until < end:
            if until > start:
                yield Piece(start, until, self._work.between(start, until), True, span)
            start, stopped = max(start, until), False
        yield Piece(start, end, self._work.between(start, end), stopped, span)

    def is_stopped(self, span: Span) -> bool:
        """R14: stopped if and only if nobody unexcused holds on the provider's side."""
        if self._target is TargetKind.UPDATE:
            return False
        side = [entry for entry in span.entries if self._provides(entry)]
        if side:
            return all(self._is_excused(entry) for entry in side)
        if self._terms.kind is AgreementKind.OLA:
            return True
        return any(hop == self._terms.hop and self._counts(request) for hop, request in span.pending)

    def _provides(self, entry: Entry) -> bool:
        if self._terms.kind is AgreementKind.OLA:
            place = self._folded.chain.places.get(entry.holder)
            return place is not None and place.org == self._terms.provider
        if entry.holder == f"link:{self._terms.hop}":
            return self._terms.starts_on in OWN_LINK
        return entry.holder.removeprefix("link:") in self._provider

    def _is_excused(self, entry: Entry) -> bool:
        return entry.state == "held" and self._counts(entry.request)

    def _counts(self, request: str | None) -> bool:
        if request is None:
            return False
        if request not in self._counted:
            folded, asked = self._folded, self._folded.stops.requests[request]
            found = standing(folded.chain, folded.stops, asked, self._terms, now=folded.now)
            self._counted[request] = found in folded.view.counting
        return self._counted[request]

    def _stops_until(self, span: Span) -> datetime | None:
        """The earliest end among the requests that stop this span."""
        names = {entry.request for entry in span.entries if self._provides(entry)} or {
            request for hop, request in span.pending if hop == self._terms.hop
        }
        ends = []
        for name in names:
            request = self._folded.stops.requests.get(name or "")
            rule = self._terms.stops_for(request.code) if request else None
            end = stops_until(request, rule) if request and rule else None
            if end is not None:
                ends.append(end)
        return min(ends, default=None)

    # -- updates ----------------------------------------------------------------------------------------------------------

    def _updates(self, cycle: Cycle) -> list[Clock]:
        """A public update at least every so often: a cycle for each silence (R13)."""
        aims = list(self._aims(cycle))
        found: list[Clock] = []
        if not aims or not cycle.windows:
            return found
        marks = [cycle.windows[0].start, *cycle.updates]
        for number, start in enumerate(marks, start=1):
            last = number == len(marks)
            end = cycle.ended_at if last else marks[number]
            part = Cycle(windows=[Window(start, end)], ended="met" if end else "", confirmed=True)
            if last and cycle.ended == "cancelled":
                part.ended = cycle.ended
            found.append(self._clock(part, number, [aims[-1]]))
        return found


def _state(cycle: Cycle) -> str:
    if cycle.ended:
        return MET if cycle.ended == "met" else CANCELLED
    return RUNNING if cycle.windows else WAITING


def _part(cycle: Cycle, since: datetime | None, until: datetime | None) -> Cycle:
    """What of a cycle lies between two changes of its target (R17: a new cycle at zero from the change)."""
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
