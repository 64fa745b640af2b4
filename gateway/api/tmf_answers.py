"""How the doors of TM Forum's API read bodies and say no: its `Error` document, with our stable codes in it."""

import json
from collections.abc import Callable, Coroutine
from decimal import Decimal
from math import isfinite
from typing import Annotated, Any

import orjson
from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from gateway.api import problems
from gateway.api.bodies import storable
from gateway.api.problems import Problem
from gateway.errors import InterdeskError, Invalid

JSON = "application/json"


class TmfRoute(APIRoute):
    """A route whose refusals are TMF `Error` documents."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's own handler, with its refusals in the standard's shape."""
        handle = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                return await handle(request)
            except Problem as problem:
                return refusal(problem)
            except problems.BodyTooLarge as error:
                return refusal(problems.too_large(error.limit))
            except InterdeskError as error:
                return refusal(problems.of_error(error))
            except (RequestValidationError, HTTPException) as error:
                return refusal(problems.not_valid(str(error)[:1000]))

        return told


def refusal(problem: Problem) -> Response:
    """A problem in the standard's shape, which has no 422: a request that is not valid is a 400 there."""
    status = 400 if problem.status == 422 else problem.status
    told = {
        "@type": "Error",
        "code": problem.code,
        "reason": problem.title,
        "message": problem.detail or problem.title,
        "status": str(status),
        "referenceError": f"urn:interdesk:problem:{problem.code}",
    }
    return Response(orjson.dumps(told), status_code=status, headers=dict(problem.headers), media_type=JSON)


async def body_of(request: Request) -> Any:
    """The JSON that came. Raises Invalid for what is none, or cannot be kept."""
    raw = await request.body()
    try:
        document = json.loads(raw, parse_int=_whole, parse_float=_broken, parse_constant=_none)
        storable(document)
    except (ValueError, RecursionError) as error:
        raise Invalid("the body is not JSON that can be kept", why=str(error)[:300]) from error
    return document


def _whole(digits: str) -> int:
    """A whole number that comes back as it came. Raises ValueError for one beyond 64 bits."""
    if len(digits) > 20 or not -(2**63) <= (number := int(digits)) < 2**64:
        raise ValueError("a number beyond 64 bits")
    return number


def _broken(digits: str) -> float:
    """The same of one with a fraction. Raises ValueError for one that would come back as another."""
    number = float(digits)
    if not isfinite(number) or Decimal(digits) != Decimal(repr(number)):
        raise ValueError("a number that cannot be kept exactly")
    return number


def _none(word: str) -> float:
    raise ValueError(f"{word} is no number")


AnyBody = Annotated[Any, Depends(body_of)]
