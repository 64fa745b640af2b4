"""A message as it leaves: CloudEvents 1.0, structured JSON. `id` is the event's, the same for every subscriber; which message
it is stands in the header `webhook-id`."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.domain.webhooks.kinds import cloud_type, schema_of

MEDIA_TYPE = "application/cloudevents+json"
SCHEMAS = "https://interdesk.example/schemas"


def event(
    kind: str, data: Mapping[str, Any], *, event_id: str, subject: str, origin: tuple[str, datetime]
) -> dict[str, Any]:
    """The envelope. `origin`: the installation's address and the moment at which we knew of it."""
    source, at = origin
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": cloud_type(kind),
        "subject": subject,
        "time": at.isoformat(),
        "datacontenttype": "application/json",
        "dataschema": f"{SCHEMAS}/{schema_of(kind)}.json",
        "data": dict(data),
    }


def body(document: Mapping[str, Any]) -> bytes:
    """Its bytes, which are what is signed."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
