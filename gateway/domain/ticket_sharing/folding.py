"""What a document makes of a ticket. The same for what the partner pushed and for what it took from us: both are told in
one form, the last word on each field holds, and a comment that is known by its uuid is not said twice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.domain.model import Actor, ActorKind
from gateway.domain.model.change import replace
from gateway.domain.ticket_sharing import Agreement, Part, PartKind, Shared, Written
from gateway.domain.ticket_sharing.wire import CommentTold, NotTaken, Person, TicketTold

MOST_PARTS = 20_000
"""Comments, files and changes that one ticket may ever have."""
CUSTOM = "custom_fields."
UNKNOWN = Actor(kind=ActorKind.UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class Hand:
    """Whose document it is and when it came: `us` for our own that the partner took, under our marker. `known`: names of the
    comments that are there. `theirs`: fields that the partner has set since ours left, whose word is the later one."""

    at: datetime
    new_id: Callable[[], str]
    plain: Callable[[str], str]
    known: frozenset[str] = frozenset()
    us: Actor | None = None
    marker: str = ""
    theirs: frozenset[str] = frozenset()


def folded(ticket: Shared, told: TicketTold, agreement: Agreement, hand: Hand) -> Written:
    """The ticket after the document: words first, then the moves they explain. Raises NotTaken for one too many."""
    written = Written(ticket=ticket)
    begins = ticket.revision == 0
    fresh = [one for one in told.comments if one.uuid not in hand.known]
    unsaid = {one.uuid: one for one in fresh}.values()
    for place, comment in enumerate(unsaid):
        opens = begins and place == 0 and comment.public
        written = _said(written, comment, (agreement, hand), opens=opens)
        if opens:
            fields = {**written.ticket.fields, "description": _words(comment, hand)}
            written = replace(written, ticket=replace(written.ticket, fields=fields))
    values = {name: value for name, value in _values(told, agreement).items() if name not in hand.theirs}
    written = _began(written, values, told, hand) if begins else _moved(written, values, told, hand)
    if told.number and not written.ticket.marker:
        written = replace(written, ticket=replace(written.ticket, number=told.number))
    if written.ticket.parts > MOST_PARTS:
        raise NotTaken(f"a ticket has at most {MOST_PARTS} comments, files and changes")
    return written


def _values(told: TicketTold, agreement: Agreement) -> Mapping[str, str | None]:
    """What the document says of fields, as far as the agreement covers them."""
    values: dict[str, str | None] = {
        "subject": told.subject,
        "status": told.status,
        "custom_status": told.custom_status,
        "requester": told.requester.name if told.requester is not None else None,
    }
    if agreement.sync_tags and told.tags is not None:
        values["tags"] = ",".join(told.tags)
    if agreement.sync_custom_fields and told.custom is not None:
        values |= {f"{CUSTOM}{name}": value for name, value in told.custom.items()}
    return {name: value for name, value in values.items() if value is not None}


def _began(written: Written, values: Mapping[str, str | None], told: TicketTold, hand: Hand) -> Written:
    """The first document: its values were never others."""
    ticket = written.ticket
    made_at = told.requested_at if told.requested_at and told.requested_at <= hand.at else hand.at
    fields = {**ticket.fields, **{name: value or None for name, value in values.items()}}
    first = replace(
        ticket, fields=fields, created_at=made_at, changed_at=hand.at, revision=ticket.revision + 1
    )
    return replace(written, ticket=first)


def _moved(written: Written, values: Mapping[str, str | None], told: TicketTold, hand: Hand) -> Written:
    who = hand.us or _actor(told.actor)
    for name, value in values.items():
        before, after = written.ticket.fields.get(name), value or None
        if before != after:
            entry = {"field": name, "old": before, "new": after}
            written = _added(written, PartKind.ENTRY, entry, hand, by=(who, "", hand.at))
            fields = {**written.ticket.fields, name: after}
            written = replace(written, ticket=replace(written.ticket, fields=fields))
    return written


def _said(written: Written, comment: CommentTold, terms: tuple[Agreement, Hand], *, opens: bool) -> Written:
    """A comment and its files. One that opens the ticket is its description and not shown again; nor is one without words,
    or one of ours that only carries a file."""
    agreement, hand = terms
    public = comment.public and agreement.public_comments
    words, who, at = _words(comment, hand), hand.us or _actor(comment.author), _said_at(comment, hand)
    carries = bool(hand.us and comment.files)
    said = {"text": words, "public": public, "shown": bool(words.strip()) and not opens and not carries}
    written = _added(written, PartKind.COMMENT, said, hand, by=(who, comment.uuid, at))
    for place, file in enumerate(comment.files):
        told = {
            "filename": file.filename,
            "media_type": file.media_type,
            "url": "" if hand.us else file.url,
            "comment": comment.uuid,
            "public": public,
        }
        name = f"{comment.uuid}.{place}"
        written = _added(written, PartKind.FILE, told, hand, by=(who, name, at))
    return written


def _words(comment: CommentTold, hand: Hand) -> str:
    return comment.body if comment.body.strip() or not comment.html else hand.plain(comment.html)


def _said_at(comment: CommentTold, hand: Hand) -> datetime:
    """When it was written, by the partner's word; nobody writes after it was read."""
    return comment.at if comment.at is not None and comment.at <= hand.at else hand.at


def _actor(person: Person | None) -> Actor:
    if person is None or not (person.uuid or person.name):
        return UNKNOWN
    return Actor(id=person.uuid or person.name, name=person.name, kind=ActorKind.PERSON)


def _added(
    written: Written,
    kind: PartKind,
    data: Mapping[str, Any],
    hand: Hand,
    *,
    by: tuple[Actor, str, datetime],
) -> Written:
    """With one more part. `by`: who, the wire's name of it ("" for none), when."""
    ticket, (who, name, at) = written.ticket, by
    after = replace(ticket, parts=ticket.parts + 1, revision=ticket.revision + 1, changed_at=hand.at)
    part = Part(
        id=hand.new_id(),
        org_id=ticket.org_id,
        ticket_id=ticket.id,
        place=after.parts,
        kind=kind,
        name=name or str(after.parts),
        at=at,
        actor=who,
        data=data,
        request=hand.marker,
    )
    return Written(ticket=after, parts=(*written.parts, part))
