"""Links that show one ticket or report to one organization: rows by the digest of the token, never the token."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Table, insert, or_, select, update

from gateway.store.db import Db
from gateway.store.scope import Scope
from gateway.store.share_tables import ShareLinkRow

SHARE_LINK: Table = ShareLinkRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class ShareLink:
    """Which ticket or report (its id is the `subject`) whoever holds the link sees, as which organization, until when."""

    id: str
    org_id: str
    subject: str
    created_at: datetime
    created_by: str
    expires_at: datetime
    revoked_at: datetime | None = None
    used_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Neither taken back nor expired."""
        return self.revoked_at is None and now < self.expires_at


_NAMES = tuple(field.name for field in fields(ShareLink))


def put(db: Db, link: ShareLink, *, sha256: str) -> None:
    """Keep a new link by its token's digest."""
    db.execute(insert(SHARE_LINK).values(**asdict(link), sha256=sha256))


def listed(db: Db, scope: Scope, subject: str) -> list[ShareLink]:
    """A subject's links within the scope, the newest first."""
    mine = (SHARE_LINK.c.subject == subject) & scope.where(SHARE_LINK)
    query = select(SHARE_LINK).where(mine).order_by(SHARE_LINK.c.created_at.desc(), SHARE_LINK.c.id.desc())
    return [_link(row) for row in db.execute(query).mappings()]


def get(db: Db, scope: Scope, link_id: str) -> ShareLink | None:
    """One link by its id."""
    query = select(SHARE_LINK).where(SHARE_LINK.c.id == link_id, scope.where(SHARE_LINK))
    row = db.execute(query).mappings().first()
    return _link(row) if row else None


def by_digest(db: Db, sha256: str) -> ShareLink | None:
    """The link with that digest. Has no scope: this is where a visitor's scope comes from."""
    row = db.execute(select(SHARE_LINK).where(SHARE_LINK.c.sha256 == sha256)).mappings().first()
    return _link(row) if row else None


def revoke(db: Db, scope: Scope, link_id: str, *, now: datetime) -> None:
    """From now on it opens nothing; one that was taken back already keeps its moment."""
    mine = (SHARE_LINK.c.id == link_id) & SHARE_LINK.c.revoked_at.is_(None)
    db.execute(update(SHARE_LINK).where(mine, scope.where(SHARE_LINK)).values(revoked_at=now))


def used(db: Db, link_id: str, *, now: datetime, since: datetime) -> None:
    """Remember that it was opened, unless that is known since `since`."""
    column = SHARE_LINK.c.used_at
    stale = (SHARE_LINK.c.id == link_id) & or_(column.is_(None), column < since)
    db.execute(update(SHARE_LINK).where(stale).values(used_at=now))


def _link(row: RowMapping) -> ShareLink:
    values: dict[str, Any] = {name: row[name] for name in _NAMES}
    return ShareLink(**values)
