"""`/v1/portal/jobs`: the jobs of a party that works at a portal desk, and what it can do with them."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import Field

from gateway.api import problems
from gateway.api.bodies import Body
from gateway.api.deps import AnyHouse, AnyScope, caller
from gateway.api.described import tells, tells_page
from gateway.api.door import Door
from gateway.api.house import House
from gateway.api.listing import AnyAsked
from gateway.blobs import BlobTooLarge
from gateway.client.work_shapes import Job, JobInShort
from gateway.domain import portal
from gateway.domain.in_house import DeskTicket
from gateway.domain.model import Blob
from gateway.domain.portal import Act, Doing
from gateway.errors import ConfigError, Invalid
from gateway.flows.in_house.documents import document
from gateway.flows.portal import acting
from gateway.flows.principal import Principal
from gateway.store.scope import Scope

router = APIRouter(prefix="/v1/portal/jobs", route_class=Door)
Caller = Annotated[Principal, Depends(caller)]
Once = Annotated[
    str,
    Header(alias="idempotency-key", min_length=1, max_length=200, description="The same for the same act."),
]


@router.get("", **tells_page("jobs", JobInShort))
def listed(here: AnyHouse, scope: AnyScope, asked: AnyAsked) -> Response:
    """The newest first."""
    after = asked.after("jobs")
    found = acting.listed(here.context, scope, limit=asked.limit, before=after[0] if after else None)
    return asked.page("jobs", [_short(job) for job in found], ("id",), JobInShort)


def _short(job: DeskTicket) -> dict[str, Any]:
    return {
        "id": job.id,
        "number": job.number,
        "title": job.title,
        "state": portal.state_of(job),
        "changed_at": job.changed_at,
        "possible": [one.value for one in portal.possible(job)],
    }


@router.get("/{job_id}", **tells(Job))
def one(here: AnyHouse, scope: AnyScope, job_id: str) -> dict[str, Any]:
    """One job with what was said and done."""
    return _one(here, scope, job_id)


def _one(here: House, scope: Scope, job_id: str) -> dict[str, Any]:
    job, parts = acting.one(here.context, scope, job_id)
    told = document(job, parts)
    for name in ("marker", "position"):
        del told[name]
    for part in (*told["comments"], *told["files"], *told["history"]):
        del part["request"]
    return {**told, "state": portal.state_of(job), "possible": [one.value for one in portal.possible(job)]}


class Doings(Body):
    """What is to be done, and who does it."""

    act: Doing
    by: str = Field(default="", max_length=portal.LONGEST_NAME)
    text: str = Field(default="", max_length=portal.LONGEST_TEXT)


@router.post("/{job_id}", **tells(Job))
def act(here: AnyHouse, key: Caller, job_id: str, wanted: Doings, once: Once) -> dict[str, Any]:
    """Do it; the same Idempotency-Key does nothing a second time."""
    if wanted.act is Doing.FILE:
        raise Invalid("a file is sent to /v1/portal/jobs/{id}/files", cure="send its bytes there")
    order = Act(doing=wanted.act, by=wanted.by or key.label, text=wanted.text, request=_request(key, once))
    return _acted(here, key, job_id, order)


def _request(key: Principal, once: str) -> str:
    """Keys of different callers never meet, and none is a marker or a link's."""
    return f"api:{key.org_id}:{once}"


def _acted(here: House, key: Principal, job_id: str, order: Act) -> dict[str, Any]:
    done = acting.act(here.context, key.scope, job_id, order, now=here.now())
    return {**_one(here, key.scope, done.job.id), "repeated": done.repeated}


@dataclass(frozen=True)
class Named:
    """How a file is called, who sends it, and the key under which it is sent once."""

    filename: Annotated[str, Query(min_length=1, max_length=200)]
    once: Once
    by: Annotated[str, Query(max_length=portal.LONGEST_NAME)] = ""


@router.post("/{job_id}/files", **tells(Job))
async def attach(
    request: Request, here: AnyHouse, key: Caller, job_id: str, named: Annotated[Named, Depends()]
) -> dict[str, Any]:
    """Send a file: the body is its bytes, `content-type` its type."""
    await run_in_threadpool(
        acting.one, here.context, key.scope, job_id
    )  # nothing is kept for a job that is not there
    blob = await _kept(here, request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    file: dict[str, Any] = {"filename": named.filename, "media_type": kind or "application/octet-stream"}
    file |= {"key": blob.key, "size": blob.size, "sha256": blob.sha256}
    by, again = named.by or key.label, _request(key, named.once)
    order = Act(doing=Doing.FILE, by=by, request=again, file=file)
    return await run_in_threadpool(_acted, here, key, job_id, order)


async def _kept(here: House, request: Request) -> Blob:
    """The body in the store of files. Raises Problem (413) for one that is larger than is taken."""
    if here.blobs is None:
        raise ConfigError("this gateway has no place for files")
    try:
        with here.blobs.writer(limit=here.max_file_bytes) as writer:
            async for chunk in request.stream():
                writer.write(chunk)
            return await run_in_threadpool(writer.commit)
    except BlobTooLarge as error:
        raise problems.too_large(here.max_file_bytes) from error
