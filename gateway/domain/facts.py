"""Fields that are facts of a hop (priority, site, due, assignee, title …) and where each goes: down a link where the
upstream owns it (`fields_down`), up where the downstream does (`fields_up`), else it stays where it changed."""

from collections.abc import Collection

from gateway.domain import contest, contest_texts, identities, mapping, people, queueing, related
from gateway.domain.case import OPEN, Because, Case
from gateway.domain.edges import Edit
from gateway.domain.model import Content, ContentKind, Event, Field, Hop, Link, Side, Visibility
from gateway.domain.rules import passing
from gateway.domain.rules.evaluate import TEXTS, Made
from gateway.domain.rules.model import UNRULED
from gateway.domain.sighting import FieldChange

AGREED_DUE = "agreed_due"
"""Stands among a hop's facts while its own agreement promises a due moment: that one is its due, not the upstream's."""


def codes_known(case: Case, field: str) -> frozenset[str]:
    """The site or asset codes of whom this ticket is for: of its root's owner, and of the customers it has without a desk."""
    table = case.directory.sites if field == Field.SITE else case.directory.assets
    served = case.directory.served_by(case.ticket.org_id)
    return frozenset(code for org_id, code in table if org_id in served)


def changed(case: Case, hop: Hop, change: FieldChange, because: Because) -> None:
    """A field that is neither a status nor an act changed at a hop's desk."""
    field, new = change.field, change.new
    if field in (Field.TITLE, Field.DESCRIPTION):
        _text_changed(case, hop, field, new or "", because)
    elif field in mapping.CARRIED or (mapping.is_free(field) and crosses(case, hop, field)):
        _fact_changed(case, hop, change, because)
    elif field == Field.RELATED:
        event = case.record("field.changed", hop, because, {"field": field})
        related.changed(case, hop, change, event)
    elif field == Field.ASSIGNEE:
        _assignee_changed(case, hop, change, because)
    elif field != Field.MARKER:
        _looked_at_by_rules(case, hop, field, case.record("field.changed", hop, because, {"field": field}))


def told_again(case: Case, hop: Hop, change: FieldChange, because: Because) -> None:
    """The desk's history tells of a change that was seen before: a fact is confirmed, anything else has happened already."""
    if change.field in mapping.CARRIED or (
        mapping.is_free(change.field) and crosses(case, hop, change.field)
    ):
        _fact_changed(case, hop, change, because)


def crosses(case: Case, hop: Hop, field: str) -> bool:
    """Whether a field of this hop's desk may pass over any link from here: else its value is nobody's business."""
    own = case.link(hop)
    up = own is not None and mapping.among(own.crossing.fields_up, field)
    return up or any(
        mapping.among(link.crossing.fields_down, field) for link in case.directory.links_from(hop.desk_id)
    )


def _fact_changed(case: Case, hop: Hop, change: FieldChange, because: Because) -> None:
    field, new = change.field, change.new
    try:
        value = mapping.canonical(case.desk(hop), codes_known(case, field), field, new) if new else None
    except mapping.UnknownWord:
        unknown(case, hop, field, new or "", because)
        return
    hop = case.put(hop, unmapped=hop.unmapped - {field})
    edit = Edit(field=str(field), value=value, because=because, before=_before(case, hop, field, change.old))
    if _says_no_more(case, hop, field, new, value):
        contest.confirmed(case, hop, edit)
        return
    if change.ours and queueing.under_way(case, hop, field):
        return  # what the desk made of what we wrote before; what we wrote since is on its way
    if not change.ours and contest.overruled(case, hop, edit):
        return
    kind = "priority.changed" if field == Field.PRIORITY else "field.changed"
    said = {} if mapping.is_free(field) else {"from": hop.facts.get(field), "to": value}
    event = case.record(kind, hop, because, {"field": field} | said)
    if (
        field == Field.DUE and AGREED_DUE in hop.facts
    ):  # what we wrote, not the desk's own view of the promise (R24)
        case.disagree("due_drift", hop, agreed=hop.facts[AGREED_DUE], shown=value)
    contest.overtaken(case, hop, edit, event)
    keep(case, hop, field, value)
    send_down(case, hop, field, value, event)
    send_up(case, hop, field, value, event)


def _before(case: Case, hop: Hop, field: str, old: str | None) -> str | None:
    """What the desk showed until it was changed, as a canonical value, if that is known."""
    try:
        return mapping.canonical(case.desk(hop), codes_known(case, field), field, old) if old else None
    except mapping.UnknownWord:
        return None


def _says_no_more(case: Case, hop: Hop, field: str, new: str | None, value: str | None) -> bool:
    """Rule 5: a lossy map does not travel back. What the desk shows is what it would show of what we know."""
    known = hop.facts.get(field)
    if known is None or value is None:
        return known == value
    return mapping.same(field, known, value) or mapping.native(case.desk(hop), field, known) == new


