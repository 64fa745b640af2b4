"""Opaque names derived from an installation's salt: markers, route marks, ids of people. Same input, same name."""

import base64
import hashlib

MARKER_PREFIX = "idk-"


def keyed(salt: str, *parts: str) -> str:
    """Hex digest of the parts under the salt; without the salt nobody can guess what it names."""
    return hashlib.blake2b("\x1f".join(parts).encode(), key=salt.encode()[:64], digest_size=20).hexdigest()


def marker(salt: str, link_id: str, object_id: str) -> str:
    """The mark a copy carries at the other desk. Derived from link and object, so that a repeat carries the same
    (delivery D4, D9); 80 bits, fit for a short text field."""
    digest = bytes.fromhex(keyed(salt, "marker", link_id, object_id))[:10]
    return MARKER_PREFIX + base64.b32encode(digest).decode().lower()


def route_mark(salt: str, desk_id: str) -> str:
    """How a desk appears in a route trace: recognisable to this installation, nameless to everybody else."""
    return keyed(salt, "route", desk_id)[:16]
