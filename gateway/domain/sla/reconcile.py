"""Reconciled time (R1–R4): from what desks report and what we observed, the moment each event took effect, in the one order
in which all folds read them; and where the two disagree beyond what clocks explain."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain.sla.terms import NONE, Chain, Place, Record

CLOCK_SKEW, BEFORE_CAUSE, BACKDATED = "clock_skew", "before_cause", "backdated"
_TERMINAL = frozenset({"resolved", "closed", "cancelled", "rejected"})
_ENDING = frozenset(
    {"assignment.declined", "assignment.expired", "assignment.returned", "assignment.withdrawn"}
)
_MILESTONES = frozenset(
    {"restoration.given", "visit.arrived", "visit.left", "status.changed", "assignment.accepted"}
)


@dataclass(frozen=True, kw_only=True)
class Discrepancy:
    """A report outside the window that its causes and our sightings leave it; `by` is how far."""

    event: str
    kind: str
    reported_at: datetime
    by: timedelta


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A time that a person states for a milestone (R2) beside the report; `used` says which one the clocks take."""

    event: str
    stated_at: datetime
    report: datetime
    used: bool


@dataclass(frozen=True, kw_only=True)
class Reconciled:
    """The records known at a moment in the order in which they took effect, and when each did."""

    records: tuple[Record, ...]
    effective: Mapping[str, datetime]
    discrepancies: tuple[Discrepancy, ...]
    statements: tuple[Statement, ...]


def reconcile(chain: Chain, records: Iterable[Record], *, now: datetime) -> Reconciled:
    """What had been observed by `now`, in effective order (R1–R4). A doubled sighting keeps the earliest."""
    known: dict[str, Record] = {}
    for record in records:
        if record.observed_at <= now:
            before = known.get(record.id)
            if before is None or record.observed_at < before.observed_at:
                known[record.id] = record
    window = _Windows(chain, known)
    effective = {name: window.effective(record) for name, record in known.items()}
    return Reconciled(
        records=_ordered(known, effective, window.causes),
        effective=effective,
        discrepancies=tuple(sorted(window.discrepancies, key=lambda one: (one.reported_at, one.event))),
        statements=tuple(sorted(window.statements, key=lambda one: one.event)),
    )


class _Windows:
    """The earliest and latest moment at which each event can have taken effect."""

    def __init__(self, chain: Chain, known: Mapping[str, Record]) -> None:
        self._chain, self._known = chain, known
        self.causes = self._all_causes()
        self._sighted = self._earliest_sightings()
        self._done: dict[str, datetime] = {}
        self.discrepancies: list[Discrepancy] = []
        self.statements: list[Statement] = []

    def _all_causes(self) -> dict[str, str]:
        """Event → its cause, among what is known. The cause of `accepted` is `received`, not `offered`."""
        received = {one.hop: one.id for one in self._known.values() if one.type == "assignment.received"}
        causes = {}
        for record in self._known.values():
            cause = record.cause
            if record.type == "assignment.accepted" and record.hop in received:
                cause = received[record.hop]
            if cause is not None and cause in self._known and cause != record.id:
                causes[record.id] = cause
        return causes

    def _earliest_sightings(self) -> dict[str, datetime]:
        """The first sighting of each event or of anything it caused."""
        sighted = {name: record.observed_at for name, record in self._known.items()}
        for name, seen in list(sighted.items()):
            cause, hops = self.causes.get(name), 0
            while cause is not None and hops < len(sighted):  # a circle of causes ends somewhere
                sighted[cause] = min(sighted[cause], seen)
                cause, hops = self.causes.get(cause), hops + 1
        return sighted

    def effective(self, record: Record) -> datetime:
        """When it took effect."""
        pending = [record]
        while pending:
            one = pending[-1]
            cause = self._known.get(self.causes.get(one.id, ""))
            if cause is not None and cause.id not in self._done and cause not in pending:
                pending.append(cause)
                continue
            pending.pop()
            if one.id not in self._done:
                self._done[one.id] = self._clamped(one)
        return self._done[record.id]

    def _clamped(self, record: Record) -> datetime:
        place = self._chain.places.get(record.desk or record.hop or "")
        earliest = self._done.get(self.causes.get(record.id, ""))
        kind = BEFORE_CAUSE
        contrary = record.contrary_seen_at
        if contrary is not None and (earliest is None or contrary > earliest):
            earliest, kind = contrary, BACKDATED
        latest = self._sighted[record.id]
        if record.reported_at is None or place is None or not _trusted(place, record):
            return latest if earliest is None else min(max(latest, earliest), latest)
        offset, error = _offset(place, record.observed_at)
        report = record.reported_at - offset
        effective = self._within(record, report, (earliest, latest, kind), max(error, place.granularity))
        if record.stated_at is None or record.type not in _MILESTONES:
            return effective
        return self._stated(record, record.stated_at, effective, earliest)

    def _within(
        self,
        record: Record,
        report: datetime,
        window: tuple[datetime | None, datetime, str],
        tolerance: timedelta,
    ) -> datetime:
        earliest, latest, kind = window
        if report > latest:
            self._disagree(record, CLOCK_SKEW, report - latest, tolerance)
            return latest
        if earliest is not None and report < earliest:
            self._disagree(record, kind, earliest - report, tolerance)
            return min(earliest, latest)
        return report

    def _disagree(self, record: Record, kind: str, by: timedelta, tolerance: timedelta) -> None:
        if by > tolerance and record.reported_at is not None:
            told = Discrepancy(event=record.id, kind=kind, reported_at=record.reported_at, by=by)
            self.discrepancies.append(told)

    def _stated(
        self, record: Record, stated: datetime, report: datetime, earliest: datetime | None
    ) -> datetime:
        """A stated time is used within the smallest tolerance of the agreements at the hop, or once it was accepted."""
        tolerances = [terms.stated_tolerance for terms in self._chain.at(record.hop or "")]
        near = abs(report - stated) <= min(tolerances, default=timedelta(minutes=15))
        agreed = any(
            one.type == "statement.accepted" and one.data.get("event") == record.id
            for one in self._known.values()
        )
        used = (near or agreed) and stated <= report
        self.statements.append(Statement(event=record.id, stated_at=stated, report=report, used=used))
        if not used:
            return report
        return stated if earliest is None else max(stated, earliest)


