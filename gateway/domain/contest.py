"""What is done where both ends of a link set a field: the value that wins stands, the other stays visible as a conflict, and
whoever lost is told whose the field is. Who wins is `ownership`, how conflicts stand `conflicts`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from gateway.domain import conflicts, mapping, queueing
from gateway.domain.case import OPEN, Because, Case
from gateway.domain.conflicts import SWING
from gateway.domain.model import (
    ActorKind,
    Content,
    ContentKind,
    Event,
    Hop,
    Link,
    Loser,
    Ownership,
    Policy,
    Side,
)
from gateway.domain.ownership import TEXTS, Claim, effective, ownership_of, winner


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


# -- carried values --------------------------------------------------------------------------------------------------------


def overruled(case: Case, hop: Hop, edit: Edit) -> bool:
    """Whether the change does not stand, because a neighbour's value does or nobody may say: then all that follows from it
    is done. An owner who has said nothing yet is not contradicted."""
    for edge in edges(case, hop, edit.field):
        known = edge.other.facts.get(edit.field)
        if known is None or known == edit.value or _stands(case, edge, edit):
            continue
        if edge.rule.policy is Policy.HOLD:
            _hold(case, edge, edit)
        elif edge.rule.loser is Loser.TELL:
            _tell_only(case, edge, edit)
            return False
        else:
            _take_back(case, edge, edit)
        return True
    return False


def _stands(case: Case, edge: Edge, edit: Edit) -> bool:
    if edge.rule.policy is not Policy.LATEST_WINS:
        return edge.owns
    mine = Claim(side=edge.side, value=edit.value, at=_at(case, edit))
    best = winner(edge.rule, [mine, *_claims(case, edge)])
    return best is None or best.side is edge.side


def _at(case: Case, edit: Edit) -> datetime:
    because = edit.because
    return effective(because.reported_at, seen=case.now, contrary=because.contrary_seen_at)


def _claims(case: Case, edge: Edge) -> list[Claim]:
    """What was set on both sides of the edge, wherever in the chain, until now."""
    below = {hop.id for hop in case.hops.values() if edge.key in {one.id for one in case.upwards(hop)}}
    return [
        Claim(
            side=Side.DOWNSTREAM if turn.hop in below else Side.UPSTREAM,
            value=turn.value,
            at=turn.at,
        )
        for turn in conflicts.turns(case.story(), edge.field)
    ]


def _hold(case: Case, edge: Edge, edit: Edit) -> None:
    """Both values stay where they are until a person decides."""
    case.set_fact(edge.hop, edit.field, edit.value)
    event = _found(case, edge, edit, Ruling(winner=None, because=edit.because))
    for here, there in ((edge.hop, edge.other), (edge.other, edge.hop)):
        _note(case, here, there, "conflict_open", event)


def _tell_only(case: Case, edge: Edge, edit: Edit) -> None:
    event = _found(case, edge, edit, Ruling(winner=edge.side.other, because=edit.because))
    _note(case, edge.hop, edge.other, "conflict_told", event)


def _take_back(case: Case, edge: Edge, edit: Edit) -> None:
    """The other side's value is written here again; against a rule that insists, no more: a person is to see to it."""
    insists = _insists(case, edge, edit)
    ruling = Ruling(winner=edge.side.other, because=edit.because, insists=insists)
    event = _found(case, edge, edit, ruling)
    if not insists:
        case.unsure[edge.hop.id, edit.field] = None
        _note(case, edge.hop, edge.other, "conflict_lost", event)
        return
    _tell_of_insisting(case, edge, event)


def _tell_of_insisting(case: Case, edge: Edge, event: Event) -> None:
    """Once, to both."""
    same = conflicts.found(case.story(), edge.field, edge.key)
    if any(one.data["insists"] for one in same if one.id != event.id):
        return
    for here, there in ((edge.hop, edge.other), (edge.other, edge.hop)):
        _note(case, here, there, "conflict_insists", event)


