"""What passed over a link on a day, counted at both ends: what one end did and what the other end knows of it. Where the two
differ, something is still on its way or was lost, and the ticket is named. A day is a day of UTC, the same for both ends."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from gateway.domain.model import Event, Hop, HopStatus

FIGURES = ("sent", "taken", "refused", "unanswered", "open")
"""Offered, accepted, and declined, returned or expired on the day; offered and without an answer, and not over, at its end."""
_WHAT: Mapping[str, str] = {
    "assignment.offered": "sent",
    "assignment.accepted": "taken",
    "assignment.withdrawn": "withdrawn",
    **dict.fromkeys(("assignment.declined", "assignment.returned", "assignment.expired"), "refused"),
    "resolution.confirmed": "closed",
    **dict.fromkeys(("resolution.rejected", "ticket.reopened"), "reopened"),
}
_FROM_ABOVE = frozenset({"sent", "withdrawn", "closed", "reopened"})
"""What the upstream does, and the downstream is told; the rest is the other way round."""
_ENDS = frozenset({"refused", "withdrawn", "over", "closed"})
_OVER = frozenset({HopStatus.CLOSED, HopStatus.CANCELLED, HopStatus.REJECTED})


@dataclass(frozen=True, kw_only=True)
class Told:
    """Something that happened at one end: when, and whether the other end has been told."""

    what: str
    at: datetime
    known: bool


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A ticket that one end counts in a figure and the other does not."""

    figure: str
    hop: str
    counted_by: str


@dataclass(frozen=True, kw_only=True)
class Totals:
    """The figures of both ends, and where they differ."""

    upstream: Mapping[str, int]
    downstream: Mapping[str, int]
    differences: tuple[Difference, ...]


def bounds(day: date) -> tuple[datetime, datetime]:
    """Its first moment, and the first after it."""
    start = datetime.combine(day, time(), UTC)
    return start, start + timedelta(days=1)


def told(hop: Hop, events: Sequence[Event], waiting: Collection[tuple[str, str]]) -> list[Told]:
    """What happened to an assignment. `waiting`: (event id, hop id) of what was queued of an event at the other end and has not
    got there."""
    mine = [event for event in events if event.hop_id == hop.id]
    confirmed = {event.id for event in mine if event.type == "resolution.confirmed"}
    # What a confirmation closes is the upstream's act, told by the confirmation; the move it causes is no act of the downstream.
    found = [_told(hop, event, waiting) for event in mine if event.cause_id not in confirmed]
    return sorted((one for one in found if one is not None), key=lambda one: one.at)


def _told(hop: Hop, event: Event, waiting: Collection[tuple[str, str]]) -> Told | None:
    what = _what(event)
    if what is None:
        return None
    from_above = what in _FROM_ABOVE
    there = hop.id if from_above else hop.parent_id or ""
    known = hop.remote_id is not None if what == "sent" else (event.id, there) not in waiting
    return Told(what=what, at=event.reported_at or event.observed_at, known=known)


def _what(event: Event) -> str | None:
    if event.type == "status.changed":
        return "over" if event.data.get("to") in _OVER else "again"
    return _WHAT.get(event.type)


def count(every: Mapping[str, Sequence[Told]], day: date) -> Totals:
    """The totals of a day. `every`: hop id → what happened to it."""
    ends: dict[str, dict[str, set[str]]] = {
        end: {figure: set() for figure in FIGURES} for end in ("upstream", "downstream")
    }
    for hop_id, happened in every.items():
        for end, figures in ends.items():
            for figure in _figures(_as_known(happened, end), day):
                figures[figure].add(hop_id)
    return Totals(
        upstream={figure: len(ends["upstream"][figure]) for figure in FIGURES},
        downstream={figure: len(ends["downstream"][figure]) for figure in FIGURES},
        differences=tuple(_differences(ends)),
    )


def _as_known(happened: Iterable[Told], end: str) -> list[Told]:
    """What an end did itself, and what it was told."""
    known = [one for one in happened if one.known or (one.what in _FROM_ABOVE) == (end == "upstream")]
    return known if any(one.what == "sent" for one in known) else []


def _figures(happened: Sequence[Told], day: date) -> Iterator[str]:
    start, end = bounds(day)
    today = {one.what for one in happened if start <= one.at < end}
    yield from (figure for figure in ("sent", "taken", "refused") if figure in today)
    before = [one.what for one in happened if one.at < end]
    if "sent" not in before:
        return
    if not ({"taken"} | _ENDS) & set(before):
        yield "unanswered"
    if before[-1] not in _ENDS:
        yield "open"


def _differences(ends: Mapping[str, Mapping[str, set[str]]]) -> Iterator[Difference]:
    for figure in FIGURES:
        above, below = ends["upstream"][figure], ends["downstream"][figure]
        for hop_id in sorted(above ^ below):
            yield Difference(
                figure=figure, hop=hop_id, counted_by="upstream" if hop_id in above else "downstream"
            )
