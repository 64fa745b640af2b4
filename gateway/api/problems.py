"""How a door says no: problem+json (RFC 9457) with a stable code, and which of our errors is which HTTP status."""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import orjson
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.routing import compile_path

from gateway.domain.permissions import Permission
from gateway.errors import (
    AnotherRequest,
    ConfigError,
    DeskError,
    InterdeskError,
    Invalid,
    Moved,
    NotFound,
    Refused,
    SignatureInvalid,
    Unconditional,
    UnderWay,
    Unsupported,
)
from gateway.flows.hooks import NotStored
from gateway.flows.permissions import NEEDS

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
COME_AGAIN = 5
"""Seconds that `Retry-After` asks a sender to wait."""


@dataclass(kw_only=True, eq=False)
class Problem(Exception):
    """One refusal. `title` is the same for every problem of a code; `detail` speaks of this one."""

    status: int
    code: str
    title: str
    detail: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """The document. `type` leads to what the code means (`gateway.api.problem_pages`)."""
        told = {"type": f"/problems/{self.code}", "title": self.title, "status": self.status}
        return orjson.dumps({**told, "code": self.code, **({"detail": self.detail} if self.detail else {})})


def too_large(limit: int) -> Problem:
    """The body exceeds what this door takes."""
    return Problem(
        status=413, code="IDK-1103", title="The body is too large", detail=f"at most {limit} bytes are taken"
    )


class BodyTooLarge(HTTPException):
    """The same, of a body that the framework reads: it lets only its own kind of refusals out."""

    def __init__(self, limit: int) -> None:
        super().__init__(413)
        self.limit = limit


def encoded(encoding: str) -> Problem:
    """Compressed bodies are not taken: a signature is over bytes as they were, and a bomb is never unpacked."""
    return Problem(
        status=415,
        code="IDK-1104",
        title="Compressed bodies are not taken",
        detail=f"content-encoding {encoding[:40]!r}; send the body as it is",
        headers={"accept-encoding": "identity"},
    )


def wrong_type(taken: Sequence[str]) -> Problem:
    """A body of a media type that this door does not read."""
    return Problem(
        status=415,
        code="IDK-1409",
        title="This media type is not taken",
        detail=f"send one of {', '.join(taken)}",
    )


def too_many(seconds: int) -> Problem:
    """The caller made as many requests as it may in a minute."""
    return Problem(
        status=429,
        code="IDK-1414",
        title="Too many requests",
        detail=f"come again in {seconds} s",
        headers={"retry-after": str(seconds)},
    )


def too_slow(seconds: float) -> Problem:
    """The body did not come in time."""
    return Problem(
        status=408, code="IDK-1105", title="The body came too slowly", detail=f"it gets {seconds:g} seconds"
    )


def wrong_method(allowed: str) -> Problem:
    """This address answers other methods."""
    return Problem(
        status=405, code="IDK-1406", title="This method is not for this address", headers={"allow": allowed}
    )


def no_key() -> Problem:
    """No API key, or none that is valid."""
    return Problem(
        status=401,
        code="IDK-1404",
        title="A valid API key is needed",
        detail="send `Authorization: Bearer fgw_…`; `interdesk keys create` makes one",
        headers={"www-authenticate": 'Bearer realm="interdesk"'},
    )


def not_for_this_key() -> Problem:
    """The key is valid, but not for this."""
    return Problem(status=403, code="IDK-1405", title="This needs a key of the operator")


def lacks(permission: Permission) -> Problem:
    """The caller is known and may not do this (RFC 6750, 3.1)."""
    challenge = f'Bearer realm="interdesk", error="insufficient_scope", scope="{permission}"'
    return Problem(
        status=403,
        code="IDK-1408",
        title="The caller may not do this",
        detail=f"this asks for the permission {permission}",
        headers={"www-authenticate": challenge},
    )


def from_elsewhere() -> Problem:
    """A page of another site would do something in the name of whoever is signed in."""
    return Problem(status=403, code="IDK-1410", title="Another site may not do this")


