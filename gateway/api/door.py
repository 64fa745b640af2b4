"""What every address of the native API does the same way: read JSON strictly, tell a version of what it shows (ETag), and
answer 304 to who has it already."""

from collections.abc import Callable, Coroutine
from hashlib import sha256
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from gateway.api.loads import loads

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Told(Request):
    """A request whose JSON is read by `loads`, once."""

    async def json(self) -> Any:
        """The document. Raises Invalid."""
        if not hasattr(self, "_document"):
            self._document = loads(await self.body())
        return self._document


class Door(APIRoute):
    """The class of every route of `/v1`."""

    def get_route_handler(self) -> Handler:
        """Around what the framework makes of the endpoint."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            told = Told(request.scope, request.receive)
            if self.body_field is not None and _is_json(told):
                await told.json()  # here, for the framework makes of every failure in reading one of its own
            answer = await inner(told)
            return conditional(request, answer) if request.method == "GET" else answer

        return handle


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def version_of(body: bytes) -> str:
    """The ETag of an answer: strong, for the same bytes are the same thing."""
    return f'"{sha256(body).hexdigest()[:32]}"'


def conditional(request: Request, answer: Response) -> Response:
    """The answer with its ETag; without its body where the caller has that version."""
    if answer.status_code != 200 or not getattr(answer, "body", b""):
        return answer
    version = version_of(bytes(answer.body))
    answer.headers["etag"] = version
    answer.headers["cache-control"] = "private, no-cache"
    answer.headers["vary"] = "authorization"
    if not named(request.headers.get("if-none-match", ""), version):
        return answer
    kept = {
        name: answer.headers[name]
        for name in ("etag", "cache-control", "vary", "link")
        if name in answer.headers
    }
    return Response(status_code=304, headers=kept)


def named(header: str, version: str) -> bool:
    """Whether an If-Match or If-None-Match names a version."""
    given = {one.strip().removeprefix("W/") for one in header.split(",")}
    return "*" in given or version in given