def _insists(case: Case, edge: Edge, edit: Edit) -> bool:
    """Whether a rule of that desk sets the same value again after it was taken back, and no person set it meanwhile."""
    if edit.because.actor_kind is ActorKind.PERSON:
        return False
    before = 0
    for turn in conflicts.turns(case.story(), edit.field, (edge.hop.id,)):
        if turn.by is ActorKind.PERSON or case.now - turn.observed_at > conflicts.QUIET:
            before = 0
        else:
            before += turn.value == edit.value
    return before >= conflicts.TIMES.get(edit.because.actor_kind, 0) - 1


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


def _found(case: Case, edge: Edge, edit: Edit, ruling: Ruling) -> Event:
    return _record(case, edge, _values(case, edge, edit), ruling)


Value = dict[str, str | None]
"""What one end of an edge has: `hop`, `value`, and `at`, since when."""


def _values(case: Case, edge: Edge, edit: Edit) -> tuple[Value, Value]:
    """Of the hop and of its neighbour."""
    mine: Value = {"hop": edge.hop.id, "value": edit.value, "at": _at(case, edit).isoformat()}
    theirs = {"hop": edge.other.id, "value": edge.other.facts.get(edit.field), "at": _last(case, edge)}
    return mine, theirs


def _record(case: Case, edge: Edge, values: tuple[Value, Value], ruling: Ruling) -> Event:
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


def _last(case: Case, edge: Edge) -> str | None:
    """When the other side last set the field, if it ever did since it was opened."""
    at = [claim.at for claim in _claims(case, edge) if claim.side is not edge.side]
    return max(at).isoformat() if at else None


def overtaken(case: Case, hop: Hop, edit: Edit, event: Event) -> None:
    """The change stands. Whose value it replaced before anybody here saw it has lost to it, and that stays visible; two rules
    that answer each other are stopped."""
    known, shared = hop.facts.get(edit.field), list(edges(case, hop, edit.field))
    if shared and queueing.under_way(case, hop, edit.field):
        case.unsure[hop.id, edit.field] = None
    for edge in shared:
        if edge.rule.policy is not Policy.LATEST_WINS:
            continue
        unseen = edit.before is not None and known is not None and edit.before != known != edit.value
        if unseen and edge.other.facts.get(edit.field) == known:
            lost = _found(case, edge, edit, Ruling(winner=edge.side))
            _note(case, edge.other, edge.hop, "conflict_lost", lost)
            case.unsure[hop.id, edit.field] = None
        ends = (edge.hop.id, edge.other.id)
        if edit.because.actor_kind is not ActorKind.PERSON and conflicts.is_swinging(
            case.story(), edge.field, ends
        ):
            freeze(case, edge, _values(case, edge, edit), event)


def confirmed(case: Case, hop: Hop, edit: Edit) -> None:
    """Somebody set what stands already, before the desk showed it: nothing changes, but it counts as set from then on."""
    if edit.before is None or edit.before == edit.value:
        return
    if any(edge.rule.policy is Policy.LATEST_WINS for edge in edges(case, hop, edit.field)):
        case.record(conflicts.CONFIRMED, hop, edit.because, {"field": edit.field, "to": edit.value})


def freeze(case: Case, edge: Edge, values: tuple[Value, Value], cause: Event) -> None:
    """From now on nothing of the field goes over the edge until a person sets it or both rules are quiet. Told once."""
    if conflicts.open_one(case.story(), edge.field, edge.key, now=case.now) is not None:
        return
    ruling = Ruling(winner=edge.rule.owner, because=Because(cause_id=cause.id), policy=SWING)
    event = _record(case, edge, values, ruling)
    for here, there in ((edge.hop, edge.other), (edge.other, edge.hop)):
        _note(case, here, there, "conflict_swing", event)


def may_cross(case: Case, child: Hop, field: str, *, down: bool) -> bool:
    """Whether a value that stands at one end is carried to the other: from the owner, or both ways where the later wins; and
    not while a conflict about it is open."""
    link = case.link(child)
    rule = ownership_of(link, field) if link is not None else None
    if rule is None:
        return True
    if rule.policy is Policy.OWNER_WINS:
        said = child.facts.get(field) if down else None
        return (rule.owner is Side.UPSTREAM) is down or (down and said is None)
    return conflicts.open_one(case.story(), field, child.id, now=case.now) is None


