"""`/tmf-api/troubleTicket/{v5,v4}/hub`: who listens to the tickets of a party's own API desk. What they are told, and how often
it is tried, stands in `domain.tmf621.notices`."""

from typing import Any

import orjson
from fastapi import APIRouter
from fastapi.responses import Response

from gateway.api.tmf621 import AnyVisit, Visit
from gateway.api.tmf_answers import JSON, AnyBody, TmfRoute
from gateway.domain.tmf621.notices import Listener
from gateway.errors import Invalid
from gateway.flows.api_desk import hubs


def register(coming: AnyVisit, document: AnyBody) -> Response:
    """Tell this address from now on."""
    if not isinstance(document, dict):
        raise Invalid("a hub is a JSON object")
    wanted = (coming.dialect.name, document.get("callback"), document.get("query"))
    made = hubs.registered(coming.house.context, coming.caller, wanted, now=coming.house.now())
    told = _told(coming, made)
    return Response(orjson.dumps(told), 201, headers={"location": str(told["href"])}, media_type=JSON)


def _told(coming: Visit, listener: Listener) -> dict[str, Any]:
    href = f"{coming.dialect.path.rpartition('/')[0]}/hub/{listener.id}"
    known = {"id": listener.id, "href": href, "callback": listener.callback, "@type": "Hub"}
    return known | ({"query": listener.query} if listener.query else {})


def one(coming: AnyVisit, listener_id: str) -> Response:
    """One listener."""
    found = hubs.one(coming.house.context, coming.caller, listener_id)
    return Response(orjson.dumps(_told(coming, found)), media_type=JSON)


def remove(coming: AnyVisit, listener_id: str) -> Response:
    """Tell it nothing more."""
    hubs.removed(coming.house.context, coming.caller, listener_id, now=coming.house.now())
    return Response(status_code=204)


def doors(base: str) -> APIRouter:
    """The routes of a version's hub at that address."""
    made = APIRouter(prefix=f"{base}/{{version}}/hub", route_class=TmfRoute, include_in_schema=False)
    made.post("", status_code=201)(register)
    made.get("/{listener_id}")(one)
    made.delete("/{listener_id}", status_code=204)(remove)
    return made


router = doors("/tmf-api/troubleTicket")
