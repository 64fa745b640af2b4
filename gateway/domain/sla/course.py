"""The course of each clock (R13): when it starts, when the provider's own statement, a decision or a cancellation ends it,
when a rejection or a reopening lets it run again. Nothing is counted here; `clocks` does."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from gateway.domain.sla.reconcile import GOES, Reconciled, outage_at
from gateway.domain.sla.terms import OWN_LINK, Chain, EndsOn, Record, StartsOn, TargetKind, Terms

_WORKING = frozenset({"in_progress", "pending", "held", "resolved", "acknowledged"})
_GOES_ON = frozenset({"in_progress", "pending", "held", "acknowledged"})
_DECIDED = ("assignment.declined", "assignment.returned")
AGAIN = frozenset({TargetKind.RESOLUTION, TargetKind.RESTORATION, TargetKind.UPDATE})
_EVERYWHERE = frozenset({"ticket.opened", "news.delivered"})
_NO_MATTER = frozenset(
    {"pending.answered", "priority.changed", "stop.requested", "exclusion.added", "work.logged"}
)
_RESOLVED, _CLOSED = "resolved", "closed"


@dataclass(slots=True)
class Window:
    """A stretch in which the clock may run; `end` None while it goes on."""

    start: datetime
    end: datetime | None = None


@dataclass(kw_only=True, slots=True)
class Cycle:
    """One clock from its start to its end, by way of the windows in which it may run. `ended`: `met` or `cancelled`, with
    the event; `confirmed`: its hop was closed after it was met."""

    windows: list[Window] = field(default_factory=list)
    ended: str = ""
    ended_by: str | None = None
    started_by: str | None = None
    confirmed: bool = False
    by_statement: bool = False
    """A resolution ended it, or the arrival of its news, rather than a statement of its own."""
    updates: list[datetime] = field(default_factory=list)

    @property
    def started_at(self) -> datetime | None:
        return self.windows[0].start if self.windows else None

    @property
    def ended_at(self) -> datetime | None:
        """When it last stopped for good; None while it may run."""
        return self.windows[-1].end if self.windows else None


@dataclass(kw_only=True, slots=True)
class Progress:
    """How far the clocks of one target have come. `over`: how the hop stands, `resolved` or `closed`; `gone`: it gave the
    ticket back or lost it. A `rejected` or a `stated` record has effect once its news has crossed the link."""

    cycles: list[Cycle] = field(default_factory=lambda: [Cycle()])
    over: str = ""
    gone: bool = False
    rejected: str | None = None
    stated: str | None = None

    def copied(self) -> "Progress":
        """One that can go on by itself."""
        return replace(self, cycles=[_copied(cycle) for cycle in self.cycles])


def _copied(cycle: Cycle) -> Cycle:
    windows = [Window(one.start, one.end) for one in cycle.windows]
    return replace(cycle, windows=windows, updates=list(cycle.updates))


def relevant(terms: Terms, told: Reconciled) -> Sequence[Record]:
    """The records from which the clocks of an agreement take their course."""
    hop = terms.hop
    return [
        one
        for one in told.records
        if one.type in _EVERYWHERE or (one.hop == hop and one.type not in _NO_MATTER)
    ]


class Course:
    """Leads the clocks of one target from record to record. `progress` has a cycle at least: it waits, if nothing started
    it yet."""

    def __init__(
        self, chain: Chain, terms: Terms, target: TargetKind, so_far: Progress | None = None
    ) -> None:
        self._terms, self._target = terms, target
        place = chain.places[terms.hop]
        self._top, self._tracked = place.parent is None, place.parent is not None and place.tracked
        self._starts_on = _begins(terms, target)
        self._ends_on = terms.ends_on.get(target, EndsOn.STATED)
        self._meets = _MEETS[target]
        self.progress = Progress() if so_far is None else so_far.copied()
        self._cycles = self.progress.cycles

    def read(self, record: Record, told: Reconciled) -> None:
        """Take one record in; records come in effective order."""
        at, progress = told.effective[record.id], self.progress
        here = record.hop == self._terms.hop
        if progress.gone:
            if here and record.type == "assignment.offered":
                self._again_offered(record, at)
            return
        cycle = self._cycles[-1]
        if not cycle.windows and not cycle.ended:
            start = self._start(record, told)
            if start is not None:
                cycle.windows.append(Window(start))
                cycle.started_by = record.id
        if here and (not cycle.ended or self._matters_after_end(record)):
            self._at_hop(record, at)
        if record.type == "news.delivered" and record.cause is not None:
            self._delivered(record, at)

    def _matters_after_end(self, record: Record) -> bool:
        """Most clocks end once and for all: then only a confirmation or the loss of the ticket matters."""
        if self._target in AGAIN or record.type != "status.changed":
            return self._target in AGAIN or record.type in GOES
        return record.data.get("status") == _CLOSED

    def _again_offered(self, record: Record, at: datetime) -> None:
        """A hop that had given the ticket back, or lost it, gets it again: a hand-over of its own."""
        self.progress.gone, self.progress.over = False, ""
        begins = self._terms.starts_on in OWN_LINK
        self._cycles.append(Cycle(windows=[Window(at)], started_by=record.id) if begins else Cycle())

    def _start(self, record: Record, told: Reconciled) -> datetime | None:
        """When this record starts the clock."""
        at = told.effective[record.id]
        on, here = self._starts_on, record.hop == self._terms.hop
        if record.type == "ticket.opened":
            if on is StartsOn.OUTAGE_AT:
                return outage_at(self._terms, record, told)
            return at if on is StartsOn.OPENED or (self._top and on is not StartsOn.ACCEPTED) else None
        if not here:
            return None
        if on is StartsOn.HANDED_OVER:
            return at if record.type == "assignment.offered" else None
        works = record.type == "assignment.accepted" or (
            record.type == "status.changed" and record.data.get("status") in _WORKING
        )
        received = on is StartsOn.RECEIVED and record.type == "assignment.received"
        return at if received or (works and on in (StartsOn.RECEIVED, StartsOn.ACCEPTED)) else None

    def _delivered(self, record: Record, at: datetime) -> None:
        if record.cause == self.progress.rejected:
            self._resume(at)
        elif record.cause == self.progress.stated and not self._cycles[-1].ended:
            self._end("met", record, at)

    def _at_hop(self, record: Record, at: datetime) -> None:
        kind, cycle = record.type, self._cycles[-1]
        status = str(record.data.get("status", "")) if kind == "status.changed" else ""
        if kind == "resolution.rejected":
            self._reject(record, at)
        elif kind == "ticket.reopened" or (status in _GOES_ON and self.progress.over):
            self._goes_on(record, at)
        if not cycle.ended:
            if self._target is TargetKind.UPDATE and cycle.windows and _is_update(record):
                cycle.updates.append(at)
            ending = self._ending(record, status)
            if ending:
                self._end(ending, record, at)
        elif status == _CLOSED and cycle.ended == "met":
            cycle.confirmed = True
        if status:
            self.progress.over = _OVER.get(status, "")
        if self.progress.over:
            self.progress.rejected = None
        self.progress.gone = kind in GOES

    def _goes_on(self, record: Record, at: datetime) -> None:
        """What was closed is opened again; or the provider itself goes on with what it had called resolved."""
        if self.progress.over == _CLOSED:
            self._reopen(record, at)
        elif self.progress.rejected is not None or (
            self.progress.over == _RESOLVED and self._ended_with_status()
        ):
            self._resume(at)
        self.progress.over = ""

    def _ended_with_status(self) -> bool:
        """Whether a resolution ended the clock, rather than a statement of its own."""
        return self._cycles[-1].by_statement

    def _end(self, ending: str, record: Record, at: datetime) -> None:
        cycle = self._cycles[-1]
        cycle.ended, cycle.ended_by = ending, record.id
        cycle.by_statement = record.type in ("status.changed", "news.delivered")
        cycle.confirmed = record.type == "status.changed" and record.data.get("status") == _CLOSED
        self.progress.stated = None
        if cycle.windows:
            cycle.windows[-1].end = max(at, cycle.windows[-1].start)

    def _ending(self, record: Record, status: str) -> str:
        """`met` or `cancelled` where this record ends the clock."""
        kind = record.type
        if kind in GOES:
            decided = kind in _DECIDED and self._target is TargetKind.ACCEPTANCE
            return "met" if decided else "cancelled"
        if status in ("cancelled", "rejected"):
            return "cancelled"
        if self._meets(record, status):
            return "met" if self._is_final(record, status) else ""
        return "cancelled" if status in (_RESOLVED, _CLOSED) else ""

    def _is_final(self, record: Record, status: str) -> bool:
        """Whether the provider's statement stops the clock at once (R13: stated, delivered, confirmed)."""
        if status == _CLOSED or self._ends_on is EndsOn.STATED:
            return True
        self.progress.stated = record.id if self._ends_on is EndsOn.DELIVERED else None
        return self._ends_on is EndsOn.DELIVERED and not self._tracked

    def _reject(self, record: Record, at: datetime) -> None:
        self.progress.stated = None
        cycle = self._cycles[-1]
        named = record.cause is not None and record.cause == cycle.ended_by
        if not named and (self.progress.over != _RESOLVED or not self._ended_with_status()):
            return
        self.progress.over = ""
        travels = self._tracked and self._terms.starts_on not in OWN_LINK
        if travels and not self._terms.continuous:
            self.progress.rejected = record.id  # such a clock does not run while the link has the ball
        else:
            self._resume(at)

    def _resume(self, at: datetime) -> None:
        cycle, self.progress.rejected = self._cycles[-1], None
        if cycle.ended != "met" or not cycle.windows or self._target not in AGAIN:
            return
        _let_run(cycle)
        if self._terms.continuous:
            cycle.windows[-1].end = None
        else:
            cycle.windows.append(Window(at))

    def _reopen(self, record: Record, at: datetime) -> None:
        if self._target not in AGAIN or not self._cycles[-1].ended:
            return
        if self._terms.reopen_resumes:
            cycle = self._cycles[-1]
            _let_run(cycle)
            cycle.windows.append(Window(at))
        else:
            self._cycles.append(Cycle(windows=[Window(at)], started_by=record.id))


