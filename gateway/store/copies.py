"""Copies: what content stands at which desk under which number. Looked up by what a snapshot shows."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select, tuple_

from gateway.domain.model import Content, ContentKind, Copy
from gateway.store import rows
from gateway.store.db import Db


def of_hops(db: Db, hop_ids: Iterable[str]) -> list[Copy]:
    """All copies at these hops (for snapshots that claim to be complete)."""
    query = rows.choose(Copy).where(rows.copy.c.hop_id.in_(sorted(set(hop_ids))))
    return rows.nouns(Copy, db.execute(query))


def by_remote(db: Db, keys: Iterable[tuple[str, ContentKind, str]]) -> list[Copy]:
    """Copies by (hop id, kind, remote id)."""
    wanted = sorted({(hop_id, kind.value, remote_id) for hop_id, kind, remote_id in keys})
    if not wanted:
        return []
    table = rows.copy
    query = rows.choose(Copy).where(tuple_(table.c.hop_id, table.c.kind, table.c.remote_id).in_(wanted))
    return rows.nouns(Copy, db.execute(query))


def ours_by_hash(db: Db, keys: Iterable[tuple[str, str]]) -> list[Copy]:
    """Our own copies by (hop id, native hash)."""
    wanted = sorted(set(keys))
    if not wanted:
        return []
    table = rows.copy
    query = rows.choose(Copy).where(tuple_(table.c.hop_id, table.c.native_hash).in_(wanted), table.c.ours)
    return rows.nouns(Copy, db.execute(query))


def counts(db: Db, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """How many copies of ours with this hash stand at a hop: (hop id, native hash) → number."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    table = rows.copy
    query = (
        select(table.c.hop_id, table.c.native_hash, func.count())
        .where(tuple_(table.c.hop_id, table.c.native_hash).in_(wanted), table.c.ours)
        .group_by(table.c.hop_id, table.c.native_hash)
    )
    return {(row[0], row[1]): row[2] for row in db.execute(query)}


def contents(db: Db, content_ids: Iterable[str]) -> dict[str, Content]:
    """Contents by id."""
    wanted = sorted(set(content_ids))
    if not wanted:
        return {}
    found = rows.nouns(Content, db.execute(rows.choose(Content).where(rows.content.c.id.in_(wanted))))
    return {content.id: content for content in found}


def keep_blob(db: Db, content_id: str, *, key: str, size: int, sha256: str) -> None:
    """The bytes of an attachment are in the blob store now."""
    values: dict[str, Any] = {"blob_key": key, "blob_size": size, "blob_sha256": sha256}
    db.execute(rows.content.update().where(rows.content.c.id == content_id).values(values))
