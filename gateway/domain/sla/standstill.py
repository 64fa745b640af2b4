"""When the clocks of an agreement stand still (R14–R16): for each span of the ledger whether they do, and until when."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from gateway.domain.sla.ledger import Span
from gateway.domain.sla.stops import Stops, View, standing, stops_until
from gateway.domain.sla.terms import AgreementKind, Chain, Terms


class Stretch(NamedTuple):
    """A span as the clocks of an agreement live it. A stop may run out at `until` though what asked for it goes on."""

    span: Span
    stopped: bool
    until: datetime | None = None


Stand = tuple[datetime, datetime, bool]
"""From, to, whether clocks stand still."""
_RUNS = (False, None)


class Standstill:
    """The judgement of one agreement over spans of the ledger."""

    def __init__(self, chain: Chain, stops: Stops, terms: Terms, view: View) -> None:
        self._chain, self._stops, self._view, self.terms = chain, stops, view, terms
        self._inside = chain.provider_side(terms)
        self._counted: dict[str | None, bool] = {None: False}
        self._lived: tuple[Sequence[Span], list[Stretch]] = ((), [])

    def stretches(self, spans: Sequence[Span]) -> list[Stretch]:
        """The spans, each with how the clocks live it; told again without judging where the same are asked for."""
        if self._lived[0] is not spans:
            self._lived = spans, [Stretch(span, *self.judged(span)) for span in spans]
        return self._lived[1]

    def stands(self, spans: Iterable[Span]) -> list[Stand]:
        """The spans with length, joined where nothing changes for the clocks."""
        found: list[Stand] = []
        for span in spans:
            start, end = span[:2]
            if start == end:
                continue
            stopped, until = self.judged(span)
            if until is not None and until < end:
                if until > start:
                    _join(found, (start, until, True))
                _join(found, (max(start, until), end, False))
            else:
                _join(found, (start, end, stopped))
        return found

    def judged(self, span: Span) -> tuple[bool, datetime | None]:
        """Whether clocks stand still, and until when: if and only if nobody unexcused holds on the provider's side (R14)."""
        inside, excused = self._inside, []
        for entry in span.entries:
            if entry.holder in inside:
                if entry.state != "held" or not self._counts(entry.request):
                    return _RUNS
                excused.append(entry.request)
        if excused:
            return True, self._until(excused)
        if self.terms.kind is AgreementKind.OLA:
            return True, None
        for hop, request in span.pending:
            if hop == self.terms.hop and self._counts(request):
                return True, self._until([request])
        return _RUNS

    def _counts(self, request: str | None) -> bool:
        if request not in self._counted:
            asked, view = self._stops.requests[request or ""], self._view
            found = standing(self._chain, self._stops, asked, self.terms, now=view.now)
            self._counted[request] = found in view.counting
        return self._counted[request]

    def _until(self, names: Iterable[str | None]) -> datetime | None:
        """When the first of the requests that stop a span runs out."""
        ends = []
        for name in names:
            request = self._stops.requests[name or ""]
            rule = self.terms.stops_for(request.code, request.own_code)
            end = stops_until(request, rule) if rule is not None else None
            if end is not None:
                ends.append(end)
        return min(ends, default=None)


class Ceaseless(Standstill):
    """Nothing stops such a clock."""

    def judged(self, span: Span) -> tuple[bool, datetime | None]:
        """It runs, whoever holds."""
        return _RUNS


def _join(found: list[Stand], stand: Stand) -> None:
    if found and found[-1][1] == stand[0] and found[-1][2] is stand[2]:
        found[-1] = (found[-1][0], *stand[1:])
    else:
        found.append(stand)
