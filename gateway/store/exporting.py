"""All that belongs to one organization, read as a stream, kind by kind: rows of its own, its tickets as its scope sees them, and
what others' people wrote that stands at a desk of its own."""

import base64
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, exists, or_, select

from gateway.store import rows, schema
from gateway.store.db import Db, beyond
from gateway.store.export_parts import OWN
from gateway.store.scope import OPERATOR_ID, Scope

Document = dict[str, Any]
_MANY = 500
_HOP = (
    *("id", "ticket_id", "desk_id", "link_id", "remote_id", "number", "url", "status", "reason"),
    *("facts", "shadow", "created_at", "offered_at", "answer_by", "confirm_by"),
)
_EVENT = (
    *("id", "ticket_id", "hop_id", "type", "data", "observed_at", "reported_at", "stated_at", "source"),
    *("actor_kind", "actor", "cause_id"),
)
_DELIVERY = (
    *(
        "id",
        "ticket_id",
        "hop_id",
        "desk_id",
        "kind",
        "marker",
        "state",
        "content_id",
        "visibility",
        "link_id",
    ),
    *("event_id", "due_at", "attempts", "first_sent_at", "created_at", "done_at", "outcome", "error"),
)
_CONTENT = (
    *(
        "id",
        "ticket_id",
        "origin_hop_id",
        "kind",
        "visibility",
        "at",
        "text",
        "author",
        "filename",
        "media_type",
    ),
    *("blob_key", "blob_size", "blob_sha256", "automatic"),
)


def kinds() -> dict[str, Callable[[Db, str], Iterator[Document]]]:
    """File of an export → what yields its documents."""
    own = {name: _own(table, columns) for name, (table, columns) in OWN.items()}
    counted = {
        "outcomes": _counted("outcome", _OUTCOME_OF_OTHERS),
        "case_outcomes": _counted("case_outcome", _CASE_OF_OTHERS),
    }
    linked = {"links": _links, "link_lives": _lives, "link_steps": _steps, "invitations": _invitations}
    carried = {"messages": _messages, "deliveries": _deliveries, "attempts": _attempts}
    return own | counted | linked | carried | {"hops": _hops, "events": _events, "words": words}


def _table(name: str) -> Table:
    return next(one for one in schema.every_table() if one.name == name)


def _own(name: str, columns: tuple[str, ...]) -> Callable[[Db, str], Iterator[Document]]:
    table = _table(name)
    chosen = columns or tuple(column.key for column in table.c if column.key != "org_id")

    def read(db: Db, org_id: str) -> Iterator[Document]:
        return _stream(db, table, chosen, Scope.of(org_id).where(table))

    return read


def _counted(name: str, of_others: frozenset[str]) -> Callable[[Db, str], Iterator[Document]]:
    """Without what the others in the chain did and how long they took, which reports mask too (R32); whoever is not the ticket's
    customer learns neither who that is nor its number."""
    table = _table(name)
    chosen = [column.name for column in table.c if column.name not in ("org_id", *of_others)]

    def read(db: Db, org_id: str) -> Iterator[Document]:
        for one in _stream(db, table, chosen, Scope.of(org_id).where(table)):
            yield one if one["customer"] == org_id else {**one, "number": "", "customer": ""}

    return read


_OUTCOME_OF_OTHERS = frozenset(("time", "parts"))
_CASE_OF_OTHERS = frozenset(("parties", "time", "returned", "hops", "silence", "discrepancies"))


def _links(db: Db, org_id: str) -> Iterator[Document]:
    """As both ends see them; whose the other end is stands in them. Which tickets pass is the upstream's."""
    link = _table("link")
    names = ("id", "code", "upstream_desk_id", "downstream_desk_id", "state", "upstream_org_id", "document")
    for one in _stream(db, link, names, _an_end_is(org_id)):
        if one.pop("upstream_org_id") != org_id:
            one["document"] = {name: said for name, said in one["document"].items() if name != "passes"}
        yield one


def _an_end_is(org_id: str) -> ColumnElement[bool]:
    link = _table("link").c
    return or_(link.upstream_org_id == org_id, link.downstream_org_id == org_id)


def _lives(db: Db, org_id: str) -> Iterator[Document]:
    """Without the checks: each end is shown its own only."""
    life, link = _table("link_life"), _table("link")
    names = ("link_id", "agreement", "ready", "paused_by", "ended_at")
    return _stream(db, life, names, life.c.link_id.in_(select(link.c.id).where(_an_end_is(org_id))))


