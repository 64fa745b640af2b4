"""Who may speak for a ticket by mail: its reply address, our seal on what we sent, and the ids both are made of.

A reply address is `desk+<ticket>.<tag>@gateway.example`, or `<ticket>.<tag>@replies.gateway.example` where a whole
subdomain is ours. The tag is an HMAC under the desk's hook secret, so nobody makes one up; every secret is tried, so that
it can be changed. Lower case only: many mail programs fold an address.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

from gateway.domain.model import Desk
from gateway.errors import Unsupported

_TAG = re.compile(r"(?<![a-z2-7])([a-z2-7]{12})\.([a-z2-7]{16})(?![a-z2-7])")
_MESSAGE_ID = re.compile(r"<([a-z2-7]{12})\.([a-z2-7]{16})@")
_TICKET, _SIGNED = 12, 16


def ticket_of(marker: str) -> str:
    """The ticket's id: derived from the marker of the command that made it, so a repeat makes the same one."""
    return _letters(hashlib.sha256(f"mail ticket {marker}".encode()).digest())[:_TICKET]


def tagged(ticket: str, desk: Desk) -> str:
    """`<ticket>.<tag>`, the part of the reply address nobody else can write."""
    return f"{ticket}.{_tag(ticket, desk, _secrets(desk)[0])}"


def reply_address(ticket: str, desk: Desk) -> str:
    """Where the party answers about this ticket. Raises Unsupported for a desk without address or secret."""
    address = str(desk.settings.get("address", ""))
    local, _, domain = address.rpartition("@")
    if not local or not domain:
        raise Unsupported(f"mail desk {desk.code}: the setting `address` is no mail address")
    whole = str(desk.settings.get("reply_domain", ""))
    return f"{tagged(ticket, desk)}@{whole}" if whole else f"{local}+{tagged(ticket, desk)}@{domain}"


def tickets_named(text: str, desk: Desk) -> list[str]:
    """The tickets whose genuine reply addresses stand in a text; forged ones are nobody's."""
    found = []
    for ticket, tag in _TAG.findall(text.casefold()):
        genuine = [hmac.compare_digest(tag, _tag(ticket, desk, secret)) for secret in _secrets(desk)]
        if any(genuine) and ticket not in found:
            found.append(ticket)
    return found


def message_id(ticket: str, marker: str, desk: Desk) -> str:
    """The Message-ID of what a command sends: the same for a repeat (RFC 5322, 3.6.4)."""
    about = "" if ticket_of(marker) == ticket else marker
    name = _letters(hashlib.sha256(f"mail {ticket} {about}".encode()).digest())[:_SIGNED]
    domain = str(desk.settings.get("address", "")).rpartition("@")[2]
    return f"<{ticket}.{name}@{domain}>"


def offer_id(ticket: str, desk: Desk) -> str:
    """The Message-ID of the letter that offered the ticket: all others hang below it."""
    name = _letters(hashlib.sha256(f"mail {ticket} ".encode()).digest())[:_SIGNED]
    return f"<{ticket}.{name}@{str(desk.settings.get('address', '')).rpartition('@')[2]}>"


def key_of(letter_id: str) -> str:
    """How a mail is called in snapshots and receipts: short, from its Message-ID, with or without brackets."""
    return hashlib.sha256(letter_id.strip("<>").encode()).hexdigest()[:16]


def letters_named(text: str) -> list[str]:
    """The Message-IDs of ours that a text (References, or what a bounce gives back) names, without brackets."""
    found = [f"{ticket}.{name}" for ticket, name in _MESSAGE_ID.findall(text)]
    return list(dict.fromkeys(found))


def sealed(record: Mapping[str, object], letter_id: str, desk: Desk) -> tuple[str, str]:
    """What a letter of ours did, as a header, and the seal by which we know it again in the mailbox."""
    text = json.dumps(record, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    packed = base64.urlsafe_b64encode(text.encode()).decode()
    return packed, _seal(packed, letter_id, _secrets(desk)[0])


def opened(packed: str, seal: str, letter_id: str, desk: Desk) -> Mapping[str, Any] | None:
    """The record of a letter of ours; None for anybody else's."""
    packed, seal = "".join(packed.split()), "".join(seal.split())
    if not packed.isascii() or not seal.isascii():
        return None
    genuine = [hmac.compare_digest(seal, _seal(packed, letter_id, one)) for one in _secrets(desk)]
    if not any(genuine):
        return None
    record = json.loads(base64.urlsafe_b64decode(packed))
    return record if isinstance(record, dict) else None


def _seal(packed: str, letter_id: str, secret: bytes) -> str:
    return _letters(hmac.digest(secret, f"letter {letter_id} {packed}".encode(), "sha256"))[:32]


def _tag(ticket: str, desk: Desk, secret: bytes) -> str:
    return _letters(hmac.digest(secret, f"reply {desk.id} {ticket}".encode(), "sha256"))[:_SIGNED]


def _secrets(desk: Desk) -> list[bytes]:
    secrets = [secret for secret in desk.hook_secrets if secret]
    if not secrets:
        raise Unsupported(
            f"mail desk {desk.code} has no hook secret: nobody could tell its reply addresses from forged ones"
        )
    return secrets


def _letters(digest: bytes) -> str:
    return base64.b32encode(digest).decode().rstrip("=").lower()
