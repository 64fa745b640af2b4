"""Which terms a ticket's clocks count under (R17): those each hop was bound to, or bound to anew. A new binding holds for
open cycles, from their start; what had ended before it keeps the terms it ended under."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.domain.agreements import Agreement
from gateway.domain.binding import BOUND, REBOUND
from gateway.domain.model import Event
from gateway.domain.sla.clocks import Clock, Folded, clocks, fold
from gateway.domain.sla.reconcile import reconcile
from gateway.domain.sla.terms import Chain, Record, Terms


@dataclass(frozen=True, kw_only=True)
class Binding:
    """A hop under the sheet of an agreement. `earlier`: the sheets before it, each with the moment it was replaced."""

    hop: str
    agreement: str
    sheet: str
    earlier: tuple[tuple[datetime, str], ...] = ()
    level: str = ""
    """On which level it holds: the narrowest thing that it names (R27)."""
    in_renewal: bool = False
    """Whether it had ended by then, and work goes on under it all the same (R25)."""
    consumer: str = ""
    """For whom it holds, where it was promised to one that this one belongs to (R27)."""

    @property
    def sheets(self) -> Sequence[str]:
        """Every sheet it ever counted under."""
        return [*(sheet for _, sheet in self.earlier), self.sheet]


def bindings(events: Iterable[Event], *, now: datetime) -> list[Binding]:
    """What is bound as of `now`, in the order in which it was."""
    found: list[Binding] = []
    for event in events:
        if event.observed_at > now or event.hop_id is None:
            continue
        if event.type == BOUND:
            named = {"agreement": event.data["agreement"], "sheet": event.data["sheet"]}
            found.append(Binding(hop=event.hop_id, **named, **_said(event)))
        elif event.type == REBOUND:
            _rebind(found, event, event.hop_id)
    return found


def _rebind(found: list[Binding], event: Event, hop: str) -> None:
    code, after = event.data["agreement"], event.data["after"]
    for place, one in enumerate(found):
        if (one.hop, one.sheet) == (hop, event.data["before"]):
            earlier = (*one.earlier, (event.observed_at, one.sheet))
            found[place] = replace(one, agreement=code, sheet=after, earlier=earlier, **_said(event))
            return
    found.append(Binding(hop=hop, agreement=code, sheet=after, **_said(event)))


def _said(event: Event) -> dict[str, Any]:
    plain = {name: event.data.get(name, "") for name in ("level", "consumer")}
    return {**plain, "in_renewal": bool(event.data.get("in_renewal"))}


def terms_of(bound: Iterable[Binding], sheets: Mapping[str, Agreement]) -> list[Terms]:
    """The terms that hold now, one a binding; `sheets` by name."""
    return [_terms(one, sheets[one.sheet].terms) for one in bound if one.sheet in sheets]


def _terms(one: Binding, terms: Terms) -> Terms:
    return replace(terms, hop=one.hop, consumer=one.consumer or terms.consumer)


def clocks_under(
    folded: Folded,
    records: Sequence[Record],
    bound: Iterable[Binding],
    sheets: Mapping[str, Agreement],
) -> list[Clock]:
    """The clocks of a fold under the terms that hold now; a cycle that had ended when they replaced others keeps those."""
    every = clocks(folded)
    for one in bound:
        kept: dict[tuple[object, ...], Clock] = {}
        for until, sheet in one.earlier:
            if sheet in sheets:
                before = _terms(one, sheets[sheet].terms)
                ended = _ended(folded, records, before, one, until)
                kept = {_which(clock): clock for clock in ended} | kept
        if kept:
            here = (one.hop, one.agreement)
            others = [
                clock for clock in every if (clock.hop, clock.agreement) != here or _which(clock) not in kept
            ]
            every = [*others, *kept.values()]
    return every


def _which(clock: Clock) -> tuple[object, ...]:
    """Which of an agreement's clocks it is, whatever the agreement is called."""
    return clock.target_kind, clock.cycle, clock.superseded


def _ended(
    folded: Folded, records: Sequence[Record], before: Terms, binding: Binding, until: datetime
) -> list[Clock]:
    """The clocks under earlier terms that had ended by then."""
    others = [
        terms
        for terms in folded.chain.agreements
        if (terms.hop, terms.id) != (binding.hop, binding.agreement)
    ]
    chain: Chain = replace(folded.chain, agreements=(before, *others))
    then = fold(chain, reconcile(chain, records, now=folded.now), folded.view)
    return [
        clock
        for clock in clocks(then)
        if (clock.hop, clock.agreement) == (before.hop, before.id)
        and clock.ended_at is not None
        and clock.ended_at <= until
    ]
