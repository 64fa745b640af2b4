"""Why a due moment is where it is: every stop and every change of the target moved it, from where to where, because of which
event (R17, R18)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from gateway.domain.sla.clocks import Clock, Folded
from gateway.domain.sla.pieces import Piece, passed
from gateway.domain.sla.terms import NONE, TargetKind, Terms
from gateway.domain.worktime import CalendarError, Worktime, in_open_time, worktime

STOPPED, RESUMED, PRIORITY, VISIT = "stopped", "resumed", "priority", "visit"


@dataclass(frozen=True, kw_only=True)
class Shift:
    """The due moment moved at `at` from `before` to `after`. `why`: `stopped` (up to `until`, by open time `by`), `resumed`
    (what was stated at `at` was rejected or taken back, and nothing counted up to `until`), `priority` or `visit`; `code` is
    the reason of the stop, "" where others had the ticket, or the new priority; `cause` the event."""

    at: datetime
    why: str
    before: datetime | None
    after: datetime | None
    cause: str | None
    code: str = ""
    until: datetime | None = None
    by: timedelta = NONE


class _Target(NamedTuple):
    """A target in force from `since` on; None from the start."""

    since: datetime | None
    amount: timedelta
    priority: str
    cause: str | None


def shifts(folded: Folded, terms: Terms, clock: Clock) -> tuple[Shift, ...]:
    """What moved the due moment of a clock, in order."""
    if not clock.pieces or clock.target is None or clock.started_at is None:
        return ()
    work = worktime(terms.calendar_of(clock.target_kind))
    targets = list(_targets(folded, terms, clock, work))
    if targets[-1].amount != clock.target and clock.target_kind is not TargetKind.ATTENDANCE:
        return ()  # it ended under terms that others have replaced since: what moved it then cannot be told from these
    found = [*_stops(folded, terms, clock, targets, work), *_changes(clock, targets, work)]
    found += [*_gaps(clock, targets, work, folded.now), *_visit(folded, clock, targets)]
    return tuple(sorted(found, key=lambda one: (one.at, one.why != PRIORITY)))


def _targets(folded: Folded, terms: Terms, clock: Clock, work: Worktime) -> Iterator[_Target]:
    """The targets in force, by priority. One that began anew at a change (R17) has only one."""
    amounts, start = terms.targets[clock.target_kind], clock.started_at or folded.now
    known = [one for one in folded.priorities if one[1] in amounts]
    if terms.from_change or not known:
        yield _Target(None, clock.target or NONE, known[-1][1] if known else "", None)
        return
    end = clock.ended_at or folded.now
    first = max((place for place, one in enumerate(known) if one[0] <= start), default=0)
    for place, (at, priority, cause) in enumerate(known[first:]):
        if place == 0 or at < end:
            yield _Target(
                at if place else None, in_open_time(amounts[priority], work, start), priority, cause
            )


def _in_force(targets: Sequence[_Target], at: datetime) -> timedelta:
    return [one.amount for one in targets if one.since is None or one.since <= at][-1]


def _due(work: Worktime, at: datetime, left: timedelta) -> datetime | None:
    try:
        return work.add(at, left) if left > NONE else at
    except CalendarError:
        return None


def stop_of(folded: Folded, terms: Terms, piece: Piece) -> tuple[str, str | None]:
    """The reason that stops an agreement's clock in a piece, the first that the agreement names, and the request behind it."""
    names = [entry.request for entry in piece.span.entries]
    names += [request for hop, request in piece.span.pending if hop == terms.hop]
    for name in names:
        asked = folded.stops.requests.get(name or "")
        if asked is not None and terms.stops_for(asked.code, asked.own_code) is not None:
            return asked.code, asked.id
    return "", None


def _stops(
    folded: Folded, terms: Terms, clock: Clock, targets: Sequence[_Target], work: Worktime
) -> Iterator[Shift]:
    """Each stretch in which the clock stood still; one that the ledger tells in several spans is one."""
    ran, last, changed = NONE, None, {one.since for one in targets}
    for piece in _cut_at_changes(clock, targets, work):
        if not piece.stopped:
            ran += piece.open_time
            if last is not None:
                yield last
                last = None
            continue
        code, request = stop_of(folded, terms, piece)
        left = _in_force(targets, piece.start) - ran
        if left < NONE or not piece.open_time:
            continue
        if (
            last is not None
            and last.code == code
            and last.until == piece.start
            and piece.start not in changed
        ):
            after = _due(work, piece.end, left)
            last = replace(last, until=piece.end, after=after, by=last.by + piece.open_time)
            continue
        if last is not None:
            yield last
        last = Shift(
            at=piece.start,
            until=piece.end,
            why=STOPPED,
            code=code,
            before=_due(work, piece.start, left),
            after=_due(work, piece.end, left),
            by=piece.open_time,
            cause=request or piece.span.cause,
        )
    if last is not None:
        yield last


def _gaps(clock: Clock, targets: Sequence[_Target], work: Worktime, now: datetime) -> Iterator[Shift]:
    """The time between a statement and its rejection, or a close and a reopening that resumes: it does not count (R13). One
    that resumed only to end at the same moment has no piece there."""
    ran = NONE
    begins = [(after.start, after.span.cause) for after in clock.pieces[1:]]
    begins.append((clock.ended_at or now, clock.ended_by))
    for piece, (start, cause) in zip(clock.pieces, begins, strict=True):
        ran += NONE if piece.stopped else piece.open_time
        left = _in_force(targets, piece.end) - ran
        by = work.between(piece.end, start) if start > piece.end else NONE
        if by and left >= NONE:
            yield Shift(
                at=piece.end,
                until=start,
                why=RESUMED,
                before=_due(work, piece.end, left),
                after=_due(work, start, left),
                by=by,
                cause=cause,
            )


def _cut_at_changes(clock: Clock, targets: Sequence[_Target], work: Worktime) -> Iterator[Piece]:
    """The pieces, cut where the target changed within one: a stop moves the due moment of the target in force."""
    for piece in clock.pieces:
        start = piece.start
        for at in (one.since for one in targets if one.since is not None and start < one.since < piece.end):
            yield piece._replace(start=start, end=at, open_time=work.between(start, at))
            start = at
        yield piece._replace(start=start, open_time=work.between(start, piece.end))


def _changes(clock: Clock, targets: Sequence[_Target], work: Worktime) -> Iterator[Shift]:
    """Each change of the priority: elapsed time and earned stops are kept, the target is another (R17)."""
    for old, new in pairwise(targets):
        if new.since is not None and new.amount != old.amount:
            ran = passed(clock.pieces, new.since, work)
            yield Shift(
                at=new.since,
                why=PRIORITY,
                code=new.priority,
                before=_due(work, new.since, old.amount - ran),
                after=_due(work, new.since, new.amount - ran),
                cause=new.cause,
            )


def _visit(folded: Folded, clock: Clock, targets: Sequence[_Target]) -> Iterator[Shift]:
    """A visit that was agreed on sets the target of attendance from then on (R35)."""
    if clock.target_kind is not TargetKind.ATTENDANCE or clock.target == targets[-1].amount:
        return
    agreed = [
        one
        for one in folded.told.records
        if one.hop == clock.hop and one.type in ("visit.proposed", "visit.moved")
    ]
    if agreed:
        at = folded.told.effective[agreed[-1].id]
        yield Shift(at=at, why=VISIT, before=None, after=clock.due, cause=agreed[-1].id)
