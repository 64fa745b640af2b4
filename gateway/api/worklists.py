"""`GET /v1/worklists/{name}`: what waits for the caller, page by page, each row with what to do."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from gateway.api import problems
from gateway.api.deps import AnyHouse, caller
from gateway.api.described import tells, tells_page
from gateway.api.door import Door
from gateway.api.listing import AnyAsked, cursor
from gateway.client.work_shapes import Names, Waiting
from gateway.domain.worklists import NAMES
from gateway.errors import NotFound
from gateway.flows import worklists
from gateway.flows.principal import Principal
from gateway.flows.worklists import Wanted
from gateway.store.scope import OPERATOR_ID

router = APIRouter(prefix="/v1/worklists", route_class=Door)


@router.get("", dependencies=[Depends(caller)], **tells(Names))
def names() -> Names:
    """The names of the lists."""
    return {"worklists": list(NAMES)}


@router.get("/{name}", **tells_page("items", Waiting))
def one(
    here: AnyHouse,
    key: Annotated[Principal, Depends(caller)],
    name: str,
    asked: AnyAsked,
) -> Response:
    """A page of a work list; `next` is null at its end, and a page before that may be short."""
    if name not in NAMES:
        raise NotFound(f"there is no work list {name!r}", cure=f"known: {', '.join(NAMES)}")
    party = None if key.org_id == OPERATOR_ID else key.org_id
    after = asked.after("items", 2)
    if after is not None and after[0] != name:
        raise problems.not_valid("cursor: it is none that this list gave")
    wanted = Wanted(name=name, party=party, limit=asked.limit, after=after[1] if after else None)
    found = worklists.listed(here.context, wanted, now=here.now())
    known = {one.id: one.code for one in here.context.directory_now.organizations.values()}
    onward = None if found.next is None else cursor("items", name, found.next)
    return asked.answer("items", [worklists.view(item, known) for item in found.items], onward, Waiting)
