"""A clock as a party to its agreement may see it: its figures, the stages it went through, and what moved its due moment."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.domain.sla.clocks import Clock, Folded
from gateway.domain.sla.pieces import Piece
from gateway.domain.sla.terms import AgreementKind, Chain, Terms
from gateway.domain.timeline.lanes import Cell, cells
from gateway.domain.timeline.shifts import Shift, shifts, stop_of
from gateway.domain.timeline.sight import Sight
from gateway.domain.worktime import CalendarError, worktime

LONGEST = timedelta(days=62)
"""Of longer stretches the closed hours are not drawn: nobody could see them."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A stretch of a clock with the same holders: running or stopped, `open_time` of its calendar, the `sum` that had run
    at its end."""

    start: datetime
    end: datetime
    open_time: timedelta
    stopped: bool
    cells: tuple[Cell, ...]
    sum: timedelta = timedelta()
    code: str = ""
    cause: str | None = None


@dataclass(frozen=True, kw_only=True)
class ClockLine:
    """A clock with the parties of its agreement. `closed`: when its calendar was closed while it ran."""

    clock: Clock
    provider: str
    consumer: str
    kind: str
    calendar: str
    stages: tuple[Stage, ...]
    closed: tuple[tuple[datetime, datetime], ...]
    shifts: tuple[Shift, ...]


def clock_line(
    folded: Folded, terms: Terms, clock: Clock, view: Sight, known: Mapping[str, str]
) -> ClockLine:
    """One clock. `known`: the events that may be named."""
    return ClockLine(
        clock=clock,
        provider=terms.provider,
        consumer=terms.consumer,
        kind=terms.kind.value,
        calendar=terms.calendar_of(clock.target_kind).code,
        stages=tuple(
            replace(one, cause=known.get(one.cause or "")) for one in _stages(folded, terms, clock, view)
        ),
        closed=tuple(_closed(terms, clock)),
        shifts=tuple(replace(one, cause=known.get(one.cause or "")) for one in shifts(folded, terms, clock)),
    )


def _stages(folded: Folded, terms: Terms, clock: Clock, view: Sight) -> Iterator[Stage]:
    """The pieces of a clock, neighbours that differ only in what is hidden joined."""
    last: Stage | None = None
    total = timedelta()
    for piece in clock.pieces:
        total += timedelta() if piece.stopped else piece.open_time
        stage = replace(_stage(folded, terms, piece, view), sum=total)
        if last is not None and _same(last, stage):
            last = replace(last, end=stage.end, open_time=last.open_time + stage.open_time, sum=stage.sum)
            continue
        if last is not None:
            yield last
        last = stage
    if last is not None:
        yield last


def _stage(folded: Folded, terms: Terms, piece: Piece, view: Sight) -> Stage:
    code, request = stop_of(folded, terms, piece) if piece.stopped else ("", None)
    return Stage(
        start=piece.start,
        end=piece.end,
        open_time=piece.open_time,
        stopped=piece.stopped,
        cells=cells(piece.span, view),
        code=code,
        cause=request or piece.span.cause,
    )


def _same(one: Stage, other: Stage) -> bool:
    joined = one.end == other.start and (one.stopped, one.code) == (other.stopped, other.code)
    return joined and one.cells == other.cells


def _closed(terms: Terms, clock: Clock) -> Iterator[tuple[datetime, datetime]]:
    """The time in which the clock ran and its calendar was closed, so that nothing was counted."""
    work = worktime(terms.calendar_of(clock.target_kind))
    for piece in clock.pieces:
        if piece.stopped or piece.end - piece.start > LONGEST or piece.open_time == piece.end - piece.start:
            continue
        try:
            opens = work.spans(piece.start, piece.end)
        except CalendarError:
            continue
        at = piece.start
        for span in opens:
            if span.opens > at:
                yield at, span.opens
            at = max(at, span.closes)
        if at < piece.end:
            yield at, piece.end


def terms_at(chain: Chain, hop: str, agreement: str) -> Terms | None:
    """The terms of an agreement at a hop; of one that another has replaced since, that other one's: the same hop, and so the
    same two parties."""
    here = chain.at(hop)
    same = next((one for one in here if one.id == agreement), None)
    return same or next((one for one in here if one.kind is not AgreementKind.OLA), None)
