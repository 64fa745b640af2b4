"""The stretches a clock has lived, and what can be read from them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from gateway.domain.sla.ledger import Span
from gateway.domain.sla.standstill import Stretch
from gateway.domain.sla.terms import NONE
from gateway.domain.worktime import Worktime


class Piece(NamedTuple):
    """A stretch of a clock: `open_time` passed in its calendar, running or stopped, within one span of the ledger."""

    start: datetime
    end: datetime
    open_time: timedelta
    stopped: bool
    span: Span


def cut(stretch: Stretch, start: datetime, end: datetime, work: Worktime) -> Iterator[Piece]:
    """A part of a stretch as a clock lived it: stopped, running, or stopped only until its request ran out."""
    span, stopped, until = stretch
    if stopped and until is not None and until < end:
        if until > start:
            yield Piece(start, until, work.between(start, until), True, span)
            start = until
        stopped = False
    yield Piece(start, end, work.between(start, end), stopped, span)


def passed(pieces: Sequence[Piece], until: datetime, work: Worktime) -> timedelta:
    """How much had run by that moment."""
    total = NONE
    for piece in pieces:
        if not piece.stopped and piece.start < until:
            total += piece.open_time if piece.end <= until else work.between(piece.start, until)
    return total


def used_up(pieces: Sequence[Piece], target: timedelta, work: Worktime) -> datetime:
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
