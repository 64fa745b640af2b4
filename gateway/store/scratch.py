"""A corner of a PostgreSQL server to try things in: a schema of its own, made empty, dropped at the end. What else is in
the database is never touched."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.engine import make_url

from gateway.store import schema
from gateway.store.db import Database


@contextmanager
def scratch(url: str, name: str) -> Iterator[Database]:
    """A database whose tables live in the new schema `name` (letters, digits, underscores). Raises the driver's own error
    if the schema is there already."""
    if not name.isidentifier():
        raise ValueError(f"{name!r} is no name for a schema")
    outside = Database(url)
    with outside.write() as db:
        db.execute(text(f'CREATE SCHEMA "{name}"'))
    parts = make_url(url)
    inside = parts.update_query_dict({"options": f"-csearch_path={name}"})
    database = Database(inside.render_as_string(hide_password=False))
    try:
        schema.METADATA.create_all(database.engine)
        yield database
    finally:
        database.close()
        with outside.write() as db:
            db.execute(text(f'DROP SCHEMA "{name}" CASCADE'))
        outside.close()


def empty(database: Database) -> None:
    """Forget everything: for the next try in the same corner."""
    names = ", ".join(f'"{table.name}"' for table in schema.METADATA.sorted_tables)
    with database.write() as db:
        db.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
