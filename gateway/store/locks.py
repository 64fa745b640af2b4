"""Locks for tickets that have no row yet: two processes must not both open the case of one remote ticket."""

import zlib
from collections.abc import Iterable

from sqlalchemy import text

from gateway.store import cases
from gateway.store.db import Db
from gateway.store.prepared import Statement
from gateway.store.scope import Scope

Key = tuple[str, str]

# One statement for all, which takes them one after the other in the order they are given.
_LOCK = Statement(
    lambda _dialect: text(
        "SELECT pg_advisory_xact_lock(7310, number) FROM unnest(CAST(:numbers AS integer[])) WITH ORDINALITY AS t(number, place)"
    )
)


def find_or_lock(db: Db, keys: Iterable[Key]) -> dict[Key, tuple[str, str]]:
    """(desk id, remote id) → (ticket id, hop id) for known tickets. The unknown ones are locked until the end of the
    transaction (PostgreSQL; SQLite has one writer anyway) and looked up once more under the lock."""
    wanted = set(keys)
    found = cases.hops_at(db, Scope.operator(), wanted)
    unknown = wanted - found.keys()
    if unknown and db.dialect.name == "postgresql":
        # In the order of the numbers, which two tickets may share: nobody waits for each other.
        numbers = {zlib.crc32(f"{desk_id}|{remote_id}".encode()) - 2**31 for desk_id, remote_id in unknown}
        _LOCK.raw(db, numbers=sorted(numbers))
        found |= cases.hops_at(db, Scope.operator(), unknown)
    return found
