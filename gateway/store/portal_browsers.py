"""Browsers that people act with at portal desks, and the digits that let a new one in. What is looked up by a cookie or a link has no
scope: whose it is stands in it."""

import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Table, delete, insert, select, text, update

from gateway.store.db import Db
from gateway.store.portal_tables import PortalBrowserRow, PortalCodeRow
from gateway.store.scope import Scope

BROWSER: Table = PortalBrowserRow.__table__  # type: ignore[attr-defined]
CODE: Table = PortalCodeRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Whose browsers these are: a contact (by its code) of the organization that works at a portal desk."""

    org_id: str
    desk_id: str
    contact: str


@dataclass(frozen=True, kw_only=True)
class Browser:
    """A browser that acts for a reader; `sha256` is of its cookie."""

    id: str
    org_id: str
    desk_id: str
    contact: str
    sha256: str
    agent: str
    created_at: datetime
    seen_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Code:
    """Digits that were mailed so that a new browser may act by that link; `code` is their digest once they left."""

    id: str
    org_id: str
    link_id: str
    created_at: datetime
    expires_at: datetime
    code: str | None = None
    tries: int = 0


def _of(reader: Reader) -> ColumnElement[bool]:
    mine = (BROWSER.c.org_id == reader.org_id) & (BROWSER.c.desk_id == reader.desk_id)
    return mine & (BROWSER.c.contact == reader.contact)


def lock(db: Db, reader: Reader) -> None:
    """Nobody else lets a reader's first browser in before the end of the transaction: there is no row yet that could be locked
    (PostgreSQL; SQLite has one writer anyway)."""
    if db.dialect.name == "postgresql":
        number = zlib.crc32(f"{reader.org_id}|{reader.desk_id}|{reader.contact}".encode()) - 2**31
        db.execute(text("SELECT pg_advisory_xact_lock(7311, :number)"), {"number": number})


def of_reader(db: Db, reader: Reader, *, since: datetime) -> list[Browser]:
    """Those that were used since then and not ended."""
    good = BROWSER.c.ended_at.is_(None) & (BROWSER.c.seen_at >= since)
    return [Browser(**row) for row in db.execute(select(BROWSER).where(_of(reader), good)).mappings()]


def had_any(db: Db, reader: Reader, *, since: datetime) -> bool:
    """Whether there was one that was used since then, or was ended at any time: whoever comes next is not the first."""
    there = BROWSER.c.ended_at.is_not(None) | (BROWSER.c.seen_at >= since)
    return db.execute(select(BROWSER.c.id).where(_of(reader), there).limit(1)).first() is not None


def listed(db: Db, scope: Scope) -> Sequence[Browser]:
    """Those within the scope, the last used first."""
    query = select(BROWSER).where(scope.where(BROWSER), BROWSER.c.ended_at.is_(None))
    return [Browser(**row) for row in db.execute(query.order_by(BROWSER.c.seen_at.desc())).mappings()]


def put(db: Db, browser: Browser) -> None:
    """Keep a new one."""
    db.execute(insert(BROWSER).values(**asdict(browser)))


def seen(db: Db, browser_id: str, *, now: datetime) -> None:
    """It acted."""
    db.execute(update(BROWSER).where(BROWSER.c.id == browser_id).values(seen_at=now))


def end(db: Db, scope: Scope, browser_id: str, *, now: datetime) -> Browser | None:
    """It acts no more; None if there is none such."""
    mine = scope.where(BROWSER) & (BROWSER.c.id == browser_id) & BROWSER.c.ended_at.is_(None)
    row = db.execute(select(BROWSER).where(mine)).mappings().first()
    db.execute(update(BROWSER).where(mine).values(ended_at=now))
    return Browser(**row) if row else None


def put_code(db: Db, code: Code, *, forget: datetime) -> None:
    """Keep new digits; those that ended before `forget` are forgotten."""
    db.execute(delete(CODE).where(CODE.c.expires_at < forget))
    db.execute(insert(CODE).values(**asdict(code)))


def code(db: Db, code_id: str) -> Code | None:
    """One by its id."""
    row = db.execute(select(CODE).where(CODE.c.id == code_id)).mappings().first()
    return Code(**row) if row else None


def codes(db: Db, link_id: str) -> list[Code]:
    """Those that were mailed for a link, the newest first."""
    query = select(CODE).where(CODE.c.link_id == link_id).order_by(CODE.c.created_at.desc(), CODE.c.id.desc())
    return [Code(**row) for row in db.execute(query).mappings()]


def name(db: Db, code_id: str, digest: str) -> None:
    """Its digits are others from now on."""
    db.execute(update(CODE).where(CODE.c.id == code_id).values(code=digest))


def count_try(db: Db, code_id: str) -> int:
    """One try more; how many that were."""
    mine = CODE.c.id == code_id
    db.execute(update(CODE).where(mine).values(tries=CODE.c.tries + 1))
    return int(db.execute(select(CODE.c.tries).where(mine)).scalar_one())
