"""A whole database as one file, as it is at one moment, while others write: SQLite by its online backup, PostgreSQL by its own
pg_dump in custom format. And back again, into a database that holds nothing."""

import contextlib
import os
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import make_url, text

from gateway.errors import ConfigError, Refused
from gateway.store import migrate
from gateway.store.db import Database

_SERVICE = "interdesk"


def take(database: Database, target: Path) -> str:
    """Write the database into a new file; the revision of its schema. Raises ConfigError."""
    if database.is_sqlite:
        with database.read() as db, contextlib.closing(sqlite3.connect(target)) as copy:
            source = db.connection.driver_connection
            if not isinstance(source, sqlite3.Connection):
                raise TypeError("SQLite is spoken through its own driver")
            source.backup(copy)
    else:
        options = ("--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
        _run(database.url, "pg_dump", *options)
    return migrate.current(database) or ""


def check(source: Path, kind: str) -> None:
    """Whether a file holds a whole database. Raises ConfigError."""
    if kind != "sqlite":
        _call(["pg_restore", "--list", str(source)], {})
        return
    try:
        with contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as copy:
            [found] = copy.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise ConfigError("the database in the backup is damaged", why=str(found))


def blobs_of(source: Path) -> set[str]:
    """The keys of files that a SQLite database speaks of."""
    with contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as copy:
        return {key for (key,) in copy.execute("SELECT blob_key FROM content WHERE blob_key IS NOT NULL")}


def is_empty(database: Database) -> bool:
    """Whether nothing was ever installed there."""
    if migrate.current(database) is None:
        return True
    with database.read() as db:
        return db.execute(text("SELECT 1 FROM organization LIMIT 1")).first() is None


def put_back(database: Database, source: Path) -> None:
    """Fill a database that holds nothing, then bring it to the schema of this version. Raises Refused, ConfigError."""
    if not is_empty(database):
        raise Refused(
            "there is an installation in this database already",
            why="a backup is never laid over another one",
            cure="name an empty database, or move the old one away",
        )
    if database.is_sqlite:
        database.close()
        name = make_url(database.url).database or ""
        with (
            contextlib.closing(sqlite3.connect(source)) as copy,
            contextlib.closing(sqlite3.connect(name)) as to,
        ):
            copy.backup(to)
    else:
        _empty_out(database)
        _run(database.url, "pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", str(source))
    migrate.upgrade(database)


def _empty_out(database: Database) -> None:
    """An empty schema that `interdesk migrate` made goes, so that the dump can make its own."""
    if migrate.current(database) is not None:
        with database.write(slow=True) as db:
            db.execute(text("DROP SCHEMA public CASCADE"))
            db.execute(text("CREATE SCHEMA public"))
        database.close()


def _run(url: str, program: str, *options: str) -> None:
    """One of PostgreSQL's own programs at a database. What is secret in its address stands in a file that only we read."""
    with _service(url) as (file, name):
        environment = {"PGSERVICEFILE": str(file)}
        _call([program, f"--dbname=service={name}", *options], environment)


def _call(words: Sequence[str], environment: dict[str, str]) -> None:
    try:
        ran = subprocess.run(words, env={**os.environ, **environment}, capture_output=True, check=False)  # noqa: S603 - fixed programs
    except FileNotFoundError as error:
        raise ConfigError(
            f"{words[0]} is not installed here",
            why="backups of PostgreSQL are made by its own client",
            cure="install the client of the server's version (postgresql-client)",
        ) from error
    if ran.returncode:
        said = ran.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ConfigError(f"{words[0]} failed", why=said[0] if said else f"exit code {ran.returncode}")


@contextlib.contextmanager
def _service(url: str) -> Iterator[tuple[Path, str]]:
    address = make_url(url)
    options = address.get_dialect()().create_connect_args(address)[1]
    lines = [f"{name}={value}" for name, value in options.items() if name not in ("context", "autocommit")]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "service.conf"
        file.touch(mode=0o600)
        file.write_text("\n".join([f"[{_SERVICE}]", *lines]) + "\n", encoding="utf-8")
        yield file, _SERVICE
