"""Handing a ticket over: offer, accept, decline, expire, return, withdraw, and who is asked next."""

from collections.abc import Sequence
from datetime import datetime

from gateway.domain import (
    binding,
    conversation,
    cover,
    coverage,
    duedates,
    facts,
    identities,
    mapping,
    notes,
    people,
    progress,
    queueing,
    related,
    trial,
)
from gateway.domain.case import OPEN, Because, Case
from gateway.domain.marks import ROUTE, route_mark
from gateway.domain.model import (
    Choice,
    CommandKind,
    Content,
    ContentKind,
    DeliveryState,
    Desk,
    Event,
    Field,
    Hop,
    HopStatus,
    Link,
    Priority,
    Source,
)
from gateway.domain.model.change import replace
from gateway.domain.rules import passing

REFUSALS = {
    HopStatus.DECLINED: "assignment.declined",
    HopStatus.RETURNED: "assignment.returned",
    HopStatus.EXPIRED: "assignment.expired",
}


def offer(case: Case, parent: Hop, link: Link, because: Because, ranks: Sequence[str] = ()) -> Hop | None:
    """Offer the ticket of `parent` over `link`. Returns the new hop, or None where a loop or the hop limit forbids it.

    `ranks` are the links to try after this one. A hop that is open on the same link is not offered to twice.
    """
    if any(child.link_id == link.id and child.status in OPEN for child in case.children(parent)):
        return None
    refusal = _refusal(case, parent, link)
    if refusal is not None:
        event = case.record("assignment.refused", parent, because, {"link": link.id, "why": refusal})
        who = case.directory.organization_name(link.downstream_org_id)
        queueing.note(case, parent, "route_refused", event, who=who, why=refusal)
        return None
    hop = case.add_hop(_new_hop(case, parent, link, ranks))
    event = case.record("assignment.offered", hop, because, {"link": link.id, "answer_by": _stamp(hop)})
    binding.bind(case, hop, event)
    hop = duedates.at_offer(case, hop)
    _create(case, parent, hop, event)
    if case.ticket.test:
        queueing.note(case, hop, "test", event)
    conversation.hand_over(case, hop, event)
    waiting = case.hops[parent.id].status is HopStatus.OFFERED  # an offer of this moment may have accepted it
    if waiting and parent.parent_id is not None:
        accept(case, parent, because.after(event))
    return hop


def _refusal(case: Case, parent: Hop, link: Link) -> str | None:
    mark = route_mark(case.directory.salt, link.downstream_desk_id)
    if mark in parent.route:
        return "the ticket already came through that desk"
    if len(parent.route) >= link.hop_limit:
        return f"the ticket already went over {len(parent.route)} desks"
    if (link.valid_from and case.now < link.valid_from) or (
        link.valid_until and case.now >= link.valid_until
    ):
        return "the link is not valid today"
    if link.test is not case.ticket.test:
        return trial.ONLY_TESTS if link.test else trial.NO_TESTS
    return cover.refusal(case, parent, link)


def _new_hop(case: Case, parent: Hop, link: Link, ranks: Sequence[str]) -> Hop:
    desk = case.directory.desks[link.downstream_desk_id]
    word = parent.facts.get(Field.PRIORITY)
    within = link.answer_within.get(Priority(word)) if word else None
    return Hop(
        id=case.new_id("hop"),
        org_id=desk.org_id,
        ticket_id=case.ticket.id,
        desk_id=desk.id,
        status=HopStatus.OFFERED,
        link_id=link.id,
        parent_id=parent.id,
        facts=_facts_for(case, parent, link),
        route=(*parent.route, route_mark(case.directory.salt, desk.id)),
        ranks=tuple(ranks),
        offered_at=case.now,
        answer_by=case.now + (within or link.answer_within_default),
        created_at=case.now,
    )


def _facts_for(case: Case, parent: Hop, link: Link) -> dict[str, str]:
    """What may go down as the link's rules make it, the requester as who it is there."""
    known = passing.passed(case.directory, parent, link, down=True).facts
    asked_by = known.pop(Field.REQUESTER.value, None)
    there = identities.requester(link, asked_by, down=True) if asked_by else None
    return known | ({Field.REQUESTER.value: there} if there else {})


def _stamp(hop: Hop) -> str | None:
    return hop.answer_by.isoformat() if hop.answer_by else None


