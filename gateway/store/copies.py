"""Copies: what content stands at which desk under which number. Looked up by what a snapshot shows."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from gateway.domain.model import Blob, Content, ContentKind, Copy
from gateway.store import rows
from gateway.store.db import Db
from gateway.store.prepared import Statement, among, tuples


def of_hops(db: Db, hop_ids: Iterable[str]) -> list[Copy]:
    """All copies at these hops (for snapshots that claim to be complete)."""
    return _OF_HOPS.all(db, hop_ids=sorted(set(hop_ids)))


_OF_HOPS = rows.Choice(
    Copy, lambda query, dialect: query.where(among(dialect, rows.copy.c.hop_id, "hop_ids"))
)


def of_ticket(db: Db, ticket_id: str) -> list[Copy]:
    """All copies of one ticket's contents, at whichever desk."""
    return _OF_TICKET.all(db, ticket_id=ticket_id)


_OF_TICKET = rows.Choice(
    Copy,
    lambda query, _dialect: query.where(rows.copy.c.ticket_id == bindparam("ticket_id")).order_by(
        rows.copy.c.id
    ),
)


def by_remote(db: Db, keys: Iterable[tuple[str, ContentKind, str]]) -> list[Copy]:
    """Copies by (hop id, kind, remote id)."""
    wanted = sorted({(hop_id, kind.value, remote_id) for hop_id, kind, remote_id in keys})
    if not wanted:
        return []
    return _BY_REMOTE.all(db, keys=wanted)


def _by_remote(query: Select[Any], dialect: str) -> Select[Any]:
    table, wanted = rows.copy.c, tuples(dialect, "keys", ("hop_id", "kind", "remote_id"))
    same = (table.hop_id == wanted.c.hop_id) & (table.remote_id == wanted.c.remote_id)
    return query.join(wanted, same & (table.kind == wanted.c.kind))


_BY_REMOTE = rows.Choice(Copy, _by_remote)


def ours_by_hash(db: Db, keys: Iterable[tuple[str, str]]) -> list[Copy]:
    """Our own copies by (hop id, native hash)."""
    wanted = sorted(set(keys))
    if not wanted:
        return []
    return _OURS.all(db, keys=wanted)


def _ours(query: Select[Any], dialect: str) -> Select[Any]:
    table, wanted = rows.copy.c, tuples(dialect, "keys", ("hop_id", "native_hash"))
    same = (table.hop_id == wanted.c.hop_id) & (table.native_hash == wanted.c.native_hash)
    return query.join(wanted, same).where(table.ours)


_OURS = rows.Choice(Copy, _ours)


def counts(db: Db, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """How many copies of ours with this hash stand at a hop: (hop id, native hash) → number."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    return {(row[0], row[1]): row[2] for row in _COUNTS.raw(db, keys=wanted)}


def _counts(dialect: str) -> Select[Any]:
    table = rows.copy.c
    query = select(table.hop_id, table.native_hash, func.count()).select_from(rows.copy)
    return _ours(query, dialect).group_by(table.hop_id, table.native_hash)


_COUNTS = Statement(_counts)


def contents(db: Db, content_ids: Iterable[str]) -> dict[str, Content]:
    """Contents by id."""
    wanted = sorted(set(content_ids))
    if not wanted:
        return {}
    return {content.id: content for content in _CONTENTS.all(db, ids=wanted)}


_CONTENTS = rows.Choice(Content, lambda query, dialect: query.where(among(dialect, rows.content.c.id, "ids")))


def keep_blob(db: Db, content_id: str, blob: Blob, *, media_type: str) -> None:
    """The bytes of an attachment are in the blob store now, and show of what type it is."""
    values: dict[str, Any] = {"blob_key": blob.key, "blob_size": blob.size, "blob_sha256": blob.sha256}
    values["media_type"] = media_type
    db.execute(rows.content.update().where(rows.content.c.id == content_id).values(values))
