"""Between a webhook's document (schemas/webhook.v1.json, already checked) and the noun."""

from collections.abc import Mapping
from typing import Any

from gateway.domain.webhooks.model import Filters, Secret, Webhook


def webhook_from(document: Mapping[str, Any]) -> Webhook:
    """With `id`, `org_id` and `code` of its row beside it."""
    asked = document.get("only", {})
    return Webhook(
        id=document["id"],
        org_id=document["org_id"],
        code=document["code"],
        url=document["url"],
        events=frozenset(document.get("events", ())),
        filters=Filters(**{name: frozenset(asked[name]) for name in asked}),
        internal_notes=document.get("internal_notes", False),
        allow_private_network=document.get("allow_private_network", False),
    )


def secrets_from(document: Any) -> tuple[Secret, ...]:
    """What is known of an endpoint's secrets, as its row has it."""
    return tuple(Secret(**one) for one in document or ())


def secrets_to(secrets: tuple[Secret, ...]) -> list[dict[str, Any]]:
    """As the row keeps them."""
    return [dict(vars(one)) for one in secrets]
