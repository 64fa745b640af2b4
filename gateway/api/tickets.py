"""`GET /v1/tickets`: the chain as one party sees it. What is not yours does not exist (404)."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from gateway.api.deps import AnyHouse, AnyScope, Before, Limit
from gateway.errors import NotFound
from gateway.store import views

router = APIRouter(prefix="/v1/tickets")


@router.get("")
def listed(
    here: AnyHouse,
    scope: AnyScope,
    limit: Limit = 50,
    before: Before = None,
    is_open: Annotated[bool, Query(alias="open", description="Only tickets that are not closed.")] = False,
) -> dict[str, Any]:
    """The newest first."""
    with here.context.database.read() as db:
        found = views.tickets(db, scope, limit=limit, before=before, only_open=is_open)
    return {"tickets": found, "next": found[-1]["id"] if len(found) == limit else None}


@router.get("/{ticket_id}")
def one(here: AnyHouse, scope: AnyScope, ticket_id: str) -> dict[str, Any]:
    """One ticket: its assignments, neighbours and events."""
    with here.context.database.read() as db:
        found = views.ticket(db, scope, ticket_id)
    if found is None:
        raise NotFound("there is no such ticket")
    return found
