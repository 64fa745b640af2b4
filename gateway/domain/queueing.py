"""From a decision to a delivery in a hop's lane: which words to write at that desk, under which marker."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from gateway.domain import budgeting, mapping, notes, people
from gateway.domain.case import Because, Case
from gateway.domain.erasing import ERASED
from gateway.domain.imported import is_imported
from gateway.domain.marks import keyed, marker
from gateway.domain.model import (
    CommandKind,
    Content,
    ContentKind,
    Delivery,
    DeliveryState,
    Event,
    Field,
    Hop,
    HopStatus,
    Priority,
    Visibility,
)
from gateway.domain.model.change import replace
from gateway.domain.people import Naming
from gateway.domain.rules.passing import Passed

UNDATED = timedelta(days=3650)
"""What no clock presses goes after everything that one does."""
_URGENCY = {Priority.CRITICAL: 0, Priority.HIGH: 1, Priority.MEDIUM: 2, Priority.LOW: 3}


def queue(
    case: Case, hop: Hop, kind: CommandKind, *, about: str, event: Event | None = None, **more: Any
) -> Delivery:
    """Append one command to the hop's lane. `about` names what it carries; link, hop and object make the marker."""
    current = case.hops[hop.id]
    delivery = Delivery(
        id=case.new_id("dlv"),
        org_id=case.ticket.org_id,
        ticket_id=case.ticket.id,
        hop_id=hop.id,
        desk_id=hop.desk_id,
        seq=current.next_seq,
        kind=kind,
        marker=marker(case.directory.salt, current.link_id or "root", f"{_place(case, current)}|{about}"),
        created_at=case.now,
        next_at=case.now,
        event_id=event.id if event else None,
        urgency=_urgency(current),
        due_at=_due(current) or case.now + UNDATED,
        **more,
    )
    case.put(current, next_seq=current.next_seq + 1)
    if kind is CommandKind.UPDATE:
        delivery = _within_budget(case, current, delivery)
    elif _may_be_there(case, delivery):
        delivery = replace(delivery, state=DeliveryState.AMBIGUOUS, probes=1)
    if not is_imported(case.ticket):  # there is no desk to write to
        case.deliveries.append(delivery)
    return delivery


def _place(case: Case, hop: Hop) -> str:
    """A name of the hop that does not come from our database: the ticket it was made of and the how-manieth offer of it
    over this link. Found anew after a restored backup, it has the same name again (D10)."""
    parent = case.parent(hop)
    if parent is None:
        return f"{hop.desk_id}|{hop.remote_id or hop.id}"
    offers = [child.id for child in case.children(parent) if child.link_id == hop.link_id]
    return f"{parent.desk_id}|{parent.remote_id or parent.id}|{offers.index(hop.id)}"


def _native_name(case: Case, content: Content) -> str:
    """What its own desk calls a comment or file, and which words of it these are (an edited comment is written again)."""
    origin = case.hops[content.origin_hop_id]
    native = content.source.get("remote_id")
    if native is None or origin.remote_id is None:
        return content.id
    words = keyed(case.directory.salt, "words", content.text, f"{content.at.timestamp():.0f}")
    return f"{origin.desk_id}|{origin.remote_id}|{content.kind.value}|{native}|{words}"


CLOCKS_DIFFER = timedelta(minutes=10)
"""By so much a desk's clock may be ahead of ours before a restored backup makes us forget that we wrote already."""


CATCHES_UP = timedelta(hours=1)
"""So long after a restore what we say ourselves may have been said before: of what happened in between."""


def _may_be_there(case: Case, delivery: Delivery) -> bool:
    """Whether what is carried is older than the last restore: then it may have been carried before, by the gateway that
    the backup knows nothing of, and its desk is asked first (D10). What we say ourselves is said again while we catch up."""
    if case.restored_at is None:
        return False
    if delivery.note:
        return case.now < case.restored_at + CATCHES_UP
    until = case.restored_at + CLOCKS_DIFFER
    if delivery.kind is CommandKind.CREATE:
        return _opened_at(case) < until
    return any(content.id == delivery.content_id and content.at < until for content in case.all_contents())


def _opened_at(case: Case) -> datetime:
    """When the first ticket of the case was opened, by its desk's clock where that is known."""
    texts = [
        content.at
        for content in case.all_contents()
        if content.kind in (ContentKind.TITLE, ContentKind.DESCRIPTION)
    ]
    return min([case.ticket.opened_at, *texts])


def _within_budget(case: Case, hop: Hop, delivery: Delivery) -> Delivery:
    """Count the change; one too many is parked, and its lane waits for a person (D5)."""
    start, used = budgeting.spend(hop, case.now)
    case.put(hop, budget_from=start, budget_used=used)
    if used <= budgeting.CHANGES:
        return delivery
    if used == budgeting.CHANGES + 1:
        case.disagree("oscillation", hop, changes=used)
        _tell_of_freezing(case, hop, delivery)
    return replace(delivery, state=DeliveryState.PARKED, outcome="frozen", error=budgeting.EXHAUSTED)