def _begins(terms: Terms, target: TargetKind) -> StartsOn:
    """When a target starts: acceptance cannot wait for the acceptance it measures, and runs from the arrival."""
    waits = target is TargetKind.ACCEPTANCE and terms.starts_on is StartsOn.ACCEPTED
    return StartsOn.RECEIVED if waits else terms.starts_on


_OVER = {"resolved": _RESOLVED, "closed": _CLOSED, "cancelled": _CLOSED, "rejected": _CLOSED}


def _let_run(cycle: Cycle) -> None:
    cycle.ended, cycle.ended_by, cycle.confirmed, cycle.by_statement = "", None, False, False


def _is_update(record: Record) -> bool:
    """A public update by a person of the provider's side: said here, or below and arrived here. Acknowledgements by
    machines reset nothing."""
    data = record.data
    said = record.type in ("comment.added", "news.delivered")
    told = said and data.get("public") and data.get("by") == "provider"
    return bool(told and not data.get("automatic"))


def _responds(record: Record, status: str) -> bool:
    works = record.type == "status.changed" and status in (
        "in_progress",
        "acknowledged",
        "pending",
        "held",
        "resolved",
        "closed",
    )
    return (works and not record.data.get("automatic")) or _is_update(record)


def _accepts(record: Record, status: str) -> bool:
    works = record.type == "status.changed" and status in _WORKING
    return record.type == "assignment.accepted" or works


