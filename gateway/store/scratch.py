"""Places to try things in: a corner of a PostgreSQL server (a schema of its own, made empty, dropped at the end; what else
is in the database is never touched), and SQLite databases that are copied, for making their tables anew takes long."""

import functools
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import insert, inspect, select, text
from sqlalchemy.engine import make_url

from gateway.store import schema, tenancy
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
        make_tables(database)
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


def make_tables(database: Database) -> None:
    """All tables at once, without the migrations' history; those that are there already stay as they are."""
    if database.url == "sqlite://" and not inspect(database.engine).get_table_names():
        copy_into(database, _tables())
    else:
        schema.METADATA.create_all(database.engine)
        if not database.is_sqlite:
            with database.write() as db:
                tenancy.ensure(db)


@functools.cache
def _tables() -> bytes:
    first = Database("sqlite://")
    schema.METADATA.create_all(first.engine)
    made = image(first)
    first.close()
    return made


def image(database: Database) -> bytes:
    """All that an SQLite database holds."""
    connection = database.engine.raw_connection()
    try:
        driver: sqlite3.Connection = connection.driver_connection  # type: ignore[assignment] # a PoolProxied one says nothing
        return driver.serialize()
    finally:
        connection.close()


def copy_into(database: Database, image: bytes) -> None:
    """Make an SQLite database, whatever it held, one of this image: under a millisecond in memory."""
    source = sqlite3.connect(":memory:")
    source.deserialize(image)
    connection = database.engine.raw_connection()
    try:
        source.backup(connection.driver_connection)  # type: ignore[arg-type] # as above
    finally:
        connection.close()
        source.close()


Image = bytes | Mapping[str, Sequence[Mapping[str, Any]]]
"""All that a database held at one moment: SQLite's own image, or rows by table."""


def kept(database: Database) -> Image:
    """What it holds now."""
    if database.is_sqlite:
        return image(database)
    with database.write() as db:  # held off while we look, as no snapshot of one moment is asked for
        names = ", ".join(f'"{table.name}"' for table in schema.every_table())
        db.execute(text(f"LOCK TABLE {names} IN SHARE MODE"))
        return {
            table.name: [dict(row) for row in db.execute(select(table)).mappings()]
            for table in schema.every_table()
        }


def put_back(database: Database, was: Image) -> None:
    """Make it hold what it held then. Numbers that were given since are not given again."""
    if isinstance(was, bytes):
        copy_into(database, was)
        return
    names = ", ".join(f'"{table.name}"' for table in schema.every_table())
    with database.write() as db:
        db.execute(text(f"TRUNCATE {names} CASCADE"))
        for table in schema.every_table():
            if was[table.name]:
                db.execute(insert(table), list(was[table.name]))
