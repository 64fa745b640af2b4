"""What is kept of a ticket's clocks between two folds: which tickets are folded again and when, and what a new fold means
beside what was told before (R4). The clocks themselves are `sla.clocks`; nothing recorded here is read by a fold."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.domain import paging
from gateway.domain.binding import BOUND, REBOUND
from gateway.domain.case import Case
from gateway.domain.imported import is_imported
from gateway.domain.model import Event, HopStatus
from gateway.domain.sla.clocks import BREACHED, MET, RUNNING, WAITING, Clock, Folded
from gateway.domain.sla.stops import Standing, standing, visit_window
from gateway.domain.sla.terms import NONE, Terms
from gateway.domain.warnings import Mark
from gateway.domain.worktime import CalendarError, worktime

OURS = "clock."
"""Begins the types of events that say what clocks came to; no clock is folded from them."""
AT_LEAST = timedelta(days=1)
"""So often the clocks of an open ticket are folded though nothing is known to fall due."""
_MOMENT = timedelta(microseconds=1)


def folded_from(events: Sequence[Event]) -> list[Event]:
    """The events that clocks are folded from."""
    return [event for event in events if not event.type.startswith(OURS)]


def mark(case: Case) -> None:
    """See to it that the clocks of a case are folded after what just happened to it. A ticket that is bound to no
    agreement, and whose priority disturbs nobody, costs nothing; nobody is told of one whose history was imported."""
    happened = folded_from(case.events)
    if not happened or is_imported(case.ticket):
        return
    watched = (
        case.ticket.watched or any(event.type in (BOUND, REBOUND) for event in happened) or _presses(case)
    )
    if watched and (case.ticket.fold_at is None or case.ticket.fold_at > case.now):
        case.put_ticket(watched=True, fold_at=case.now)


def _presses(case: Case) -> bool:
    """Whether somebody is to be called when this is not taken up at once."""
    return bool(case.directory.contacts) and any(
        hop.status is HopStatus.OFFERED and paging.is_top(case, hop) for hop in case.hops.values()
    )


Which = tuple[str, str, str, int]
"""A kept clock within its ticket: agreement, hop, kind of target, the how manieth of these."""


@dataclass(frozen=True, kw_only=True)
class KeptClock:
    """A clock as it was last folded and told. `warned`: the marks (`75%`, `1h`, `breach`) that were told of it."""

    id: str
    org_id: str
    ticket_id: str
    hop_id: str
    agreement: str
    target_kind: str
    place: int
    key: str
    state: str
    elapsed: timedelta
    stopped_time: timedelta
    folded_at: datetime
    sheet: str = ""
    stopped: bool = False
    provisional: bool = False
    target: timedelta | None = None
    started_at: datetime | None = None
    due_at: datetime | None = None
    ended_at: datetime | None = None
    breached_at: datetime | None = None
    ended_by: str | None = None
    due_told_at: datetime | None = None
    needed_by: datetime | None = None
    warned: tuple[str, ...] = ()

    @property
    def which(self) -> Which:
        """Its place within the ticket."""
        return self.agreement, self.hop_id, self.target_kind, self.place


def placed(every: Sequence[Clock]) -> Iterator[tuple[Which, Clock]]:
    """Each clock with its place. Cycles, and targets that a change of priority ended, keep theirs while more are added."""
    counts: dict[tuple[str, str, str], int] = {}
    for clock in every:
        name = (clock.agreement, clock.hop, clock.target_kind.value)
        counts[name] = counts.get(name, 0) + 1
        yield (*name, counts[name]), clock


def figures(clock: Clock) -> dict[str, Any]:
    """What is kept of a clock beside its place."""
    return {
        "key": clock.key,
        "state": clock.state,
        "stopped": clock.stopped,
        "provisional": clock.provisional,
        "target": clock.target,
        "started_at": clock.started_at,
        "due_at": clock.due,
        "ended_at": clock.ended_at,
        "breached_at": clock.breached_at,
        "elapsed": clock.elapsed,
        "stopped_time": clock.stopped_time,
        "ended_by": clock.ended_by,
    }


def restated(before: KeptClock, now: Clock | None) -> dict[str, Any] | None:
    """Old and new where a told breach or met is no longer so (R4): a late fact or a decision changed what had been, and
    nothing that came after it did. None where it stands, or has only gone on."""
    if now is None:
        return _difference(before, {"state": "gone"}) if before.breached_at or before.ended_at else None
    if before.breached_at != now.breached_at and (before.breached_at or _was_met(before, now)):
        return _difference(before, figures(now))
    if before.state == MET and _was_met(before, now):
        changed = (now.state, now.ended_at, now.elapsed) != (before.state, before.ended_at, before.elapsed)
        return _difference(before, figures(now)) if changed else None
    return None


def _was_met(before: KeptClock, now: Clock) -> bool:
    """Whether both speak of the same end. A rejection goes on from it, which is nothing to restate."""
    if before.ended_at is None:
        return False
    return now.ended_by == before.ended_by or (now.ended_at is not None and now.ended_at < before.ended_at)


_TOLD = ("state", "breached_at", "ended_at", "elapsed")


def _difference(before: KeptClock, now: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "clock": before.key,
        "old": {name: _word(getattr(before, name)) for name in _TOLD},
        "new": {name: _word(now.get(name)) for name in _TOLD},
    }


def _word(value: Any) -> str | float | None:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.total_seconds() if isinstance(value, timedelta) else value


# -- when to look again -------------------------------------------------------------------------------------------------------


def next_look(folded: Folded, every: Sequence[Clock], marks: Mapping[str, Sequence[Mark]]) -> datetime | None:
    """The next moment at which a clock may show something else though nothing happens: a warning or the due moment is
    reached, a stop runs out, a period for an answer lapses. `marks`: per agreement and kind of target
    (`code/resolution`), where somebody is warned. None once all is over."""
    live = [clock for clock in every if _is_live(clock)]
    if not live:
        return None
    moments = [at for clock in live for at in _of_clock(folded, clock, marks)]
    moments += [at for terms in folded.chain.agreements for at in _of_stops(folded, terms)]
    if any(clock.ended_at is None for clock in live):
        moments.append(folded.now + AT_LEAST)
    return min((at for at in moments if at > folded.now), default=None)


def _is_live(clock: Clock) -> bool:
    return not clock.superseded and (clock.provisional or clock.ended_at is None) and clock.state in _LIVE


_LIVE = frozenset({WAITING, RUNNING, BREACHED, MET})


def _of_clock(folded: Folded, clock: Clock, marks: Mapping[str, Sequence[Mark]]) -> Iterator[datetime]:
    terms = next(one for one in folded.chain.agreements if (one.id, one.hop) == (clock.agreement, clock.hop))
    if clock.ended_at is not None:
        if terms.confirmation is not None:
            yield clock.ended_at + terms.confirmation
        return
    if clock.stopped or clock.target is None or clock.started_at is None:
        return
    work, now = worktime(terms.calendar_of(clock.target_kind)), folded.now
    for mark in marks.get(f"{clock.agreement}/{clock.target_kind.value}", ()):
        with suppress(CalendarError):  # the calendar has no such moment in sight
            if (at := mark.comes_at(clock, work, now)) is not None:
                yield at
    left = clock.target + _MOMENT - clock.elapsed  # breached as soon as more than the target has run (R18)
    if left > NONE:
        with suppress(CalendarError):
            yield work.add(now, left)


def _of_stops(folded: Folded, terms: Terms) -> Iterator[datetime]:
    """When a stop runs out or begins to count by itself."""
    stretches = folded.stretches(terms)
    if stretches and stretches[-1].until is not None:
        yield stretches[-1].until
    for request in folded.stops.requests.values():
        yield from (at for at in (request.end, request.expected_end) if at is not None)
        if standing(folded.chain, folded.stops, request, terms, now=folded.now) is not Standing.OPEN:
            continue
        if request.delivered_at is not None:
            yield request.delivered_at + terms.review_period
        if terms.dispute_period is not None:
            yield from (one.at + terms.dispute_period for one in folded.stops.decisions.get(request.id, ()))
    for record in folded.told.records:
        window = visit_window(record)
        if window is not None:
            yield window[1] + _MOMENT
            yield window[1] + terms.visit_grace + _MOMENT
