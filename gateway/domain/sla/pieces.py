"""The stretches a clock has lived, and what can be read from them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from gateway.domain.sla.course import Window
from gateway.domain.sla.ledger import Span
from gateway.domain.sla.standstill import Stand, Stretch
from gateway.domain.sla.terms import NONE
from gateway.domain.worktime import Worktime


class Piece(NamedTuple):
    """A stretch of a clock: `open_time` passed in its calendar, running or stopped, within one span of the ledger."""

    start: datetime
    end: datetime
    open_time: timedelta
    stopped: bool
    span: Span


class Run(NamedTuple):
    """A stretch of a clock, running or stopped, whoever held the ticket meanwhile."""

    start: datetime
    end: datetime
    open_time: timedelta
    stopped: bool


def runs(found: Iterable[Stand], windows: Iterable[Window], until: datetime, work: Worktime) -> Iterator[Run]:
    """What a clock lived within its windows, up to a moment."""
    for window in windows:
        first, last = window.start, window.end
        if last is None or last > until:
            last = until
        for start, end, stopped in found:
            if start >= last:
                break
            if end > first:
                lived = max(start, first), min(end, last)
                yield Run(*lived, work.between(*lived), stopped)


def pieces(
    stretches: Iterable[Stretch], windows: Iterable[Window], until: datetime, work: Worktime
) -> Iterator[Piece]:
    """The same within each span of the ledger."""
    for window in windows:
        end = min(window.end or until, until)
        for stretch in stretches:
            span = stretch.span
            if span.start >= end:
                break
            if span.end > window.start and span.end > span.start:
                yield from cut(stretch, max(span.start, window.start), min(span.end, end), work)


def cut(stretch: Stretch, start: datetime, end: datetime, work: Worktime) -> Iterator[Piece]:
    """A part of a stretch as a clock lived it: stopped, running, or stopped only until its request ran out."""
    span, stopped, until = stretch
    if stopped and until is not None and until < end:
        if until > start:
            yield Piece(start, until, work.between(start, until), True, span)
            start = until
        stopped = False
    yield Piece(start, end, work.between(start, end), stopped, span)


def passed(pieces: Sequence[Piece | Run], until: datetime, work: Worktime) -> timedelta:
    """How much had run by that moment."""
    total = NONE
    for piece in pieces:
        if not piece.stopped and piece.start < until:
            total += piece.open_time if piece.end <= until else work.between(piece.start, until)
    return total


def used_up(pieces: Sequence[Piece | Run], target: timedelta, work: Worktime) -> datetime:
    """The instant at which so much had run. Raises ValueError if less has."""
    left = target
    for piece in pieces:
        if not piece.stopped:
            if piece.open_time >= left:
                return work.add(piece.start, left) if left else piece.start
            left -= piece.open_time
    raise ValueError(f"{left} of {target} has not run")


def union(spans: Iterable[tuple[datetime, datetime]], work: Worktime) -> timedelta:
    """Open time within any of the spans."""
    total, reached = NONE, None
    for start, end in sorted(spans):
        first = start if reached is None else max(start, reached)
        if first < end:
            total += work.between(first, end)
            reached = end
    return total
