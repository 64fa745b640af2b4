"""The message of our detector at the tracker (its code stands in README.md): signed, and only a hint."""

import hashlib
import hmac
from collections.abc import Sequence

from gateway.connector import payload
from gateway.domain.model import Desk, Message, Sighting
from gateway.errors import SignatureInvalid, Unreadable

HEADER = "x-roundup-signature"


def verify(message: Message, desk: Desk) -> None:
    """`X-Roundup-Signature: sha256=<hex HMAC-SHA256 of the body>` under one of the desk's secrets."""
    given = message.headers.get(HEADER, "").encode("utf-8", "replace")
    proofs = [_signature(secret, message.body) for secret in desk.hook_secrets]
    matches = [hmac.compare_digest(proof, given) for proof in proofs]
    if not any(matches):
        raise SignatureInvalid(
            f"the message to desk {desk.code} does not carry the signature of its detector"
        )


def _signature(secret: bytes, body: bytes) -> bytes:
    return b"sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest().encode()


def parse(message: Message) -> Sequence[Sighting]:
    """The touched issue. The detector fires before Roundup commits, so the message says nothing of the new state."""
    document = payload(message)
    if not isinstance(document, dict) or not isinstance(document.get("class"), str):
        raise Unreadable("not a message of the detector: it names no class")
    if document["class"] != "issue":
        return []
    ident, actor = document.get("id"), document.get("actor")
    if not (isinstance(ident, str) and ident.isdecimal()):
        raise Unreadable("not a message of the detector: it names no issue")
    return [Sighting(remote_id=ident, hints={"actor": actor} if isinstance(actor, str) and actor else {})]
