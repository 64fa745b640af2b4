"""Jobs of portal desks in and out of the store, and the links to act on them. A job's row is locked before it changes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Table, func, insert, select, update

from gateway.domain.model import Actor, ActorKind
from gateway.domain.portal import Doing, Job, Part, PartKind, Written
from gateway.store import rows
from gateway.store.db import Db
from gateway.store.portal_tables import PortalJobRow, PortalLinkRow, PortalPartRow
from gateway.store.scope import Scope

JOB: Table = PortalJobRow.__table__  # type: ignore[attr-defined]
PART: Table = PortalPartRow.__table__  # type: ignore[attr-defined]
LINK: Table = PortalLinkRow.__table__  # type: ignore[attr-defined]
_JOB = tuple(field.name for field in fields(Job))


@dataclass(frozen=True, kw_only=True)
class PortalLink:
    """Whoever holds it may do one thing with one job, once, until it expires; `person` is who it was sent to."""

    id: str
    org_id: str
    job_id: str
    doing: Doing
    person: str
    language: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


_LINK = tuple(field.name for field in fields(PortalLink))


def next_place(db: Db, desk_id: str) -> int:
    """The next number at a desk; the desk's row is locked, so that two that ask get two."""
    db.execute(select(rows.desk.c.id).where(rows.desk.c.id == desk_id).with_for_update())
    highest = db.execute(select(func.max(JOB.c.place)).where(JOB.c.desk_id == desk_id)).scalar()
    return (highest or 0) + 1


def create(db: Db, job: Job, *, place: int) -> None:
    """Keep a new job."""
    db.execute(insert(JOB).values(**{name: getattr(job, name) for name in _JOB}, place=place))


def marked(db: Db, scope: Scope, desk_id: str, marker: str) -> Job | None:
    """The job that was made under this marker."""
    return _one(db, scope, JOB.c.desk_id == desk_id, JOB.c.marker == marker)


def get(db: Db, scope: Scope, name: str, *, desk_id: str | None = None, lock: bool = False) -> Job | None:
    """One job by its id, or by its number where that is one within the scope."""
    here = () if desk_id is None else (JOB.c.desk_id == desk_id,)
    found = _one(db, scope, JOB.c.id == name, *here, lock=lock)
    return found or _one(db, scope, JOB.c.number == name, *here, lock=lock)


def _one(db: Db, scope: Scope, *conditions: Any, lock: bool = False) -> Job | None:
    query = select(*(JOB.c[name] for name in _JOB)).where(*conditions, scope.where(JOB)).limit(2)
    found = db.execute(query.with_for_update() if lock else query).mappings().all()
    return _job(found[0]) if len(found) == 1 else None


def listed(db: Db, scope: Scope, *, limit: int, before: str | None = None) -> list[Job]:
    """The newest first (ids grow with time), from `before` on."""
    query = select(*(JOB.c[name] for name in _JOB)).where(scope.where(JOB))
    if before is not None:
        query = query.where(JOB.c.id < before)
    return [_job(row) for row in db.execute(query.order_by(JOB.c.id.desc()).limit(limit)).mappings()]


def changed_since(db: Db, desk_id: str, since: datetime, *, limit: int) -> list[Job]:
    """The jobs of a desk that changed then or later, the oldest change first."""
    query = select(*(JOB.c[name] for name in _JOB)).where(JOB.c.desk_id == desk_id, JOB.c.changed_at >= since)
    found = db.execute(query.order_by(JOB.c.changed_at, JOB.c.id).limit(limit)).mappings()
    return [_job(row) for row in found]


def _job(row: RowMapping) -> Job:
    return Job(**{name: row[name] for name in _JOB})


def write(db: Db, written: Written) -> None:
    """A job as it is now, with what was added."""
    job = written.job
    values = {name: getattr(job, name) for name in ("fields", "changed_at", "revision", "parts")}
    db.execute(update(JOB).where(JOB.c.id == job.id).values(values))
    for part in written.parts:
        db.execute(insert(PART).values(_row(part)))


def _row(part: Part) -> dict[str, Any]:
    own = {name: getattr(part, name) for name in ("id", "org_id", "job_id", "place", "at", "data", "request")}
    who = {"actor_id": part.actor.id, "actor_name": part.actor.name, "actor_kind": part.actor.kind.value}
    return {**own, **who, "kind": part.kind.value}


def parts(db: Db, job_id: str, *, request: str | None = None) -> Sequence[Part]:
    """What was added to a job (by one request), in order."""
    query = select(PART).where(PART.c.job_id == job_id)
    if request is not None:
        query = query.where(PART.c.request == request)
    return [_part(row) for row in db.execute(query.order_by(PART.c.place)).mappings()]


def _part(row: RowMapping) -> Part:
    names = ("id", "org_id", "job_id", "place", "at", "data", "request")
    who = Actor(id=row["actor_id"], name=row["actor_name"], kind=ActorKind(row["actor_kind"]))
    return Part(**{name: row[name] for name in names}, kind=PartKind(row["kind"]), actor=who)


def put_link(db: Db, link: PortalLink, *, sha256: str) -> None:
    """Keep a new link by its token's digest."""
    db.execute(insert(LINK).values(**{**asdict(link), "doing": link.doing.value}, sha256=sha256))


def link_by_digest(db: Db, sha256: str) -> PortalLink | None:
    """The link with that digest. Has no scope: this is where a visitor's scope comes from."""
    row = db.execute(select(LINK).where(LINK.c.sha256 == sha256)).mappings().first()
    if row is None:
        return None
    values = {name: row[name] for name in _LINK}
    return PortalLink(**{**values, "doing": Doing(row["doing"])})


def use_link(db: Db, link_id: str, *, now: datetime) -> bool:
    """Use a link up; False if somebody has."""
    fresh = (LINK.c.id == link_id) & LINK.c.used_at.is_(None)
    return bool(db.execute(update(LINK).where(fresh).values(used_at=now)).rowcount)
