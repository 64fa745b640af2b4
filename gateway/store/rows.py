"""Between rows and nouns: one pair of functions for each noun that is both read and written."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import Select, Table, select

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
worker: Table = work_tables.WorkerRow.__table__  # type: ignore[attr-defined]
meta: Table = tables.Meta.__table__  # type: ignore[attr-defined]


def word(member: StrEnum | None) -> str | None:
    """A vocabulary's member as a plain word; no driver has to know enumerations."""
    return None if member is None else member.value


_READERS: Mapping[type, Mapping[str, Any]] = {
    Ticket: {"facts": lambda value: value or {}},
    Hop: {
        "status": HopStatus,
        "reason": lambda value: Reason(value) if value else None,
        "facts": lambda value: value or {},
        "shadow": lambda value: value or {},
        "unmapped": lambda value: frozenset(value or ()),
        "route": lambda value: tuple(value or ()),
        "ranks": lambda value: tuple(value or ()),
    },
    Event: {"data": lambda value: value or {}, "source": Source, "actor_kind": ActorKind},
    Content: {
        "kind": ContentKind,
        "visibility": Visibility,
        "source": lambda value: value or {},
        "released_to": lambda value: frozenset(value or ()),
    },
    Copy: {"kind": ContentKind, "visibility": Visibility},
    Delivery: {
        "kind": CommandKind,
        "state": DeliveryState,
        "payload": lambda value: value or {},
        "visibility": lambda value: Visibility(value) if value else None,
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
    Hop: {"status": word, "reason": word, "unmapped": sorted, "route": list, "ranks": list},
    Event: {"source": word, "actor_kind": word},
    Content: {"kind": word, "visibility": word, "released_to": sorted},
    Copy: {"kind": word, "visibility": word},
    Delivery: {"kind": word, "state": word, "visibility": word},
}


def choose(kind: type[Noun]) -> Select[Any]:
    """SELECT of a noun's columns, in the noun's order; add conditions and hand the answer to `nouns`."""
    return select(*(_TABLES[kind].c[name] for name in _NAMES[kind]))


def nouns(kind: type[Noun], found: Iterable[Any]) -> list[Noun]:
    """The nouns that the rows of a `choose` hold. Built without __init__, like `model.change.replace`: loading a case
    is the most frequent thing the store does."""
    names, readers = _NAMES[kind], tuple(_READERS[kind].items())
    built = []
    for row in found:
        new = object.__new__(kind)
        values = new.__dict__
        values.update(zip(names, row, strict=True))
        for name, read in readers:
            values[name] = read(values[name])
        built.append(new)
    return built


def row(thing: Noun) -> dict[str, Any]:
    """The columns of a noun."""
    values = dict(vars(thing))
    for name, plain in _PLAIN[type(thing)].items():
        values[name] = plain(values[name])
    return values
