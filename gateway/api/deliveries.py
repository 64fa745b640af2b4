"""`GET /v1/deliveries`: what was, is or should be written at a party's own desks."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from gateway.api.deps import AnyHouse, AnyScope
from gateway.api.described import tells, tells_page
from gateway.api.door import Door
from gateway.api.listing import AnyAsked, Fields, document, sparse
from gateway.client.shapes import Delivery
from gateway.domain.model import DeliveryState
from gateway.errors import NotFound
from gateway.store import views

router = APIRouter(prefix="/v1/deliveries", route_class=Door)


@router.get("", **tells_page("deliveries", Delivery))
def listed(
    here: AnyHouse,
    scope: AnyScope,
    asked: AnyAsked,
    state: Annotated[list[DeliveryState] | None, Query(description="Any of these; may be repeated.")] = None,
    ticket: Annotated[str | None, Query(max_length=64, description="Of one ticket.")] = None,
) -> Response:
    """The newest first."""
    after = asked.after("deliveries")
    wanted = views.Deliveries(
        states=[each.value for each in state or ()],
        ticket_id=ticket,
        limit=asked.limit,
        before=after[0] if after else None,
    )
    with here.context.database.read(scope) as db:
        found = views.deliveries(db, scope, wanted)
    return asked.page("deliveries", found, ("id",), Delivery)


@router.get("/{delivery_id}", **tells(Delivery))
def one(here: AnyHouse, scope: AnyScope, delivery_id: str, fields: Fields = "") -> Response:
    """One delivery with its tries."""
    with here.context.database.read(scope) as db:
        found = views.delivery(db, scope, delivery_id)
    if found is None:
        raise NotFound("there is no such delivery")
    return document(sparse(found, fields, Delivery))
