"""What is done where both ends of a link set a field: the value that wins stands, the other stays visible as a conflict, and
whoever lost is told whose the field is. Who wins is `ownership`, how conflicts stand `conflicts`, titles `contest_texts`."""

from datetime import datetime

from gateway.domain import conflicts, mapping, queueing
from gateway.domain.case import Because, Case
from gateway.domain.conflicts import SWING
from gateway.domain.edges import Edge, Edit, Ruling, Value, edges, note, record, status_edges
from gateway.domain.model import ActorKind, Event, Field, Hop, Loser, Policy, Side
from gateway.domain.ownership import Claim, effective, ownership_of, winner

# -- carried values --------------------------------------------------------------------------------------------------------


def overruled(case: Case, hop: Hop, edit: Edit) -> bool:
    """Whether the change does not stand, because a neighbour's value does or nobody may say: then all that follows from it
    is done. An owner who has said nothing yet is not contradicted. One whose newer value is on its way there has spoken:
    what the desk shows until it arrives is not kept, even where a loser's value may stay."""
    for edge in edges(case, hop, edit.field):
        known = edge.other.facts.get(edit.field)
        if known is None or known == edit.value or _stands(case, edge, edit):
            continue
        if edge.rule.policy is Policy.HOLD:
            _hold(case, edge, edit)
        elif edge.rule.loser is Loser.TELL and not queueing.under_way(case, hop, edit.field):
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
        note(case, here, there, "conflict_open", event)


def _tell_only(case: Case, edge: Edge, edit: Edit) -> None:
    event = _found(case, edge, edit, Ruling(winner=edge.side.other, because=edit.because))
    note(case, edge.hop, edge.other, "conflict_told", event)


def _take_back(case: Case, edge: Edge, edit: Edit) -> None:
    """The other side's value is written here again; against a rule that insists, no more: a person is to see to it."""
    insists = _insists(case, edge, edit)
    ruling = Ruling(winner=edge.side.other, because=edit.because, insists=insists)
    event = _found(case, edge, edit, ruling)
    if not insists:
        case.unsure[edge.hop.id, edit.field] = None
        note(case, edge.hop, edge.other, "conflict_lost", event)
        return
    tell_of_insisting(case, edge, event)


def tell_of_insisting(case: Case, edge: Edge, event: Event) -> None:
    """Once, to both."""
    same = conflicts.found(case.story(), edge.field, edge.key)
    if any(one.data["insists"] for one in same if one.id != event.id):
        return
    for here, there in ((edge.hop, edge.other), (edge.other, edge.hop)):
        note(case, here, there, "conflict_insists", event)


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


def _found(case: Case, edge: Edge, edit: Edit, ruling: Ruling) -> Event:
    return record(case, edge, _values(case, edge, edit), ruling)


def _values(case: Case, edge: Edge, edit: Edit) -> tuple[Value, Value]:
    """Of the hop and of its neighbour."""
    mine: Value = {"hop": edge.hop.id, "value": edit.value, "at": _at(case, edit).isoformat()}
    theirs = {"hop": edge.other.id, "value": edge.other.facts.get(edit.field), "at": _last(case, edge)}
    return mine, theirs


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
            note(case, edge.other, edge.hop, "conflict_lost", lost)
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
    event = record(case, edge, values, ruling)
    for here, there in ((edge.hop, edge.other), (edge.other, edge.hop)):
        note(case, here, there, "conflict_swing", event)


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


# -- statuses --------------------------------------------------------------------------------------------------------------


def at_rest(case: Case, hop: Hop, because: Because, event: Event) -> frozenset[str]:
    """The edges (by the id of their lower hop) over which this move of a hop's status is not carried, because rules at the two
    desks answer each other. Each desk's own status stays what its desk says; a person's move goes everywhere again."""
    if because.actor_kind is ActorKind.PERSON:
        return frozenset()
    field, stopped = str(Field.STATUS), set()
    for edge in status_edges(case, hop):
        if not conflicts.is_swinging(case.story(), field, (hop.id, edge.other.id)):
            continue
        mine: Value = {"hop": hop.id, "value": hop.status.value, "at": event.observed_at.isoformat()}
        freeze(
            case, edge, (mine, {"hop": edge.other.id, "value": edge.other.status.value, "at": None}), event
        )
        stopped.add(edge.key)
        _look_when_quiet(case, case.hops[edge.key])
    return frozenset(stopped)


def _look_when_quiet(case: Case, lower: Hop) -> None:
    """What is kept back now is told when nothing has moved for a while (`quieting`)."""
    then = case.now + conflicts.QUIET_FROM
    case.put(lower, refetch_at=min(lower.refetch_at or then, then))