def _create(case: Case, parent: Hop, hop: Hop, event: Event) -> None:
    """Queue the new ticket: profile defaults, then the link's, then what may cross; texts by content id. What the desk
    has no field for is told in words."""
    desk, link = case.desk(hop), case.directory.links[hop.link_id or ""]
    fields = _first_fields(desk, link, parent, hop)
    over = passing.passed(case.directory, case.hops[parent.id], link, down=True)
    texts = {name: known for name, known in _texts(case, hop).items() if name not in over.withheld_texts}
    if Field.TITLE not in texts:
        who = queueing.neighbour(case, parent, hop)
        fields[Field.TITLE.value] = notes.say("untitled", desk.language, who=who)
    payload = {"fields": fields, "texts": texts} | queueing.shapes(over, texts)
    queueing.queue(case, hop, CommandKind.CREATE, about="create", event=event, payload=payload)
    agreed = hop.facts.get(facts.AGREED_DUE)
    if agreed is not None:
        duedates.say(case, hop, datetime.fromisoformat(agreed), event)
    own = {facts.AGREED_DUE, *([Field.DUE.value] if agreed is not None else [])}
    related.tell(case, parent, hop, event)
    asked_by = parent.facts.get(Field.REQUESTER)
    may_be_told = Field.REQUESTER in link.crossing.fields_down and identities.may_be_told(link, down=True)
    if asked_by and Field.REQUESTER not in hop.facts and may_be_told:
        queueing.note(case, hop, "fact", event, field=Field.REQUESTER.value, value=asked_by)
    for name, value in hop.facts.items():
        if name not in own and not mapping.is_exact(desk, name, value):
            queueing.note(case, hop, "fact", event, field=name, value=value)
    for made in over.held:
        facts.hold(case, hop, made, event, down=True)


def _first_fields(desk: Desk, link: Link, parent: Hop, hop: Hop) -> dict[str, str]:
    """What a new ticket begins with, but for its texts."""
    fields: dict[str, str] = {**desk.profile.defaults, **link.create}
    for name, value in hop.facts.items():
        word = mapping.native(desk, name, value)
        if word is not None:
            fields[name] = word
    if link.crossing.number_down and parent.number:
        fields[link.crossing.number_down] = parent.number
    if ROUTE in desk.capabilities.writable:
        fields[ROUTE] = " ".join(hop.route)
    return fields


def _texts(case: Case, hop: Hop) -> dict[str, str]:
    """The newest title and description written above, each only as far down as every link on the way lets it cross.
    What a sibling wrote is not above."""
    sources = {field: _above(case, hop, field) for field in (ContentKind.TITLE, ContentKind.DESCRIPTION)}
    return {
        content.kind.value: content.id
        for content in case.all_contents()
        if content.origin_hop_id in sources.get(content.kind, ())
    }


def _above(case: Case, hop: Hop, field: str) -> list[str]:
    """The hops above whose `field` may reach this one."""
    parent, link = case.parent(hop), case.link(hop)
    if parent is None or link is None or field not in link.crossing.fields_down:
        return []
    return [parent.id, *_above(case, parent, field)]


def received(case: Case, hop: Hop, because: Because) -> None:
    """The other desk has the ticket."""
    case.record("assignment.received", hop, because)


def accept(case: Case, hop: Hop, because: Because) -> None:
    """The downstream takes the assignment; its parent works now."""
    event = case.record("assignment.accepted", hop, because)
    accepted = case.put(hop, status=HopStatus.ACCEPTED, answer_by=None, ranks=())
    _tell_own_desk(case, accepted, because, event)
    progress.tell_parent(case, accepted, event)


def _tell_own_desk(case: Case, hop: Hop, because: Because, event: Event) -> None:
    """What somebody answered elsewhere (a command), the hop's own desk does not know yet."""
    if because.source is Source.PERSON:
        queueing.set_status(case, hop, hop.status, event)


def refuse(case: Case, hop: Hop, verdict: HopStatus, reason: Content | None, because: Because) -> None:
    """Declined, returned or expired: the reason goes back upstream, and the next rank is asked, or the dispatcher."""
    data = {"reason": reason.id, "digest": reason.digest} if reason else {}
    event = case.record(REFUSALS[verdict], hop, because, data)
    ranks = hop.ranks
    gone = case.put(hop, status=verdict, answer_by=None, confirm_by=None, asked=False, ranks=())
    _withdraw_children(case, gone, event)
    parent = case.parent(gone)
    if parent is None:
        return
    who = queueing.neighbour(case, gone, parent)
    words = people.without_names(case, parent, gone, reason.text) if reason else ""
    queueing.note(case, parent, verdict.value, event, who=who, reason=words)
    if verdict is HopStatus.EXPIRED:
        take_back(case, gone, "offer_lapsed", event)
    elif not _cancel_unsent(case, gone):
        _tell_own_desk(case, gone, because, event)
    if not _offer_by_coverage(case, parent, ranks, Because(cause_id=event.id)):
        progress.branch_ended(case, case.hops[parent.id], gone, event)