def _steps(db: Db, org_id: str) -> Iterator[Document]:
    """What happened to links, as both ends read it; people of the other side stay theirs."""
    step = _table("link_step")
    names = ("seq", "org_id", "subject", "at", "actor", "act", "before", "after", "reason")
    sides = or_(*(step.c[name] == org_id for name in ("org_id", "side_one", "side_two")))
    for one in _stream(db, step, names, sides):
        yield one if one["org_id"] in (org_id, OPERATOR_ID) else {**one, "actor": ""}


def _invitations(db: Db, org_id: str) -> Iterator[Document]:
    """Those it made, is meant by or answered; never their codes, nor people of the other side."""
    table = _table("invitation")
    names = [column.name for column in table.c if column.name != "sha256"]
    mine = or_(*(table.c[name] == org_id for name in ("org_id", "to_org_id", "answered_org_id")))
    for one in _stream(db, table, names, mine):
        made, by = one["org_id"] == org_id, one["answered_org_id"]
        if not made:
            one["created_by"] = ""
        if by != org_id and not (made and not by):
            one["answered_by"] = ""
        yield one


def _messages(db: Db, org_id: str) -> Iterator[Document]:
    """As its desks sent them, without what they were sent with (headers and queries may hold secrets). A body that is no text is in
    base64."""
    names = ("id", "desk_id", "received_at", "body", "state", "error", "processed_at")
    for one in _stream(db, rows.message, names, rows.message.c.org_id == org_id):
        yield one | _body(bytes(one.pop("body")))


def _body(raw: bytes) -> Document:
    try:
        return {"body": raw.decode("utf-8")}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(raw).decode("ascii")}


def _deliveries(db: Db, org_id: str) -> Iterator[Document]:
    """What was written at its desks, and when; which words, the words themselves say."""
    return _stream(db, rows.delivery, _DELIVERY, rows.delivery.c.desk_id.in_(_desks(org_id)))


def _attempts(db: Db, org_id: str) -> Iterator[Document]:
    there = select(rows.delivery.c.id).where(rows.delivery.c.desk_id.in_(_desks(org_id)))
    names = ("seq", "delivery_id", "at", "took_ms", "kind", "outcome", "http_status", "error")
    return _stream(db, rows.attempt, names, rows.attempt.c.delivery_id.in_(there))


def _desks(org_id: str) -> Select[Any]:
    return select(rows.desk.c.id).where(rows.desk.c.org_id == org_id)


def _hops(db: Db, org_id: str) -> Iterator[Document]:
    return _stream(db, rows.hop, _HOP, rows.hop.c.org_id == org_id)


def _events(db: Db, org_id: str) -> Iterator[Document]:
    return _stream(db, rows.event, _EVENT, rows.event.c.org_id == org_id)


def words(db: Db, org_id: str) -> Iterator[Document]:
    """Texts and files: those of its own people whole; those of others that stand at a desk of its own, without their authors,
    whom a link may not have named there (nor in the text: `flows.data_export` sees to it)."""
    content, copy = rows.content.c, rows.copy.c
    here = select(rows.hop.c.id).where(rows.hop.c.org_id == org_id)
    stands = and_(copy.removed.is_(False), copy.missing.is_(False))
    shown = exists(select(copy.id).where(copy.content_id == content.id, copy.hop_id.in_(here), stands))
    for document in _stream(db, rows.content, _CONTENT, content.org_id == org_id):
        yield {**document, "own": True}
    with beyond(db):  # another's words, as they stand at a desk of the organization's own
        others = and_(content.org_id != org_id, shown)
        for document in _stream(db, rows.content, _CONTENT, others, first=content.ticket_id):
            yield {**document, "own": False, "author": ""}


def _stream(
    db: Db, table: Table, names: Sequence[str], wanted: ColumnElement[bool], *, first: Any = None
) -> Iterator[Document]:
    query = select(*(table.c[name] for name in names)).where(wanted)
    query = query.order_by(*([] if first is None else [first]), *table.primary_key.columns)
    for part in db.execute(query, execution_options={"yield_per": _MANY}).mappings().partitions():
        yield from map(dict, part)


def files(db: Db, org_id: str) -> Iterator[tuple[str, int]]:
    """(key, bytes) of files that the words speak of, and of those that stand at a desk of ours or are lent to a partner."""
    for word in words(db, org_id):
        if word["blob_key"]:
            yield word["blob_key"], word["blob_size"] or 0
    for name, column in _HOLDERS.items():
        table = _table(name)
        for one in _stream(db, table, (column,), table.c.org_id == org_id):
            told = one[column] or {}
            if told.get("key"):
                yield told["key"], told.get("size") or 0


_HOLDERS = {"desk_part": "data", "shared_part": "data", "shared_file": "blob"}
