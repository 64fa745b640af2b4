"""`/v1/agent`: what an agent asks of the gateway (`interdesk agent`): the requests for its desks, and a place for their answers."""

import asyncio
import base64
import binascii
import time
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from gateway.api import problems
from gateway.api.bodies import Body
from gateway.api.deps import AnyHouse, AnyScope
from gateway.api.door import Door
from gateway.api.house import House
from gateway.api.loads import loads
from gateway.domain.outcome import Stage
from gateway.errors import Invalid
from gateway.flows import agents
from gateway.store.agents import Answer
from gateway.store.scope import Scope

router = APIRouter(prefix="/v1/agent", route_class=Door, include_in_schema=False)
"""Between this gateway and its own agents: no part of the API that is described."""
LONGEST_WAIT = 25.0
LOOK_EVERY = 0.2


class Asking(Body):
    """For which desks an agent comes, and how long it waits for something to do (seconds)."""

    desks: list[str] = Field(min_length=1, max_length=200)
    wait: float = Field(default=0, ge=0, le=LONGEST_WAIT)


@router.post("/errands/take")
async def take(here: AnyHouse, scope: AnyScope, asked: Asking) -> dict[str, Any]:
    """The requests that wait, each given out once; an empty list where there was none for so long."""
    desks = await run_in_threadpool(agents.desks_of, here.context, scope, asked.desks)
    until = time.monotonic() + asked.wait
    while not (found := await run_in_threadpool(agents.take, here.context, scope, desks, now=here.now())):
        if time.monotonic() >= until or here.is_stopping():
            break
        await asyncio.sleep(LOOK_EVERY)
    return {"errands": found}


class Told(Body):
    """What came of one: an answer's status and headers, or at which stage the exchange broke and what had left by then."""

    status: int | None = Field(default=None, ge=100, le=599)
    headers: list[tuple[str, str]] = Field(default_factory=list, max_length=500)
    stage: Stage | None = None
    detail: str = Field(default="", max_length=2000)
    connected: bool = True
    write_started: bool = True


@router.post("/errands/{errand_id}/answer")
async def bring(
    request: Request,
    here: AnyHouse,
    scope: AnyScope,
    errand_id: str,
    interdesk_answer: Annotated[str, Header(max_length=60_000, description="The answer, as JSON in base64.")],
) -> dict[str, Any]:
    """Bring what came of one: the body is the body of the desk's answer. `kept`: whether somebody still waited for it."""
    told = _told(interdesk_answer)
    body = await _whole(here, request)
    kept = await run_in_threadpool(_keep, here, scope, errand_id, told, body)
    return {"kept": kept}


def _keep(here: House, scope: Scope, errand_id: str, told: Told, body: bytes) -> bool:
    answer = Answer(errand_id=errand_id, document=told.model_dump(mode="json"), body=body)
    return agents.bring(here.context, scope, answer, now=here.now())


def _told(header: str) -> Told:
    try:
        raw = base64.b64decode(header, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("the header interdesk-answer is not base64", why=str(error)) from error
    try:
        return Told.model_validate(loads(raw))
    except ValueError as error:
        raise Invalid("the header interdesk-answer is no answer", why=str(error)[:500]) from error


async def _whole(here: House, request: Request) -> bytes:
    """The body. Raises Problem (413) for one that is larger than is taken from a desk."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > here.max_file_bytes:
            raise problems.too_large(here.max_file_bytes)
    return bytes(body)