def take_back(case: Case, hop: Hop, kind: str, event: Event, **facts: str) -> None:
    """Tell a desk that the ticket is no longer its own: a note and a terminal status; unsent work is cancelled."""
    if _cancel_unsent(case, hop):
        return
    queueing.note(case, hop, kind, event, **facts)
    queueing.set_status(case, hop, case.hops[hop.id].status, event)


_UNSENT = (DeliveryState.PENDING, DeliveryState.PARKED)


def _cancel_unsent(case: Case, hop: Hop) -> bool:
    """Cancel what waits in the lane, but for what takes words away. True if the ticket was never created there, so there is
    nobody to tell."""
    waiting = [delivery for delivery in case.lane(hop.id) if delivery.state in _UNSENT]
    waiting = [case.changed_deliveries.get(delivery.id, delivery) for delivery in waiting]
    waiting += [delivery for delivery in case.deliveries if delivery.hop_id == hop.id]
    # One that waits here after a doubt was asked about and is not there; one in doubt is not among these and goes first.
    unsent = any(delivery.kind is CommandKind.CREATE for delivery in waiting)
    for delivery in waiting:
        if not unsent and queueing.takes_away(delivery):
            continue
        cancelled = replace(delivery, state=DeliveryState.CANCELLED, outcome="taken_back")
        if delivery in case.deliveries:
            case.deliveries[case.deliveries.index(delivery)] = cancelled
        else:
            case.changed_deliveries[delivery.id] = cancelled
    return unsent


def withdraw(case: Case, hop: Hop, reason: str, because: Because) -> Event:
    """The upstream takes the assignment back (possible until resolution); the downstream acknowledges by an act."""
    content = queueing.reason_text(case, hop, reason, because)
    event = case.record("assignment.withdrawn", hop, because, {"reason": content.id} if content else {})
    gone = case.put(hop, status=HopStatus.WITHDRAWN, answer_by=None, confirm_by=None, asked=False)
    parent = case.parent(gone)
    who = queueing.neighbour(case, parent, gone) if parent else ""
    words = people.without_names(case, gone, parent, reason) if parent else reason
    take_back(case, gone, "withdrawn", event, who=who, reason=words)
    _withdraw_children(case, gone, event)
    return event


def _withdraw_children(case: Case, hop: Hop, cause: Event) -> None:
    """What hangs below goes too; the words said to one neighbour are not for the next."""
    for child in case.children(hop):
        if child.status in OPEN:
            withdraw(case, child, "withdrawn upstream", Because(cause_id=cause.id))


def acknowledge_withdrawal(case: Case, hop: Hop, because: Because) -> None:
    """The downstream says that it knows the assignment is gone."""
    case.record("withdrawal.acknowledged", hop, because)


def dispatch(case: Case, hop: Hop, matched: Sequence[Link], because: Because) -> None:
    """Offer to what newly matches: each `always` link by itself, one of the `coverage` links by the table."""
    for link in matched:
        if link.passage.choose is Choice.ALWAYS and _may_offer_again(case, hop, link, because):
            offer(case, hop, link, because)
    candidates = [
        link.id
        for link in matched
        if link.passage.choose is Choice.COVERAGE and _may_offer_again(case, hop, link, because)
    ]
    asked = {child.link_id for child in case.children(hop) if child.status in OPEN}
    if not candidates or not asked.isdisjoint(candidates):
        return
    if not _offer_by_coverage(case, hop, candidates, because):
        event = case.record("assignment.exhausted", hop, because, {"why": "not_covered"})
        queueing.note(case, hop, "nobody_covers", event, why="the coverage table names nobody for this now")


def _offer_by_coverage(case: Case, hop: Hop, candidates: Sequence[str], because: Because) -> bool:
    """Offer to the first who covers it at this moment; those left are asked when this one refuses."""
    active = [link.id for link in case.directory.links_from(hop.desk_id) if link.id in candidates]
    for link_id in coverage.ranked(case, hop, frozenset(active)):
        active.remove(link_id)
        if offer(case, case.hops[hop.id], case.directory.links[link_id], because, active):
            return True
    return False


def _may_offer_again(case: Case, hop: Hop, link: Link, because: Because) -> bool:
    """After a decline or return only a new human act offers again."""
    refused = any(child.link_id == link.id and child.status not in OPEN for child in case.children(hop))
    return because.by_person or not refused


def lapse(case: Case, hop: Hop) -> None:
    """The answer-by moment of an offer passed."""
    if hop.status is HopStatus.OFFERED:
        refuse(case, hop, HopStatus.EXPIRED, None, Because())
    else:
        case.put(hop, answer_by=None)
