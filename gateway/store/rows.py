"""Between rows and nouns: one pair of functions for each noun that is both read and written."""

from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import RowMapping, Table

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


def noun(kind: type[Noun], row: Mapping[str, Any] | RowMapping) -> Noun:
    """The noun a row holds."""
    readers = _READERS[kind]
    values = {name: readers[name](row[name]) if name in readers else row[name] for name in _NAMES[kind]}
    return kind(**values)


def row(thing: Noun) -> dict[str, Any]:
    """The columns of a noun."""
    return {name: _plain(getattr(thing, name)) for name in _NAMES[type(thing)]}


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    return value
