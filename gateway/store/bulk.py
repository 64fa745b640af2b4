"""Many rows in one statement: INSERT and UPDATE whose SQL and column conversions are prepared once per table.

SQLAlchemy builds its parameters anew for every row of an executemany; in the batches of the hot flows that cost more
than the database did. The statements are still its own, compiled for the dialect.
"""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Dialect, Table, bindparam, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert, Update
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from gateway.store import rows
from gateway.store.db import Db
from gateway.store.prepared import Convert, chained, copy_in, execute_many

Row = Mapping[str, Any]
WORTH_A_COPY = 4
"""From so many rows on a COPY is cheaper than a statement for each."""

_FIXED = frozenset({"id", "org_id", "ticket_id", "hop_id", "desk_id", "parent_id", "opened_at"})
"""Never changes in a row that is there. SQLite would write its index entries anew even where the value stays."""


class _Prepared:
    """A compiled statement with the columns it wants and how their values are converted. Its parameters are called
    `new_<column>`, and `row_id` for the key of an update."""

    def __init__(
        self, statement: Insert | Update, table: Table, dialect: Dialect, *, plain: bool = False
    ) -> None:
        compiled = statement.compile(dialect=dialect)
        self.sql = str(compiled)
        self.positional = compiled.positiontup is not None
        self.parameters = list(compiled.positiontup or compiled.params)
        self.columns = [name.removeprefix("new_").removeprefix("row_") for name in self.parameters]
        columns = [table.c[name] for name in self.columns]
        self.defaults = {
            column.name: column.default.arg
            for column in columns
            if isinstance(column.default, ScalarElementColumnDefault)
        }
        # PostgreSQL parses, plans and answers a COPY once, an executemany for every row.
        self._copies = "" if self.positional or not plain else _copying(table, self.columns)
        self._pick = itemgetter(*self.columns)
        self._convert: list[tuple[int, Convert]] = [
            (place, convert)
            for place, column in enumerate(columns)
            if (convert := _conversion(table, column.name, dialect)) is not None
        ]

    def run(self, db: Db, given: Sequence[Row]) -> None:
        """Execute for all rows at once."""
        if not given[0].keys() >= set(self.columns):
            given = [{**self.defaults, **row} for row in given]
        values = [self._values(row) for row in given]
        if self.positional:
            execute_many(db, self.sql, values)
        elif self._copies and len(values) >= WORTH_A_COPY:
            copy_in(db, self._copies, values)
        else:
            execute_many(db, self.sql, [dict(zip(self.parameters, one, strict=True)) for one in values])

    def _values(self, row: Row) -> list[Any]:
        values = list(self._pick(row))
        for place, convert in self._convert:
            value = values[place]
            if value is not None:
                values[place] = convert(value)
        return values


def _copying(table: Table, columns: Sequence[str]) -> str:
    return f"COPY {table.name} ({', '.join(columns)}) FROM STDIN"


def _conversion(table: Table, name: str, dialect: Dialect) -> Convert | None:
    """From a noun's value to the driver's: first into plain words, then as the column's type says."""
    processor = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
    return chained(rows.plain_of(table).get(name), processor)


_prepared: dict[tuple[str, str, str, tuple[str, ...]], _Prepared] = {}


def add(db: Db, table: Table, given: Sequence[Row]) -> None:
    """Insert rows that all have the same columns."""
    if given:
        _of(db, table, "insert", tuple(given[0])).run(db, given)


def add_new(db: Db, table: Table, given: Sequence[Row]) -> None:
    """Insert those rows whose key is not there yet."""
    if given:
        _of(db, table, "insert new", tuple(given[0])).run(db, given)


def change(db: Db, table: Table, given: Sequence[Row]) -> None:
    """Update rows by their `id`; all name the same columns. What a row belongs to stays as it is."""
    if given:
        _of(db, table, "update", tuple(given[0])).run(db, given)


def _of(db: Db, table: Table, verb: str, names: tuple[str, ...]) -> _Prepared:
    key = (db.dialect.name, table.name, verb, names)
    if key not in _prepared:
        _prepared[key] = _prepare(table, verb, names, db.dialect)
    return _prepared[key]


def _prepare(table: Table, verb: str, names: tuple[str, ...], dialect: Dialect) -> _Prepared:
    if verb == "update":
        changing = [name for name in names if name not in _FIXED]
        changes: dict[str, Any] = {name: bindparam(f"new_{name}") for name in changing}
        statement = update(table).where(table.c.id == bindparam("row_id")).values(changes)
        return _Prepared(statement, table, dialect)
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    if verb == "insert":
        return _Prepared(insert(table).values(values), table, dialect, plain=True)
    dml = sqlite if dialect.name == "sqlite" else postgresql
    return _Prepared(dml.insert(table).values(values).on_conflict_do_nothing(), table, dialect)
