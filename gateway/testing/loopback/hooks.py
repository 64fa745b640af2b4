"""What a loopback desk tells others when a ticket changes: a message signed as Standard Webhooks describes
(`webhook-id`, `webhook-timestamp`, `webhook-signature: v1,<base64>` over id.timestamp.body, HMAC-SHA256)."""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson

from gateway.testing.loopback.cabinet import Change, Folder
from gateway.testing.loopback.temper import Hooks

WHOLE_UP_TO = 50
"""A ticket with more comments or history entries than this is only named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One message on its way out."""

    id: str
    ticket: str
    made_at: datetime
    headers: Mapping[str, str]
    body: bytes


def hook_of(folder: Folder, change: Change, *, kind: Hooks, secret: bytes, now: datetime) -> Hook:
    """The message for one change."""
    doc = folder.doc
    whole = kind is Hooks.FULL and max(len(doc["comments"]), len(doc["history"])) <= WHOLE_UP_TO
    told: dict[str, object] = {"type": "ticket.changed", "ticket_id": folder.id, "revision": change.revision}
    if whole:
        told["ticket"] = doc
    body = orjson.dumps(told)
    hook = f"msg_{folder.id}_{change.id}"
    return Hook(
        id=hook, ticket=folder.id, made_at=now, headers=signed(hook, body, secret=secret, now=now), body=body
    )


def signed(hook: str, body: bytes, *, secret: bytes, now: datetime) -> dict[str, str]:
    """The headers of a message."""
    stamp = str(int(now.timestamp()))
    digest = hmac.digest(secret, f"{hook}.{stamp}.".encode() + body, "sha256")
    return {
        "content-type": "application/json",
        "webhook-id": hook,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
