"""`/tmf-api/troubleTicket/{v5,v4}/troubleTicket`, `/mefApi/sonata/troubleTicket/v4/troubleTicket`: TM Forum's and MEF's API over the tickets of a party's own API desk.
The key says whose; nobody sees another's. What each attribute is here, is written in schemas/tmf621.md."""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse

from gateway.api import problems
from gateway.api.deps import AnyHouse, caller
from gateway.api.house import House
from gateway.api.tmf_answers import JSON, AnyBody, OptionalBody, TmfRoute
from gateway.domain.model.change import replace
from gateway.domain.tmf621 import listing, patching
from gateway.domain.tmf621.dialects import DIALECTS
from gateway.domain.tmf621.mef124 import MEF, SUMMARY
from gateway.domain.tmf621.reading import moment
from gateway.domain.tmf621.versions import Dialect
from gateway.errors import ConfigError, Invalid
from gateway.flows.api_desk import pushing
from gateway.flows.api_desk.caller import Caller
from gateway.flows.api_desk.pushing import Asked, Command, Errand, Patch, Place
from gateway.flows.principal import Principal
from gateway.store.in_house import Page

MOST = 200
_OURS = frozenset(
    {"fields", "offset", "limit", "after", "before", "sort", "filter", "desk", "buyerId", "sellerId"}
)
"""Parameters that are no filters."""


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Who came, in which version, and to which desk."""

    house: House
    caller: Caller
    dialect: Dialect

    def errand(self) -> Errand:
        """What the caller wants done, now."""
        place = Place(blobs=self.house.blobs, largest=self.house.max_file_bytes)
        return Errand(context=self.house.context, caller=self.caller, place=place, now=self.house.now())


def visit(
    request: Request,
    version: str,
    here: AnyHouse,
    key: Annotated[Principal, Depends(caller)],
    desk: Annotated[str, Query(max_length=100, description="The desk's code, where a key has several.")] = "",
) -> Visit:
    """The visit. Raises Problem (401, 404)."""
    base = request.url.path.split("/", 2)[1]
    dialect = DIALECTS.get(_NAMED.get((base, version), ""))
    if dialect is None:
        raise problems.nowhere()
    who = Caller(scope=key.scope, name=key.name, desk=desk)
    return Visit(house=here, caller=who, dialect=dialect)


_NAMED = {("tmf-api", "v5"): "v5", ("tmf-api", "v4"): "v4", ("mefApi", "v4"): "mef"}
AnyVisit = Annotated[Visit, Depends(visit)]
Fields = Annotated[str | None, Query(max_length=1000, description="Attributes to tell, with commas between.")]


def _told(coming: Visit, ticket_id: str, *, fields: str | None = None, status: int = 200) -> Response:
    told = pushing.one(coming.house.context, coming.caller, ticket_id, coming.dialect).document
    headers = {"location": str(told["href"])} if status == 201 else {}
    body = orjson.dumps(listing.chosen(told, fields))
    return Response(body, status_code=status, headers=headers, media_type=JSON)


def create(coming: AnyVisit, document: AnyBody, fields: Fields = None) -> Response:
    """Open a ticket; the same external identifier with the same document opens it once."""
    if not isinstance(document, dict):
        raise Invalid("a trouble ticket is a JSON object")
    told = pushing.opened(coming.errand(), coming.dialect.of(document), coming.dialect)
    return _told(coming, told.ticket.id, fields=fields, status=201)


def listed(
    request: Request,
    coming: AnyVisit,
    fields: Fields = None,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=0, le=1_000_000)] = 50,
) -> Response:
    """The newest first, at most 200; how many there are in all stands in X-Total-Count."""
    limit, after = min(limit, MOST), request.query_params.get("after")
    asked = _asked(request, Page(offset=offset, limit=limit, after=after))
    found = pushing.listed(coming.house.context, coming.caller, asked, coming.dialect)
    fields = fields or (",".join(SUMMARY) if coming.dialect is MEF else None)
    told = [listing.chosen(one, fields) for one in found.documents]
    headers = {"x-total-count": str(found.total), "x-result-count": str(len(told))}
    following = offset + len(told)
    if told and following < found.total:
        kept = [(n, v) for n, v in request.query_params.multi_items() if n not in ("offset", "limit")]
        query = urlencode([*kept, ("offset", following), ("limit", limit)])
        headers["link"] = f'<{request.url.path}?{query}>; rel="next"'
    return Response(orjson.dumps(told), headers=headers, media_type=JSON)


def filters_of(request: Request) -> list[tuple[str, str]]:
    """The parameters that are filters. Raises Invalid for ways of asking that are not served."""
    parameters = request.query_params
    if parameters.get("filter"):
        raise Invalid("filter by JSONPath is not served", cure="filter by attribute: ?note.author=Ann")
    if parameters.get("before"):
        raise Invalid("a list goes one way", cure="take `after`, or offset and limit")
    return [(name, value) for name, value in parameters.multi_items() if name not in _OURS]


def _asked(request: Request, page: Page) -> Asked:
    filters, parameters = filters_of(request), request.query_params
    after, before = (moment(parameters.get(f"creationDate.{verb}")) for verb in ("gt", "lt"))
    changed = moment(parameters.get("lastUpdate.gte")) or moment(parameters.get("lastUpdate.gt"))
    named = parameters.get("externalIdentifier.id") or parameters.get("externalId")
    narrowed = replace(
        page,
        made_after=after,
        made_before=before,
        changed_from=changed,
        external=named if named and "," not in named else None,
    )
    return Asked(filters=tuple(filters), sort=parameters.get("sort"), page=narrowed)


def one(coming: AnyVisit, ticket_id: str, fields: Fields = None) -> Response:
    """One ticket."""
    return _told(coming, ticket_id, fields=fields)


def change(
    request: Request, coming: AnyVisit, ticket_id: str, body: AnyBody, fields: Fields = None
) -> Response:
    """Change a ticket by a JSON merge patch, a JSON patch, or a JSON patch with queries."""
    patch = patch_of(request, coming, body)
    pushing.patched(coming.errand(), ticket_id, patch)
    return _told(coming, ticket_id, fields=fields)


def patch_of(request: Request, coming: Visit, body: Any) -> Patch:
    """A change as it was sent. Raises Problem (415)."""
    kind = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if kind not in (*patching.MERGE, *patching.OPERATIONS):
        raise problems.wrong_type((*patching.MERGE, *patching.OPERATIONS))
    return Patch(media_type=kind, body=body, dialect=coming.dialect)


def delete(coming: AnyVisit, ticket_id: str) -> Response:
    """Nothing that others answer for is deleted."""
    pushing.one(coming.house.context, coming.caller, ticket_id)
    raise problems.wrong_method("GET, PATCH")


def command(coming: AnyVisit, ticket_id: str, command: str, body: OptionalBody) -> Response:
    """MEF 124's commands: `cancel`, `close`, `reopen` with `{"reason": …}`."""
    if command not in [*Command]:
        raise problems.nowhere()
    reason = body.get("reason", "") if isinstance(body, dict) else None
    if not isinstance(reason, str):
        raise Invalid("the command is not valid", problems=("reason: a text is needed",))
    pushing.commanded(coming.errand(), ticket_id, Command(command), reason)
    return Response(status_code=204)


def attachment(coming: AnyVisit, ticket_id: str, place: str) -> StreamingResponse:
    """The bytes of a file; nothing in it is shown by a browser."""
    blobs = coming.house.blobs
    if blobs is None:
        raise ConfigError("this gateway has no place for files")
    _, blob = pushing.file(coming.house.context, coming.caller, ticket_id, place)
    headers = {
        "content-length": str(blob.size),
        "content-disposition": "attachment",
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox",
    }
    return StreamingResponse(blobs.chunks(blob), headers=headers, media_type="application/octet-stream")


def doors(base: str) -> APIRouter:
    """The routes of a version's tickets at that address."""
    made = APIRouter(
        prefix=f"{base}/{{version}}/troubleTicket", route_class=TmfRoute, include_in_schema=False
    )
    made.post("", status_code=201)(create)
    made.get("")(listed)
    made.get("/{ticket_id}")(one)
    made.patch("/{ticket_id}")(change)
    made.delete("/{ticket_id}")(delete)
    made.post("/{ticket_id}/{command}", status_code=204)(command)
    made.get("/{ticket_id}/attachment/{place}")(attachment)
    return made


router = doors("/tmf-api/troubleTicket")
