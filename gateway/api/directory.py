"""`/v1/organizations`, `/v1/sites`, `/v1/assets`, `/v1/contacts`, `/v1/desks`: what is configured, as the caller may see it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from gateway.api.deps import AnyHouse, AnyScope
from gateway.api.described import tells, tells_page
from gateway.api.door import Door
from gateway.api.house import House
from gateway.api.listing import AnyAsked, Asked, Fields, document, sparse
from gateway.client.shapes import Asset, Contact, Desk, Organization, Site
from gateway.errors import NotFound
from gateway.store import catalogue
from gateway.store.catalogue import Page, View
from gateway.store.scope import Scope

router = APIRouter(prefix="/v1", route_class=Door)
Text = Annotated[str | None, Query(max_length=200)]
Owner = Annotated[
    str, Query(max_length=63, description="The code of its organization, where several have such a code.")
]


def _page(asked: Asked, of: str, **wanted: str | None) -> Page:
    exact = {name: value for name, value in wanted.items() if value is not None}
    after = asked.after(of, 2)
    return Page(
        limit=asked.limit,
        after=None if after is None else (after[0], after[1]),
        wanted=lambda one: all(one.get(name, "") == value for name, value in exact.items()),
    )


def _local(
    here: House, scope: Scope, asked: Asked, kind: tuple[str, str, type], **wanted: str | None
) -> Response:
    of, name, shape = kind
    page = _page(asked, of, **wanted)
    with here.context.database.read(scope) as db:
        found = catalogue.local(db, scope, name, page)
    return asked.page(of, found, ("code", "id"), shape)


Reading = AbstractContextManager[Any]


def _one(
    reading: Reading, read: Callable[[Any], View | None], what: str, fields: str, shape: type
) -> Response:
    with reading as db:
        found: Mapping[str, Any] | None = read(db)
    if found is None:
        raise NotFound(f"there is no such {what}")
    return document(sparse(found, fields, shape))


@router.get("/organizations", **tells_page("organizations", Organization))
def organizations(here: AnyHouse, scope: AnyScope, asked: AnyAsked) -> Response:
    """One's own organization and those at the other ends of one's links, by code."""
    page = _page(asked, "organizations")
    with here.context.database.read(scope) as db:
        found = catalogue.organizations(db, scope, page)
    return asked.page("organizations", found, ("code", "id"), Organization)


@router.get("/organizations/{name}", **tells(Organization))
def organization(here: AnyHouse, scope: AnyScope, name: str, fields: Fields = "") -> Response:
    """One of them, by its id or code."""
    return _one(
        here.context.database.read(scope),
        lambda db: catalogue.organization(db, scope, name),
        "organization",
        fields,
        Organization,
    )


@dataclass(frozen=True)
class WhichSites:
    """Those of which all of this is true."""

    organization: Text = None
    group: Text = None
    country: Text = None


@router.get("/sites", **tells_page("sites", Site))
def sites(
    here: AnyHouse, scope: AnyScope, asked: AnyAsked, which: Annotated[WhichSites, Depends()]
) -> Response:
    """Places, by code."""
    return _local(here, scope, asked, ("sites", "site", Site), **vars(which))


@router.get("/sites/{name}", **tells(Site))
def site(
    here: AnyHouse, scope: AnyScope, name: str, *, organization: Owner = "", fields: Fields = ""
) -> Response:
    """One place, by its id or code."""
    return _one(
        here.context.database.read(scope),
        lambda db: catalogue.local_one(db, scope, "site", name, organization),
        "site",
        fields,
        Site,
    )


@dataclass(frozen=True)
class WhichAssets:
    """Those of which all of this is true."""

    organization: Text = None
    site: Text = None
    serial: Text = None


@router.get("/assets", **tells_page("assets", Asset))
def assets(
    here: AnyHouse, scope: AnyScope, asked: AnyAsked, which: Annotated[WhichAssets, Depends()]
) -> Response:
    """Equipment, by code."""
    return _local(here, scope, asked, ("assets", "asset", Asset), **vars(which))


@router.get("/assets/{name}", **tells(Asset))
def asset(
    here: AnyHouse, scope: AnyScope, name: str, *, organization: Owner = "", fields: Fields = ""
) -> Response:
    """One piece of equipment, by its id or code."""
    return _one(
        here.context.database.read(scope),
        lambda db: catalogue.local_one(db, scope, "asset", name, organization),
        "asset",
        fields,
        Asset,
    )


@router.get("/contacts", **tells_page("contacts", Contact))
def contacts(here: AnyHouse, scope: AnyScope, asked: AnyAsked, organization: Text = None) -> Response:
    """Who is reached for what, by code."""
    return _local(here, scope, asked, ("contacts", "contact", Contact), organization=organization)


@router.get("/contacts/{name}", **tells(Contact))
def contact(
    here: AnyHouse, scope: AnyScope, name: str, *, organization: Owner = "", fields: Fields = ""
) -> Response:
    """One contact, by its id or code."""
    return _one(
        here.context.database.read(scope),
        lambda db: catalogue.local_one(db, scope, "contact", name, organization),
        "contact",
        fields,
        Contact,
    )


@router.get("/desks", **tells_page("desks", Desk))
def desks(
    here: AnyHouse, scope: AnyScope, asked: AnyAsked, organization: Text = None, connector: Text = None
) -> Response:
    """Service desks and how talking to them goes, by code."""
    page = _page(asked, "desks", organization=organization, connector=connector)
    with here.context.database.read(scope) as db:
        found = catalogue.desks(db, scope, page)
    return asked.page("desks", found, ("code", "id"), Desk)


@router.get("/desks/{name}", **tells(Desk))
def desk(here: AnyHouse, scope: AnyScope, name: str, fields: Fields = "") -> Response:
    """One desk, by its id or code."""
    return _one(
        here.context.database.read(scope), lambda db: catalogue.desk(db, scope, name), "desk", fields, Desk
    )
