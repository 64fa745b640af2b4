"""A ticket seen for the first time at an upstream desk: is it one for us, and if so, the case that opens with it."""

from datetime import datetime

from gateway.domain import acts, binding, conversation, dispatching, facts, handover, mapping
from gateway.domain.case import Because, Case, Occasion
from gateway.domain.directory import Directory
from gateway.domain.marks import ROUTE, route_mark, route_of
from gateway.domain.model import (
    ActorKind,
    ContentKind,
    Desk,
    Field,
    Hop,
    HopStatus,
    NativeAttachment,
    NativeComment,
    Snapshot,
    Source,
    Ticket,
    Visibility,
)
from gateway.domain.model.change import replace

_ENDED = frozenset({HopStatus.RESOLVED, HopStatus.CLOSED, HopStatus.REJECTED, HopStatus.CANCELLED})


def is_ours(directory: Directory, desk: Desk, snapshot: Snapshot) -> bool:
    """Rule 10: only a ticket that a published rule lets pass is kept; of the rest nothing is."""
    row = mapping.status_of(desk, snapshot.fields.get(Field.STATUS) or "")
    if row is not None and row.status in _ENDED:
        return False
    return bool(dispatching.at_opening(directory.links_from(desk.id), snapshot.fields))


def open_case(
    occasion: Occasion, desk: Desk, snapshot: Snapshot, *, fetched_at: datetime | None = None
) -> Case:
    """The case of a ticket that `is_ours`: root hop, its texts and comments, and the offers its rules make. `fetched_at`:
    the moment before the snapshot's first byte, where it was asked for."""
    directory = occasion.directory
    ticket = Ticket(id=occasion.new_id("tkt"), org_id=desk.org_id, opened_at=occasion.now, test=desk.test)
    case = Case(
        directory=directory,
        ticket=ticket,
        hops={},
        now=occasion.now,
        new_id=occasion.new_id,
        is_new=True,
        restored_at=occasion.restored_at,
    )
    hop = case.add_hop(replace(_root(case, desk, snapshot), fetched_at=fetched_at))
    because = Because(
        source=Source.HISTORY if snapshot.has_history else Source.DIFFERENCE,
        actor_kind=ActorKind.PERSON,
        reported_at=snapshot.created_at,
    )
    opened = case.record("ticket.opened", hop, because, {"desk": desk.code})
    native = snapshot.fields.get(Field.STATUS) or ""
    if mapping.status_of(desk, native) is None:
        facts.unknown(case, hop, Field.STATUS, native, because)
    _take_facts(case, hop, snapshot, because)
    binding.bind(case, case.hops[hop.id], opened)
    _take_texts(case, hop, snapshot)
    _take_what_was_said(case, hop, snapshot)
    links = dispatching.at_opening(directory.links_from(desk.id), snapshot.fields)
    handover.dispatch(case, case.hops[hop.id], links, replace(because, cause_id=opened.id))
    return case


def _root(case: Case, desk: Desk, snapshot: Snapshot) -> Hop:
    row = mapping.status_of(desk, snapshot.fields.get(Field.STATUS) or "")
    return Hop(
        id=case.new_id("hop"),
        org_id=desk.org_id,
        ticket_id=case.ticket.id,
        desk_id=desk.id,
        status=acts.at_root(row.status) if row else HopStatus.ACKNOWLEDGED,
        reason=row.reason if row else None,
        remote_id=snapshot.remote_id,
        number=snapshot.number,
        url=snapshot.url,
        shadow={str(name): value for name, value in snapshot.fields.items()},
        position=snapshot.position,
        last_entry=snapshot.history[-1].id if snapshot.history else None,
        revision=snapshot.revision,
        route=(*route_of(snapshot.fields.get(ROUTE)), route_mark(case.directory.salt, desk.id)),
        looked_at=case.now,
        refetch_at=case.now + desk.refetch_every,
        created_at=case.now,
    )


def _take_facts(case: Case, hop: Hop, snapshot: Snapshot, because: Because) -> None:
    free = [name for name in snapshot.fields if mapping.is_free(name) and facts.crosses(case, hop, name)]
    for field in (*mapping.CARRIED, *free):
        native = snapshot.fields.get(field)
        if not native:
            continue
        current = case.hops[hop.id]
        try:
            value = mapping.canonical(case.desk(hop), facts.codes_known(case, field), field, native)
        except mapping.UnknownWord:
            facts.unknown(case, current, field, native, because)
        else:
            facts.keep(case, current, field, value)


def _take_what_was_said(case: Case, hop: Hop, snapshot: Snapshot) -> None:
    """Comments and files that are there already; what stands there of our own is nobody's news."""
    for comment in snapshot.comments:
        if comment.author.kind is not ActorKind.GATEWAY:
            conversation.comment_seen(case, hop, comment, _said_by(case, hop, comment))
    for file in snapshot.attachments:
        if file.author.kind is not ActorKind.GATEWAY:
            conversation.attachment_seen(case, hop, file, _said_by(case, hop, file))


def _said_by(case: Case, hop: Hop, thing: NativeComment | NativeAttachment) -> Because:
    return Because(
        source=Source.HISTORY,
        actor_kind=thing.author.kind,
        actor=case.person(hop, thing.author),
        reported_at=thing.at,
    )


def _take_texts(case: Case, hop: Hop, snapshot: Snapshot) -> None:
    for field, kind in ((Field.TITLE, ContentKind.TITLE), (Field.DESCRIPTION, ContentKind.DESCRIPTION)):
        text = snapshot.fields.get(field)
        if text:
            case.write(hop, kind, text, visibility=Visibility.PUBLIC, at=snapshot.created_at)
