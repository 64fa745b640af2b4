"""How doors within this process read what connectors ask and write what they answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

import orjson

from gateway.desk_client import Asked, Told
from gateway.errors import Invalid

PAGE = 200
"""Changes in one answer."""


class Changed(Protocol):
    """A ticket, as far as a list of changes tells of it."""

    @property
    def marker(self) -> str:
        """Under which the gateway made it; "" if it did not."""

    @property
    def changed_at(self) -> datetime:
        """When it changed last."""


def body(asked: Asked) -> dict[str, Any]:
    """The document that was sent. Raises Invalid."""
    try:
        told: dict[str, Any] = orjson.loads(asked.body)
    except ValueError as error:
        raise Invalid("the request is not JSON") from error
    return told


def reply(status: int, told: object) -> Told:
    """An answer."""
    return Told(status=status, body=orjson.dumps(told))


def since(asked: Asked, now: datetime) -> datetime:
    """From when on changes are asked for; without that from now on."""
    named = asked.query.get("since")
    return datetime.fromisoformat(named) if named else now


def changes(asked: Asked, found: Sequence[tuple[str, Changed]], now: datetime) -> Told:
    """Tickets with their ids, the oldest change first, PAGE of them at most."""
    rows = [{"id": name, "marker": one.marker, "at": one.changed_at.isoformat()} for name, one in found]
    more = len(found) == PAGE and found[-1][1].changed_at > since(asked, now)
    return reply(200, {"changes": rows, "more": more, "now": now.isoformat()})
