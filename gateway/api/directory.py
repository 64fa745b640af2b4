"""`/v1/organizations`, `/v1/sites`, `/v1/assets`, `/v1/contacts`, `/v1/desks`: what is configured, as the caller may see it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

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
from gateway.store.db import Db
from gateway.store.scope import Scope

router = APIRouter(prefix="/v1", route_class=Door)
Text = Annotated[str | None, Query(max_length=200)]
Owner = Annotated[
    str, Query(max_length=63, description="The code of its organization, where several have such a code.")
]


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One list of the directory: its name and what is in it, the shape of that, and who reads a page of it or one by its
    name (and, where codes are unique only within an organization, by that one's code)."""

    name: str
    what: str
    shape: type
    read: Callable[[Db, Scope, Page], list[View]]
    find: Callable[[Db, Scope, str, str], View | None]

    def page(self, here: House, scope: Scope, asked: Asked, **wanted: str | None) -> Response:
        """Those of which all of `wanted` is true, by code."""
        exact = {name: value for name, value in wanted.items() if value is not None}
        after = asked.after(self.name, 2)
        page = Page(
            limit=asked.limit,
            after=None if after is None else (after[0], after[1]),
            wanted=lambda one: all(one.get(name, "") == value for name, value in exact.items()),
        )
        with here.context.database.read(scope) as db:
            found = self.read(db, scope, page)
        return asked.page(self.name, found, ("code", "id"), self.shape)

    def one(self, here: House, scope: Scope, named: tuple[str, str], fields: str) -> Response:
        """One of them. Raises NotFound."""
        with here.context.database.read(scope) as db:
            found = self.find(db, scope, *named)
        if found is None:
            raise NotFound(f"there is no such {self.what}")
        return document(sparse(found, fields, self.shape))


def _local(what: str, shape: type) -> Listing:
    def read(db: Db, scope: Scope, page: Page) -> list[View]:
        return catalogue.local(db, scope, what, page)

    def find(db: Db, scope: Scope, name: str, organization: str) -> View | None:
        return catalogue.local_one(db, scope, what, name, organization)

    return Listing(name=f"{what}s", what=what, shape=shape, read=read, find=find)


SITES, ASSETS, CONTACTS = _local("site", Site), _local("asset", Asset), _local("contact", Contact)
DESKS = Listing(
    name="desks",
    what="desk",
    shape=Desk,
    read=catalogue.desks,
    find=lambda db, scope, name, _organization: catalogue.desk(db, scope, name),
)
ORGANIZATIONS = Listing(
    name="organizations",
    what="organization",
    shape=Organization,
    read=catalogue.organizations,
    find=lambda db, scope, name, _organization: catalogue.organization(db, scope, name),
)


@router.get("/organizations", **tells_page("organizations", Organization))
def organizations(here: AnyHouse, scope: AnyScope, asked: AnyAsked) -> Response:
    """One's own organization and those at the other ends of one's links, by code."""
    return ORGANIZATIONS.page(here, scope, asked)


@router.get("/organizations/{name}", **tells(Organization))
def organization(here: AnyHouse, scope: AnyScope, name: str, fields: Fields = "") -> Response:
    """One of them, by its id or code."""
    return ORGANIZATIONS.one(here, scope, (name, ""), fields)


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
    return SITES.page(here, scope, asked, **vars(which))


@router.get("/sites/{name}", **tells(Site))
def site(
    here: AnyHouse, scope: AnyScope, name: str, *, organization: Owner = "", fields: Fields = ""
) -> Response:
    """One place, by its id or code."""
    return SITES.one(here, scope, (name, organization), fields)


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
    return ASSETS.page(here, scope, asked, **vars(which))


@router.get("/assets/{name}", **tells(Asset))
def asset(
    here: AnyHouse, scope: AnyScope, name: str, *, organization: Owner = "", fields: Fields = ""
) -> Response:
    """One piece of equipment, by its id or code."""
    return ASSETS.one(here, scope, (name, organization), fields)


@router.get("/contacts", **tells_page("contacts", Contact))
def contacts(here: AnyHouse, scope: AnyScope, asked: AnyAsked, organization: Text = None) -> Response:
    """Who is reached for what, by code."""
    return CONTACTS.page(here, scope, asked, organization=organization)


@router.get("/contacts/{name}", **tells(Contact))
def contact(
    here: AnyHouse, scope: AnyScope, name: str, *, organization: Owner = "", fields: Fields = ""
) -> Response:
    """One contact, by its id or code."""
    return CONTACTS.one(here, scope, (name, organization), fields)


@router.get("/desks", **tells_page("desks", Desk))
def desks(
    here: AnyHouse, scope: AnyScope, asked: AnyAsked, organization: Text = None, connector: Text = None
) -> Response:
    """Service desks and how talking to them goes, by code."""
    return DESKS.page(here, scope, asked, organization=organization, connector=connector)


@router.get("/desks/{name}", **tells(Desk))
def desk(here: AnyHouse, scope: AnyScope, name: str, fields: Fields = "") -> Response:
    """One desk, by its id or code."""
    return DESKS.one(here, scope, (name, ""), fields)
