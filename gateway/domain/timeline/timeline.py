"""One ticket's timeline: what `lanes` and `clocklines` make of it, from the moment on at which the case begins for the viewer
up to the moment at which it ends for them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.sla.clocks import Clock, Folded
from gateway.domain.sla.ledger import Span
from gateway.domain.sla.reconcile import GOES
from gateway.domain.timeline.clocklines import ClockLine, clock_line, terms_at
from gateway.domain.timeline.lanes import Bar, Happening, Row, bars, happenings, named, rows
from gateway.domain.timeline.sight import Lane, Sight, sight

_OVER = frozenset({"closed", "cancelled", "rejected"})
_AGAIN = frozenset({"status.changed", "assignment.offered", "assignment.received", "ticket.reopened"})


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """A ticket as of `now`, as one party sees it: nothing before `start`, nothing after `end`."""

    ticket_id: str
    org: str | None
    start: datetime
    end: datetime
    now: datetime
    lanes: tuple[Lane, ...]
    rows: tuple[Row, ...]
    bars: tuple[Bar, ...]
    events: tuple[Happening, ...]
    clocks: tuple[ClockLine, ...]
    numbers: Mapping[str, str]
    """Hop → its number at its desk, of the hops that are one's own."""
    closed: bool = False
    """The case is closed, as far as this party may know."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come for this viewer."""
        return self.end < self.now


def timeline(
    ticket_id: str, folded: Folded, clocks: Sequence[Clock], org: str | None, numbers: Mapping[str, str]
) -> Timeline | None:
    """The timeline as an organization (None: the operator) may see it; None where the ticket is none of its business or
    nothing of it was known by then."""
    view = sight(folded.chain, org, tuple(folded.order))
    if view is None or not folded.spans:
        return None
    start, end = _begins(folded, view), _ends(folded, view)
    if start is None:
        return None
    events = happenings(folded, view, start, end)
    known = named(folded, events)
    spans = [_within(span, start, end) for span in folded.spans if span.end > start and span.start < end]
    found = rows(folded, [span for span in spans if span.start < span.end and span.entries], view, known)
    return Timeline(
        ticket_id=ticket_id,
        org=org,
        start=start,
        end=end,
        now=folded.now,
        lanes=view.lanes,
        rows=found,
        bars=bars(found),
        events=events,
        clocks=tuple(_clock_lines(folded, clocks, view, known)),
        numbers={hop: number for hop, number in numbers.items() if hop in view.own},
        closed=view.from_the_beginning and end < folded.now,
    )


def _clock_lines(
    folded: Folded, clocks: Sequence[Clock], view: Sight, known: Mapping[str, str]
) -> Iterator[ClockLine]:
    for clock in clocks:
        terms = terms_at(folded.chain, clock.hop, clock.agreement)
        if terms is not None and view.is_party(terms):
            yield clock_line(folded, terms, clock, view, known)


def _begins(folded: Folded, view: Sight) -> datetime | None:
    """The beginning of the case; for a party further down its own first hop's."""
    if view.from_the_beginning:
        return folded.spans[0].start
    told = folded.told
    mine = [told.effective[one.id] for one in told.records if one.hop in view.own]
    return min(mine, default=None)


def _ends(folded: Folded, view: Sight) -> datetime:
    """Now; for a party whose hops are all over the moment at which they were: what came after is not its business."""
    if view.from_the_beginning:
        return _closed_at(folded)
    over = {hop: _over_at(folded, hop) for hop in view.own}
    known = [at for at in over.values() if at is not None]
    return max(known) if len(known) == len(over) else folded.now


def _over_at(folded: Folded, hop: str) -> datetime | None:
    """When a hop was last closed or went back; None while it is open."""
    found = None
    for record in folded.told.records:
        if record.hop != hop:
            continue
        if record.type in GOES or (record.type == "status.changed" and record.data.get("status") in _OVER):
            found = folded.told.effective[record.id]
        elif record.type in _AGAIN:
            found = None
    return found


def _closed_at(folded: Folded) -> datetime:
    """The end of the ledger: the last close, or now."""
    held = [span.end for span in folded.spans if span.entries]
    return held[-1] if held else folded.now


def _within(span: Span, start: datetime, end: datetime) -> Span:
    return span._replace(start=max(span.start, start), end=min(span.end, end))
