"""A title or description that was written below the one whose it is: the owner's words are written there again."""

from gateway.domain import conflicts, queueing
from gateway.domain.case import Because, Case
from gateway.domain.contest import tell_of_insisting
from gateway.domain.edges import Edge, Ruling, Value, edges, note, record
from gateway.domain.model import ActorKind, Content, ContentKind, Hop, Loser, Side


def overruled(case: Case, hop: Hop, new: Content, because: Because) -> bool:
    """Whether these words do not stand, because the upstream's do; then what follows is done."""
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
    event = record(case, edge, (mine, theirs), ruling)
    if insists:
        tell_of_insisting(case, edge, event)
        return True
    writes = not tells and field in case.desk(hop).capabilities.writable
    note(case, hop, edge.other, "conflict_lost" if writes else "conflict_told", event)
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