def _tell_of_freezing(case: Case, hop: Hop, delivery: Delivery) -> None:
    """Recorded, and told above: once, and not for each change that waits behind it."""
    data = {"delivery": delivery.id, "kind": delivery.kind.value}
    event = case.record("delivery.parked", hop, Because(cause_id=delivery.event_id), data)
    parent = case.parent(hop)
    if parent is not None and parent.remote_id is not None:
        who = case.directory.organization_name(case.towards(parent, hop).org_id)
        note(case, parent, "not_carried", event, who=who, why=budgeting.EXHAUSTED)


def _urgency(hop: Hop) -> int:
    word = hop.facts.get(Field.PRIORITY)
    return _URGENCY[Priority(word)] if word else _URGENCY[Priority.MEDIUM]


def _due(hop: Hop) -> datetime | None:
    if hop.answer_by is not None and hop.status is HopStatus.OFFERED:
        return hop.answer_by
    text = hop.facts.get(Field.DUE)
    try:
        due = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None  # a date in a desk's own writing orders nothing
    return due if due is not None and due.tzinfo is not None else None


def pressing(case: Case) -> Iterator[tuple[str, int, datetime | None]]:
    """(hop id, urgency, due) of each lane whose deliveries press otherwise now than when they were queued: the ticket was
    raised or lowered, its due moment moved, its offer was answered (D7)."""
    for hop_id, was in case.was.items():
        hop = case.hops[hop_id]
        now = _urgency(hop), _due(hop)
        if hop.next_seq > 1 and now != (_urgency(was), _due(was)):
            yield (hop_id, *now)


def update(case: Case, hop: Hop, fields: Mapping[str, str | None], event: Event) -> None:
    """Write native values into fields of the hop's ticket; nothing is queued for what the desk will show anyway."""
    news = {str(name): value for name, value in fields.items() if not _will_show(case, hop, str(name), value)}
    if news:
        queue(case, hop, CommandKind.UPDATE, about=event.id, event=event, payload={"fields": news})


def _will_show(case: Case, hop: Hop, name: str, value: str | None) -> bool:
    """Whether the desk shows the value when its lane is empty: it does now, and nothing under way says otherwise."""
    if case.hops[hop.id].shadow.get(name) != value:
        return False
    return all(wanted == value for wanted in under_way(case, hop, name))


def under_way(case: Case, hop: Hop, name: str) -> list[str | None]:
    """The values of a field that wait in the hop's lane, oldest first."""
    lane = [case.changed_deliveries.get(one.id, one) for one in case.lane(hop.id)]
    lane += [one for one in case.deliveries if one.hop_id == hop.id]
    payloads = [one.payload.get("fields", {}) for one in lane if one.state is not DeliveryState.CANCELLED]
    return [fields[name] for fields in payloads if name in fields]


def shapes(over: Passed, texts: Iterable[str]) -> dict[str, Any]:
    """The part of a payload that says how the link's rules shape these texts: a delivery keeps the rules it was queued
    with."""
    found = {name: list(steps) for name, steps in over.shapes.items() if name in texts}
    return {"shapes": found} if found else {}


def update_texts(
    case: Case, hop: Hop, texts: Mapping[str, str], event: Event, shaping: Mapping[str, Any] | None = None
) -> None:
    """Write texts (field → content id), filled in and shaped (`shapes`) at the last line before the wire."""
    payload = {"fields": {}, "texts": dict(texts), **(shaping or {})}
    queue(case, hop, CommandKind.UPDATE, about=event.id, event=event, payload=payload)


def set_status(case: Case, hop: Hop, status: HopStatus, event: Event) -> None:
    """Move the hop's ticket to a canonical status, in the desk's own word if it has one; or say it, where the desk's own
    rules want to be told in words."""
    link, word = case.link(hop), mapping.native_status(case.desk(hop), status)
    if link is not None and case.directory.rules_of(link).downstream.status_as_note:
        note(case, hop, "status_told", event, status=word or status.value)
    elif word is not None:
        update(case, hop, {Field.STATUS: word}, event)


def comment(case: Case, hop: Hop, content: Content, visibility: Visibility, event: Event) -> None:
    """Write a person's comment at another desk."""
    queue(
        case,
        hop,
        CommandKind.COMMENT,
        about=_native_name(case, content),
        event=event,
        content_id=content.id,
        visibility=visibility,
        link_id=content.to_link_id,
    )


