"""Reconciled time (R1–R4): from what desks report and what we observed, the moment each event took effect, in the one order
in which all folds read them; and where the two disagree beyond what clocks explain."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain.sla.terms import NONE, Chain, Place, Record, Records, Terms, moment
from gateway.domain.worktime.calendar import utc

CLOCK_SKEW, BEFORE_CAUSE, BACKDATED = "clock_skew", "before_cause", "backdated"
_TERMINAL = {"resolved": 1, "closed": 2, "cancelled": 2, "rejected": 2}
GOES = frozenset({"assignment.declined", "assignment.expired", "assignment.returned", "assignment.withdrawn"})
_MILESTONES = frozenset(
    {"restoration.given", "visit.arrived", "visit.left", "status.changed", "assignment.accepted"}
)
_STOPS = ("pending", "held")
HAND_OVER = frozenset({"assignment.offered", "assignment.received", "assignment.accepted"})
AGREED = {"statement.accepted": "event", "stop.accepted": "request", "stop.upheld": "request"}
_TOLERANCE = timedelta(minutes=15)


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
    causes: Mapping[str, str]
    """Event → the event whose effect bounds its own."""
    agreed: frozenset[str]
    """The events whose stated time the other side has accepted."""


def reconcile(chain: Chain, records: Iterable[Record], *, now: datetime, passes: Records = ()) -> Reconciled:
    """What had been observed by `now`, in effective order (R1–R4). A doubled sighting keeps the earliest. `passes`: the
    hand-overs before the records, where these are not all there are."""
    known: dict[str, Record] = {}
    for record in records:
        if record.observed_at <= now:
            before = known.get(record.id)
            if before is None or _is_earlier(record, before):
                known[record.id] = record
    window = _Windows(chain, known, passes)
    window.settle()
    return Reconciled(
        records=_ordered(known, window.done, window.causes),
        effective=window.done,
        discrepancies=tuple(sorted(window.discrepancies, key=lambda one: (one.reported_at, one.event))),
        statements=tuple(sorted(window.statements, key=lambda one: one.event)),
        causes=window.causes,
        agreed=window.agreed,
    )


def _is_earlier(record: Record, before: Record) -> bool:
    if record.observed_at != before.observed_at:
        return record.observed_at < before.observed_at
    return record != before and repr(record) < repr(before)


def agreed_statements(records: Iterable[Record]) -> frozenset[str]:
    """The events whose stated time the other side has accepted (R2)."""
    return frozenset(str(one.data.get(AGREED[one.type], "")) for one in records if one.type in AGREED)


def _is_from_elsewhere(record: Record, known: Mapping[str, Record]) -> bool:
    cause = known.get(record.cause or "")
    return cause is not None and cause.hop != record.hop


def outage_at(terms: Terms, opened: Record, told: Reconciled) -> datetime:
    """The true outage time that the consumer states, within its own tolerance or once the provider has accepted it (R2);
    never later than the opening."""
    at, outage = told.effective[opened.id], moment(opened.data.get("outage_at"))
    if outage is None:
        return at
    far = at - outage > terms.outage_tolerance
    return at if far and opened.id not in told.agreed else min(outage, at)


class _Windows:
    """The earliest and latest moment at which each event can have taken effect."""

    def __init__(self, chain: Chain, known: Mapping[str, Record], passes: Records) -> None:
        self._chain, self._known = chain, known
        self.causes = self._all_causes(passes)
        self.agreed = agreed_statements(known.values())
        self._sighted = self._earliest_sightings()
        self.done: dict[str, datetime] = {}
        self.discrepancies: list[Discrepancy] = []
        self.statements: list[Statement] = []

    def _all_causes(self, earlier: Records) -> dict[str, str]:
        """Event → its cause, among what is known. The cause of `accepted` is `received`, not `offered`; one that followed
        from something done at another hop (who hands on has accepted) keeps that."""
        known = self._known
        causes = {
            name: one.cause
            for name, one in known.items()
            if one.cause is not None and one.cause in known and one.cause != name
        }
        passes = [one for one in known.values() if one.type in HAND_OVER]
        for record in passes:
            if record.type == "assignment.accepted" and not _is_from_elsewhere(record, known):
                found = received(record, [*earlier, *passes])
                if found is not None and found.id in known:
                    causes[record.id] = found.id
                elif found is not None:
                    causes.pop(record.id, None)
        return causes

    def _earliest_sightings(self) -> dict[str, datetime]:
        """The first sighting of each event or of anything it caused."""
        sighted = {name: utc(record.observed_at) for name, record in self._known.items()}
        for name in self.causes:
            seen, cause = sighted[name], self.causes.get(name)
            while cause is not None and sighted[cause] > seen:
                sighted[cause] = seen
                cause = self.causes.get(cause)
        return sighted

    def settle(self) -> None:
        """When each event took effect, causes first."""
        for name, record in self._known.items():
            if name not in self.done:
                cause = self.causes.get(name)
                way = [record] if cause is None or cause in self.done else self._way(record)
                for one in reversed(way):
                    self.done[one.id] = self._clamped(one)

    def _way(self, record: Record) -> list[Record]:
        """The record and the causes behind it that are not settled yet. What cannot be, a circle, is cut at the same place
        wherever one enters it."""
        way = [record]
        while True:
            cause = self.causes.get(way[-1].id)
            if cause is None or cause in self.done:
                return way
            before = self._known[cause]
            if before in way:
                del self.causes[min(one.id for one in way[way.index(before) :])]
                way = [record]
            else:
                way.append(before)

    def _clamped(self, record: Record) -> datetime:
        cause = self.causes.get(record.id)
        earliest, kind = self.done.get(cause) if cause is not None else None, BEFORE_CAUSE
        if record.contrary_seen_at is not None:
            contrary = utc(record.contrary_seen_at)
            if earliest is None or contrary > earliest:
                earliest, kind = contrary, BACKDATED
        effective = latest = self._sighted[record.id]
        place = self._chain.places.get(record.desk or record.hop or "")
        if record.reported_at is not None and place is not None and _trusted(place, record):
            offset, error = _offset(place, record.observed_at) if place.samples else (NONE, NONE)
            effective = utc(record.reported_at) - offset if offset else utc(record.reported_at)
            if effective > latest:
                self._disagree(record, CLOCK_SKEW, effective - latest, max(error, place.granularity))
                effective = latest
            elif earliest is not None and effective < earliest:
                self._disagree(record, kind, earliest - effective, max(error, place.granularity))
                effective = min(earliest, latest)
        if record.stated_at is None or not _is_milestone(record):
            return effective
        stated = utc(record.stated_at)
        if not self._is_used(record, stated, effective):
            return effective
        return min(stated if earliest is None else max(stated, earliest), latest)

    def _disagree(self, record: Record, kind: str, by: timedelta, tolerance: timedelta) -> None:
        if by > tolerance and record.reported_at is not None:
            told = Discrepancy(event=record.id, kind=kind, reported_at=record.reported_at, by=by)
            self.discrepancies.append(told)

    def _is_used(self, record: Record, stated: datetime, report: datetime) -> bool:
        """A stated time is used within the smallest tolerance of the agreements at the hop, or once it was accepted."""
        tolerances = [terms.stated_tolerance for terms in self._chain.at(record.hop or "")]
        near = abs(report - stated) <= min(tolerances, default=_TOLERANCE)
        used = near or record.id in self.agreed
        self.statements.append(Statement(event=record.id, stated_at=stated, report=report, used=used))
        return used


def received(accepted: Record, passes: Sequence[Record]) -> Record | None:
    """The receipt that an acceptance answers: of the offer it names, else the nearest one seen since the last offer."""
    passes = [one for one in passes if one.hop == accepted.hop]
    receipts = [one for one in passes if one.type == "assignment.received"]
    named = [one for one in receipts if accepted.cause is not None and accepted.cause in (one.id, one.cause)]
    if named or not receipts:
        return max(named, key=lambda one: (one.observed_at, one.id), default=None)
    offers = [one.observed_at for one in passes if one.type == "assignment.offered"]
    last = _tries(offers, accepted)
    same = [one for one in receipts if _tries(offers, one) == last]
    before = [one for one in same if one.observed_at <= accepted.observed_at]
    if before:
        return max(before, key=lambda one: (one.observed_at, one.id))
    return min(same, key=lambda one: (one.observed_at, one.id), default=None)


def _tries(offers: Sequence[datetime], record: Record) -> int:
    return sum(offered <= record.observed_at for offered in offers)


def _is_milestone(record: Record) -> bool:
    return record.type in _MILESTONES and record.data.get("status") not in _STOPS


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


def _finality(record: Record) -> int:
    """Of two events at the same instant, what ends something is the later one, and a close comes after a resolution (R4)."""
    if record.type == "status.changed":
        return _TERMINAL.get(str(record.data.get("status")), 0)
    return 2 if record.type in GOES else 0


def _ordered(
    known: Mapping[str, Record], effective: Mapping[str, datetime], causes: Mapping[str, str]
) -> tuple[Record, ...]:
    """By effective time; equal times by cause, the desk's own sequence, terminal last, id (R4)."""
    if len(set(effective.values())) == len(known):
        return tuple([known[name] for name in sorted(known, key=effective.__getitem__)])
    ranked = sorted(known.values(), key=lambda one: (effective[one.id], _finality(one), one.id))
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
        other.seq is not None and (other.desk or other.hop) == (one.desk or one.hop) and other.seq < one.seq
        for other in waiting
    )
