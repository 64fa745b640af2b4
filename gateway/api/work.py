"""`/v1/work`: lines of work as the caller's side reads them; logging one, and accepting or disputing it for the side above."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import Field

from gateway.api.bodies import Body
from gateway.api.deps import AnyHouse, caller
from gateway.api.described import tells, tells_page
from gateway.api.door import Door
from gateway.api.listing import AnyAsked
from gateway.client.work_shapes import WorkLine
from gateway.domain import worklog as rules
from gateway.domain.worklog import Unit, Work, WorkState
from gateway.errors import Invalid, NotFound
from gateway.flows import worklog
from gateway.flows.commands import Order
from gateway.flows.principal import Principal
from gateway.flows.worklog import Way
from gateway.store.worklogs import Asked

router = APIRouter(prefix="/v1/work", route_class=Door)
Caller = Annotated[Principal, Depends(caller)]
Number = Annotated[str, Field(max_length=20, pattern=r"^[0-9]+(\.[0-9]+)?$")]


@router.get("", **tells_page("lines", WorkLine))
def listed(
    here: AnyHouse,
    key: Caller,
    asked: AnyAsked,
    state: Annotated[list[WorkState] | None, Query(description="Any of these; may be repeated.")] = None,
) -> Response:
    """The newest first."""
    states, after = [each.value for each in state or ()], asked.after("lines")
    wanted = Asked(states=states, limit=asked.limit, before=after[0] if after else None)
    found = worklog.listed(here.context, key.party, wanted, now=here.now())
    return asked.page("lines", found, ("id",), WorkLine)


class NewLine(Body):
    """A line to be logged. Numbers are decimal text; `at` has its offset."""

    hop_id: str = Field(max_length=64)
    kind: rules.WorkKind
    amount: Number
    unit: Unit
    at: datetime
    money: Number | None = None
    currency: str = Field(default="", max_length=3)
    worker: str = Field(default="", max_length=200)
    text: str = Field(default="", max_length=10_000)
    late: bool = False


@router.post("", status_code=201, **tells(WorkLine, 201))
def log(here: AnyHouse, key: Caller, line: NewLine) -> dict[str, Any]:
    """Log a line and tell it one link up."""
    if line.at.tzinfo is None:
        raise Invalid("`at` has no offset", cure="write 2026-03-01T09:00:00+01:00")
    work = Work(
        kind=line.kind,
        amount=rules.number_from(line.amount, line.unit),
        unit=line.unit,
        at=line.at,
        price=None if line.money is None else rules.number_from(line.money, "money"),
        currency=line.currency,
        worker=line.worker,
        text=line.text,
    )
    way = Way(party=key.party, late=line.late)
    made = worklog.log(here.context, line.hop_id, work, Order(actor=key.name, now=here.now()), way)
    return _one(here, key, made.id)


@router.get("/{line_id}", **tells(WorkLine))
def one(here: AnyHouse, key: Caller, line_id: str) -> dict[str, Any]:
    """One line."""
    return _one(here, key, line_id)


def _one(here: AnyHouse, key: Principal, line_id: str) -> dict[str, Any]:
    asked = Asked(line_id=line_id, limit=1)
    found = worklog.listed(here.context, key.party, asked, now=here.now())
    if not found:
        raise NotFound("there is no such line")
    return found[0]


class Verdict(Body):
    """What the side above says of a line."""

    verdict: Literal["accepted", "disputed"]
    reason: str = Field(default="", max_length=10_000)


@router.post("/{line_id}", **tells(WorkLine))
def decide(here: AnyHouse, key: Caller, line_id: str, said: Verdict) -> dict[str, Any]:
    """Accept or dispute a line."""
    order = Order(actor=key.name, now=here.now(), reason=said.reason)
    worklog.decide(here.context, line_id, WorkState(said.verdict), order, Way(party=key.party))
    return _one(here, key, line_id)
