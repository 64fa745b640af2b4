"""What every page reads of a request: who asks, in which language and zone."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Query, Request

from gateway.domain.permissions import Permission
from gateway.flows import sessions
from gateway.flows.addresses import address_of
from gateway.flows.bearers import bearer
from gateway.flows.origins import is_ours
from gateway.flows.permissions import needed
from gateway.flows.principal import Principal
from gateway.flows.sessions import COOKIE
from gateway.web.parlour import AnyParlour, Parlour
from gateway.words import Words, chosen


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the visitor asked for: a zone, a language, and what the browser accepts."""

    zone: str = ""
    language: str = ""
    accepted: str = ""

    def words(self, own: str = "") -> Words:
        """The texts to show; `own` is the language of the viewer's organization."""
        return Words(chosen(self.language, self.accepted, own))


def wanted(
    zone: Annotated[str, Query(max_length=64)] = "",
    language: Annotated[str, Query(alias="lang", max_length=8)] = "",
    accepted: Annotated[str, Header(alias="accept-language")] = "",
) -> Wanted:
    """From the request."""
    return Wanted(zone=zone, language=language, accepted=accepted)


AnyWanted = Annotated[Wanted, Depends(wanted)]


def place(request: Request, here: Parlour) -> str | None:
    """The address of whoever asks."""
    nearest = request.client.host if request.client else None
    return address_of(nearest, request.headers.getlist("x-forwarded-for"), here.trusted_proxies)


def visitor(request: Request, here: AnyParlour) -> Principal | None:
    """Who asks for this page; None for nobody who may see it."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    need = needed(request.method, request.scope["route"].path)
    if not scheme and COOKIE in request.cookies and is_ours(request.method, request.headers):
        customer = request.query_params.get("customer", "")
        found = sessions.principal(here.context, request.cookies[COOKIE], customer, now=here.now())
        return found if found and isinstance(need, Permission) and found.may(need) else None
    if scheme.lower() != "bearer":
        return None
    address = place(request, here)
    who = bearer(here.context, text.strip(), here.issuers, now=here.now(), address=address)
    return who if who is not None and isinstance(need, Permission) and who.may(need) else None


Visitor = Annotated[Principal | None, Depends(visitor)]
