"""Bringing a database to the schema of this version, one process at a time. The tables themselves are elsewhere.

Until the first release there is one revision. After a change of tables.py write it anew:

    python -c "from gateway.store.migrate import rewrite_first; rewrite_first()"

and afterwards add a revision beside it: `add_revision("what changes")`, read it, correct it.
"""

import functools
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Dialect, inspect, text
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlmodel import SQLModel

from gateway.errors import ConfigError
from gateway.store import schema, tenancy
from gateway.store.db import Database, Db
from gateway.store.directory import prepare

FOLDER = Path(__file__).resolve().parent / "migrations"
FIRST = FOLDER / "first"
_ADVISORY_LOCK = 0x1DE5C
_VERSION_TABLE = "alembic_version"
# Alembic keeps the running environment in module globals: within a process, one at a time.
_ONE_AT_A_TIME = threading.Lock()


def _config(db: Db | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = db
    return config


@functools.cache
def _scripts() -> ScriptDirectory:
    """The revisions, read once: each is a file of its own, and every command asks for them."""
    return ScriptDirectory.from_config(_config())


@functools.cache
def head() -> str:
    """The revision that this version of the product needs."""
    return str(_scripts().get_current_head())


def current(database: Database) -> str | None:
    """The revision the database has; None for an empty one."""
    with database.read() as db:
        return _current(db)


def _current(db: Db) -> str | None:
    if not inspect(db).has_table(_VERSION_TABLE):
        return None
    found: str | None = db.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar()  # noqa: S608 - a constant
    return found


def pending(database: Database) -> tuple[str, ...]:
    """What `upgrade` would do, one `revision: what it does` a line. Raises ConfigError for an unknown schema."""
    with database.read() as db:
        have = _known(_current(db))
    steps = _scripts().iterate_revisions("head", have or "base")
    return tuple(reversed([f"{step.revision}: {step.doc}" for step in steps]))


def check(database: Database) -> None:
    """Raises ConfigError unless the database has exactly the schema that this version needs."""
    with database.read() as db:
        have = _known(_current(db))
    if have is None:
        raise ConfigError("the database has no schema yet", cure="run interdesk migrate")
    if have != head():
        raise ConfigError(
            f"the database has schema {have}, this version needs {head()}", cure="run interdesk migrate"
        )
    if not database.is_sqlite:
        with database.read() as db:
            tenancy.check(db)


def _known(revision: str | None) -> str | None:
    known = {script.revision for script in _scripts().walk_revisions()}
    if revision is not None and revision not in known:
        raise ConfigError(
            f"the database has schema {revision}, which this version does not know",
            why="a newer version of interdesk has migrated it",
            cure="install that version, or restore the backup made before the upgrade",
        )
    return revision


def upgrade(database: Database, *, new_salt: Callable[[], str] = secrets.token_hex) -> str:
    """Bring the database to `head()` in one transaction and give a new one its salt; the revision it then has.

    Safe when several processes start at once: the others wait, then find nothing to do. Raises ConfigError for a
    schema this version does not know.
    """
    with _ONE_AT_A_TIME, _alone(database) as db:
        if _known(_current(db)) != head():
            command.upgrade(_config(db), "head")
        prepare(db, salt=new_salt())
        if not database.is_sqlite:
            tenancy.ensure(db)
    return head()


@contextmanager
def _alone(database: Database) -> Iterator[Db]:
    """A write transaction that no other process can have at the same time (SQLite's BEGIN IMMEDIATE is that already)."""
    with database.write(slow=True) as db:
        if not database.is_sqlite:
            db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        yield db


def difference(database: Database) -> list[Any]:
    """Where the migrated schema departs from tables.py, in Alembic's words; empty when they agree."""
    with database.read() as db:
        options = {"compare_type": True, "include_object": is_ours}
        return list(compare_metadata(MigrationContext.configure(db, opts=options), SQLModel.metadata))


def is_ours(thing: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
    """Alembic's filter: tables that somebody else declared on SQLModel are none of our business."""
    table = name if kind == "table" else getattr(getattr(thing, "table", None), "name", None)
    return table in _our_tables() or (_reflected and table != _VERSION_TABLE)


def _our_tables() -> frozenset[str]:
    return frozenset(table.name for table in schema.every_table())


def rewrite_first() -> None:
    """Write the first revision's SQL anew from tables.py; for as long as nothing is released."""
    dialects: list[Dialect] = [SQLiteDialect(), PGDialect()]  # type: ignore[no-untyped-call]
    for dialect in dialects:
        (FIRST / f"{dialect.name}.sql").write_text(_sql(dialect), encoding="utf-8")


def _sql(dialect: Dialect) -> str:
    """One statement a paragraph, in an order that stays the same from run to run."""
    ours = [table for table in SQLModel.metadata.sorted_tables if table.name in _our_tables()]
    statements: list[Any] = []
    for table in sorted(ours, key=lambda table: table.name):
        statements.append(CreateTable(table))
        statements += [
            CreateIndex(index) for index in sorted(table.indexes, key=lambda index: str(index.name))
        ]
    texts = [str(statement.compile(dialect=dialect)).strip() for statement in statements]
    return "\n\n".join(re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE) + ";" for text in texts) + "\n"


def add_revision(what: str) -> None:
    """Write a new revision: from the latest one to tables.py. Read and correct it before it is kept."""
    database = Database("sqlite://")
    upgrade(database)
    with database.write() as db:
        command.revision(_config(db), what, autogenerate=True, rev_id=f"{int(head()) + 1:04d}")
    database.close()
