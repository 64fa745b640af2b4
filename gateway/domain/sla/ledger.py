"""The ledger of responsibility (R12): spans without gap or overlap that say who held the ticket, to whom the time is booked,
and which event made it so."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from gateway.domain.sla.reconcile import Reconciled, outage_at
from gateway.domain.sla.stops import Request, Stops, View, ever_counted, standing
from gateway.domain.sla.terms import Chain, Record, StartsOn, moment
from gateway.domain.sla.tree import Entry, Node, Tree

_Boundaries = dict[datetime, list[tuple[Request, bool]]]
_FAR = datetime.max.replace(tzinfo=UTC)


class Span(NamedTuple):
    """From `start` up to `end` these hold; none at all while the ticket is closed. `pending`: the hops that wait for their
    consumer meanwhile, each with its stop request. `cause`: the event that made it so."""

    start: datetime
    end: datetime
    entries: tuple[Entry, ...]
    pending: tuple[tuple[str, str | None], ...]
    cause: str | None

    @property
    def holders(self) -> list[str]:
        """Who holds, in order."""
        return [entry.holder for entry in self.entries]

    @property
    def booked_to(self) -> list[str]:
        """To whom each holder's time is booked."""
        return [entry.booked_to for entry in self.entries]

    @property
    def state(self) -> str:
        """One word per holder."""
        return "+".join(entry.state for entry in self.entries) or "closed"

    @property
    def reason(self) -> str | None:
        """The first reason among the holders."""
        return next((entry.reason for entry in self.entries if entry.reason), None)


@dataclass(frozen=True, kw_only=True)
class Holding:
    """Who holds at a moment, `span.end`, and what follows from there: all that later spans need of earlier ones. `opened`:
    the opening is among the earlier records; `offered`: when each hop first was."""

    span: Span
    nodes: tuple[Node, ...]
    opened: bool
    stands: bool
    """Whether the tree was opened, by its opening or because that is not known."""
    offered: Mapping[str, datetime]


class Passage:
    """How a ticket goes from hand to hand, from its beginning or `since`."""

    def __init__(
        self, chain: Chain, told: Reconciled, stops: Stops, view: View, since: Holding | None = None
    ) -> None:
        self._chain, self._told, self._stops = chain, told, stops
        self._view, self._since = view, since

    def spans(self) -> tuple[Span, ...]:
        """All spans up to now; the last has no length and says how things stand then."""
        begun = self._begun()
        return tuple(self._spans(*begun, self._view.now)) if begun else ()

    def holding(self, at: datetime) -> tuple[tuple[Span, ...], Holding]:
        """The spans up to an earlier moment and how things stand there. Raises ValueError before the beginning."""
        begun = self._begun()
        if begun is None:
            raise ValueError("nothing has happened yet")
        tree, since = begun[0], self._since
        found = tuple(self._spans(*begun, at))
        return found, Holding(
            span=found[-1],
            nodes=tuple(tree.nodes.values()),
            opened=(since is not None and since.opened) or _opening(self._told) is not None,
            stands=tree.opened,
            offered={name: when for name, when in _offers(self._told, since).items() if when <= at},
        )

    def _begun(self) -> tuple[Tree, Span] | None:
        """The tree and the first span, without length yet."""
        chain, told, since = self._chain, self._told, self._since
        below = siblings(chain, told, since)
        if since is not None:
            return Tree(chain, self._stops, below, opened=since.stands, nodes=since.nodes), since.span
        opened = _opening(told)
        start = _beginning(chain, told, opened)
        if start is None:
            return None
        tree = Tree(chain, self._stops, below, opened=opened is None)
        return tree, Span(start, start, tree.holders(start), tree.pendings(), None)

    def _spans(self, tree: Tree, first: Span, now: datetime) -> Iterator[Span]:
        boundaries = _boundaries(self._chain, self._told, self._stops, self._view)
        _, start, entries, pending, cause = first
        for at, moved in _moves(tree, self._told, boundaries, now):
            found, waiting = tree.holders(at), tree.pendings()
            if (found, waiting) != (entries, pending):
                if at > start:
                    yield Span(start, at, entries, pending, cause)
                entries, pending, start = found, waiting, max(at, start)
                cause = moved or cause
        if now > start:
            yield Span(start, now, entries, pending, cause)
        yield Span(now, now, entries, pending, cause)


def _opening(told: Reconciled) -> Record | None:
    return next((one for one in told.records if one.type == "ticket.opened"), None)