def keep(case: Case, hop: Hop, field: str, value: str | None) -> Hop:
    """Set a fact of the hop; the root's facts are the ticket's."""
    return case.set_fact(hop, field, value)


def send_down(case: Case, hop: Hop, field: str, value: str | None, event: Event) -> None:
    """Tell the hops below what their upstream changed, where the link lets the field cross."""
    for child in case.children(hop):
        link = case.link(child)
        if link is None or child.status not in OPEN:
            continue
        if case.directory.rules_of(link) != UNRULED:
            cross(case, child, event, fields=passing.touched(case.directory.rules_of(link), field, down=True))
        elif mapping.among(link.crossing.fields_down, field):
            _tell_below(case, child, field, value, event)


def _tell_below(case: Case, child: Hop, field: str, said: str | None, event: Event) -> None:
    link = case.link(child)
    value = _there(case, (link, child), field, said, event) if link is not None else None
    if value is None and said is not None:
        return
    if child.facts.get(field) == value or (field == Field.DUE and AGREED_DUE in child.facts):
        return
    if not contest.may_cross(case, child, field, down=True):
        return
    told = keep(case, child, field, value)
    _write(case, told, field, value, event)
    send_down(case, told, field, value, event)


def cross(case: Case, child: Hop, event: Event, *, fields: Collection[str], down: bool = True) -> None:
    """Let fields of one end of a link pass its rules once more, and write at the other end what differs there now. `child`
    is the hop that came over the link."""
    parent, link = case.parent(child), case.link(child)
    if parent is None or link is None:
        return
    source, target = (parent, child) if down else (child, parent)
    over = passing.passed(case.directory, case.hops[source.id], link, down=down)
    for name in sorted(set(fields) - TEXTS):
        made = over.made.get(name)
        if made is not None and made.held is not None:
            hold(case, child, made, event, down=down)
            continue
        _let_go(case, child, name, down=down)
        if made is not None and made.dropped:
            continue
        value = made.value if made is not None else None
        known = case.hops[target.id].facts
        if value is None and not (mapping.among(passing.allowed(link, down=down), name) and name in known):
            continue
        if down:
            _tell_below(case, case.hops[child.id], name, value, event)
        else:
            _tell_above(case, case.hops[child.id], name, value, event)


def _looked_at_by_rules(case: Case, hop: Hop, field: str, event: Event) -> None:
    """A field that does not cross itself may be one that a rule's condition looks at."""
    for child in case.children(hop):
        link = case.link(child)
        rules = case.directory.rules_of(link) if link is not None else UNRULED
        if child.status in OPEN and rules != UNRULED:
            cross(case, child, event, fields=passing.touched(rules, field, down=True))


def hold(case: Case, child: Hop, made: Made, event: Event, *, down: bool) -> None:
    """A value that a rule of the link has no word for: it does not cross, and the side whose rule lacks it is told, once."""
    mark = passing.marked(made.field, down=down)
    current = case.hops[child.id]
    if mark in current.unmapped:
        return
    case.put(current, unmapped=current.unmapped | {mark})
    parent = case.parent(current)
    at = current if made.side is not Side.UPSTREAM or parent is None else parent
    told = case.record(
        "mapping.unknown", at, Because(cause_id=event.id), {"field": made.field, "rule": made.rule}
    )
    case.disagree("unmapped", at, field=made.field, value=made.held)
    queueing.note(case, at, "unknown_value", told, field=made.field, value=made.held or "")


def _let_go(case: Case, child: Hop, name: str, *, down: bool) -> None:
    current = case.hops[child.id]
    case.put(current, unmapped=current.unmapped - {passing.marked(name, down=down)})


def _there(case: Case, to: tuple[Link, Hop], field: str, value: str | None, event: Event) -> str | None:
    """A fact in the words of the next desk. Somebody who is not found there is told in words, if at all."""
    link, hop = to
    down = hop.link_id == link.id
    if field != Field.REQUESTER or value is None:
        return value
    found = identities.requester(link, value, down=down)
    if found is None and identities.may_be_told(link, down=down):
        queueing.note(case, hop, "fact", event, field=field, value=value)
    return found


def _write(case: Case, hop: Hop, field: str, value: str | None, event: Event) -> None:
    """Write a fact at the hop's desk; what its own field cannot show is told in words."""
    desk = case.desk(hop)
    word = mapping.native(desk, field, value) if value is not None else None
    writable = mapping.among(desk.capabilities.writable, field)
    if word is not None or (value is None and writable):
        queueing.update(case, hop, {field: word}, event)
    if not writable if value is None else not mapping.is_exact(desk, field, value):
        queueing.note(case, hop, "fact", event, field=field, value=value or "")


