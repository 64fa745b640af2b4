"""Many rows in one statement: INSERT and UPDATE whose SQL and column conversions are prepared once per table.

SQLAlchemy builds its parameters anew for every row of an executemany; in the batches of the hot flows that cost more
than the database did. The statements are still its own, compiled for the dialect.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Dialect, Table, bindparam, insert, update
from sqlalchemy.sql.dml import Insert, Update
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from gateway.store.db import Db

Row = Mapping[str, Any]
Convert = Callable[[Any], Any]


class _Prepared:
    """A compiled statement with the columns it wants and how their values are converted. Its parameters are called
    `new_<column>`, and `row_id` for the key of an update."""

    def __init__(self, statement: Insert | Update, table: Table, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.sql = str(compiled)
        self.positional = compiled.positiontup is not None
        self.parameters = list(compiled.positiontup or compiled.binds)
        self.columns = [name.removeprefix("new_").removeprefix("row_") for name in self.parameters]
        columns = [table.c[name] for name in self.columns]
        self.defaults = {
            column.name: column.default.arg
            for column in columns
            if isinstance(column.default, ScalarElementColumnDefault)
        }
        self.convert: list[Convert | None] = [
            column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns
        ]

    def run(self, db: Db, rows: Sequence[Row]) -> None:
        """Execute for all rows at once."""
        pairs = list(zip(self.columns, self.convert, strict=True))
        if not rows[0].keys() >= set(self.columns):
            rows = [{**self.defaults, **row} for row in rows]
        values = [
            tuple([convert(row[name]) if convert else row[name] for name, convert in pairs]) for row in rows
        ]
        if self.positional:
            db.exec_driver_sql(self.sql, values)
        else:
            db.exec_driver_sql(self.sql, [dict(zip(self.parameters, one, strict=True)) for one in values])


_prepared: dict[tuple[str, str, str, tuple[str, ...]], _Prepared] = {}


def add(db: Db, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows that all have the same columns."""
    if rows:
        _of(db, table, "insert", tuple(rows[0])).run(db, rows)


def change(db: Db, table: Table, rows: Sequence[Row]) -> None:
    """Update rows by their `id`; all name the same columns."""
    if rows:
        _of(db, table, "update", tuple(rows[0])).run(db, rows)


def _of(db: Db, table: Table, verb: str, names: tuple[str, ...]) -> _Prepared:
    key = (db.dialect.name, table.name, verb, names)
    if key not in _prepared:
        _prepared[key] = _prepare(table, verb, names, db.dialect)
    return _prepared[key]


def _prepare(table: Table, verb: str, names: tuple[str, ...], dialect: Dialect) -> _Prepared:
    if verb == "insert":
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
        return _Prepared(insert(table).values(values), table, dialect)
    values = {name: bindparam(f"new_{name}") for name in names if name != "id"}
    return _Prepared(update(table).where(table.c.id == bindparam("row_id")).values(values), table, dialect)
