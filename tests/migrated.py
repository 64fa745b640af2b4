"""A database with the schema of this version, copied from one that the migrations made: once in a process instead of once in
a test, a millisecond instead of a hundred. That migrating works is shown in tests/store/test_migrations.py."""

import functools

from gateway.store import migrate
from gateway.store.db import Database
from gateway.store.directory import META
from gateway.store.scratch import copy_into, image


def bring_up(database: Database) -> None:
    """What `migrate.upgrade` does, a salt of its own included. A PostgreSQL is quick if it came from `migrated_postgres`."""
    if database.is_sqlite and migrate.current(database) is None:
        copy_into(database, _migrated())
    migrate.upgrade(database)


def make_template(database: Database) -> None:
    """Migrate a database that others are copied from: it has no salt, so that each copy gets its own."""
    migrate.upgrade(database)
    with database.write() as db:
        db.execute(META.delete())


def make_template_at(url: str) -> None:
    """The same by its address; afterwards nobody is connected to it, for PostgreSQL copies no database that is in use."""
    database = Database(url)
    make_template(database)
    database.close()


@functools.cache
def _migrated() -> bytes:
    database = Database("sqlite://")
    make_template(database)
    made = image(database)
    database.close()
    return made
