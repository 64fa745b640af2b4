"""How the doors of TM Forum's API read bodies and say no: its `Error` document, with our stable codes in it."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import orjson
from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from gateway.api import problems
from gateway.api.loads import loads
from gateway.api.problems import Problem
from gateway.errors import InterdeskError

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
        "referenceError": f"/problems/{problem.code}",
    }
    return Response(orjson.dumps(told), status_code=status, headers=dict(problem.headers), media_type=JSON)


async def body_of(request: Request) -> Any:
    """The JSON that came. Raises Invalid for what is none, or cannot be kept."""
    return loads(await request.body())


async def optional_body(request: Request) -> Any:
    """The JSON that came, {} where nothing did. Raises Invalid."""
    return await body_of(request) if await request.body() else {}


AnyBody = Annotated[Any, Depends(body_of)]
OptionalBody = Annotated[Any, Depends(optional_body)]
