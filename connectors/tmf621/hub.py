"""Events that a hub posts. TMF621 signs nothing: the address we gave it holds a key, and an event is only a hint."""

import hmac
from collections.abc import Sequence

from gateway.connector import payload, shaped
from gateway.domain.model import Desk, Message, Sighting
from gateway.errors import SignatureInvalid, Unreadable

KEY = "key"


def verify(message: Message, desk: Desk) -> None:
    """`?key=` in the callback is one of the desk's hook secrets."""
    given = message.query.get(KEY, "").encode("utf-8", "replace")
    fits = [hmac.compare_digest(secret, given) for secret in desk.hook_secrets if secret]
    if not any(fits):
        raise SignatureInvalid(f"the event for desk {desk.code} does not carry the key of its hub")


def parse(message: Message) -> Sequence[Sighting]:
    """The ticket; nothing for events of other things."""
    told = payload(message)
    with shaped(Unreadable, "an event"):
        kind = told["eventType"]
        if not isinstance(kind, str) or not kind:
            raise TypeError("an event without its type")
        if not kind.startswith("TroubleTicket") or kind.startswith("TroubleTicketSpecification"):
            return []
        ident = told["event"]["troubleTicket"]["id"]
        if not isinstance(ident, str) or not ident:
            raise TypeError(f"{ident!r} is no id")
        return [Sighting(remote_id=ident)]
