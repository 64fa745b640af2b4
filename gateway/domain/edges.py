"""The neighbours that share a field, how a conflict between them is recorded, and in which words both are told of it. What is
decided about it is `contest`."""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.domain import conflicts, mapping, queueing
from gateway.domain.case import OPEN, Because, Case
from gateway.domain.model import Event, Field, Hop, Link, Ownership, Side
from gateway.domain.ownership import TEXTS, ownership_of


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A hop and the neighbour that it shares a field with. `side`: the end of the link where the hop is."""

    hop: Hop
    other: Hop
    link: Link
    side: Side
    rule: Ownership
    field: str

    @property
    def key(self) -> str:
        """The id of the lower of the two, which names the edge."""
        return self.hop.id if self.side is Side.DOWNSTREAM else self.other.id

    @property
    def owns(self) -> bool:
        """Whether the field is the hop's side's."""
        return self.rule.owner is self.side


@dataclass(frozen=True, kw_only=True)
class Edit:
    """A field that changed at a hop's desk, by its people or its rules. `before`: what the desk showed until then, as a
    canonical value; None where that is not known."""

    field: str
    value: str | None
    because: Because
    before: str | None = None


def edges(case: Case, hop: Hop, field: str) -> Iterator[Edge]:
    """The neighbours that have the field in common with the hop, the one above first."""
    parent, link = case.parent(hop), case.link(hop)
    if parent is not None and link is not None and parent.status in OPEN and hop.status in OPEN:
        rule = _shared(case, link, field)
        if rule is not None:
            yield Edge(hop=hop, other=parent, link=link, side=Side.DOWNSTREAM, rule=rule, field=field)
    for child in case.children(hop):
        below = case.link(child)
        rule = _shared(case, below, field) if below is not None and child.status in OPEN else None
        if below is not None and rule is not None:
            yield Edge(hop=hop, other=child, link=below, side=Side.UPSTREAM, rule=rule, field=field)


def _shared(case: Case, link: Link, field: str) -> Ownership | None:
    """Whose the field is. What the rules of the link make differs at its ends on purpose: that is no contest."""
    return None if case.directory.rules_of(link).touch(field) else ownership_of(link, field)


def status_edges(case: Case, hop: Hop) -> Iterator[Edge]:
    """A status is the downstream's: what it means above follows from it."""
    rule, field = Ownership(owner=Side.DOWNSTREAM), str(Field.STATUS)
    parent, link = case.parent(hop), case.link(hop)
    if parent is not None and link is not None and parent.status in OPEN:
        yield Edge(hop=hop, other=parent, link=link, side=Side.DOWNSTREAM, rule=rule, field=field)
    for child in case.children(hop):
        below = case.link(child)
        if below is not None and child.status in OPEN:
            yield Edge(hop=hop, other=child, link=below, side=Side.UPSTREAM, rule=rule, field=field)


GATEWAY = Because()
"""Nobody at a desk: what the gateway concludes."""


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """How a conflict was ruled, and on whose account it stands in the events: theirs whose change did not stand; the
    gateway's where the change stands and is recorded by itself. `winner` None: a person is to say."""

    winner: Side | None
    because: Because = GATEWAY
    insists: bool = False
    policy: str = ""


Value = dict[str, str | None]
"""What one end of an edge has: `hop`, `value`, and `at`, since when."""


def record(case: Case, edge: Edge, values: tuple[Value, Value], ruling: Ruling) -> Event:
    data = {
        "field": edge.field,
        "edge": edge.key,
        "link": edge.link.id,
        "owner": edge.rule.owner.value,
        "policy": ruling.policy or edge.rule.policy.value,
        "by": edge.side.value,
        "winner": ruling.winner.value if ruling.winner is not None else None,
        "insists": ruling.insists,
        edge.side.value: values[0],
        edge.side.other.value: values[1],
    }
    return case.record(conflicts.FOUND, edge.hop, ruling.because, data)


def note(case: Case, here: Hop, there: Hop, kind: str, event: Event) -> None:
    """Tell the people at `here` of a conflict with `there`."""
    field, ends = event.data["field"], [event.data[side.value] for side in Side]
    mine, theirs = sorted(ends, key=lambda end: end["hop"] != here.id)
    queueing.note(
        case,
        here,
        kind,
        event,
        who=queueing.neighbour(case, there, here),
        field=field,
        value=_shown(case, here, field, mine["value"]),
        kept=_shown(case, here, field, theirs["value"]) if _may_read(case, event, here) else "",
        conflict=event.id,
    )


def _may_read(case: Case, conflict: Event, here: Hop) -> bool:
    """Whether the other end's value may be told here: where it does not cross, it is not told in words either."""
    crossing = case.directory.links[conflict.data["link"]].crossing
    above = conflict.data[Side.UPSTREAM.value]["hop"] == here.id
    fields = crossing.fields_up if above else crossing.fields_down
    return conflict.data["field"] == Field.STATUS or conflict.data["field"] in fields


def _shown(case: Case, here: Hop, field: str, value: str | None) -> str:
    """A value in the words of the desk that reads it."""
    if value is None:
        return ""
    if field in TEXTS:
        text = next((one.text for one in case.all_contents() if one.id == value), "")
        return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return mapping.native(case.desk(here), field, value) or value


LONGEST = 200
"""So much of a text is quoted in a note."""
