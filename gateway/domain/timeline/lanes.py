"""The ledger and the events as a party may see them: rows whose cells name lanes, the bars of each lane, what happened."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from gateway.domain.sla.clocks import Folded
from gateway.domain.sla.ledger import Span
from gateway.domain.sla.terms import Record
from gateway.domain.sla.tree import Entry
from gateway.domain.timeline.sight import ABOVE, Sight

WAITS = "waits"
"""The state of a hop that waits for its consumer: others hold meanwhile, but its own clock may stand still."""
ELSEWHERE = "elsewhere"
"""With somebody above or beside; what they do with it is their own business."""
WORKING = "working"
_OF_CHILDREN = frozenset({"asked", "verify", "handback"})
"""States that come from what others do below: of a neighbour's desk they would tell when its partners did what."""

_HANDOVER = ("assignment.", "resolution.", "visit.", "stop.", "exclusion.")
_PASSES = ("assignment.", "status.", "pending.", "resolution.", "ticket.", "visit.", "stop.")
"""What may pass the ball."""
_TOLD = frozenset(
    {
        *("status.changed", "restoration.given", "pending.answered", "ticket.opened", "ticket.closed"),
        *("ticket.reopened", "priority.changed", "withdrawal.acknowledged"),
    }
)
_WORDS = ("from", "to", "status", "reason", "priority", "visibility", "public", "automatic", "agreement")
"""What of an event's data is told: canonical words and codes, never ids of content or people."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One holder as it is shown: its lane, its state, why, and whose time it is (a lane, `outside:<code>`, or "")."""

    lane: str
    state: str
    reason: str | None = None
    booked_to: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """From `start` to `end` these hold. `waiting`: lanes that wait for their consumer meanwhile. `cause`: the event that
    made it so, where it may be named."""

    start: datetime
    end: datetime
    cells: tuple[Cell, ...]
    waiting: tuple[Cell, ...] = ()
    cause: str | None = None


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A stretch of one lane; `holds`: the lane has the ticket, else it only waits."""

    lane: str
    start: datetime
    end: datetime
    state: str
    reason: str | None
    holds: bool
    cause: str | None

    @property
    def stands_still(self) -> bool:
        """Whether work rests meanwhile, for a reason that may stop a clock."""
        return self.state in ("held", WAITS)


@dataclass(frozen=True, kw_only=True)
class Happening:
    """An event that may be told: when it took effect, its lane ("" where it belongs to none), what the desk's own record says
    where that differs, and its words."""

    id: str
    at: datetime
    lane: str
    type: str
    words: Mapping[str, Any] = field(default_factory=dict)
    reported_at: datetime | None = None


def happenings(folded: Folded, view: Sight, start: datetime, end: datetime) -> tuple[Happening, ...]:
    """What happened, in the order in which it took effect, as far as the viewer may know."""
    told = folded.told
    return tuple(
        _happening(record, told.effective[record.id], view)
        for record in told.records
        if start <= told.effective[record.id] <= end and _may_be_told(record, view)
    )


def _may_be_told(record: Record, view: Sight) -> bool:
    """One's own events; of a hop right below what its hand-over tells. Comments of another desk are never even counted."""
    if view.everything or record.hop in view.own:
        return True
    return record.hop in view.below and (record.type in _TOLD or record.type.startswith(_HANDOVER))


def _happening(record: Record, at: datetime, view: Sight) -> Happening:
    reported = record.reported_at
    return Happening(
        id=record.id,
        at=at,
        lane=view.lane_of.get(record.hop or "", ""),
        type=record.type,
        words={name: record.data[name] for name in _WORDS if record.data.get(name) is not None},
        reported_at=reported if reported is not None and abs(reported - at).total_seconds() >= 1 else None,
    )


def named(folded: Folded, events: Sequence[Happening]) -> Mapping[str, str]:
    """Event → the event to name for it: itself if it may be told; where it only says that news arrived, the news; else one
    that may be told and took effect at the same instant."""
    told = {one.id: one.id for one in events}
    together = {one.at: one.id for one in events if one.type.startswith(_PASSES)}
    known = dict(told)
    for record in folded.told.records:
        if record.id in told:
            continue
        news = record.cause if record.type == "news.delivered" and record.cause in told else None
        instead = news or together.get(folded.told.effective[record.id])
        if instead is not None:
            known[record.id] = instead
    return known


def rows(folded: Folded, spans: Sequence[Span], view: Sight, known: Mapping[str, str]) -> tuple[Row, ...]:
    """The ledger as the viewer may see it, neighbours that differ only in what is hidden joined. `known`: the events that
    may be named, as `named` has them."""
    found: list[Row] = []
    for span in spans:
        waiting = tuple(_waiting(folded, span, view))
        row = Row(
            start=span.start,
            end=span.end,
            cells=cells(span, view),
            waiting=waiting,
            cause=known.get(span.cause or ""),
        )
        last = found[-1] if found else None
        if last is not None and (last.cells, last.waiting) == (row.cells, row.waiting):
            found[-1] = replace(last, end=row.end)
        else:
            found.append(row)
    return tuple(found)


def cells(span: Span, view: Sight) -> tuple[Cell, ...]:
    """Who holds, as the viewer may see it; several who share a lane are one."""
    return tuple(dict.fromkeys(_cell(entry, view) for entry in span.entries))


def _cell(entry: Entry, view: Sight) -> Cell:
    lane = view.lane_of.get(entry.holder, ABOVE)
    if lane in view.below and entry.state in _OF_CHILDREN:
        return Cell(lane=lane, state=WORKING)
    if view.everything or (lane == entry.holder and not view.is_masked(entry.hop)):
        return Cell(lane=lane, state=entry.state, reason=entry.reason, booked_to=_booked(entry, view))
    if lane == ABOVE:  # that it owes me an answer is my business, anything else is not
        mine = entry.state == "asked" and entry.hop in view.own
        return Cell(lane=lane, state=entry.state if mine else ELSEWHERE)
    return Cell(lane=lane, state=WORKING)


def _booked(entry: Entry, view: Sight) -> str:
    """Whose time it is, where that is somebody else than who holds."""
    if entry.booked_to == entry.holder:
        return ""
    if entry.booked_to.startswith(("outside:", "supplier:")):
        return entry.booked_to if view.everything or entry.booked_to.startswith("outside:") else ""
    return view.lane_of.get(entry.booked_to, ABOVE)


def _waiting(folded: Folded, span: Span, view: Sight) -> Iterator[Cell]:
    """The hops that wait for their consumer, those whose state may be told."""
    for hop, request in span.pending:
        if not view.is_masked(hop):
            asked = folded.stops.requests.get(request or "")
            yield Cell(lane=hop, state=WAITS, reason=asked.code if asked else None)


def bars(found: Sequence[Row]) -> tuple[Bar, ...]:
    """The same by lane: what a lane does without a break is one bar."""
    done: list[Bar] = []
    running: dict[tuple[Cell, bool], Bar] = {}
    for row in found:
        still: dict[tuple[Cell, bool], Bar] = {}
        for cell, holds in (*((one, True) for one in row.cells), *((one, False) for one in row.waiting)):
            bar = running.get((cell, holds))
            if bar is None:
                bar = Bar(
                    lane=cell.lane,
                    start=row.start,
                    end=row.end,
                    state=cell.state,
                    reason=cell.reason,
                    holds=holds,
                    cause=row.cause,
                )
            still[cell, holds] = replace(bar, end=row.end)
        done += [bar for key, bar in running.items() if key not in still]
        running = still
    return tuple(sorted((*done, *running.values()), key=lambda bar: (bar.start, bar.lane)))