def _moves(
    tree: Tree, told: Reconciled, boundaries: _Boundaries, now: datetime
) -> Iterator[tuple[datetime, str | None]]:
    """Move the tree from instant to instant; each at which it may have changed, and the last event that did it."""
    if not boundaries:
        yield from _plain_moves(tree, told, now)
        return
    events: dict[datetime, list[Record]] = {at: [] for at in boundaries}
    for record in told.records:
        events.setdefault(told.effective[record.id], []).append(record)
    for at in sorted(events):
        if at > now:
            return
        moved = None
        for record in events[at]:
            if tree.apply(record):
                moved = record.id
        if at in boundaries:
            tree.lapse(at)
            for request, begins in boundaries[at]:
                tree.overlay(request, begins=begins)
        if moved or at in boundaries:
            yield at, moved


def _plain_moves(tree: Tree, told: Reconciled, now: datetime) -> Iterator[tuple[datetime, str | None]]:
    """The same where nothing but events moves it."""
    effective, moved, since = told.effective, None, now
    for record in told.records:
        at = effective[record.id]
        if at != since:
            if moved is not None:
                yield since, moved
                moved = None
            since = at
        if at > now:
            return
        if tree.apply(record):
            moved = record.id
    if moved is not None:
        yield since, moved


def siblings(chain: Chain, told: Reconciled, since: Holding | None = None) -> Mapping[str, Sequence[str]]:
    """The hops below each hop, by offer then id (R12)."""
    if not chain.branches:
        return chain.children
    offered = _offers(told, since)
    return {
        name: sorted(children, key=lambda child: (child not in offered, offered.get(child, _FAR), child))
        for name, children in chain.children.items()
    }


def _offers(told: Reconciled, since: Holding | None) -> dict[str, datetime]:
    """When each hop was first offered the ticket."""
    offered = dict(since.offered) if since is not None else {}
    for record in told.records:
        if record.type == "assignment.offered" and record.hop is not None:
            offered.setdefault(record.hop, told.effective[record.id])
    return offered


def _beginning(chain: Chain, told: Reconciled, opened: Record | None) -> datetime | None:
    """The opening or the earliest clock start; of a ticket whose opening is not known, the first that is."""
    if opened is None:
        return told.effective[told.records[0].id] if told.records else None
    outages = [
        outage_at(terms, opened, told) for terms in chain.agreements if terms.starts_on is StartsOn.OUTAGE_AT
    ]
    return min([told.effective[opened.id], *outages])


def _boundaries(chain: Chain, told: Reconciled, stops: Stops, view: View) -> _Boundaries:
    """Moments at which the tree changes without an event: spans asked for afterwards, the end of an appointment."""
    found: _Boundaries = {}
    if not stops.requests:
        return found
    for request in stops.requests.values():
        if request.afterwards and request.end is not None and _enters(chain, stops, request, view):
            found.setdefault(request.start, []).append((request, True))
            found.setdefault(request.end, []).append((request, False))
        elif request.end is not None:
            found.setdefault(request.end, [])
    for record in told.records:
        until = moment(record.data.get("until")) if record.id in stops.requests else None
        if until is not None:
            found.setdefault(max(until, told.effective[record.id]), [])
    return found


def _enters(chain: Chain, stops: Stops, request: Request, view: View) -> bool:
    """A request made afterwards enters the ledger once it counts at its level or one above, and stays when disputed or
    voided later (R16)."""
    levels = (request.hop, *chain.above(request.hop))
    return any(
        standing(chain, stops, request, one, now=view.now) in view.counting
        or ever_counted(chain, stops, request, one, now=view.now)
        for level in levels
        for one in chain.at(level)
    )


def ledger(every: Iterable[Span]) -> list[Span]:
    """The ledger as it is shown: up to the last close, neighbours that differ only in what is not shown joined."""
    rows = joined(every)
    return rows[:-1] if rows and not rows[-1].entries else rows


def joined(every: Iterable[Span]) -> list[Span]:
    """Spans with length, neighbours that differ only in what is not shown joined."""
    rows: list[Span] = []
    for span in every:
        if span.start == span.end:
            continue
        last = rows[-1] if rows else None
        if last is not None and last.end == span.start and shown(last) == shown(span):
            rows[-1] = last._replace(end=span.end)
        else:
            rows.append(span)
    return rows


def shown(span: Span) -> tuple[list[str], list[str], str, str | None]:
    """What one row of the ledger shows beside its moments."""
    return span.holders, span.booked_to, span.state, span.reason


_MICRO = timedelta(microseconds=1)


def held(rows: Iterable[Span]) -> dict[str, timedelta]:
    """How long each holder had it: shared spans equally, in whole microseconds, the remainder to the first (R12)."""
    found: dict[str, timedelta] = {}
    for span in rows:
        each, rest = divmod((span.end - span.start) // _MICRO, max(1, len(span.entries)))
        for place, entry in enumerate(span.entries):
            part = (each + (0 if place else rest)) * _MICRO
            found[entry.holder] = found.get(entry.holder, timedelta()) + part
    return found
