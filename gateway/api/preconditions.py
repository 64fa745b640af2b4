"""`If-Match` and `If-None-Match` of a request that changes something (RFC 9110, 13.1): held against the version that a GET of the
thing tells the same caller. ETags are strong; If-Match compares strongly, so a weak tag (`W/…`) never matches there."""

from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import HTTPException, Request
from starlette.types import Message, Scope

from gateway.errors import Moved
from gateway.flows.permissions import NEEDS

READS = ("GET", "HEAD")
_KEPT = (
    "type",
    "asgi",
    "http_version",
    "scheme",
    "root_path",
    "client",
    "server",
    "app",
    "state",
    "fastapi_middleware_astack",
)
_WHOSE = ("customer", "organization")
"""Parameters that say which thing is meant; the rest of a query belongs to the change."""
LOOKING = "interdesk.looking"
"""Marks the GET that is made for a precondition: its caller is counted once."""
_MOVED = "it has another version than If-Match or If-None-Match names"


def version_of(body: bytes) -> str:
    """The ETag of an answer: strong, for the same bytes are the same thing."""
    return f'"{sha256(body).hexdigest()[:32]}"'


def _tags(header: str) -> set[str]:
    return {one.strip() for one in header.split(",")}


def named(header: str, version: str) -> bool:
    """Whether an If-None-Match names a version; weak tags count (13.1.2)."""
    given = {one.removeprefix("W/") for one in _tags(header)}
    return "*" in given or version in given


def refuse_if_moved(headers: Mapping[str, str], version: str | None) -> None:
    """Raises Moved unless both conditions hold. `version`: of the thing as it is; None: there is none."""
    if "if-match" in headers and (version is None or not _tags(headers["if-match"]) & {"*", version}):
        raise Moved(_MOVED, cure="read it again, and decide again")
    if "if-none-match" in headers and version is not None and named(headers["if-none-match"], version):
        raise Moved(_MOVED, cure="read it again, and decide again")


def are_asked(request: Request) -> bool:
    """Whether it is a change with conditions."""
    return request.method not in READS and bool({"if-match", "if-none-match"} & {*request.headers})


async def hold(request: Request) -> None:
    """Raises Moved for a change whose conditions do not hold; HTTPException where nobody can tell, for the caller may not read
    what it changes, or it cannot be read now."""
    path = _thing(request.scope["route"].path, request.scope["path"])
    status, body = await _looked_at(request, path) if path else (404, b"")
    if status not in (200, 404):
        raise HTTPException(
            status, "what this is to change cannot be read, so its version cannot be compared"
        )
    refuse_if_moved(request.headers, version_of(body) if status == 200 else None)


def _thing(template: str, path: str) -> str:
    """The address of what is changed: the longest beginning of this one that can be read, "" if none can. Of a link's
    `/v1/links/{name}/pause` that is `/v1/links/{name}`."""
    while template and ("GET", template) not in NEEDS:
        template, path = template.rpartition("/")[0], path.rpartition("/")[0]
    return path if template else ""


async def _looked_at(request: Request, path: str) -> tuple[int, bytes]:
    """Status and body of a GET there by the same caller, through the same doors."""
    query = [(name, value) for name, value in parse_qsl(request.url.query) if name in _WHOSE]
    headers = [
        (name, value)
        for name, value in request.scope["headers"]
        if name in (b"authorization", b"cookie", b"host", b"sec-fetch-site", b"origin")
    ]
    scope: Scope = {name: request.scope[name] for name in _KEPT if name in request.scope}
    scope.update(method="GET", path=path, raw_path=quote(path).encode(), headers=headers)
    scope.update({"query_string": urlencode(query).encode(), LOOKING: True})
    told: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        told.append(message)

    await request.app.router(scope, receive, send)
    status = next(one["status"] for one in told if one["type"] == "http.response.start")
    return status, b"".join(one.get("body", b"") for one in told if one["type"] == "http.response.body")
