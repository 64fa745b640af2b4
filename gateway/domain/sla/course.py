"""The course of each clock (R13): when it starts, when the provider's own statement, a decision or a cancellation ends it,
when a rejection or a reopening lets it run again. Nothing is counted here; `clocks` does."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gateway.domain.sla.reconcile import Reconciled
from gateway.domain.sla.terms import Chain, Record, StartsOn, TargetKind, Terms

_WORKING = frozenset({"in_progress", "pending", "held", "resolved", "acknowledged"})
_CANCELS = frozenset(
    {"assignment.declined", "assignment.returned", "assignment.expired", "assignment.withdrawn"}
)
_AGAIN = frozenset({TargetKind.RESOLUTION, TargetKind.RESTORATION, TargetKind.UPDATE})


@dataclass(slots=True)
class Window:
    """A stretch in which the clock may run; `end` None while it goes on."""

    start: datetime
    end: datetime | None = None


@dataclass(kw_only=True)
class Cycle:
    """One clock from its start to its end, by way of the windows in which it may run. `ended`: `met` or `cancelled`, with
    the event; `confirmed`: its hop was closed after it was met."""

    windows: list[Window] = field(default_factory=list)
    ended: str = ""
    ended_by: str | None = None
    started_by: str | None = None
    confirmed: bool = False
    updates: list[datetime] = field(default_factory=list)

    @property
    def started_at(self) -> datetime | None:
        return self.windows[0].start if self.windows else None

    @property
    def ended_at(self) -> datetime | None:
        """When it last stopped for good; None while it may run."""
        return self.windows[-1].end if self.windows else None


def cycles(chain: Chain, terms: Terms, target: TargetKind, told: Reconciled) -> list[Cycle]:
    """The cycles of one target, the first at least (waiting, if nothing started it yet)."""
    course = _Course(chain, terms, target)
    for record in told.records:
        course.read(record, told.effective[record.id], told.effective)
    return course.cycles


class _Course:
    def __init__(self, chain: Chain, terms: Terms, target: TargetKind) -> None:
        self._terms, self._target = terms, target
        self._top = chain.places[terms.hop].parent is None
        self._tracked = chain.places[terms.hop].tracked
        self.cycles = [Cycle()]
        self._rejected: str | None = None

    def read(self, record: Record, at: datetime, effective: Mapping[str, datetime]) -> None:
        """Take one record in; records come in effective order."""
        cycle = self.cycles[-1]
        if not cycle.windows and not cycle.ended:
            start = self._start(record, at)
            if start is not None:
                cycle.windows.append(Window(start))
                cycle.started_by = record.id
        if record.type == "news.delivered" and record.cause is not None and record.cause == self._rejected:
            self._resume(at)
            self._rejected = None
        if record.hop == self._terms.hop:
            self._at_hop(record, at)

    def _start(self, record: Record, at: datetime) -> datetime | None:
        """When this record starts the clock."""
        on, here = self._terms.starts_on, record.hop == self._terms.hop
        if record.type == "ticket.opened":
            if on is StartsOn.OUTAGE_AT:
                return self._outage(record, at)
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

    def _outage(self, record: Record, at: datetime) -> datetime:
        """The true outage time the consumer states, within its own tolerance (R2); never later than the opening."""
        told = record.data.get("outage_at")
        outage = datetime.fromisoformat(told) if isinstance(told, str) else told
        if outage is None or at - outage > self._terms.outage_tolerance:
            return at
        return min(outage, at)

    def _at_hop(self, record: Record, at: datetime) -> None:
        kind, cycle = record.type, self.cycles[-1]
        if kind == "resolution.rejected":
            self._reject(record, at)
        elif kind == "ticket.reopened":
            self._reopen(record, at)
        elif kind == "status.changed" and record.data.get("status") == "closed" and cycle.ended == "met":
            cycle.confirmed = True
        elif not cycle.ended:
            if self._target is TargetKind.UPDATE and _is_update(record):
                cycle.updates.append(at)
            ending = self._ending(record)
            if ending:
                self._end(ending, record, at)
        elif kind == "status.changed" and record.data.get("status") in ("in_progress", "pending", "held"):
            self._taken_up_again(cycle, at)

    def _taken_up_again(self, cycle: Cycle, at: datetime) -> None:
        """The provider itself goes on with what it had called resolved."""
        if cycle.ended == "met" and self._target in _AGAIN and not cycle.confirmed:
            self._resume(at)

    def _end(self, ending: str, record: Record, at: datetime) -> None:
        cycle = self.cycles[-1]
        cycle.ended, cycle.ended_by = ending, record.id
        cycle.confirmed = record.type == "status.changed" and record.data.get("status") == "closed"
        if cycle.windows:
            cycle.windows[-1].end = max(at, cycle.windows[-1].start)

    def _ending(self, record: Record) -> str:
        """`met` or `cancelled` where this record ends the clock."""
        kind, status = record.type, str(record.data.get("status", ""))
        if kind in _CANCELS:
            decided = kind == "assignment.declined" and self._target is TargetKind.ACCEPTANCE
            return "met" if decided else "cancelled"
        if kind == "status.changed" and status in ("cancelled", "rejected"):
            return "cancelled"
        met = _MEETS[self._target](record, status)
        if met:
            return "met"
        over = kind == "status.changed" and status in ("resolved", "closed")
        return "cancelled" if over else ""

    def _reject(self, record: Record, at: datetime) -> None:
        if self.cycles[-1].ended != "met" or self._target not in _AGAIN:
            return
        travels = self._tracked and self._terms.starts_on in (StartsOn.RECEIVED, StartsOn.ACCEPTED)
        if travels and not self._terms.continuous:
            self._rejected = record.id  # such a clock does not run while the link has the ball
        else:
            self._resume(at)

    def _resume(self, at: datetime) -> None:
        cycle = self.cycles[-1]
        if cycle.ended != "met" or not cycle.windows:
            return
        cycle.ended, cycle.ended_by, cycle.confirmed = "", None, False
        if self._terms.continuous:
            cycle.windows[-1].end = None
        else:
            cycle.windows.append(Window(at))

    def _reopen(self, record: Record, at: datetime) -> None:
        if self._target not in _AGAIN or not self.cycles[-1].ended:
            return
        if self._terms.reopen_resumes:
            cycle = self.cycles[-1]
            cycle.ended, cycle.ended_by, cycle.confirmed = "", None, False
            cycle.windows.append(Window(at))
        else:
            self.cycles.append(Cycle(windows=[Window(at)], started_by=record.id))


def _is_update(record: Record) -> bool:
    """A public update by a person of the provider's side; acknowledgements by machines reset nothing."""
    data = record.data
    told = record.type == "comment.added" and data.get("public") and data.get("by") == "provider"
    return bool(told and not data.get("automatic"))


def _responds(record: Record, status: str) -> bool:
    works = record.type == "status.changed" and status in (
        "in_progress",
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
        if record.type in ("ticket.opened", "priority.changed") and record.data.get("priority"):
            yield told.effective[record.id], str(record.data["priority"]), record.id