def _comes(record: Record, _status: str) -> bool:
    return record.type == "visit.arrived"


def _resolves(record: Record, status: str) -> bool:
    return record.type == "status.changed" and status in ("resolved", "closed")


def _restores(record: Record, status: str) -> bool:
    return record.type == "restoration.given" or _resolves(record, status)


_MEETS: Mapping[TargetKind, Callable[[Record, str], bool]] = {
    TargetKind.RESPONSE: _responds,
    TargetKind.ACCEPTANCE: _accepts,
    TargetKind.ATTENDANCE: _comes,
    TargetKind.RESTORATION: _restores,
    TargetKind.RESOLUTION: _resolves,
    TargetKind.UPDATE: _resolves,
}


def priorities(told: Reconciled) -> Iterator[tuple[datetime, str, str]]:
    """(from when, priority, event): the consumer's, as agreed (R17)."""
    for record in told.records:
        if record.type not in ("ticket.opened", "priority.changed") or not record.data.get("priority"):
            continue
        if record.data.get("agreed", True):
            yield told.effective[record.id], str(record.data["priority"]), record.id


def part_of(cycle: Cycle, since: datetime | None, until: datetime | None) -> Cycle:
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
        return Cycle(windows=windows, ended="cancelled", started_by=cycle.started_by)
    ended: dict[str, Any] = {"ended": cycle.ended, "ended_by": cycle.ended_by, "confirmed": cycle.confirmed}
    return Cycle(windows=windows, started_by=cycle.started_by, **ended)
