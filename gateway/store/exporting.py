"""All that belongs to one organization, read as a stream, kind by kind: rows of its own, its tickets as its scope sees them, and
what others' people wrote that stands at a desk of its own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, exists, or_, select

from gateway.store import rows, schema
from gateway.store.db import Db, beyond
from gateway.store.scope import Scope

Document = dict[str, Any]
_MANY = 500
_OWN: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "organization": ("organization", ("id", "code", "document")),
    "configured": ("directory", ("id", "kind", "code", "document")),
    "desks": ("desk", ("id", "code", "connector", "document")),
    "terms": ("sheet", ("id", "code", "created_at", "document")),
    "clocks": ("clock", ()),
    "stop_requests": ("stop_to_decide", ()),
    "work_lines": ("work_line", ()),
    "work_statements": ("work_statement", ()),
    "closings": ("closing", ()),
    "discrepancies": ("discrepancy", ()),
    "desk_tickets": ("desk_ticket", ()),
    "desk_parts": ("desk_part", ()),
    "accounts": ("account", ("id", "email", "role", "customers", "created_at", "disabled_at", "used_at")),
    "people": ("person", ()),
}
"""File of an export → table and columns, all where none are named. Secrets and their hashes are not among them."""
_HOP = (
    *("id", "ticket_id", "desk_id", "link_id", "remote_id", "number", "url", "status", "reason"),
    *("facts", "shadow", "created_at", "offered_at", "answer_by", "confirm_by"),
)
_EVENT = (
    *("id", "ticket_id", "hop_id", "type", "data", "observed_at", "reported_at", "stated_at", "source"),
    *("actor_kind", "actor", "cause_id"),
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
    own = {name: _own(table, columns) for name, (table, columns) in _OWN.items()}
    counted = {
        "outcomes": _counted("outcome", _OUTCOME_OF_OTHERS),
        "case_outcomes": _counted("case_outcome", _CASE_OF_OTHERS),
    }
    return own | counted | {"links": _links, "hops": _hops, "events": _events, "words": words}


def _own(name: str, columns: tuple[str, ...]) -> Callable[[Db, str], Iterator[Document]]:
    table = next(one for one in schema.every_table() if one.name == name)
    chosen = columns or tuple(column.name for column in table.c if column.name != "org_id")

    def read(db: Db, org_id: str) -> Iterator[Document]:
        return _stream(db, table, chosen, Scope.of(org_id).where(table))

    return read


def _counted(name: str, of_others: frozenset[str]) -> Callable[[Db, str], Iterator[Document]]:
    """Without what the others in the chain did and how long they took, which reports mask too (R32); whoever is not the ticket's
    customer learns neither who that is nor its number."""
    table = next(one for one in schema.every_table() if one.name == name)
    chosen = [column.name for column in table.c if column.name not in ("org_id", *of_others)]

    def read(db: Db, org_id: str) -> Iterator[Document]:
        for one in _stream(db, table, chosen, Scope.of(org_id).where(table)):
            yield one if one["customer"] == org_id else {**one, "number": "", "customer": ""}

    return read


_OUTCOME_OF_OTHERS = frozenset(("time", "parts"))
_CASE_OF_OTHERS = frozenset(("parties", "time", "returned", "hops", "silence", "discrepancies"))


def _links(db: Db, org_id: str) -> Iterator[Document]:
    """As both ends see them; whose the other end is stands in them. Which tickets pass is the upstream's."""
    link = next(one for one in schema.every_table() if one.name == "link")
    ends = or_(link.c.upstream_org_id == org_id, link.c.downstream_org_id == org_id)
    names = ("id", "code", "upstream_desk_id", "downstream_desk_id", "state", "upstream_org_id", "document")
    for one in _stream(db, link, names, ends):
        if one.pop("upstream_org_id") != org_id:
            one["document"] = {name: said for name, said in one["document"].items() if name != "passes"}
        yield one


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