def attach(case: Case, hop: Hop, content: Content, visibility: Visibility, event: Event) -> None:
    """Attach a file at another desk."""
    queue(
        case,
        hop,
        CommandKind.ATTACH,
        about=_native_name(case, content),
        event=event,
        content_id=content.id,
        visibility=visibility,
    )


_PASSES = frozenset({"pending", "resolved", "declined", "returned", "resolution_rejected"})
"""Notes by which the ball reaches the other desk (R11)."""
_NEWS = "news"


def is_news(delivery: Delivery) -> bool:
    """Whether a note of ours carries a pass of the ball, so that its arrival matters."""
    return bool(delivery.payload.get(_NEWS))


_RETRACTS = "retracts"
"""In a payload of a note: it asks people to remove words that a desk lets nobody else remove."""
_ASKS = frozenset({"taken_back", "file_taken_back"})


def takes_away(delivery: Delivery) -> bool:
    """Whether it takes words away that may not be read there any more, or asks for it: due at a ticket that has ended, too."""
    return delivery.kind is CommandKind.REMOVE or bool(delivery.payload.get(_RETRACTS))


QUOTES = "quotes"
"""In a payload of a note: a person's reason stands in it that reaches the desk in no other way."""
_REFUSES = frozenset({"declined", "returned"})


def note(case: Case, hop: Hop, kind: str, event: Event | None = None, **facts: str) -> None:
    """Say something in the gateway's own words: an internal note where the desk has such a thing."""
    _note(case, hop, kind, event, facts)


def note_naming(case: Case, hop: Hop, kind: str, event: Event, naming: Naming, **facts: str) -> None:
    """The same, where the words name somebody: said anew without the name if by then the links show less of people."""
    _note(case, hop, kind, event, facts, source={"naming": naming.kept})


def _note(
    case: Case, hop: Hop, kind: str, event: Event | None, facts: Mapping[str, str], **more: Any
) -> None:
    desk = case.desk(hop)
    private = desk.capabilities.private_comments
    content = case.write(
        hop,
        ContentKind.NOTE,
        notes.say(kind, desk.language, **facts),
        visibility=Visibility.PRIVATE if private else Visibility.PUBLIC,
        automatic=True,
        **more,
    )
    queue(
        case,
        hop,
        CommandKind.COMMENT,
        about=_said_before(case, content, kind),
        event=event,
        content_id=content.id,
        visibility=content.visibility,
        note=True,
        payload=({_NEWS: True} if kind in _PASSES else {})
        | ({_RETRACTS: True} if kind in _ASKS else {})
        | _quoting(case, hop, kind, facts.get("reason", "")),
    )


def _quoting(case: Case, hop: Hop, kind: str, words: str) -> dict[str, Any]:
    """Whether a note has to bring a refusal's reason: there is one, and no comment of a person's brings the same words."""
    if kind not in _REFUSES or not words:
        return {}
    under_way = [*case.lane(hop.id), *(one for one in case.deliveries if one.hop_id == hop.id)]
    sent = {one.content_id for one in under_way if one.state is not DeliveryState.CANCELLED and not one.note}
    sent |= {copy.content_id for copy in case.our_copies(hop.id)}
    comments = [one for one in case.all_contents() if one.id in sent and one.kind is ContentKind.COMMENT]
    as_read = (people.without_names(case, hop, case.hops[one.origin_hop_id], one.text) for one in comments)
    return {} if words in as_read else {QUOTES: True}


def _said_before(case: Case, content: Content, kind: str) -> str:
    """A name of a note that does not come from our database: the how-manieth in these words at its hop. Said anew after a restored
    backup, it has the same name again (D10)."""
    same = sum(
        one.kind is ContentKind.NOTE
        and one.origin_hop_id == content.origin_hop_id
        and one.text in (content.text, ERASED)
        for one in case.all_contents()
    )
    return f"note|{kind}|{keyed(case.directory.salt, 'words', content.text)}|{same}"


def arrived_unsaid(case: Case, hop: Hop, passed: Event, *told_of: Event) -> None:
    """A pass of the ball to `hop` that nothing there has to be told of has reached it at once (R11)."""
    ids = {passed.id, *(event.id for event in told_of)}
    if not any(one.hop_id == hop.id and one.event_id in ids for one in case.deliveries):
        case.record("news.delivered", hop, Because(cause_id=passed.id), {"kind": "nothing"})


def neighbour(case: Case, hop: Hop, seen_from: Hop) -> str:
    """How the organization of `hop` is called at the desk of `seen_from`, its neighbour."""
    return case.directory.organization_name(case.desk(hop).org_id) if hop.id != seen_from.id else ""


def reason_text(case: Case, hop: Hop, text: str, because: Because) -> Content | None:
    """Keep a reason that a person gave; None when there was none."""
    if not text.strip():
        return None
    return case.write(hop, ContentKind.REASON, text.strip(), author=because.actor)