def _trusted(place: Place, record: Record) -> bool:
    return place.observed_from is None or record.observed_at < place.observed_from


def _offset(place: Place, seen: datetime) -> tuple[timedelta, timedelta]:
    """(offset, error bar) of the last sample taken at or before the sighting; an offset within its error bar counts as
    none (R3)."""
    taken = [sample for sample in place.samples if sample.measured_at <= seen]
    if not taken:
        return NONE, NONE
    last = max(taken, key=lambda sample: sample.measured_at)
    return (last.offset if abs(last.offset) > last.error else NONE), last.error


def is_terminal(record: Record) -> bool:
    """Whether an event ends something: of two at the same instant it is the later one (R4)."""
    return record.type in _ENDING or (
        record.type == "status.changed" and record.data.get("status") in _TERMINAL
    )


def _ordered(
    known: Mapping[str, Record], effective: Mapping[str, datetime], causes: Mapping[str, str]
) -> tuple[Record, ...]:
    """By effective time; equal times by cause, the desk's own sequence, terminal last, id (R4)."""
    ranked = sorted(known.values(), key=lambda one: (effective[one.id], is_terminal(one), one.id))
    done: list[Record] = []
    start = 0
    while start < len(ranked):
        at, stop = effective[ranked[start].id], start + 1
        while stop < len(ranked) and effective[ranked[stop].id] == at:
            stop += 1
        group = ranked[start:stop]
        done += group if len(group) == 1 else _untied(group, causes)
        start = stop
    return tuple(done)


def _untied(group: list[Record], causes: Mapping[str, str]) -> list[Record]:
    """Events of one instant: always the first of those whose cause, and whose desk's earlier entries, are placed."""
    waiting, done = list(group), []
    left = {one.id for one in group}
    while waiting:
        free = next((one for one in waiting if _is_free(one, waiting, left, causes)), waiting[0])
        waiting.remove(free)
        left.discard(free.id)
        done.append(free)
    return done


def _is_free(one: Record, waiting: list[Record], left: set[str], causes: Mapping[str, str]) -> bool:
    if causes.get(one.id) in left:
        return False
    if one.seq is None:
        return True
    return not any(
        other.seq is not None and other.desk == one.desk and other.seq < one.seq for other in waiting
    )