def not_valid(detail: str) -> Problem:
    """A parameter or a body is not what it should be."""
    return Problem(status=422, code="IDK-1403", title="The request is not valid", detail=detail)


_STATUSES: tuple[tuple[type[InterdeskError], int, str], ...] = (
    (SignatureInvalid, 401, "The message is not from this desk"),
    (NotFound, 404, "There is no such thing here"),
    (Refused, 409, "The state of the chain does not allow this"),
    (Invalid, 422, "The document is not valid"),
    (UnderWay, 409, "The same request is under way"),
    (AnotherRequest, 422, "The Idempotency-Key is another request's"),
    (Moved, 412, "The thing has another version"),
    (Unconditional, 428, "The version that is changed must be named"),
    (Unsupported, 422, "The desk cannot do this"),
    (NotStored, 503, "The message could not be stored"),
    (DeskError, 502, "The desk did not answer as it should"),
    (ConfigError, 500, "The gateway is not set up for this"),
)


def of_error(error: InterdeskError) -> Problem:
    """The problem that one of our errors is."""
    for kind, status, title in _STATUSES:
        if isinstance(error, kind):
            again = {"retry-after": str(COME_AGAIN)} if status == 503 else {}
            return Problem(status=status, code=error.code, title=title, detail=str(error), headers=again)
    return internal()


def internal() -> Problem:
    """Our own fault: nothing of it is told but that it is ours."""
    return Problem(status=500, code="IDK-1000", title="The gateway failed; its log says why")


def response(problem: Problem) -> Response:
    """As an answer."""
    return Response(
        problem.body(), status_code=problem.status, headers=dict(problem.headers), media_type=MEDIA_TYPE
    )


def nowhere() -> Problem:
    """Nothing is at this address."""
    return of_error(NotFound("there is nothing at this address"))


def install(app: FastAPI) -> None:
    """Every refusal of this app is a problem document."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(InterdeskError, _ours)
    app.add_exception_handler(AnyHTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unforeseen)


REFUSALS = (Problem, InterdeskError, RequestValidationError, BodyTooLarge)


def of_any(refusal: Exception) -> Problem:
    """The problem that one of `REFUSALS` is."""
    if isinstance(refusal, Problem):
        return refusal
    if isinstance(refusal, RequestValidationError):
        return not_valid(_faults(refusal))
    if isinstance(refusal, BodyTooLarge):
        return too_large(refusal.limit)
    return of_error(refusal) if isinstance(refusal, InterdeskError) else internal()


async def _problem(_request: Request, error: Exception) -> Response:
    return response(error if isinstance(error, Problem) else internal())


async def _ours(_request: Request, error: Exception) -> Response:
    return response(of_error(error) if isinstance(error, InterdeskError) else internal())


async def _http(request: Request, error: Exception) -> Response:
    """What the framework itself refuses: unknown addresses, wrong methods."""
    if not isinstance(error, AnyHTTPException):
        return response(internal())
    if isinstance(error, BodyTooLarge):
        return response(too_large(error.limit))
    if error.status_code == 405:
        return response(wrong_method(_allowed(request.url.path)))
    if error.status_code == 404:
        return response(nowhere())
    return response(
        Problem(
            status=error.status_code,
            code="IDK-1407",
            title="The request cannot be served",
            detail=str(error.detail),
        )
    )


def _allowed(path: str) -> str:
    """Every method of an address (RFC 9110, 10.2.1); the framework tells those of the first route that it finds. An address
    that is described by its own name is not also that of something called so (OpenAPI 3.1, 4.8.8)."""
    found = [
        (template.count("{"), method) for method, template in NEEDS if _pattern(template).fullmatch(path)
    ]
    fewest = min((blanks for blanks, _ in found), default=0)
    return ", ".join(sorted({method for blanks, method in found if blanks == fewest}))


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return compile_path(template)[0]


async def _invalid(_request: Request, error: Exception) -> Response:
    """A parameter that is not what it should be; its value is not repeated."""
    return response(not_valid(_faults(error) if isinstance(error, RequestValidationError) else ""))


def _faults(error: RequestValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors()[:10])


async def _unforeseen(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return response(internal())