def assure(case: Case) -> None:
    """When everything is judged: where a desk shows, or is about to be written, something else than what stands, that is
    written."""
    unsure, case.unsure = case.unsure, {}
    for hop_id, field in unsure:
        hop = case.hops[hop_id]
        value = hop.facts.get(field)
        event = next(one for one in reversed(case.events) if one.data.get("field") == field)
        shown = hop.shadow.get(field)
        if shown and not queueing.under_way(case, hop, field) and _means(case, hop, field, shown) == value:
            continue
        word = mapping.native(case.desk(hop), field, value) if value is not None else None
        if word is not None or (value is None and field in case.desk(hop).capabilities.writable):
            queueing.update(case, hop, {field: word}, event)


def _means(case: Case, hop: Hop, field: str, native: str) -> str | None:
    """What a desk's word means; None where its profile does not say. Codes were checked when they were taken in."""
    try:
        return mapping.canonical(case.desk(hop), frozenset(hop.facts.values()), field, native)
    except mapping.UnknownWord:
        return None


# -- texts -----------------------------------------------------------------------------------------------------------------


def text_overruled(case: Case, hop: Hop, new: Content, because: Because) -> bool:
    """The same for a title or description, whose owner is the upstream: its words are written here again."""
    field = new.kind.value
    above = [edge for edge in edges(case, hop, field) if edge.side is Side.DOWNSTREAM]
    old = _words_above(case, hop, new.kind) if above else None
    if old is None or not above or _same_words(old.text, new.text):
        return False
    edge, tells = above[0], above[0].rule.loser is Loser.TELL
    mine: Value = {"hop": hop.id, "value": new.id, "at": new.at.isoformat()}
    theirs: Value = {"hop": edge.other.id, "value": old.id, "at": old.at.isoformat()}
    insists = not tells and _insists_on(case, edge, new, because)
    ruling = Ruling(winner=Side.UPSTREAM, because=because, insists=insists)
    event = _record(case, edge, (mine, theirs), ruling)
    if insists:
        _tell_of_insisting(case, edge, event)
        return True
    writes = not tells and field in case.desk(hop).capabilities.writable
    _note(case, hop, edge.other, "conflict_lost" if writes else "conflict_told", event)
    if writes:
        queueing.update_texts(case, hop, {field: old.id}, event)
    return not tells


def _words_above(case: Case, hop: Hop, kind: ContentKind) -> Content | None:
    """The newest words of that kind that may come down to this hop."""
    sources = []
    link, above = case.link(hop), case.parent(hop)
    while link is not None and above is not None and kind.value in link.crossing.fields_down:
        sources.append(above.id)
        link, above = case.link(above), case.parent(above)
    words = [one for one in case.all_contents() if one.kind is kind and one.origin_hop_id in sources]
    lost = {
        one.data[one.data["by"]]["value"]
        for one in (case.story() if words else ())
        if one.type == conflicts.FOUND and one.data["field"] == kind.value
    }
    return next((one for one in reversed(words) if one.id not in lost and one.text), None)


def _insists_on(case: Case, edge: Edge, new: Content, because: Because) -> bool:
    if because.actor_kind is ActorKind.PERSON:
        return False
    texts = {one.id: one.text for one in case.all_contents()}
    before = [
        turn
        for turn in conflicts.turns(case.story(), edge.field, (edge.hop.id,))
        if _same_words(texts.get(turn.value or "", ""), new.text)
        and case.now - turn.observed_at <= conflicts.QUIET
    ]
    return len(before) >= conflicts.TIMES.get(because.actor_kind, 0) - 1


def _same_words(one: str, other: str) -> bool:
    return " ".join(one.split()) == " ".join(other.split())


# -- words -----------------------------------------------------------------------------------------------------------------


def _note(case: Case, here: Hop, there: Hop, kind: str, event: Event) -> None:
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
        kept=_shown(case, here, field, theirs["value"]),
        conflict=event.id,
    )


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
