"""Whether the database can be relied on: does it answer, may we write, is it whole, is there room. And its failures in
our own words, so that nobody above needs to know SQL."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gateway.errors import InterdeskError
from gateway.store import rows
from gateway.store.db import Database

_STATE_OF_TRANSACTION = "25"
"""SQLSTATE class: read-only (a standby), ended for its idleness."""


class DatabaseFailed(InterdeskError):
    """The database does not answer, or refuses what we ask: nothing was changed."""

    code = "IDK-1601"
    cure = "see whether the database runs and has room; interdesk doctor looks closer"


def failure_of(error: BaseException) -> DatabaseFailed | None:
    """The failure that an exception of the database driver is; None if it is something else."""
    if not isinstance(error, DBAPIError):
        return None
    told = str(error.orig or error).strip().splitlines() or [type(error).__name__]
    return DatabaseFailed("the database failed", why=told[0][:200])


def will_pass(error: BaseException) -> bool:
    """Whether it is the database's trouble of the moment (no connection, a lock, a deadlock, no room, a standby that is
    not yet promoted) and not the fault of what was to be written: then everything is simply tried again."""
    if isinstance(error, (OperationalError, InterfaceError, PoolTimeout)):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state: str = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or state[:2] == _STATE_OF_TRANSACTION


@dataclass(frozen=True, kw_only=True)
class Storage:
    """`mode` is the journal of SQLite or the version of PostgreSQL; `free` bytes beside the file (None: not ours)."""

    kind: str
    mode: str
    durable: bool
    free: int | None
    size: int | None


def answers(database: Database) -> None:
    """Raises whatever the driver raises if the inbox cannot be written; leaves nothing behind."""
    with database.write() as db:
        db.execute(select(rows.message.c.id).limit(1))
        db.execute(rows.message.delete().where(rows.message.c.id == ""))


def storage(database: Database) -> Storage:
    """What the messages are kept on."""
    with database.read() as db:
        if not database.is_sqlite:
            sync = db.execute(text("SHOW synchronous_commit")).scalar_one()
            version = db.execute(text("SHOW server_version")).scalar_one()
            size = db.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
            return Storage(
                kind="postgresql", mode=str(version), durable=sync != "off", free=None, size=int(size)
            )
        mode = str(db.execute(text("PRAGMA journal_mode")).scalar_one())
        synchronous = int(db.execute(text("PRAGMA synchronous")).scalar_one())
    path = Path(database.engine.url.database or "")
    return Storage(
        kind="sqlite",
        mode=mode,
        durable=mode == "wal" and synchronous >= 2,
        free=shutil.disk_usage(path.parent).free,
        size=path.stat().st_size if path.is_file() else None,
    )


def damage(database: Database) -> list[str]:
    """What SQLite's own check finds wrong with its file; empty if it is whole. PostgreSQL checks its pages itself."""
    if not database.is_sqlite:
        return []
    try:
        with database.read() as db:
            found = [str(row[0]) for row in db.execute(text("PRAGMA quick_check(20)"))]
    except DatabaseError as error:  # so damaged that not even the check gets through
        found = [str(error.orig)]
    return [] if found == ["ok"] else found
