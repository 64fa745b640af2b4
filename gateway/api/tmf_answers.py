"""How the doors of TM Forum's API read bodies and say no: its `Error` document, with our stable codes in it."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
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
                return refusal(problem, request)
            except problems.BodyTooLarge as error:
                return refusal(problems.too_large(error.limit), request)
            except InterdeskError as error:
                return refusal(problems.of_error(error), request)
            except RequestValidationError as error:  # its own text tells files and lines of ours
                return refusal(problems.of_any(error), request)
            except HTTPException as error:
                return refusal(problems.not_valid(str(error.detail)), request)

        return told


BASES = ("/tmf-api/", "/mefApi/")
"""Where refusals are told in these shapes."""
_MEF_CODES = {
    400: "invalidBody",
    401: "invalidCredentials",
    403: "accessDenied",
    404: "notFound",
    409: "conflict",
}


def refusal(problem: Problem, request: Request) -> Response:
    """A problem in the standard's shape. TMF621 has no 422: a request that is not valid is a 400 there."""
    if request.url.path.startswith("/mefApi/"):
        return _mef(_asked_wrongly(problem) if _takes_no_document(request) else problem)
    status = 400 if problem.status == 422 else problem.status
    told = {
        "@type": "Error",
        "code": problem.code,
        "reason": problem.title,
        "message": problem.detail or problem.title,
        "status": str(status),
        "referenceError": f"{request.app.state.house.address}/problems/{problem.code}",  # v4: a whole URI
    }
    return Response(orjson.dumps(told), status_code=status, headers=dict(problem.headers), media_type=JSON)


def _takes_no_document(request: Request) -> bool:
    """Whether MEF 124 has no 422 here: it is for documents of tickets alone."""
    return request.method == "GET" or "/hub" in request.url.path


def _asked_wrongly(problem: Problem) -> Problem:
    return replace(problem, status=400) if problem.status == 422 else problem


def _mef(problem: Problem) -> Response:
    """The same as MEF 124 has it: its own codes, and a list of what is not valid, each with a pointer."""
    words = {
        "message": problem.detail or problem.title,
        "referenceError": f"urn:interdesk:problem:{problem.code}",
    }
    code = _MEF_CODES.get(problem.status, "internalError")
    told: Any = {"code": code, "reason": problem.title, **words}
    if problem.status == 422:
        named = [
            line.strip().partition(": ") for line in problem.detail.splitlines() if line.startswith("  ")
        ]
        told = [{**words, **_fault(name, why)} for name, _, why in named]
        told = told or [{**words, "code": "otherIssue", "reason": problem.title}]
    headers = dict(problem.headers)
    return Response(orjson.dumps(told), status_code=problem.status, headers=headers, media_type=JSON)


def _fault(name: str, why: str) -> dict[str, str]:
    code = "missingProperty" if "missing" in why or "needs" in why else "invalidValue"
    return {"code": code, "reason": why[:255], "propertyPath": "/" + name.replace(".", "/")}


async def body_of(request: Request) -> Any:
    """The JSON that came. Raises Invalid for what is none, or cannot be kept."""
    return loads(await request.body())


async def optional_body(request: Request) -> Any:
    """The JSON that came, {} where nothing did. Raises Invalid."""
    return await body_of(request) if await request.body() else {}


AnyBody = Annotated[Any, Depends(body_of)]
OptionalBody = Annotated[Any, Depends(optional_body)]
