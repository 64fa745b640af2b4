"""Statements of the hot flows, compiled once for each dialect and handed to the driver as they are.

SQLAlchemy builds, keys and wraps a statement anew at every call; in small batches that cost ten times what the database
did. The SQL is still its own. Many keys are one parameter (`among`, `tuples`), so the text never changes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

import orjson
from sqlalchemy import (
    BindParameter,
    Boolean,
    ColumnElement,
    Dialect,
    Table,
    bindparam,
    column,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.selectable import Select, Subquery
from sqlalchemy.types import UserDefinedType

from gateway.store.db import Db

Convert = Callable[[Any], Any]
Build = Callable[[str], Executable]
"""Makes the statement for a dialect's name (`sqlite` or `postgresql`)."""


def chained(first: Convert | None, second: Convert | None) -> Convert | None:
    """One conversion after the other; None if neither is needed."""
    if first is None or second is None:
        return first or second
    return lambda value: second(first(value))


class Keys(UserDefinedType[Iterable[str]]):
    """Many texts in one parameter: JSON on SQLite, an array on PostgreSQL."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Its SQL name."""
        return "TEXT[]"

    def bind_processor(self, dialect: Dialect) -> Convert:
        """To the database."""
        return _as_json if dialect.name == "sqlite" else list


def _as_json(values: Iterable[Any]) -> str:
    return orjson.dumps(list(values)).decode()


def among(dialect: str, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether the column's value is one of those in the parameter `name`."""
    keys: BindParameter[Any] = bindparam(name, type_=Keys())
    if dialect == "sqlite":
        return column.in_(select(func.json_each(keys).table_valued("value").c.value))
    return column == func.any(keys)


class Tuples(UserDefinedType[Iterable[Sequence[str]]]):
    """Many tuples of texts in one parameter, as JSON."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Its SQL name."""
        return "TEXT"

    def bind_processor(self, dialect: Dialect) -> Convert:
        """To the database."""
        return _as_json


def tuples(dialect: str, name: str, columns: Sequence[str]) -> Subquery:
    """A table with these columns, one row for each tuple in the parameter `name`; to be joined."""
    given: BindParameter[Any] = bindparam(name, type_=Tuples())
    if dialect == "sqlite":
        each = func.json_each(given).table_valued("value")
        picked: list[ColumnElement[Any]] = [
            func.json_extract(each.c.value, f"$[{place}]") for place in range(len(columns))
        ]
    else:
        each = func.jsonb_array_elements(given.cast(JSONB)).table_valued(column("value", JSONB))
        picked = [each.c.value.op("->>")(literal_column(str(place))) for place in range(len(columns))]
    return select(*(one.label(label) for one, label in zip(picked, columns, strict=True))).subquery("wanted")


def within(dialect: str, table: Table) -> ColumnElement[bool]:
    """Whether a row is within the scope that is given with the values: `**scope.parameters`."""
    everything = bindparam("scope_all", type_=Boolean())
    return or_(everything, among(dialect, table.c.org_id, "scope_orgs"))


class Statement:
    """One statement. Values are given by the names of its parameters; everything else in it is fixed."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._compiled: dict[str, _Compiled] = {}

    def _of(self, db: Db) -> "_Compiled":
        dialect = db.dialect
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = _Compiled(self._build(dialect.name), dialect)
        return found

    def run(self, db: Db, **values: Any) -> int:
        """Execute it; how many rows it changed."""
        return int(self._of(db).execute(db, values).rowcount)

    def run_all(self, db: Db, given: Iterable[Mapping[str, Any]]) -> None:
        """Execute it for each of these."""
        compiled = self._of(db)
        execute_many(db, compiled.sql, [compiled.bound(values) for values in given])

    def raw(self, db: Db, **values: Any) -> list[Sequence[Any]]:
        """Its rows as the driver gives them."""
        found: list[Sequence[Any]] = self._of(db).execute(db, values).fetchall()
        return found

    def rows(self, db: Db, **values: Any) -> list[Sequence[Any]]:
        """Its rows with their values as the columns' types say."""
        reads = self._of(db).reads
        if not reads:
            return self.raw(db, **values)
        return [_read(row, reads) for row in self.raw(db, **values)]

    def reads(self, db: Db) -> Mapping[int, Convert]:
        """How the values of its rows are read, by place; a place without an entry needs nothing."""
        return dict(self._of(db).reads)


def _read(row: Sequence[Any], reads: Sequence[tuple[int, Convert]]) -> list[Any]:
    values = list(row)
    for place, read in reads:
        values[place] = read(values[place])
    return values


class _Compiled:
    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        self.sql = str(compiled)
        self._names = None if compiled.positiontup is None else list(compiled.positiontup)
        self._writes = {
            name: convert
            for name, bound in compiled.binds.items()
            if (convert := bound.type.dialect_impl(dialect).bind_processor(dialect)) is not None
        }
        given = {name: bound.value for name, bound in compiled.binds.items() if not bound.required}
        self._fixed = {name: self._written(name, value) for name, value in given.items()}
        self.reads = _readers(statement, dialect) if isinstance(statement, Select) else []

    def _written(self, name: str, value: Any) -> Any:
        convert = self._writes.get(name)
        return convert(value) if convert else value

    def execute(self, db: Db, values: Mapping[str, Any]) -> Any:
        return execute(db, self.sql, self.bound(values))

    def bound(self, values: Mapping[str, Any]) -> Any:
        """The parameters as the driver takes them."""
        given = self._fixed | {name: self._written(name, value) for name, value in values.items()}
        return given if self._names is None else tuple([given[name] for name in self._names])


def _readers(statement: Select[Any], dialect: Dialect) -> list[tuple[int, Convert]]:
    found: list[tuple[int, Convert]] = []
    for place, one in enumerate(statement.selected_columns):
        read = one.type.dialect_impl(dialect).result_processor(dialect, None)
        if read is not None:
            found.append((place, read))
    return found


def execute(db: Db, sql: str, bound: Any) -> Any:
    """Hand one statement to the driver within this transaction; the driver's cursor. Raises DBAPIError."""
    connection: Any = db.connection.driver_connection
    try:
        return connection.execute(sql, bound)
    except db.dialect.loaded_dbapi.Error as error:
        raise _failure(db, sql, error) from error


def execute_many(db: Db, sql: str, bound: Sequence[Any]) -> None:
    """One statement for each of these parameters. Raises DBAPIError."""
    cursor: Any = db.connection.cursor()
    try:
        cursor.executemany(sql, bound)
    except db.dialect.loaded_dbapi.Error as error:
        raise _failure(db, sql, error) from error


def copy_in(db: Db, sql: str, rows: Sequence[Sequence[Any]]) -> None:
    """Many rows by PostgreSQL's COPY. Raises DBAPIError."""
    cursor: Any = db.connection.cursor()
    try:
        with cursor.copy(sql) as copy:
            for row in rows:
                copy.write_row(row)
    except db.dialect.loaded_dbapi.Error as error:
        raise _failure(db, sql, error) from error


def _failure(db: Db, sql: str, error: Exception) -> BaseException:
    """The driver's error as SQLAlchemy tells it; a connection that broke is never used again."""
    broke = db.dialect.is_disconnect(cast("Any", error), cast("Any", db.connection.driver_connection), None)
    if broke:
        db.invalidate(error)
    dbapi: Any = db.dialect.loaded_dbapi
    return DBAPIError.instance(
        sql, None, error, dbapi.Error, hide_parameters=True, connection_invalidated=broke, dialect=db.dialect
    )
