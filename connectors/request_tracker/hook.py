"""What RT's scrip tells us (README.md holds the scrip): signed, and only a hint that a ticket was touched.

RT calls inside the request that caused it and never again, so a call may be lost; polling is the net. A replayed call is
harmless: it makes us look once more.
"""

import hashlib
import hmac

from gateway.connector import payload, shaped
from gateway.domain.model import Desk, Message, Sighting
from gateway.errors import SignatureInvalid, Unreadable

SIGNATURE = "x-rt-signature"

SILENT = frozenset({"EmailRecord", "CommentEmailRecord"})
"""Transactions that only record an outgoing mail."""


def verify(message: Message, desk: Desk) -> None:
    """`sha256=` and the hex HMAC-SHA256 of the body, under any of the desk's secrets."""
    given = message.headers.get(SIGNATURE, "").encode(errors="replace")
    fits = [
        hmac.compare_digest(b"sha256=" + _signature(secret, message.body), given)
        for secret in desk.hook_secrets
        if secret
    ]
    if not any(fits):
        raise SignatureInvalid("the signature of the RT scrip does not fit")


def _signature(secret: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, body, hashlib.sha256).hex().encode()


def parse(message: Message) -> list[Sighting]:
    """The ticket of a transaction; nothing for a mail record or for an object that is no ticket."""
    told = payload(message)
    with shaped(Unreadable, "a transaction"):
        kind, ticket, transaction = told["type"], _number(told["ticket"]), _number(told["txn"])
        if not isinstance(kind, str) or not kind:
            raise TypeError("a type that is no word")
        about = told.get("object", "RT::Ticket")
    if kind in SILENT or about != "RT::Ticket":
        return []
    return [Sighting(remote_id=ticket, hints={"transaction": transaction})]


def _number(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise TypeError(f"{value!r} is no id")
    return str(value)
