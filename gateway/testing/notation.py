"""Nouns written down as JSON and read back: the notation of fixtures. Exact in both directions, strict about unknown keys.

A key that is left out stands for the dataclass's default. Moments are written in UTC; bytes as text, or as
`{"base64": "…"}` where they are no UTF-8; a blob may be given by its text.
"""

import base64
import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from gateway.domain.documents import length
from gateway.domain.model import Blob, Snapshot, Visibility
from gateway.errors import Invalid

T = TypeVar("T")


def read(kind: type[T], document: object, *, at: str = "") -> T:
    """The noun a document describes. Raises Invalid with the path of what is wrong."""
    found: T = _read(kind, document, at)
    return found


def read_list(kind: type[T], document: object, *, at: str = "") -> tuple[T, ...]:
    """The same for a list of them."""
    if not isinstance(document, list):
        raise _wrong(at, "a list", document)
    return tuple(read(kind, item, at=f"{at}[{number}]") for number, item in enumerate(document))


def _wrong(at: str, wanted: str, found: object) -> Invalid:
    return Invalid(
        "not valid in a fixture", problems=(f"{at or '(top)'}: {found!r} is not right; write {wanted}",)
    )


def _read(kind: Any, document: object, at: str) -> Any:  # noqa: PLR0911 - one line for each kind of value
    origin = get_origin(kind)
    if kind in (object, Any):
        return document
    if origin in (Union, UnionType):
        return None if document is None else _read(_but_none(kind), document, at)
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(get_args(kind), document, at)
    if origin is frozenset:
        return frozenset(_sequence(get_args(kind)[0], document, at))
    if origin is not None and issubclass(origin, Sequence):
        return _sequence(get_args(kind)[0], document, at) if get_args(kind) else document
    if dataclasses.is_dataclass(kind):
        return _noun(kind, document, at)
    return _plain(kind, document, at)


def _but_none(kind: Any) -> Any:
    return next(part for part in get_args(kind) if part is not NoneType)


def _mapping(kinds: tuple[Any, ...], document: object, at: str) -> dict[Any, Any]:
    if not isinstance(document, Mapping):
        raise _wrong(at, "a mapping", document)
    key, value = kinds
    return {_read(key, name, at): _read(value, item, f"{at}.{name}") for name, item in document.items()}


def _sequence(kind: Any, document: object, at: str) -> tuple[Any, ...]:
    if isinstance(document, str | bytes) or not isinstance(document, Sequence):
        raise _wrong(at, "a list", document)
    return tuple(_read(kind, item, f"{at}[{number}]") for number, item in enumerate(document))


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _noun(kind: Any, document: object, at: str) -> Any:
    if not isinstance(document, Mapping):
        raise _wrong(at, f"a {kind.__name__}", document)
    if kind is Blob and "text" in document:
        return blob_of(str(document["text"]).encode())
    hints = _hints(kind)
    strange = [name for name in document if name not in hints]
    if strange:
        raise _wrong(at, f"keys of {kind.__name__}: {', '.join(hints)}", strange[0])
    missing = [f.name for f in dataclasses.fields(kind) if _must(f) and f.name not in document]
    if missing:
        raise _wrong(at, f"{', '.join(missing)} as well ({kind.__name__} needs it)", dict(document))
    return kind(
        **{name: _read(hints[name], value, f"{at}.{name}".lstrip(".")) for name, value in document.items()}
    )


def _must(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _plain(kind: Any, document: object, at: str) -> Any:
    try:
        if kind is bytes:
            return octets(document)
        if kind is datetime:
            return moment(str(document))
        if kind is timedelta:
            return length(str(document))
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            return kind(str(document))
    except ValueError as error:
        raise _wrong(at, f"a {kind.__name__} ({error})", document) from error
    if not isinstance(document, kind) or (kind is int and isinstance(document, bool)):
        raise _wrong(at, f"a {kind.__name__}", document)
    return document


def moment(text: str) -> datetime:
    """A moment with its offset. Raises ValueError without one."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return at


def octets(document: object) -> bytes:
    """A text's UTF-8, or the bytes of `{"base64": "…"}`. Raises ValueError for anything else."""
    if isinstance(document, str):
        return document.encode()
    if isinstance(document, Mapping) and set(document) == {"base64"}:
        return base64.b64decode(document["base64"], validate=True)
    raise ValueError("bytes are written as a text or as {'base64': …}")


def blob_of(data: bytes) -> Blob:
    """A blob for bytes that stand in a fixture or a test."""
    digest = hashlib.sha256(data).hexdigest()
    return Blob(key=digest, size=len(data), sha256=digest)


def write(value: object) -> Any:  # noqa: PLR0911 - one line for each kind of value
    """The document that `read` turns into this value again; defaults are left out. A naive moment stays visible."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            f.name: write(getattr(value, f.name)) for f in dataclasses.fields(value) if not _default(f, value)
        }
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if value.tzinfo else f"{value.isoformat()} (no offset!)"
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}s"
    if isinstance(value, bytes):
        return _text_or_base64(value)
    if isinstance(value, Mapping):
        return {str(key): write(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(write(item) for item in value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [write(item) for item in value]
    return str(value) if isinstance(value, StrEnum) else value


def _default(field: dataclasses.Field[Any], noun: Any) -> bool:
    value = getattr(noun, field.name)
    if field.default_factory is not dataclasses.MISSING:
        return bool(value == field.default_factory())
    if isinstance(value, list):
        return not value and field.default == ()
    return bool(value == field.default) and type(value) is type(field.default)


def _text_or_base64(value: bytes) -> object:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


def moments_in(value: object) -> list[datetime]:
    """Every moment anywhere inside a noun: for the rule that all are aware."""
    if isinstance(value, datetime):
        return [value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [at for field in dataclasses.fields(value) for at in moments_in(getattr(value, field.name))]
    if isinstance(value, Mapping):
        return [at for item in value.values() for at in moments_in(item)]
    if isinstance(value, Sequence | frozenset) and not isinstance(value, str | bytes):
        return [at for item in value for at in moments_in(item)]
    return []


def public_parts(snapshots: Iterable[Snapshot | None]) -> set[str]:
    """The comments and attachments anywhere in these snapshots that the requester may see."""
    seen = [snapshot for snapshot in snapshots if snapshot is not None]
    comments = {
        f"comment {c.remote_id}" for s in seen for c in s.comments if c.visibility is Visibility.PUBLIC
    }
    files = {f"file {a.remote_id}" for s in seen for a in s.attachments if a.visibility is Visibility.PUBLIC}
    return comments | files


def public_words(snapshots: Iterable[Snapshot | None]) -> set[str]:
    """What stands in them, for where a part without its id goes by another name."""
    seen = [snapshot for snapshot in snapshots if snapshot is not None]
    comments = {f"comment {c.text}" for s in seen for c in s.comments if c.visibility is Visibility.PUBLIC}
    files = {f"file {a.filename}" for s in seen for a in s.attachments if a.visibility is Visibility.PUBLIC}
    return comments | files
