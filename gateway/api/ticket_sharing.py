"""`/sharing[/{desk}]/…`: the server of Networked Help Desk 1.0 (Zendesk's ticket sharing), for partners that push. Statuses are
those that the reference client reads as an answer (401 403 404 405 408 410 422 5xx); it fails over any other, so 412 and
415 go only to who asks for another version or sends what is no JSON, which that client never does."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Annotated, Any
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse

from gateway import keys
from gateway.api import problems
from gateway.api.deps import AnyHouse
from gateway.api.house import House
from gateway.api.loads import loads
from gateway.api.problems import Problem
from gateway.domain.ticket_sharing import Agreement, Shared
from gateway.domain.ticket_sharing.wire import NotTaken
from gateway.errors import ConfigError, NotFound
from gateway.flows.ticket_sharing import (
    PATH,
    TOKEN_HEADER,
    VERSION_HEADER,
    Gone,
    NotAgreed,
    NoToken,
    lending,
    receiving,
)
from gateway.flows.ticket_sharing.receiving import Knock

router = APIRouter(prefix=f"/{PATH}", include_in_schema=False)  # the protocol is described elsewhere
MOST_BYTES = 2_000_000
BODY_SECONDS = 30.0
_TYPES = frozenset({"", "application/json", "text/x-json", "text/json"})
Flow = Callable[[Any, Knock], Any]


async def knock(request: Request, here: AnyHouse, uuid: str, desk: str = "") -> Knock:
    """What came, as far as it can be read without knowing who sends it. Raises Problem."""
    version = request.headers.get(VERSION_HEADER, "1").strip()
    if version.partition(".")[0] != "1":
        raise Problem(
            status=412,
            code="IDK-1423",
            title="This version of ticket sharing is not spoken here",
            detail="this is version 1",
        )
    _refuse_type(request)
    body = await _body(request) if request.method in ("POST", "PUT") else b""
    token = request.headers.get(TOKEN_HEADER, "").strip()[:300] or None
    if token is None and not (request.method == "POST" and "/agreements/" in request.url.path):
        raise _no_token()
    document = loads(body) if body else None
    return Knock(uuid=_name(uuid), desk=desk, token=token, document=document, now=here.now())


AnyKnock = Annotated[Knock, Depends(knock)]


def _name(uuid: str) -> str:
    if not (0 < len(uuid) <= 64 and uuid.isascii() and uuid.replace("-", "").isalnum()):
        raise Problem(
            status=422,
            code="IDK-1403",
            title="The document is not valid",
            detail="a uuid is 1 to 64 letters and digits",
        )
    return uuid


def _refuse_type(request: Request) -> None:
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", ""):
        raise problems.encoded(encoding)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method in ("POST", "PUT") and kind not in _TYPES:
        raise Problem(
            status=415,
            code="IDK-1409",
            title="This media type is not taken",
            detail="send content-type application/json",
        )


async def _body(request: Request) -> bytes:
    """The whole body. One that is too large is 422 here: 413 throws the reference client off its feet."""
    parts, size = [], 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > MOST_BYTES:
                    raise problems.not_valid(f"the document is larger than {MOST_BYTES} bytes")
                parts.append(part)
    except TimeoutError:
        raise problems.too_slow(BODY_SECONDS) from None
    return b"".join(parts)


def _no_token() -> Problem:
    return Problem(
        status=401,
        code="IDK-1101",
        title="A ticket sharing token is needed",
        headers={"www-authenticate": "X-Ticket-Sharing"},
    )


async def _served(here: House, flow: Flow, coming: Knock) -> Any:
    """What the flow comes to, its refusals as the protocol has them."""
    try:
        return await run_in_threadpool(flow, here.context, coming)
    except NotTaken as error:
        raise problems.not_valid(str(error)) from error
    except NoToken:
        raise _no_token() from None
    except NotAgreed as error:
        here.metrics.forged.labels(coming.desk if coming.desk in _codes(here) else "").inc()
        title = "The token opens nothing here now"
        raise Problem(status=403, code=error.code, title=title, detail=error.what) from error
    except Gone as error:
        title = "This ticket is no longer shared"
        raise Problem(status=410, code=error.code, title=title, detail=str(error)) from error


def _codes(here: House) -> frozenset[str]:
    return frozenset(desk.code for desk in here.context.directory_now.desks.values())


def _told(document: Mapping[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(document), status_code=status, media_type="application/json")


@router.post("/agreements/{uuid}", status_code=201)
@router.post("/{desk}/agreements/{uuid}", status_code=201)
async def invite(here: AnyHouse, coming: AnyKnock) -> Response:
    """A partner proposes an agreement; our people answer it."""
    is_new = await _served(here, receiving.invite, coming)
    return _told({"uuid": coming.uuid}, 201 if is_new else 200)


@router.put("/agreements/{uuid}")
@router.put("/{desk}/agreements/{uuid}")
async def amend(here: AnyHouse, coming: AnyKnock) -> Response:
    """A partner answers ours, ends one, or changes what is its own."""
    return _told(_agreement(await _served(here, receiving.amend, coming)))


@router.get("/agreements/{uuid}")
@router.get("/{desk}/agreements/{uuid}")
async def agreement(here: AnyHouse, coming: AnyKnock) -> Response:
    """How an agreement stands."""
    return _told(_agreement(await _served(here, receiving.agreement, coming)))


def _agreement(held: Agreement) -> dict[str, Any]:
    """As the wire has it, without its key."""
    return {
        "uuid": held.uuid,
        "name": held.name,
        "sender_url": held.sender_url,
        "receiver_url": held.receiver_url,
        "status": held.standing.value,
        "deactivated_by": held.deactivated_by or None,
        "sync_tags": held.sync_tags,
        "sync_custom_fields": held.sync_custom_fields,
        "allows_public_comments": held.public_comments,
    }


@router.post("/tickets/{uuid}", status_code=201)
@router.post("/{desk}/tickets/{uuid}", status_code=201)
async def share(here: AnyHouse, coming: AnyKnock) -> Response:
    """A partner shares a ticket; the same document again does nothing."""
    is_new = await _served(here, receiving.share, coming)
    return _told({"uuid": coming.uuid}, 201 if is_new else 200)


@router.put("/tickets/{uuid}")
@router.put("/{desk}/tickets/{uuid}")
async def update(here: AnyHouse, coming: AnyKnock) -> Response:
    """A partner changes a ticket or adds to it."""
    await _served(here, receiving.update, coming)
    return _told({"uuid": coming.uuid})


@router.get("/tickets/{uuid}")
@router.get("/{desk}/tickets/{uuid}")
async def ticket(here: AnyHouse, coming: AnyKnock) -> Response:
    """A ticket as both have told each other; what was said stands in the pushes."""
    return _told(_ticket(await _served(here, receiving.ticket, coming)))


def _ticket(held: Shared) -> dict[str, Any]:
    return {
        "uuid": held.uuid,
        "subject": held.fields.get("subject"),
        "status": held.fields.get("status"),
        "original_id": held.number or None,
        "tags": [tag for tag in (held.fields.get("tags") or "").split(",") if tag],
    }


@router.delete("/tickets/{uuid}")
@router.delete("/{desk}/tickets/{uuid}")
async def unshare(here: AnyHouse, coming: AnyKnock) -> Response:
    """A partner takes a ticket back."""
    await _served(here, receiving.unshare, coming)
    return _told({"uuid": coming.uuid})


@router.get("/{desk}/files/{token}")
def file(here: AnyHouse, desk: str, token: str) -> StreamingResponse:
    """A file that we named to a partner by this very address."""
    if here.blobs is None:
        raise ConfigError("this gateway has no place for files")
    lent = lending.lent(here.context, desk, token, now=here.now()) if keys.is_link(token) else None
    if lent is None:
        raise NotFound("there is nothing at this address, or no longer")
    headers = {
        "content-length": str(lent.blob.size),
        "content-disposition": f"attachment; filename*=UTF-8''{quote(lent.filename, safe='')}",
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox; default-src 'none'",
        "cache-control": "private, no-store",
        "referrer-policy": "no-referrer",
    }
    return StreamingResponse(here.blobs.chunks(lent.blob), headers=headers, media_type=lent.media_type)
