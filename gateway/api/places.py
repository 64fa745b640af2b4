"""`PUT`, `PATCH`, `DELETE /v1/sites/{name}` and `/v1/assets/{name}`: writing what `interdesk apply` else reads from a file. Reading them is
`directory`."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request
from fastapi.responses import Response

from gateway import schemas
from gateway.api import preconditions
from gateway.api.deps import AnyHouse, caller
from gateway.api.described import tells
from gateway.api.directory import Owner
from gateway.api.door import Door
from gateway.api.house import House
from gateway.api.listing import document, sparse
from gateway.client.shapes import Asset, Site
from gateway.domain.plan import Kind
from gateway.errors import Refused
from gateway.flows import places
from gateway.flows.link_steps import By
from gateway.flows.places import Errand, Named
from gateway.flows.principal import Principal
from gateway.store.catalogue import View

router = APIRouter(prefix="/v1", route_class=Door)
Caller = Annotated[Principal, Depends(caller)]
Document = Annotated[dict[str, Any], Body()]
_SHAPES: Mapping[Kind, type] = {Kind.SITE: Site, Kind.ASSET: Asset}
_OWN = ("organization", "code")


def _described(shape: type, kind: Kind, *, whole: bool = True) -> dict[str, Any]:
    """What the body may be: the schema of the files, in which nothing is missing that the address says."""
    said = schemas.schema(kind.value)
    fields: dict[str, Any] = dict(said["properties"])
    if not whole:  # null takes a value away
        fields |= {
            name: {"anyOf": [one, {"type": "null"}]} for name, one in fields.items() if name not in _OWN
        }
    schema = {"type": "object", "title": said["title"], "additionalProperties": False, "properties": fields}
    answers: dict[int | str, Any] = {200: {"model": shape, "description": "As it is now."}}
    if whole:
        answers[201] = {"model": shape, "description": "It was made."}
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {"response_model": None, "responses": answers, "openapi_extra": {"requestBody": body}}


def _telling(told: View, kind: Kind, status: int = 200) -> Response:
    answer = document(sparse(told, "", _SHAPES[kind]), status)
    answer.headers["etag"] = preconditions.version_of(bytes(answer.body))
    return answer


def _errand(request: Request, here: House, key: Principal, kind: Kind) -> Errand:
    """The conditions are held once more where nobody can come between."""
    if here.vault is None:
        raise Refused("nothing is configured at this door", cure="interdesk apply")

    def unmoved(before: View | None) -> None:
        version = None if before is None else _telling(before, kind).headers["etag"]
        preconditions.refuse_if_moved(request.headers, version)

    by = By(party=key.party, actor=key.name, now=here.now())
    return Errand(context=here.context, vault=here.vault, by=by, unmoved=unmoved)


def _put(request: Request, here: House, key: Principal, which: Named, said: Document) -> Response:
    told, is_new = places.put(_errand(request, here, key, which.kind), which, said)
    return _telling(told, which.kind, 201 if is_new else 200)


def _site(name: str, organization: Owner = "") -> Named:
    return Named(kind=Kind.SITE, name=name, organization=organization)


def _asset(name: str, organization: Owner = "") -> Named:
    return Named(kind=Kind.ASSET, name=name, organization=organization)


ASite = Annotated[Named, Depends(_site)]
AnAsset = Annotated[Named, Depends(_asset)]


@router.put("/sites/{name}", **_described(Site, Kind.SITE))
def put_site(request: Request, here: AnyHouse, key: Caller, which: ASite, said: Document) -> Response:
    """Make the place of that code (201), or put this in its stead."""
    return _put(request, here, key, which, said)


@router.patch("/sites/{name}", **_described(Site, Kind.SITE, whole=False))
def change_site(request: Request, here: AnyHouse, key: Caller, which: ASite, said: Document) -> Response:
    """Change what is said of it; null takes a value away (JSON Merge Patch)."""
    return _telling(places.change(_errand(request, here, key, which.kind), which, said), which.kind)


@router.delete("/sites/{name}", **tells(Site))
def remove_site(request: Request, here: AnyHouse, key: Caller, which: ASite) -> Response:
    """Take it away, if nothing stands on it."""
    return _telling(places.remove(_errand(request, here, key, which.kind), which), which.kind)


@router.put("/assets/{name}", **_described(Asset, Kind.ASSET))
def put_asset(request: Request, here: AnyHouse, key: Caller, which: AnAsset, said: Document) -> Response:
    """Make the equipment of that code (201), or put this in its stead."""
    return _put(request, here, key, which, said)


@router.patch("/assets/{name}", **_described(Asset, Kind.ASSET, whole=False))
def change_asset(request: Request, here: AnyHouse, key: Caller, which: AnAsset, said: Document) -> Response:
    """Change what is said of it; null takes a value away (JSON Merge Patch)."""
    return _telling(places.change(_errand(request, here, key, which.kind), which, said), which.kind)


@router.delete("/assets/{name}", **tells(Asset))
def remove_asset(request: Request, here: AnyHouse, key: Caller, which: AnAsset) -> Response:
    """Take it away, if nothing stands on it."""
    return _telling(places.remove(_errand(request, here, key, which.kind), which), which.kind)
