"""What listeners are told: TMF621's events, made of a ticket before and after a change, and what becomes of one on its way.
A party is not told of its own notes and fields again (MEF 124), only of statuses."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from gateway.domain.api_desk import State
from gateway.domain.delivery import GIVE_UP_AFTER, retry_in
from gateway.domain.model.change import replace
from gateway.domain.tmf621 import writing
from gateway.domain.tmf621.listing import Test, fits
from gateway.errors import Invalid

MOST_LISTENERS = 20
LONGEST_ADDRESS = 2_000
LEASE = timedelta(minutes=2)


class Kind(StrEnum):
    """The standard's event types."""

    CREATED = "TroubleTicketCreateEvent"
    CHANGED = "TroubleTicketAttributeValueChangeEvent"
    MOVED = "TroubleTicketStatusChangeEvent"
    RESOLVED = "TroubleTicketResolvedEvent"
    ASKED = "TroubleTicketInformationRequiredEvent"


@dataclass(frozen=True, kw_only=True)
class Listener:
    """An address that is told of a desk's tickets, in a dialect; `query` narrows what it is told."""

    id: str
    org_id: str
    desk_id: str
    dialect: str
    callback: str
    query: str
    created_at: datetime


class Stage(StrEnum):
    """Where an event is on its way."""

    WAITING = "waiting"
    TOLD = "told"
    GIVEN_UP = "given_up"
    DROPPED = "dropped"
    """Its listener is gone."""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One event for one listener."""

    id: str
    org_id: str
    listener_id: str
    ticket_id: str
    kind: str
    document: Mapping[str, Any]
    created_at: datetime
    next_at: datetime
    lease_until: datetime | None = None
    attempts: int = 0
    state: str = Stage.WAITING.value
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What a listener answered: an HTTP status, or 0 and why there was none; and when it wants to be asked again."""

    status: int
    words: str = ""
    retry_after: timedelta | None = None


def after(notice: Notice, heard: Heard, *, now: datetime, jitter: float) -> Notice:
    """The event after one try: told with any 2xx, dropped with 410, else tried again as a delivery is, for 72 hours."""
    tried = replace(notice, attempts=notice.attempts + 1, lease_until=None, error=heard.words[:500])
    if 200 <= heard.status < 300:
        return replace(tried, state=Stage.TOLD.value, error="")
    if heard.status == 410:
        return replace(tried, state=Stage.DROPPED.value)
    if now - notice.created_at >= GIVE_UP_AFTER:
        return replace(tried, state=Stage.GIVEN_UP.value)
    pause = max(retry_in(tried.attempts, jitter=jitter), heard.retry_after or timedelta())
    return replace(tried, next_at=now + min(pause, GIVE_UP_AFTER))


def happened(
    before: Mapping[str, Any] | None, now: Mapping[str, Any], *, by_party: bool
) -> Iterator[tuple[Kind, dict[str, Any]]]:
    """What a change of a document is to listeners: the event's kind, and what it tells of the ticket."""
    named = {name: now[name] for name in ("id", "href", "@type")}
    if before is None:
        yield Kind.CREATED, dict(now)
        return
    if before["status"] != now["status"]:
        names = ("status", "statusChangeDate", "statusChangeReason", "statusChangeHistory", "lastUpdate")
        moved = named | {name: now[name] for name in names if name in now}
        yield Kind.MOVED, moved
        if now["status"] == State.RESOLVED:
            yield Kind.RESOLVED, moved | {"resolutionDate": now.get("resolutionDate")}
        if now["status"] == State.PENDING:
            yield Kind.ASKED, moved
    told = {
        name: value for name, value in now.items() if name not in _OF_STATUS and before.get(name) != value
    }
    if told and not by_party:
        yield Kind.CHANGED, named | told


_OF_STATUS = frozenset(
    {
        "status",
        "statusChangeDate",
        "statusChangeReason",
        "statusChangeHistory",
        "lastUpdate",
        "resolutionDate",
    }
)


def event(kind: Kind, ticket: Mapping[str, Any], *, event_id: str, now: datetime) -> dict[str, Any]:
    """A v5 event."""
    asked = {"informationRequired": {"op": "add", "path": "/note"}} if kind is Kind.ASKED else {}
    return {
        "@type": kind.value,
        "@baseType": "Event",
        "eventId": event_id,
        "eventType": kind.value,
        "eventTime": writing.stamp(now),
        "timeOccurred": writing.stamp(now),
        "title": kind.value,
        "domain": "troubleTicket",
        "correlationId": ticket["id"],
        "event": {"troubleTicket": dict(ticket), **asked},
    }


def wants(listener: Listener, told: Mapping[str, Any]) -> bool:
    """Whether a listener's query lets the event pass."""
    return fits(told, _tests(listener.query))


def checked(callback: Any, query: Any) -> tuple[str, str]:
    """A callback and a query that can be kept. Raises Invalid."""
    if not isinstance(callback, str) or len(callback) > LONGEST_ADDRESS:
        raise Invalid("the hub is not valid", problems=("callback: an address is needed",))
    try:
        parts = urlsplit(callback)
        whole = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole, parts = False, urlsplit("")
    if not whole or parts.username is not None or parts.fragment or not callback.isascii() or " " in callback:
        raise Invalid("the hub is not valid", problems=("callback: write https://host/path",))
    if query is not None and (not isinstance(query, str) or len(query) > LONGEST_ADDRESS):
        raise Invalid("the hub is not valid", problems=("query: a text is needed",))
    for test in _tests(query or ""):
        if test.path[0] not in ("eventType", "event", "domain", "correlationId"):
            raise Invalid("the hub is not valid", problems=(f"query: no event has {test.path[0][:40]!r}",))
    return callback, query or ""


def _tests(query: str) -> Sequence[Test]:
    pairs = parse_qsl(query.removeprefix("?"))
    return [Test(path=tuple(n.split(".")), verb="eq", values=tuple(value.split(","))) for n, value in pairs]
