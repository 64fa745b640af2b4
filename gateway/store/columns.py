"""Column types that behave the same on SQLite and PostgreSQL: moments as whole microseconds, documents as text."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Dialect
from sqlalchemy.types import UserDefinedType

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Whole microseconds since 1970 UTC. Raises ValueError for a naive datetime: its zone would be a guess."""
    if moment.tzinfo is None:
        raise ValueError("a moment must carry its zone")
    return (moment - _EPOCH) // _MICROSECOND


def moment(value: int | None) -> datetime | None:
    """The aware datetime of so many microseconds since 1970 UTC."""
    return None if value is None else _EPOCH + timedelta(microseconds=value)


def plain(value: Any) -> Any:
    """As the driver gives it back: whole microseconds for moments and lengths, text for documents, the rest as it is."""
    if isinstance(value, datetime):
        return micros(value)
    if isinstance(value, timedelta):
        return value // _MICROSECOND
    return orjson.dumps(value).decode() if isinstance(value, (dict, list)) else value


class Moment(UserDefinedType[datetime]):
    """An aware datetime, kept as an integer so that both databases compare and round alike."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Its SQL name."""
        return "BIGINT"

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], int | None]:
        """To the database."""
        return lambda value: None if value is None else micros(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[int | None], datetime | None]:
        """From the database."""
        return moment


class Length(UserDefinedType[timedelta]):
    """A length of time, kept as whole microseconds."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Its SQL name."""
        return "BIGINT"

    def bind_processor(self, dialect: Dialect) -> Callable[[timedelta | None], int | None]:
        """To the database."""
        return lambda value: None if value is None else value // _MICROSECOND

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[int | None], timedelta | None]:
        """From the database."""
        return lambda value: None if value is None else timedelta(microseconds=value)


class Document(UserDefinedType[Any]):
    """A JSON document, kept as text."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Its SQL name."""
        return "TEXT"

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str | None]:
        """To the database."""
        return lambda value: None if value is None else orjson.dumps(value).decode()

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], Any]:
        """From the database."""
        return lambda value: None if value is None else orjson.loads(value)
