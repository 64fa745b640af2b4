"""Wishes to choose a new password. What is looked up by a link has no scope: whose it is stands in it."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Table, delete, insert, select, update

from gateway.store.account_tables import AccountResetRow
from gateway.store.db import Db

RESET: Table = AccountResetRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Reset:
    """A wish, as the table has it. `language`: of its mail, "" where none is written."""

    id: str
    org_id: str
    account_id: str
    asked_by: str
    code: str
    language: str
    created_at: datetime
    expires_at: datetime
    sha256: str | None = None
    tries: int = 0
    used_at: datetime | None = None


def put(db: Db, reset: Reset) -> None:
    """Keep a new wish; those that ended before are forgotten."""
    db.execute(delete(RESET).where(RESET.c.expires_at < reset.created_at))
    db.execute(insert(RESET).values(**asdict(reset)))


def get(db: Db, reset_id: str) -> Reset | None:
    """One by its id."""
    row = db.execute(select(RESET).where(RESET.c.id == reset_id)).mappings().first()
    return Reset(**row) if row else None


def by_link(db: Db, sha256: str) -> Reset | None:
    """The one whose link has that digest."""
    row = db.execute(select(RESET).where(RESET.c.sha256 == sha256)).mappings().first()
    return Reset(**row) if row else None


def unmailed(db: Db, account_id: str, *, now: datetime) -> list[Reset]:
    """Wishes of an account that stand, and that no mail is written for."""
    mine = (RESET.c.account_id == account_id) & RESET.c.used_at.is_(None) & (RESET.c.expires_at > now)
    query = select(RESET).where(mine, RESET.c.sha256.is_(None), RESET.c.language == "")
    return [Reset(**row) for row in db.execute(query).mappings()]


def name(db: Db, reset_id: str, sha256: str) -> None:
    """Its link is another from now on."""
    db.execute(update(RESET).where(RESET.c.id == reset_id).values(sha256=sha256))


def count_try(db: Db, reset_id: str) -> int:
    """One code more was tried; how many that were."""
    mine = RESET.c.id == reset_id
    db.execute(update(RESET).where(mine).values(tries=RESET.c.tries + 1))
    return int(db.execute(select(RESET.c.tries).where(mine)).scalar_one())


def use(db: Db, reset: Reset, *, now: datetime) -> bool:
    """Whether it was open until now; it is used then."""
    mine = (RESET.c.id == reset.id) & RESET.c.used_at.is_(None)
    return db.execute(update(RESET).where(mine).values(used_at=now)).rowcount == 1


def end_all(db: Db, account_id: str, *, now: datetime) -> None:
    """Every one of that account: it has another password."""
    mine = (RESET.c.account_id == account_id) & RESET.c.used_at.is_(None)
    db.execute(update(RESET).where(mine).values(used_at=now))
