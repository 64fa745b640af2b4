"""A ticket's clocks and ledger, kept running: each look takes in what is new and costs the same however long the ticket's
history is, because what lies behind a `Footing` is kept as figures.

    watch = Watch(chain, under="names of the sheets it was bound to")
    look = watch.begin(records, now=now)                   the whole history, once
    look = watch.follow(look.running, news, now=now)       what is new since; nothing new: the same at a later moment
    look.clocks, look.rows                                 all clocks; the ledger from the last row that may go on

`follow` raises `Late` where the news reaches behind the footing (a late fact, a decision about an old stop, another chain,
an earlier `now`): then `begin` again with everything. Both give what `fold` and `clocks` give of the whole history, to the
microsecond, but for the pieces of clocks, which reach back to the footing only. `look.closed` are rows of the ledger that
stand before `look.rows` from now on: after `begin` all of them (what was kept before is void), after `follow` those to
add. Records are given once each, in any order, none observed after `now`; where a record that was given would read
otherwise today, begin again.

A ticket of less than a dozen records has no footing. None is found either across a stop that waits for its decision, an
appointment ahead, or where an agreement counts updates: cost then grows with the records since. Hand-overs, priorities,
visits and reopenings are kept one by one: they are few.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from gateway.domain.sla.advance import advanced
from gateway.domain.sla.clocks import Clock, Folded, clocks, fold
from gateway.domain.sla.footing import Footing
from gateway.domain.sla.late import reaches_behind
from gateway.domain.sla.ledger import Span, ledger
from gateway.domain.sla.packing import pack, unpack
from gateway.domain.sla.reconcile import reconcile
from gateway.domain.sla.stops import View
from gateway.domain.sla.terms import Chain, Record

KEEP = 6
"""Records left after a footing, so that news a little out of order finds its place."""


class Late(Exception):
    """The news reaches behind what is kept: begin again with everything."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """What is kept of a ticket between two looks. `under`: the chain it was folded under, in short."""

    under: str
    looked_at: datetime
    tail: tuple[Record, ...]
    footing: Footing | None = None


@dataclass(frozen=True, kw_only=True)
class Look:
    """A ticket as of a moment. `rows` and `closed` as the module says; `folded` reaches back to the footing only."""

    running: Running
    folded: Folded
    clocks: Sequence[Clock]
    rows: Sequence[Span]
    closed: Sequence[Span]


class Watch:
    """Watches tickets of one chain. `under` names what the chain was bound to: under another name it is another chain."""

    def __init__(self, chain: Chain, *, under: str = "", keep: int = KEEP) -> None:
        self._chain, self._keep = chain, keep
        self._under = _shape(chain, under)

    def begin(self, records: Iterable[Record], *, now: datetime) -> Look:
        """Fold everything."""
        told = reconcile(self._chain, records, now=now)
        return self._look(fold(self._chain, told, View(now=now)), told.effective)

    def follow(
        self,
        running: Running,
        news: Sequence[Record],
        *,
        now: datetime,
        known: Container[str] = frozenset(),
    ) -> Look:
        """Fold what is new. `known`: ids of older records, if the caller can tell; it saves remembering a cause that looks
        as if nobody had seen it. Raises Late."""
        footing, chain = running.footing, self._chain
        if running.under != self._under or now < running.looked_at:
            raise Late
        passes = footing.passes if footing is not None else ()
        told = reconcile(chain, [*running.tail, *news], now=now, passes=passes)
        if footing is not None and reaches_behind(chain, footing, told, news):
            raise Late
        return self._look(fold(chain, told, View(now=now), footing), known)

    def _look(self, folded: Folded, known: Container[str]) -> Look:
        every, footing, spans = clocks(folded), folded.footing, folded.spans
        tail, closed = folded.told.records, list[Span]()
        further = advanced(folded, self._keep, known) if len(tail) >= 2 * self._keep else None
        if further is not None:
            footing, closed = further
            at, effective = footing.at, folded.told.effective
            tail = tuple(one for one in tail if effective[one.id] > at)
            spans = tuple(one._replace(start=max(one.start, at)) for one in spans if one.end > at)
        row = [footing.row] if footing is not None and footing.row is not None else []
        return Look(
            running=Running(under=self._under, looked_at=folded.now, tail=tail, footing=footing),
            folded=folded,
            clocks=every,
            rows=ledger([*row, *spans]),
            closed=closed,
        )


def _shape(chain: Chain, under: str) -> str:
    """What decides whether it is the same chain; the terms of an agreement are told by `under`."""
    places = [replace(place, samples=()) for place in chain.places.values()]
    bound = [(terms.id, terms.hop) for terms in chain.agreements]
    return sha256(repr((under, chain.customer, places, bound)).encode()).hexdigest()


def to_document(running: Running) -> Mapping[str, Any]:
    """As plain JSON values."""
    return {one.name: pack(getattr(running, one.name)) for one in fields(running)}


def from_document(document: Mapping[str, Any]) -> Running:
    """What `to_document` gave. Raises ValueError for anything else."""
    if document.keys() != {one.name for one in fields(Running)}:
        raise ValueError("this is not the state of a ticket's clocks")
    return Running(**{name: unpack(told) for name, told in document.items()})
