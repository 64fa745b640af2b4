"""Scenes with webhooks: who is told what of a chain that people play."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gateway import schemas, vault
from gateway.domain.webhooks import kinds
from gateway.domain.webhooks.documents import webhook_from
from gateway.domain.webhooks.model import Answer, Message, Webhook
from gateway.flows.context import OPERATOR
from gateway.flows.webhooks import endpoints, sending
from gateway.store import webhooks
from gateway.store.webhooks import Span
from gateway.webhook_signatures import Scheme
from tests.flows.scenes.stage import Stage

SOURCE = "https://gateway.example"
RING = vault.ring(vault.new_entry("k1"))


def subscribe(stage: Stage, code: str, **document: Any) -> Webhook:
    """A webhook of the organization of a desk; `url` may be named."""
    context = stage.hub.context
    known = context.directory_now
    number = sum(map(len, known.webhooks.values()))
    named = {"id": f"dir_{code}{number}", "org_id": f"org_{code}", "code": f"{code}{number}"}
    made = webhook_from({"url": "https://hooks.example/", **document, **named})
    mine = (*known.webhooks.get(made.org_id, ()), made)
    context.open_secret = RING.open
    context.use(replace(known, webhooks={**known.webhooks, made.org_id: mine}))
    with context.database.write() as db:
        endpoints.open_one(db, (made.org_id, made.id), Scheme.HMAC, vault=RING, now=stage.hub.now)
    return made


def queued(stage: Stage, webhook: Webhook) -> list[Message]:
    """What was queued for it, in order."""
    with stage.hub.database.read() as db:
        return webhooks.listed(db, OPERATOR, webhook.id, Span(), limit=1000)[::-1]


def claim(stage: Stage) -> list[sending.Parcel]:
    return sending.claim(stage.hub.context, source=SOURCE, now=stage.hub.now, busy={})


def heard(stage: Stage, webhook: Webhook) -> list[dict[str, Any]]:
    """All that its subscriber is sent."""
    return everything(stage).get(webhook.id, [])


def everything(stage: Stage) -> dict[str, list[dict[str, Any]]]:
    """Webhook id → all that is sent there, each judged by its schema, as if everything were taken at once."""
    found: dict[str, list[dict[str, Any]]] = {}
    while parcels := claim(stage):
        for parcel in parcels:
            if parcel.document is None:
                sending.drop(stage.hub.context, parcel, now=stage.hub.now)
                continue
            document = dict(parcel.document)
            kind = str(document["type"]).removeprefix("interdesk.").removesuffix(".v1")
            schemas.check(kinds.schema_of(kind), document)
            found.setdefault(parcel.webhook.id, []).append(document)
            sending.settle(stage.hub.context, parcel, Answer(status=200), now=stage.hub.now)
    return found


def of_kind(documents: list[dict[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    """The `data` of those of a kind."""
    return [one["data"] for one in documents if one["type"] == kinds.cloud_type(kind)]
