"""The links to act on jobs of portal desks, in and out of the store."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlalchemy import Table, insert, select, update

from gateway.domain.portal import Doing
from gateway.store.db import Db
from gateway.store.portal_tables import PortalLinkRow

LINK: Table = PortalLinkRow.__table__  # type: ignore[attr-defined]


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
    contact: str | None = None
    used_at: datetime | None = None


_LINK = tuple(field.name for field in fields(PortalLink))


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
