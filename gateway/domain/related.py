"""Related tickets: a desk names others of its own. Where the neighbour has a ticket of the same chain it is related there;
of the others it is told their number in words, where the link lets `related` cross. What is related no more stays told."""

from gateway.domain import mapping, queueing
from gateway.domain.audience import neighbours
from gateway.domain.case import Case
from gateway.domain.model import Event, Field, Hop
from gateway.domain.sighting import FieldChange


def changed(case: Case, hop: Hop, change: FieldChange, event: Event) -> None:
    """The tickets that a desk's ticket is related to changed: tell the neighbours of the new ones."""
    new = sorted(_numbers(change.new) - _numbers(change.old))
    for other, link, down in neighbours(case, hop):
        allowed = link.crossing.fields_down if down else link.crossing.fields_up
        if new and mapping.among(allowed, Field.RELATED) and other.remote_id is not None:
            _tell(case, hop, other, new, event)


def tell(case: Case, parent: Hop, hop: Hop, event: Event) -> None:
    """Tell a new hop of the tickets that its parent's desk relates to this one."""
    link, known = case.link(hop), sorted(_numbers(parent.shadow.get(Field.RELATED)))
    if known and link is not None and mapping.among(link.crossing.fields_down, Field.RELATED):
        _tell(case, parent, hop, known, event)


def _tell(case: Case, hop: Hop, other: Hop, numbers: list[str], event: Event) -> None:
    there = {number: case.counterpart(hop.desk_id, number, other.desk_id) for number in numbers}
    found = {number for number in there.values() if number is not None}
    rest = [number for number, place in there.items() if place is None]
    if found and mapping.among(case.desk(other).capabilities.writable, Field.RELATED):
        known = _numbers(other.shadow.get(Field.RELATED))
        queueing.update(case, other, {Field.RELATED: ", ".join(sorted(known | found))}, event)
    else:
        rest = numbers
    if rest:
        who = queueing.neighbour(case, hop, other)
        queueing.note(case, other, "related", event, who=who, numbers=", ".join(rest))


def _numbers(text: str | None) -> set[str]:
    return {part.strip() for part in (text or "").split(",") if part.strip()}
