"""`/tmf-api/troubleTicket/v5/troubleTicketSpecification`: a party's own descriptions of kinds of tickets, kept as they are. The
fourth version has none."""

from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from gateway.api import problems
from gateway.api.tmf621 import MOST, Fields, Visit, filters_of, patch_of, visit
from gateway.api.tmf_answers import JSON, AnyBody, TmfRoute
from gateway.domain.tmf621 import listing
from gateway.domain.tmf621.versions import V5
from gateway.flows.api_desk import specifications

router = APIRouter(
    prefix="/tmf-api/troubleTicket/{version}/troubleTicketSpecification",
    route_class=TmfRoute,
    include_in_schema=False,
)


def fifth(coming: Annotated[Visit, Depends(visit)]) -> Visit:
    """The visit, if it is of the fifth version. Raises Problem (404)."""
    if coming.dialect is not V5:
        raise problems.nowhere()
    return coming


AFifth = Annotated[Visit, Depends(fifth)]


def _answer(told: Mapping[str, Any], *, fields: str | None = None, status: int = 200) -> Response:
    headers = {"location": str(told["href"])} if status == 201 else {}
    return Response(orjson.dumps(listing.chosen(told, fields)), status, headers=headers, media_type=JSON)


@router.post("", status_code=201)
def create(coming: AFifth, document: AnyBody, fields: Fields = None) -> Response:
    """Keep one."""
    return _answer(specifications.created(coming.errand(), document), fields=fields, status=201)


@router.get("")
def listed(
    request: Request,
    coming: AFifth,
    fields: Fields = None,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=0, le=1_000_000)] = 50,
) -> Response:
    """The newest first, at most 200."""
    wanted = listing.tests(filters_of(request))
    found = specifications.listed(coming.house.context, coming.caller)
    fitting = [one for one in found if listing.fits(one, wanted)]
    page = [listing.chosen(one, fields) for one in fitting[offset : offset + min(limit, MOST)]]
    headers = {"x-total-count": str(len(fitting)), "x-result-count": str(len(page))}
    return Response(orjson.dumps(page), headers=headers, media_type=JSON)


@router.get("/{specification_id}")
def one(coming: AFifth, specification_id: str, fields: Fields = None) -> Response:
    """One of them."""
    return _answer(specifications.one(coming.house.context, coming.caller, specification_id), fields=fields)


@router.patch("/{specification_id}")
def change(
    request: Request, coming: AFifth, specification_id: str, body: AnyBody, fields: Fields = None
) -> Response:
    """Change one, in any of the standard's ways."""
    patch = patch_of(request, coming, body)
    return _answer(specifications.patched(coming.errand(), specification_id, patch), fields=fields)


@router.delete("/{specification_id}", status_code=204)
def delete(coming: AFifth, specification_id: str) -> Response:
    """Forget one."""
    specifications.removed(coming.house.context, coming.caller, specification_id)
    return Response(status_code=204)
