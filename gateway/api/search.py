"""`GET /v1/search?number=`: from any number to the chain, as the caller's side may know it."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from gateway.api.deps import AnyHouse, caller
from gateway.api.described import tells
from gateway.api.door import Door
from gateway.client.shapes import Findings
from gateway.domain.numbering import LONGEST
from gateway.flows.find import find
from gateway.flows.principal import Principal
from gateway.store.scope import OPERATOR_ID

router = APIRouter(prefix="/v1/search", route_class=Door)


@router.get("", **tells(Findings))
def by_number(
    here: AnyHouse,
    key: Annotated[Principal, Depends(caller)],
    number: Annotated[
        str, Query(min_length=1, max_length=LONGEST, description="A ticket's number at any desk.")
    ],
) -> dict[str, Any]:
    """The newest first."""
    org_id = None if key.org_id == OPERATOR_ID else key.org_id
    return asdict(find(here.context, org_id, number, now=here.now()))
