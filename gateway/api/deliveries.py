"""`GET /v1/deliveries`: what was, is or should be written at a party's own desks."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from gateway.api.deps import AnyHouse, AnyScope, Before, Limit
from gateway.domain.model import DeliveryState
from gateway.errors import NotFound
from gateway.store import views

router = APIRouter(prefix="/v1/deliveries")


@router.get("")
def listed(
    here: AnyHouse,
    scope: AnyScope,
    limit: Limit = 50,
    before: Before = None,
    state: Annotated[list[DeliveryState] | None, Query(description="Any of these; may be repeated.")] = None,
) -> dict[str, Any]:
    """The newest first."""
    with here.context.database.read() as db:
        found = views.deliveries(
            db, scope, states=[each.value for each in state or ()], limit=limit, before=before
        )
    return {"deliveries": found, "next": found[-1]["id"] if len(found) == limit else None}


@router.get("/{delivery_id}")
def one(here: AnyHouse, scope: AnyScope, delivery_id: str) -> dict[str, Any]:
    """One delivery with its tries."""
    with here.context.database.read() as db:
        found = views.delivery(db, scope, delivery_id)
    if found is None:
        raise NotFound("there is no such delivery")
    return found
