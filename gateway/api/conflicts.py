"""`/v1/conflicts`: fields that both ends of a link set, as the caller's side reads them; deciding them."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import Field

from gateway.api.bodies import Body
from gateway.api.deps import AnyHouse, caller
from gateway.api.described import tells, tells_page
from gateway.api.door import Door
from gateway.api.listing import AnyAsked
from gateway.client.work_shapes import Conflict
from gateway.flows import conflicts
from gateway.flows.commands import Order
from gateway.flows.principal import Principal

router = APIRouter(prefix="/v1/conflicts", route_class=Door)
Caller = Annotated[Principal, Depends(caller)]


@router.get("", **tells_page("conflicts", Conflict))
def listed(
    here: AnyHouse,
    key: Caller,
    asked: AnyAsked,
    every: Annotated[bool, Query(alias="all", description="Those that are settled or decided, too.")] = False,
    ticket: Annotated[str | None, Query(max_length=64, description="Of one ticket.")] = None,
) -> Response:
    """The newest first."""
    after = asked.after("conflicts")
    wanted = conflicts.Asked(
        party=key.party,
        every=every,
        ticket_id=ticket,
        limit=asked.limit,
        before=after[0] if after else None,
    )
    found = conflicts.listed(here.context, wanted, Order(actor=key.name, now=here.now()))
    return asked.page("conflicts", found, ("conflict",), Conflict)


@router.get("/{conflict_id}", **tells(Conflict))
def one(here: AnyHouse, key: Caller, conflict_id: str) -> dict[str, Any]:
    """One, however it stands."""
    order = Order(actor=key.name, now=here.now())
    return conflicts.show(here.context, conflict_id, order, party=key.party)


class Decision(Body):
    """What is to stand; `release` lets rules that were stopped go on."""

    keep: Literal["mine", "theirs", "value", "release"]
    value: str = Field(default="", max_length=200)
    reason: str = Field(default="", max_length=10_000)


@router.post("/{conflict_id}", **tells(Conflict))
def decide(here: AnyHouse, key: Caller, conflict_id: str, said: Decision) -> dict[str, Any]:
    """Decide one."""
    order, party = Order(actor=key.name, now=here.now(), reason=said.reason), key.party
    if said.keep == "release":
        return conflicts.release(here.context, conflict_id, order, party=party)
    return conflicts.keep(here.context, conflict_id, (said.keep, said.value), order, party=party)
