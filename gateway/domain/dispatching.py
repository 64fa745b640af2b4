"""Which tickets pass over which link: rules fire on the change into matching, and on naming a partner."""

from collections.abc import Mapping, Sequence

from gateway.domain import handover, queueing
from gateway.domain.case import OPEN, Because, Case
from gateway.domain.conditions import View, holds, labels
from gateway.domain.model import Event, Field, Hop, HopStatus, Link

_NOT_FROM = frozenset({HopStatus.RESOLVED})
_FINISHED = frozenset({HopStatus.RESOLVED, HopStatus.CLOSED})


def after_changes(case: Case, hop_id: str, *, before: View | None, because: Because) -> None:
    """Offer the hop's ticket over every link that matches now and did not before (None: it was not there before)."""
    hop = case.hops[hop_id]
    if hop.status not in OPEN or hop.status in _NOT_FROM:
        return
    matched = [
        link
        for link in case.directory.links_from(hop.desk_id)
        if passes(link, hop.shadow) and not (before is not None and passes(link, before))
    ]
    handover.dispatch(case, hop, matched, because)
    _tell_who_there_is(case, hop, before, because)
    if any(_is_return(event, hop_id) for event in case.events):
        back_at_work(case, hop_id, because)


def back_at_work(case: Case, hop_id: str, because: Because) -> None:
    """A finished hop works again. What came to match meanwhile, when nothing is handed on, passes now: a partner named
    while the ticket was resolved is not forgotten. Who was asked before is not asked again by that."""
    hop = case.hops[hop_id]
    if hop.status not in OPEN or hop.status in _NOT_FROM:
        return
    asked = {child.link_id for child in case.children(hop)}
    missed = [link for link in case.directory.links_from(hop.desk_id) if link.id not in asked]
    handover.dispatch(case, hop, [link for link in missed if passes(link, hop.shadow)], because)


def _is_return(event: Event, hop_id: str) -> bool:
    moved = event.type == "status.changed" and event.hop_id == hop_id
    return moved and event.data["from"] in _FINISHED


def _tell_who_there_is(case: Case, hop: Hop, before: View | None, because: Because) -> None:
    """People who act by words may name nobody; at a desk with a field for it they choose from a list."""
    name = hop.shadow.get(Field.DELEGATE) or ""
    if not because.by_person or not name or (before or {}).get(Field.DELEGATE) == name:
        return
    known = [link.passage.delegate_as for link in case.directory.links_from(hop.desk_id)]
    known = [one for one in known if one]
    if case.desk(hop).capabilities.acknowledges and name.casefold() not in map(str.casefold, known):
        queueing.note(case, case.hops[hop.id], "unknown_partner", name=name, known=", ".join(known) or "–")


def passes(link: Link, view: View) -> bool:
    """Whether the link's rule matches, or the desk names its partner in the delegate field."""
    named = link.passage.delegate_as.casefold()
    return holds(link.passage.when, view) or bool(named and named in labels(view.get(Field.DELEGATE) or ""))


def at_opening(links: Sequence[Link], view: Mapping[str, str | None]) -> list[Link]:
    """The links a ticket seen for the first time passes over."""
    return [link for link in links if passes(link, view)]
