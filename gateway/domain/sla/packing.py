"""What is kept of a ticket, as plain JSON values and back: each value that JSON does not know says what it is."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.domain.sla.course import Cycle, Progress, Window
from gateway.domain.sla.footing import Footing, Lived
from gateway.domain.sla.ledger import Holding, Span
from gateway.domain.sla.life import Past
from gateway.domain.sla.stops import Decision, Kept, Request
from gateway.domain.sla.terms import Record, TargetKind
from gateway.domain.sla.tree import Entry, Node

_MICRO = timedelta(microseconds=1)
_PLAIN = (str, int, float, bool, type(None))
_NOUNS: Mapping[str, Callable[..., Any]] = {
    one.__name__: one
    for one in (Footing, Lived, Cycle, Progress, Window, Holding, Past, Decision, Kept, Request, Record, Node)
}
_ROWS: Mapping[str, Callable[..., Any]] = {"Span": Span, "Entry": Entry}


def pack(value: object) -> Any:
    """Text, numbers, lists as they are; everything else as an object with one key that says what it is. Raises TypeError
    for what clocks do not keep."""
    write = _WRITES.get(type(value))
    if write is not None:
        return write(value)
    if is_dataclass(value):
        return {type(value).__name__: {one.name: pack(getattr(value, one.name)) for one in fields(value)}}
    raise TypeError(f"{type(value).__name__} is nothing that clocks keep")


_WRITES: Mapping[type, Callable[[Any], Any]] = {
    **dict.fromkeys((str, int, float, bool, type(None)), lambda told: told),
    list: lambda told: [pack(one) for one in told],
    dict: lambda told: {"map": [[pack(name), pack(one)] for name, one in told.items()]},
    tuple: lambda told: {"row": [pack(one) for one in told]},
    frozenset: lambda told: {"set": sorted(told)},
    Span: lambda told: {"Span": [pack(one) for one in told]},
    Entry: lambda told: {"Entry": [pack(one) for one in told]},
    datetime: lambda told: {"at": told.isoformat()},
    timedelta: lambda told: {"us": told // _MICRO},
    TargetKind: lambda told: {"target": told.value},
}


def unpack(document: object) -> Any:
    """The value that was packed. Raises ValueError for what was not."""
    if isinstance(document, _PLAIN):
        return document
    if isinstance(document, list):
        return [unpack(one) for one in document]
    if not isinstance(document, dict) or len(document) != 1:
        raise ValueError(f"{document!r:.80} was not packed here")
    ((kind, told),) = document.items()
    if kind in _NOUNS:
        return _NOUNS[kind](**{name: unpack(one) for name, one in told.items()})
    if kind in _ROWS:
        return _ROWS[kind](*(unpack(one) for one in told))
    read = _READS.get(kind)
    if read is None:
        raise ValueError(f"{kind!r:.80} is nothing that clocks keep")
    return read(told)


_READS: Mapping[str, Callable[[Any], Any]] = {
    "target": TargetKind,
    "at": datetime.fromisoformat,
    "us": lambda told: told * _MICRO,
    "row": lambda told: tuple(unpack(one) for one in told),
    "set": frozenset,
    "map": lambda told: {unpack(name): unpack(one) for name, one in told},
}
