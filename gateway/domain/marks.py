"""Opaque names derived from an installation's salt: markers, route marks, ids of people. Same input, same name."""

import base64
import hashlib
import re

MARKER_PREFIX = "idk-"


def keyed(salt: str, *parts: str) -> str:
    """Hex digest of the parts under the salt; without the salt nobody can guess what it names."""
    return hashlib.blake2b("\x1f".join(parts).encode(), key=salt.encode()[:64], digest_size=20).hexdigest()


def marker(salt: str, link_id: str, object_id: str) -> str:
    """The mark a copy carries at the other desk. Derived from link and object, so that a repeat carries the same
    (delivery D4, D9): 60 bits that name them and 20 by which the installation knows its own; fit for a short text field."""
    name = _letters(keyed(salt, "marker", link_id, object_id))[:_NAME]
    return MARKER_PREFIX + name + _seal(salt, name)


def is_marker_of(salt: str, text: str) -> bool:
    """Whether this installation made the marker, even if it does not remember what for. Another installation's is taken
    for it once in a million times."""
    name, seal = text.removeprefix(MARKER_PREFIX)[:_NAME], text.removeprefix(MARKER_PREFIX)[_NAME:]
    return text.startswith(MARKER_PREFIX) and len(name) == _NAME and seal == _seal(salt, name)


_NAME, _SEAL = 12, 4


def _seal(salt: str, name: str) -> str:
    return _letters(keyed(salt, "marker seal", name))[:_SEAL]


def _letters(digest: str) -> str:
    return base64.b32encode(bytes.fromhex(digest)).decode().lower()


ROUTE = "route"
"""The field in which a desk that is another gateway is told over which desks a ticket came; such a desk says it is writable."""
MOST_MARKS = 64
_MARK = re.compile(r"[0-9a-f]{16}")


def route_of(text: str | None) -> tuple[str, ...]:
    """The route marks in a desk's field; what is none is left out."""
    return tuple(word for word in (text or "").split()[:MOST_MARKS] if _MARK.fullmatch(word))


def route_mark(salt: str, desk_id: str) -> str:
    """How a desk appears in a route trace: recognisable to this installation, nameless to everybody else."""
    return keyed(salt, "route", desk_id)[:16]
