"""The ledger of responsibility (R12): spans without gap or overlap that say who held the ticket, to whom the time is booked,
and which event made it so."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from gateway.domain.sla.reconcile import Reconciled
from gateway.domain.sla.stops import Request, Stops, View, standing
from gateway.domain.sla.terms import Chain, StartsOn
from gateway.domain.sla.tree import Entry, Tree


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


def spans(chain: Chain, told: Reconciled, stops: Stops, view: View) -> tuple[Span, ...]:
    """All spans up to `view.now`; the last has no length and says how things stand then."""
    return tuple(_spans(chain, told, stops, view))


def _spans(chain: Chain, told: Reconciled, stops: Stops, view: View) -> Iterator[Span]:
    tree, now = Tree(chain, stops), view.now
    boundaries = _boundaries(chain, told, stops, view)
    records, place = told.records, 0
    moments = sorted({told.effective[one.id] for one in records} | boundaries.keys())
    start = _beginning(chain, told)
    cause: str | None = None
    if start is None:
        return
    entries, pending = tree.holders(start), tree.pendings()
    for at in moments:
        if at > now:
            break
        last = None
        while place < len(records) and told.effective[records[place].id] <= at:
            tree.apply(records[place])
            last = records[place].id
            place += 1
        for request, begins in boundaries.get(at, ()):
            tree.overlay(request, begins=begins)
        found, waiting = tree.holders(at), tree.pendings()
        if (found, waiting) != (entries, pending):
            if at > start:
                yield Span(start, at, entries, pending, cause)
            entries, pending, start = found, waiting, max(at, start)
            cause = last or cause
    if now > start:
        yield Span(start, now, entries, pending, cause)
    yield Span(now, now, entries, pending, cause)


def _beginning(chain: Chain, told: Reconciled) -> datetime | None:
    """The earliest clock start or the opening."""
    opened = next((one for one in told.records if one.type == "ticket.opened"), None)
    if opened is None:
        return None
    at = told.effective[opened.id]
    outage = opened.data.get("outage_at")
    if outage and any(terms.starts_on is StartsOn.OUTAGE_AT for terms in chain.agreements):
        at = min(at, datetime.fromisoformat(outage) if isinstance(outage, str) else outage)
    return at


def _boundaries(
    chain: Chain, told: Reconciled, stops: Stops, view: View
) -> dict[datetime, list[tuple[Request, bool]]]:
    """Moments at which the tree changes without an event: spans asked for afterwards, the end of an appointment."""
    found: dict[datetime, list[tuple[Request, bool]]] = {}
    for request in stops.requests.values():
        if request.afterwards and request.end is not None and _enters(chain, stops, request, view):
            found.setdefault(request.start, []).append((request, True))
            found.setdefault(request.end, []).append((request, False))
        elif request.end is not None:
            found.setdefault(request.end, [])
    for record in told.records:
        until = record.data.get("until") if record.type == "status.changed" else None
        if until:
            found.setdefault(datetime.fromisoformat(until) if isinstance(until, str) else until, [])
    return found


def _enters(chain: Chain, stops: Stops, request: Request, view: View) -> bool:
    """A request made afterwards enters the ledger once it counts for an agreement of its hop, and stays when voided."""
    at_hop = chain.at(request.hop)
    counts = any(standing(chain, stops, request, one, now=view.now) in view.counting for one in at_hop)
    return counts or (stops.voided(request.id) and any(one.stops_for(request.code) for one in at_hop))


def ledger(every: tuple[Span, ...]) -> list[Span]:
    """The ledger as it is shown: up to the last close, neighbours that differ only in what is not shown joined."""
    rows: list[Span] = []
    for span in every:
        if span.start == span.end:
            continue
        last = rows[-1] if rows else None
        if last is not None and last.end == span.start and shown(last) == shown(span):
            rows[-1] = last._replace(end=span.end)
        else:
            rows.append(span)
    return rows[:-1] if rows and not rows[-1].entries else rows


def shown(span: Span) -> tuple[list[str], list[str], str, str | None]:
    """What one row of the ledger shows beside its moments."""
    return span.holders, span.booked_to, span.state, span.reason
