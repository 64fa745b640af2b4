"""What every page reads of a request: who asks, in which language and zone."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Query, Request

from gateway.domain.permissions import Permission
from gateway.flows.addresses import address_of
from gateway.flows.bearers import bearer
from gateway.flows.permissions import needed
from gateway.flows.principal import Principal
from gateway.web.parlour import AnyParlour
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


def visitor(request: Request, here: AnyParlour) -> Principal | None:
    """Who asks for this page; None for nobody who may see it."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    nearest, told = (
        request.client.host if request.client else None,
        request.headers.getlist("x-forwarded-for"),
    )
    address = address_of(nearest, told, here.trusted_proxies)
    who = bearer(here.context, text.strip(), now=here.now(), address=address)
    need = needed(request.method, request.scope["route"].path)
    return who if who is not None and isinstance(need, Permission) and who.may(need) else None


Visitor = Annotated[Principal | None, Depends(visitor)]