def send_up(case: Case, hop: Hop, field: str, value: str | None, event: Event) -> None:
    """Tell the upstream what the downstream may decide by the link. A due date is a promise from below: told in words,
    for the upstream's own is its own."""
    parent, link = case.parent(hop), case.link(hop)
    if parent is None or link is None or parent.status not in OPEN:
        return
    rules = case.directory.rules_of(link)
    if rules != UNRULED:
        cross(case, hop, event, fields=passing.touched(rules, field, down=False), down=False)
    elif mapping.among(link.crossing.fields_up, field):
        _tell_above(case, hop, field, value, event)


def _tell_above(case: Case, hop: Hop, field: str, value: str | None, event: Event) -> None:
    parent, link = case.parent(hop), case.link(hop)
    if parent is None or link is None:
        return
    if field == Field.DUE:
        who = queueing.neighbour(case, hop, parent)
        queueing.note(case, parent, "due_below", event, who=who, value=value or "")
        return
    there = _there(case, (link, parent), field, value, event)
    if parent.facts.get(field) == there or (there is None and value is not None):
        return
    if contest.may_cross(case, hop, field, down=False):
        told = keep(case, parent, field, there)
        _write(case, told, field, there, event)
        send_up(case, told, field, there, event)


def _text_changed(case: Case, hop: Hop, field: str, text: str, because: Because) -> None:
    """A title or description was edited: the text is content, the event holds its digest."""
    kind = ContentKind.TITLE if field == Field.TITLE else ContentKind.DESCRIPTION
    content = case.write(hop, kind, text, visibility=Visibility.PUBLIC, author=because.actor)
    if contest_texts.overruled(case, hop, content, because):
        return
    data = {"field": field, "content": content.id, "digest": content.digest}
    event = case.record("field.changed", hop, because, data)
    _text_down(case, hop, field, content, event)


def _text_down(case: Case, hop: Hop, field: str, content: Content, event: Event) -> None:
    for child in case.children(hop):
        link = case.link(child)
        if link is None or child.status not in OPEN or field not in link.crossing.fields_down:
            continue
        over = passing.passed(case.directory, case.hops[hop.id], link, down=True)
        if field in over.withheld_texts:
            continue
        if field in case.desk(child).capabilities.writable:
            queueing.update_texts(case, child, {field: content.id}, event, queueing.shapes(over, [field]))
        else:
            who = queueing.neighbour(case, hop, child)
            shaped = passing.shaped(content.text, over.shapes.get(field, ()))
            text = people.without_names(case, child, case.hops[content.origin_hop_id], shaped)
            queueing.note(case, child, "text_changed", event, who=who, field=field, text=text)
        _text_down(case, child, field, content, event)


def _assignee_changed(case: Case, hop: Hop, change: FieldChange, because: Because) -> None:
    """Who works on it is told one link up, and down where a link says so: as the person that is known there, else above in
    words, in the way the link names people."""
    event = case.record("assignee.changed", hop, because, {"set": bool(change.new)})
    if not change.new:
        return
    for child in case.children(hop):
        below = case.link(child)
        if below is not None and child.status in OPEN and Field.ASSIGNEE in below.crossing.fields_down:
            _assign(case, child, identities.across(below, change.new, down=True), event)
    parent, link = case.parent(hop), case.link(hop)
    if parent is None or link is None or Field.ASSIGNEE not in link.crossing.fields_up:
        return
    if parent.status in OPEN and hop.status in OPEN:
        known = identities.across(link, change.new, down=False)
        if not _assign(case, parent, known, event):
            _tell_assignee(case, hop, parent, change.new, event)


def _assign(case: Case, hop: Hop, native: str | None, event: Event) -> bool:
    if native is None or not mapping.among(case.desk(hop).capabilities.writable, Field.ASSIGNEE):
        return False
    queueing.update(case, hop, {Field.ASSIGNEE: native}, event)
    return True


def _tell_assignee(case: Case, hop: Hop, parent: Hop, native: str, event: Event) -> None:
    who = queueing.neighbour(case, hop, parent)
    person = people.Party(hop=hop, name=native, native=native)
    named = people.shown(case, parent, person) or who
    naming = people.Naming(of=hop.id, name=named, instead=who, rule=people.naming(case, parent, hop))
    queueing.note_naming(case, parent, "assigned", event, naming, who=who, name=named)


def unknown(case: Case, hop: Hop, field: str, native: str, because: Because) -> None:
    """A value without a meaning is held and told, never guessed and never sent as text."""
    if field in hop.unmapped:
        return
    event = case.record("mapping.unknown", hop, because, {"field": field})
    case.put(hop, unmapped=hop.unmapped | {str(field)})
    case.disagree("unmapped", hop, field=field, value=native)
    queueing.note(case, hop, "unknown_value", event, field=field, value=native)
