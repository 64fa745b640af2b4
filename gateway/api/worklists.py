"""`GET /v1/worklists/{name}`: what waits for the caller, page by page, each row with what to do."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from gateway.api.deps import AnyHouse, Limit, caller
from gateway.flows import worklists
from gateway.flows.principal import Principal
from gateway.flows.worklists import Wanted
from gateway.store.scope import OPERATOR_ID

router = APIRouter(prefix="/v1/worklists")


@router.get("/{name}")
def one(
    here: AnyHouse,
    key: Annotated[Principal, Depends(caller)],
    name: str,
    limit: Limit = 50,
    after: Annotated[
        str | None, Query(max_length=128, description="Go on here: `next` of the last answer.")
    ] = None,
) -> dict[str, Any]:
    """A page of a work list; `next` is null at its end, and a page before that may be short."""
    party = None if key.org_id == OPERATOR_ID else key.org_id
    wanted = Wanted(name=name, party=party, limit=limit, after=after)
    found = worklists.listed(here.context, wanted, now=here.now())
    names = {one.id: one.code for one in here.context.directory_now.organizations.values()}
    return {
        "worklist": name,
        "items": [worklists.view(item, names) for item in found.items],
        "next": found.next,
    }
