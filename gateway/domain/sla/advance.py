"""Where a footing may stand, and what it keeps. A cut is sound where nothing before it refers to anything after it, no visit
and no span asked for reaches across, and every stop before it is decided."""

from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate

from gateway.domain.sla.clocks import Folded, lived
from gateway.domain.sla.course import AGAIN
from gateway.domain.sla.footing import Footing, Lived
from gateway.domain.sla.late import awaits_answer, named, spans_named
from gateway.domain.sla.ledger import Holding, Passage, Span, joined
from gateway.domain.sla.reconcile import HAND_OVER
from gateway.domain.sla.stops import Kept, Standing, latest_arrival, standing
from gateway.domain.sla.terms import Record, TargetKind, Terms, moment

_EVER = datetime.max.replace(tzinfo=UTC)


def advanced(folded: Folded, keep: int, known: Container[str]) -> tuple[Footing, list[Span]] | None:
    """A footing as late as can be with at least `keep` records after it, and the rows of the ledger that it closes; None where
    no cut is sound. `known`: the ids of the ticket's records, as far as the caller can say."""
    if any(TargetKind.UPDATE in one.targets for one in folded.chain.agreements):
        return None  # each silence between two updates is a clock of its own: there are as many as updates
    count = next(_sound_cuts(folded, keep), 0)
    return _based(folded, count, known) if count else None


def _sound_cuts(folded: Folded, keep: int) -> Iterator[int]:
    """How many records may lie before the cut, the most first."""
    records, effective = folded.told.records, folded.told.effective
    seen = [record.observed_at for record in records]
    latest, earliest = list(accumulate(seen, max)), list(accumulate(reversed(seen), min))[::-1]
    barred, across = _barred(folded), list(_reaching_across(folded))
    for count in range(len(records) - keep, 0, -1):
        at = effective[records[count - 1].id]
        apart = at < effective[records[count].id] and latest[count - 1] < earliest[count]
        if apart and count not in barred and not any(start <= at < end for start, end in across):
            yield count


def _barred(folded: Folded) -> set[int]:
    """The cuts that would part a record from a later one that it refers to."""
    told = folded.told
    places = {record.id: place for place, record in enumerate(told.records)}
    found: set[int] = set()
    for place, record in enumerate(told.records):
        for name in (record.cause, told.causes.get(record.id), named(record)):
            found.update(range(place + 1, places.get(name or "", 0) + 1))
        if _is_from_elsewhere(record, told.records, places):
            found.update(range(places[record.cause or ""] + 1, place + 1))
        if record.type == "ticket.opened" and (folded.footing is None or not folded.footing.holding.opened):
            found.update(range(place + 1))  # how it all began
    return found


def _is_from_elsewhere(record: Record, records: Sequence[Record], places: Mapping[str, int]) -> bool:
    """Whether it is an acceptance that followed from something done at another hop: its cause has to be seen beside it."""
    place = places.get(record.cause or "")
    return record.type == "assignment.accepted" and place is not None and records[place].hop != record.hop


def _reaching_across(folded: Folded) -> Iterator[tuple[datetime, datetime]]:
    """(from, to): spans of time in which no footing may stand."""
    effective, stops = folded.told.effective, folded.stops
    for request in stops.requests.values():
        start = min(request.start, request.asked_at)
        if request.end is not None:
            yield start, max(request.end, request.asked_at)
        if any(
            standing(folded.chain, stops, request, terms, now=folded.now) is Standing.OPEN
            for terms in folded.chain.agreements
        ):
            yield start, _EVER
    for record in folded.told.records:
        at = effective[record.id]
        starts = [one for one in spans_named(record) if one is not None]
        named_ends = [moment(record.data.get(word)) for word in ("until", "stop")]
        for end in (*starts, *named_ends, latest_arrival(folded.chain, record)):
            if end is not None:
                yield min([at, *starts]), max(at, end)


def _based(folded: Folded, count: int, known: Container[str]) -> tuple[Footing, list[Span]] | None:
    """The footing before all but so many records, if it is not in doubt after all."""
    told, before = folded.told, folded.footing
    earlier, later = told.records[:count], told.records[count:]
    at = told.effective[earlier[-1].id]
    since = before.holding if before else None
    spans, holding = Passage(folded.chain, told, folded.stops, folded.view, since).holding(at)
    clocks = lived(folded, at)
    if _may_be_undone(folded.chain.agreements, clocks) or _is_asked_further_back(holding, later):
        return None
    row = before.row if before else None
    rows = joined([*([row] if row else ()), *spans])
    return Footing(
        at=at,
        seen=max(record.observed_at for record in earlier),
        kept=_kept(folded, holding, at),
        holding=holding,
        lived=clocks,
        priorities=tuple(one for one in folded.priorities if one[0] <= at),
        passes=(*(before.passes if before else ()), *(one for one in earlier if one.type in HAND_OVER)),
        awaited=(before.awaited if before else frozenset()) | _awaited(told.effective, earlier, known),
        row=rows[-1] if rows else None,
    ), rows[:-1]


def _may_be_undone(agreements: Sequence[Terms], clocks: Mapping[tuple[int, TargetKind], Lived]) -> bool:
    """Whether a rejection could make a clock run on as if it had never stopped."""
    return any(
        agreements[place].continuous and target in AGAIN and one.progress.cycles[-1].ended == "met"
        for (place, target), one in clocks.items()
    )


def _is_asked_further_back(holding: Holding, later: Sequence[Record]) -> bool:
    """Whether a later answer is to an earlier question that nobody waits for any more."""
    after = {record.id for record in later}
    return any(
        record.type == "pending.answered"
        and record.cause is not None
        and record.cause not in after
        and not awaits_answer(holding, record)
        for record in later
    )


def _kept(folded: Folded, holding: Holding, at: datetime) -> Kept:
    stops = folded.stops
    waiting = {node.request for node in holding.nodes}
    requests = {name: one for name, one in stops.requests.items() if name in waiting}
    decisions = {
        name: decided
        for name, decided in stops.decisions.items()
        if name in requests or (_is_before(folded, name, at) and any(one.kind == "voided" for one in decided))
    }
    return Kept(
        requests=requests,
        decisions=decisions,
        missed=frozenset(stops.missed & requests.keys()),
        visits=tuple(one for one in folded.visits if one[0] <= at),
    )


def _is_before(folded: Folded, name: str, at: datetime) -> bool:
    effective = folded.told.effective
    return name not in effective or effective[name] <= at


def _awaited(after: Container[str], records: Sequence[Record], known: Container[str]) -> frozenset[str]:
    """What the records refer to and nobody has seen yet."""
    names = {name for record in records for name in (record.cause, named(record)) if name}
    return frozenset(name for name in names if name not in after and name not in known)
