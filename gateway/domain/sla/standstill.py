"""When the clocks of an agreement stand still (R14–R16): for each span of the ledger whether they do, and until when."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from gateway.domain.sla.ledger import Span
from gateway.domain.sla.stops import Stops, View, standing, stops_until
from gateway.domain.sla.terms import OWN_LINK, AgreementKind, Chain, Terms


class Stretch(NamedTuple):
    """A span as the clocks of an agreement live it. A stop may run out at `until` though what asked for it goes on."""

    span: Span
    stopped: bool
    until: datetime | None = None


class Standstill:
    """The judgement of one agreement over spans of the ledger."""

    def __init__(self, chain: Chain, stops: Stops, terms: Terms, view: View) -> None:
        self._chain, self._stops, self._terms, self._view = chain, stops, terms, view
        self._inside = frozenset(_provider_side(chain, terms))
        self._counted: dict[str | None, bool] = {None: False}

    def stretches(self, spans: Sequence[Span]) -> list[Stretch]:
        """The spans, each with how the clocks live it."""
        return [self.stretch(span) for span in spans]

    def stretch(self, span: Span) -> Stretch:
        """R14: stopped if and only if nobody unexcused holds on the provider's side."""
        inside = self._inside
        side = [entry for entry in span.entries if entry.holder in inside]
        for entry in side:
            if entry.state != "held" or not self._counts(entry.request):
                return Stretch(span, stopped=False)
        if side:
            return Stretch(span, stopped=True, until=self._until(entry.request for entry in side))
        if self._terms.kind is AgreementKind.OLA:
            return Stretch(span, stopped=True)
        for hop, request in span.pending:
            if hop == self._terms.hop and self._counts(request):
                return Stretch(span, stopped=True, until=self._until([request]))
        return Stretch(span, stopped=False)

    def _counts(self, request: str | None) -> bool:
        if request not in self._counted:
            asked, view = self._stops.requests[request or ""], self._view
            found = standing(self._chain, self._stops, asked, self._terms, now=view.now)
            self._counted[request] = found in view.counting
        return self._counted[request]

    def _until(self, names: Iterable[str | None]) -> datetime | None:
        """When the first of the requests that stop a span runs out."""
        ends = []
        for name in names:
            request = self._stops.requests[name or ""]
            rule = self._terms.stops_for(request.code, request.own_code)
            end = stops_until(request, rule) if rule is not None else None
            if end is not None:
                ends.append(end)
        return min(ends, default=None)


def _provider_side(chain: Chain, terms: Terms) -> Iterator[str]:
    """The holders on the provider's side: its hop with what hangs below it and the links there, and its own link where the
    clock starts before the ticket has crossed it; of an agreement inside an organization, that organization's hops."""
    if terms.kind is AgreementKind.OLA:
        yield from (place.id for place in chain.places.values() if place.org == terms.provider)
        return
    for hop in chain.subtree(terms.hop):
        yield hop
        if hop != terms.hop or terms.starts_on in OWN_LINK:
            yield f"link:{hop}"
