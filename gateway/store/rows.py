"""Between rows and nouns: one pair of functions for each noun that is both read and written."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, Table, exists, select

from gateway.domain.model import (
    CommandKind,
    Content,
    ContentKind,
    Copy,
    Delivery,
    DeliveryState,
    Event,
    Hop,
    HopStatus,
    Reason,
    Ticket,
    Visibility,
)
from gateway.domain.model.words import ActorKind, Source
from gateway.store import tables, work_tables
from gateway.store.db import Db
from gateway.store.prepared import Convert, Statement, chained

Noun = TypeVar("Noun", Ticket, Hop, Event, Content, Copy, Delivery)

ticket: Table = tables.TicketRow.__table__  # type: ignore[attr-defined]
hop: Table = tables.HopRow.__table__  # type: ignore[attr-defined]
event: Table = tables.EventRow.__table__  # type: ignore[attr-defined]
content: Table = tables.ContentRow.__table__  # type: ignore[attr-defined]
copy: Table = tables.CopyRow.__table__  # type: ignore[attr-defined]
delivery: Table = work_tables.DeliveryRow.__table__  # type: ignore[attr-defined]
message: Table = work_tables.MessageRow.__table__  # type: ignore[attr-defined]
look: Table = work_tables.LookRow.__table__  # type: ignore[attr-defined]
desk: Table = tables.DeskRow.__table__  # type: ignore[attr-defined]
person: Table = tables.PersonRow.__table__  # type: ignore[attr-defined]
attempt: Table = work_tables.AttemptRow.__table__  # type: ignore[attr-defined]
discrepancy: Table = tables.DiscrepancyRow.__table__  # type: ignore[attr-defined]
offset_sample: Table = tables.OffsetRow.__table__  # type: ignore[attr-defined]
sheet: Table = tables.SheetRow.__table__  # type: ignore[attr-defined]
worker: Table = work_tables.WorkerRow.__table__  # type: ignore[attr-defined]
meta: Table = tables.Meta.__table__  # type: ignore[attr-defined]


def live(ticket_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether this is no ticket of a test desk; asked row by row, by the ticket's id."""
    return ~exists(select(ticket.c.id).where(ticket.c.id == ticket_id, ticket.c.test))


def word(member: StrEnum | None) -> str | None:
    """A vocabulary's member as a plain word; no driver has to know enumerations."""
    return None if member is None else str(member)


def _member(words: type[StrEnum], *, or_none: bool = False) -> Callable[[str | None], StrEnum | None]:
    """From a word to the vocabulary's member. Looking up a dictionary takes a tenth of the time of calling the class."""
    members: dict[str | None, StrEnum | None] = {member.value: member for member in words}
    return (members | {None: None, "": None} if or_none else members).__getitem__


_READERS: Mapping[type, Mapping[str, Any]] = {
    Ticket: {"facts": lambda value: value or {}},
    Hop: {
        "status": _member(HopStatus),
        "reason": _member(Reason, or_none=True),
        "facts": lambda value: value or {},
        "shadow": lambda value: value or {},
        "unmapped": lambda value: frozenset(value or ()),
        "route": lambda value: tuple(value or ()),
        "ranks": lambda value: tuple(value or ()),
    },
    Event: {
        "data": lambda value: value or {},
        "source": _member(Source),
        "actor_kind": _member(ActorKind),
    },
    Content: {
        "kind": _member(ContentKind),
        "visibility": _member(Visibility),
        "source": lambda value: value or {},
        "released_to": lambda value: frozenset(value or ()),
    },
    Copy: {"kind": _member(ContentKind), "visibility": _member(Visibility)},
    Delivery: {
        "kind": _member(CommandKind),
        "state": _member(DeliveryState),
        "payload": lambda value: value or {},
        "visibility": _member(Visibility, or_none=True),
    },
}
_NAMES = {kind: tuple(field.name for field in fields(kind)) for kind in _READERS}
_TABLES: Mapping[type, Table] = {
    Ticket: ticket,
    Hop: hop,
    Event: event,
    Content: content,
    Copy: copy,
    Delivery: delivery,
}
_PLAIN: Mapping[type, Mapping[str, Any]] = {
    Ticket: {},
    Hop: {"status": str, "reason": str, "unmapped": sorted, "route": list, "ranks": list},
    Event: {"source": str, "actor_kind": str},
    Content: {"kind": str, "visibility": str, "released_to": sorted},
    Copy: {"kind": str, "visibility": str},
    Delivery: {"kind": str, "state": str, "visibility": str},
}
_PLAIN_OF = {table.name: _PLAIN[kind] for kind, table in _TABLES.items()}


def plain_of(table: Table) -> Mapping[str, Convert]:
    """Per column what makes a plain value of a noun's. What is plain already stays as it is."""
    return _PLAIN_OF.get(table.name, {})


def choose(kind: type[Noun]) -> Select[Any]:
    """SELECT of a noun's columns, in the noun's order; add conditions and hand the answer to `nouns`."""
    return select(*(_TABLES[kind].c[name] for name in _NAMES[kind]))


def nouns(kind: type[Noun], found: Iterable[Any]) -> list[Noun]:
    """The nouns that the rows of a `choose` hold."""
    return _built(kind, found, list(_READERS[kind].items()))


class Choice(Generic[Noun]):
    """A prepared `choose`: `narrow(query, dialect)` adds the conditions."""

    def __init__(self, kind: type[Noun], narrow: Callable[[Select[Any], str], Select[Any]]) -> None:
        self._kind: type[Noun] = kind
        self._statement = Statement(lambda dialect: narrow(choose(kind), dialect))
        self._readers: dict[str, list[tuple[str, Convert]]] = {}

    def all(self, db: Db, **values: Any) -> list[Noun]:
        """The nouns for these parameters."""
        found = self._statement.raw(db, **values)
        if not found:
            return []
        readers = self._readers.get(db.dialect.name)
        if readers is None:
            readers = self._readers[db.dialect.name] = _made_by(self._kind, self._statement.reads(db))
        return _built(self._kind, found, readers)


def _made_by(kind: type, reads: Mapping[int, Convert]) -> list[tuple[str, Convert]]:
    """Per name what makes the noun's value of the driver's: first the column's reading, then the noun's own."""
    meant, found = _READERS[kind], []
    for place, name in enumerate(_NAMES[kind]):
        make = chained(reads.get(place), meant.get(name))
        if make is not None:
            found.append((name, make))
    return found


def _built(kind: type[Noun], found: Iterable[Any], readers: Sequence[tuple[str, Convert]]) -> list[Noun]:
    """Built without __init__, like `model.change.replace`: loading a case is the most frequent thing the store does."""
    names = _NAMES[kind]
    built = []
    for row in found:
        new = object.__new__(kind)
        values = new.__dict__
        values.update(zip(names, row, strict=True))
        for name, read in readers:
            values[name] = read(values[name])
        built.append(new)
    return built


def row(thing: Noun) -> Mapping[str, Any]:
    """The columns of a noun, for `bulk`, which makes them plain."""
    return vars(thing)
