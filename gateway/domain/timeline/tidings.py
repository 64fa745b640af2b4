"""What was told of the clocks themselves, warnings, breaches, restatements (R4, R22), as events of the timeline: for the parties
of their agreement alone."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from gateway.domain.model import Event
from gateway.domain.sla.clocks import Folded
from gateway.domain.sla.terms import Terms
from gateway.domain.timeline.clocklines import terms_at
from gateway.domain.timeline.lanes import Happening
from gateway.domain.timeline.sight import Sight, sight
from gateway.domain.timeline.timeline import Timeline

TOLD = "clock."
"""Begins their types; no clock is folded from them."""


def with_tidings(seen: Timeline, folded: Folded, events: Iterable[Event]) -> Timeline:
    """The timeline with what was told of the clocks by then."""
    view = sight(folded.chain, seen.org, tuple(folded.order))
    if view is None:
        return seen
    found = [one for one in _tidings(folded, view, events) if seen.start <= one.at]
    return replace(seen, events=tuple(sorted((*seen.events, *found), key=lambda one: one.at)))


def _tidings(folded: Folded, view: Sight, events: Iterable[Event]) -> Iterator[Happening]:
    for event in events:
        key = str(event.data.get("clock") or "")
        if not event.type.startswith(TOLD) or event.observed_at > folded.now or key.count("/") < 2:
            continue
        agreement, hop, target = key.split("/", 2)
        terms = terms_at(folded.chain, hop, agreement)
        if terms is not None and _is_told(event.type, terms, view) and not view.is_masked(hop):
            words = {"agreement": agreement, "target": target.partition("#")[0].partition("~")[0]}
            yield Happening(
                id=event.id,
                at=event.observed_at,
                lane=hop,
                type=event.type,
                words=words | _more(event),
            )


def _is_told(kind: str, terms: Terms, view: Sight) -> bool:
    """Breaches and restatements are told to both parties, a warning only to the one that can still act."""
    if kind == "clock.warned":
        return view.everything or view.org == terms.provider
    return view.is_party(terms)


def _more(event: Event) -> dict[str, str]:
    """The mark that was reached; the state before and after."""
    told = {"mark": event.data.get("mark")}
    told |= {name: (event.data.get(name) or {}).get("state") for name in ("old", "new")}
    return {name: str(value) for name, value in told.items() if value}
