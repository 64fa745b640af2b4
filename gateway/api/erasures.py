"""`/v1/erasures`: a person is forgotten. First it is counted what that would take, then it is ordered; a worker does it. Only the
operator orders one, for it reaches what other organizations hold here; each organization reads how far its own came."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from gateway.api.bodies import Body
from gateway.api.deps import AnyHouse, AnyScope, caller, operator
from gateway.api.described import tells
from gateway.api.door import Door
from gateway.api.house import House
from gateway.client.work_shapes import Erasure, ErasureAsked
from gateway.errors import Refused
from gateway.flows import erasing, erasure_views
from gateway.flows.commands import Order
from gateway.flows.erasing import Keep, Wanted
from gateway.flows.principal import Principal
from gateway.store.scope import Scope

router = APIRouter(prefix="/v1/erasures", route_class=Door)
Caller = Annotated[Principal, Depends(caller)]
Term = Annotated[str, Field(max_length=400)]


class Wish(Body):
    """Whom (an address, a full name, a number, an id at a desk: every one that is known) and whose requester or customer it is.
    `dry_run`: only count."""

    organization: str = Field(max_length=63)
    terms: list[Term] = Field(min_length=1, max_length=50)
    dry_run: bool = True
    reason: str = Field(default="", max_length=10_000)


@router.post("", **tells(ErasureAsked))
def ask(
    here: AnyHouse, key: Caller, scope: Annotated[Scope, Depends(operator)], said: Wish
) -> dict[str, Any]:
    """Count what would be erased, or (`dry_run` false) order it. It cannot be taken back."""
    keep, wanted = _keep(here), Wanted(organization=said.organization, terms=tuple(said.terms))
    if said.dry_run:
        return erasure_views.counted(here.context, erasing.look(here.context, keep, wanted))
    order = Order(actor=key.name, now=here.now(), reason=said.reason)
    asked = erasing.ask(here.context, keep, wanted, order)
    return erasure_views.one(here.context, scope, asked.id)


@router.get("/{erasure_id}", **tells(Erasure))
def one(here: AnyHouse, scope: AnyScope, erasure_id: str) -> dict[str, Any]:
    """How far it came; never whom it is about."""
    return erasure_views.one(here.context, scope, erasure_id)


def _keep(here: House) -> Keep:
    if here.blobs is None or here.vault is None or here.erasures is None:
        raise Refused("this gateway has no place for erasures", cure="run interdesk erase person")
    return Keep(blobs=here.blobs, vault=here.vault, beside=here.erasures, now=here.now)
