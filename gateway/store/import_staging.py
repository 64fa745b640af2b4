"""Rows of an event log put in order of their cases: in a file of their own beside the database, sorted by SQLite, so that
memory stays flat however long the log is. The file is gone afterwards."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory

BATCH = 5_000
_NAMES = (
    "case_key",
    "place",
    "at",
    "line",
    "state",
    "organization",
    "desk",
    "priority",
    "service",
    "customer",
)
_TABLE = f"CREATE TABLE line ({', '.join(_NAMES)})"
_HELD = "CREATE TABLE held (case_key TEXT PRIMARY KEY) WITHOUT ROWID"
_INSERT = f"INSERT INTO line VALUES ({', '.join('?' * len(_NAMES))})"  # noqa: S608 - constants
_SORTED = (
    f"SELECT {', '.join(_NAMES)} FROM line"  # noqa: S608 - constants
    " WHERE NOT EXISTS (SELECT 1 FROM held WHERE held.case_key = line.case_key) ORDER BY case_key"
)
_FAST = (
    "journal_mode=OFF",
    "synchronous=OFF",
    "temp_store=FILE",
    "cache_size=-32768",
    "locking_mode=EXCLUSIVE",
)

Staged = Sequence[object]
"""case, place, moment, line, state, organization, desk, priority, service, customer."""


class Staging:
    """Rows on their way: added in the order of the file, read case by case. Cases that are held are left out."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        for pragma in _FAST:
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute(_TABLE)
        self._db.execute(_HELD)
        self._db.execute("BEGIN")
        self._waiting: list[Staged] = []
        self.rows = 0

    def add(self, row: Staged) -> None:
        """One more row."""
        self._waiting.append(row)
        if len(self._waiting) == BATCH:
            self._flush()

    def _flush(self) -> None:
        self._db.executemany(_INSERT, self._waiting)
        self.rows += len(self._waiting)
        self._waiting = []

    def hold(self, case: str) -> None:
        """Leave a case out."""
        self._db.execute("INSERT OR IGNORE INTO held VALUES (?)", (case,))

    def left_out(self) -> tuple[int, int]:
        """How many cases are held, and how many readable rows they have."""
        self._flush()
        rows = "SELECT count(*) FROM line WHERE case_key IN (SELECT case_key FROM held)"
        cases = self._db.execute("SELECT count(*) FROM held").fetchone()[0]
        return int(cases), int(self._db.execute(rows).fetchone()[0])

    def cases(self) -> Iterator[list[Staged]]:
        """The rows of one case after the other."""
        self._flush()
        cursor = self._db.execute(_SORTED)
        for _, rows in groupby(cursor, itemgetter(0)):
            yield list(rows)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()


@contextmanager
def staging(folder: Path | None) -> Iterator[Staging]:
    """A place for the rows of one log, in `folder` or where temporary files are."""
    with TemporaryDirectory(prefix="import-", dir=folder) as inside:
        staged = Staging(Path(inside) / "rows.db")
        try:
            yield staged
        finally:
            staged.close()
