"""What people do at a portal desk: by a link from a mail, by the API, or by a command. Each act is done once however often
it is asked for, names its person, and makes the gateway look at the job as at any desk's ticket."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from gateway import keys
from gateway.domain import portal
from gateway.domain.in_house import DeskTicket, Face, Part, Stamp, Written, person
from gateway.domain.portal import Act, Doing, state_of
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows.context import OPERATOR, Context
from gateway.store import audit, looks
from gateway.store import in_house as store
from gateway.store import portal as links
from gateway.store.db import Db
from gateway.store.in_house import At, Page
from gateway.store.looks import Wish
from gateway.store.portal import PortalLink
from gateway.store.scope import Scope

_HERE = At(Face.PORTAL)


class Standing(StrEnum):
    """How a link stands."""

    GOOD = "good"
    USED = "used"
    EXPIRED = "expired"
    TOO_LATE = "too_late"
    """The job stands otherwise by now: what the link would do is not to be done any more."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A link and the job it is for."""

    link: PortalLink
    job: DeskTicket
    standing: Standing


@dataclass(frozen=True, kw_only=True)
class Acted:
    """A job after an act. `repeated`: it had been done before, nothing was done now."""

    job: DeskTicket
    parts: tuple[Part, ...] = ()
    repeated: bool = False


def act(context: Context, scope: Scope, name: str, wanted: Act, *, now: datetime) -> Acted:
    """Do it. Raises NotFound for a job that is not within the scope, Invalid for what is missing, Refused for what the
    job's state does not allow and for a number that several jobs have."""
    with context.database.write(scope) as db:
        return _act(context, db, (scope, name), wanted, now=now)


def _act(context: Context, db: Db, which: tuple[Scope, str], wanted: Act, *, now: datetime) -> Acted:
    scope, name = which
    job = _named(db, scope, name, lock=True)
    before = tuple(store.parts_of(db, scope, job, request=wanted.request))
    if before:
        return Acted(job=job, parts=before, repeated=True)
    _refuse_unless_whole(wanted)
    _refuse_unless_possible(job, wanted.doing)
    ids = iter(lambda: context.new_id("prt"), "")
    written = portal.done(job, wanted, Stamp(who=person(wanted.by), now=now, ids=ids, request=wanted.request))
    if not written.parts:
        return Acted(job=job, repeated=True)
    store.write(db, written)
    wish = Wish(org_id=job.org_id, desk_id=job.desk_id, remote_id=job.id, due_at=now, why="somebody acted")
    looks.want(db, [wish])
    _audit(db, job, written, wanted, now=now)
    return Acted(job=written.ticket, parts=written.parts)


def _named(db: Db, scope: Scope, name: str, *, lock: bool = False) -> DeskTicket:
    """A job by its id, or by a number that only one has: each desk counts its own."""
    job = store.numbered(db, scope, _HERE, name, lock=lock)
    if job is not None:
        return job
    if store.is_number(db, scope, _HERE, name):
        raise Refused(
            f"{name} is the number of several jobs, at a desk each",
            cure="name the job by its id (job_…): interdesk portal list shows them",
        )
    raise NotFound(f"there is no job {name}", cure="interdesk portal list shows them")


def _audit(db: Db, job: DeskTicket, written: Written, wanted: Act, *, now: datetime) -> None:
    """Who it was and what was said stand in the parts, which can be erased; here they are named only."""
    audit.record(
        db,
        now=now,
        org_id=job.org_id,
        actor="portal",
        action=f"portal {wanted.doing.value}",
        subject=job.id,
        before={"state": state_of(job)},
        after={"state": state_of(written.ticket), "parts": [part.id for part in written.parts]},
    )


def _refuse_unless_whole(wanted: Act) -> None:
    lacking = portal.missing(wanted)
    if lacking:
        right = {
            "by": f"say who does it, in at most {portal.LONGEST_NAME} signs",
            "text": f"say in words why, what was done or what is asked, in at most {portal.LONGEST_TEXT} signs",
            "file": "add the file",
        }
        raise Invalid(f"`{lacking}` is missing or too long for {wanted.doing.value}", cure=right[lacking])


def _refuse_unless_possible(job: DeskTicket, doing: Doing) -> None:
    possible = portal.possible(job)
    if doing not in possible:
        can = ", ".join(one.value for one in possible)
        raise Refused(
            f"{doing.value} is not possible with {job.number}",
            why=f"it is {state_of(job)}",
            cure=f"what is: {can}" if can else "nobody works on it any more",
        )


def listed(context: Context, scope: Scope, *, limit: int, before: str | None = None) -> list[DeskTicket]:
    """The newest jobs first."""
    with context.database.read(scope) as db:
        return store.listed(db, scope, _HERE, Page(limit=limit, after=before))


def one(context: Context, scope: Scope, name: str) -> tuple[DeskTicket, tuple[Part, ...]]:
    """A job and what was added to it. Raises NotFound, and Refused for a number that several jobs have."""
    with context.database.read(scope) as db:
        job = _named(db, scope, name)
        return job, tuple(store.parts_of(db, scope, job))


def shown(context: Context, token: str, *, now: datetime) -> Shown | None:
    """What a link would do; None for a token that is none of ours. Changes nothing, however often it is asked."""
    if not keys.is_link(token):
        return None
    with context.database.read() as db:
        link = links.link_by_digest(db, keys.digest(token))
        job = store.get(db, OPERATOR, _HERE, link.job_id) if link is not None else None
    if link is None or job is None:
        return None
    return Shown(link=link, job=job, standing=_standing(link, job, now))


def _standing(link: PortalLink, job: DeskTicket, now: datetime) -> Standing:
    if link.used_at is not None:
        return Standing.USED
    if now >= link.expires_at:
        return Standing.EXPIRED
    return Standing.GOOD if link.doing in portal.possible(job) else Standing.TOO_LATE


def follow(
    context: Context,
    seen: Shown,
    filled: Mapping[str, Any],
    *,
    now: datetime,
    before: Callable[[Db], bool] = lambda _db: True,
) -> Acted | None:
    """Do what the link is for, as its page was filled in (`by text`; `file`: keeps one and tells of it), and use it up in the same
    transaction. None if somebody was faster, or `before`, in that transaction too, says no. Raises Invalid for what is missing:
    the link stays good then. A file is kept once the link is used, so that a link brings one file at most."""
    wanted = Act(
        doing=seen.link.doing,
        by=filled.get("by") or seen.link.person,
        text=filled.get("text") or "",
        request=seen.link.id,
    )
    with context.database.write() as db:
        if not links.use_link(db, seen.link.id, now=now) or not before(db):
            db.rollback()
            return None
        keep = filled.get("file")
        whole = replace(wanted, file=keep()) if keep else wanted
        return _act(context, db, (OPERATOR, seen.job.id), whole, now=now)
