"""`GET /v1/tickets`: the chain as one party sees it. What is not yours does not exist (404)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from gateway.api import problems
from gateway.api.deps import AnyHouse, AnyScope
from gateway.api.described import tells, tells_page
from gateway.api.door import Door
from gateway.api.house import House
from gateway.api.listing import AnyAsked, Asked, Fields, cursor, document, sparse
from gateway.client.shapes import Event, Hop, Ticket, TicketInShort
from gateway.domain.model import HopStatus
from gateway.errors import Invalid, NotFound
from gateway.store import event_pages, views
from gateway.store.scope import Scope
from gateway.store.views import View

router = APIRouter(prefix="/v1/tickets", route_class=Door)
Code = Annotated[str | None, Query(max_length=63)]


@dataclass(frozen=True)
class Filters:
    """Which tickets are meant: those with an assignment of which all of this is true."""

    is_open: Annotated[bool, Query(alias="open", description="Only tickets that are not closed.")] = False
    status: Annotated[list[HopStatus] | None, Query(description="Any of these; may be repeated.")] = None
    desk: Code = None
    link: Code = None
    opened_from: datetime | None = None
    opened_until: datetime | None = None

    def narrow(self) -> views.Narrow:
        """For the store. Raises Invalid for a moment without its offset."""
        for moment in (self.opened_from, self.opened_until):
            if moment is not None and moment.tzinfo is None:
                raise Invalid("a moment has no offset", cure="write 2026-03-01T09:00:00%2B01:00")
        return views.Narrow(
            is_open=self.is_open,
            statuses=[one.value for one in self.status or ()],
            desk=self.desk,
            link=self.link,
            opened_from=self.opened_from,
            opened_until=self.opened_until,
        )


@router.get("", **tells_page("tickets", TicketInShort))
def listed(
    here: AnyHouse, scope: AnyScope, asked: AnyAsked, filters: Annotated[Filters, Depends()]
) -> Response:
    """The newest first."""
    after = asked.after("tickets")
    with here.context.database.read(scope) as db:
        found = views.tickets(
            db,
            scope,
            limit=asked.limit,
            before=after[0] if after else None,
            narrow=filters.narrow(),
        )
    return asked.page("tickets", found, ("id",), TicketInShort)


@router.get("/{ticket_id}", **tells(Ticket))
def one(here: AnyHouse, scope: AnyScope, ticket_id: str, fields: Fields = "") -> Response:
    """One ticket: its assignments, neighbours and events."""
    return document(sparse(_ticket(here, scope, ticket_id), fields, Ticket))


def _ticket(here: House, scope: Scope, ticket_id: str) -> View:
    with here.context.database.read(scope) as db:
        found = views.ticket(db, scope, ticket_id)
    if found is None:
        raise NotFound("there is no such ticket")
    return found


@router.get("/{ticket_id}/hops", **tells_page("hops", Hop))
def hops(here: AnyHouse, scope: AnyScope, ticket_id: str, fields: Fields = "") -> Response:
    """Its assignments that are the caller's."""
    found = _ticket(here, scope, ticket_id)
    return document({"hops": [sparse(one, fields, Hop) for one in found["hops"]], "next": None})


@router.get("/{ticket_id}/events", **tells_page("events", Event))
def events(
    here: AnyHouse,
    scope: AnyScope,
    asked: AnyAsked,
    ticket_id: str,
    kinds: Annotated[
        list[str] | None, Query(alias="type", max_length=20, description="Any of these; may be repeated.")
    ] = None,
) -> Response:
    """What happened at the caller's assignments, oldest first."""
    _ticket(here, scope, ticket_id)
    wanted = event_pages.Wanted(limit=asked.limit, after=_place(asked, ticket_id), types=kinds or ())
    with here.context.database.read(scope) as db:
        found, onward = event_pages.page(db, scope, ticket_id, wanted)
    place = None if onward is None else cursor("events", ticket_id, str(onward))
    return asked.answer("events", found, place, Event)


def _place(asked: Asked, ticket_id: str) -> int:
    """After which event the page begins; a cursor of another ticket is none."""
    after = asked.after("events", 2)
    if after is None:
        return 0
    if after[0] != ticket_id or not after[1].isdecimal() or len(after[1]) > 18:
        raise problems.not_valid("cursor: it is none that this list gave")
    return int(after[1])
