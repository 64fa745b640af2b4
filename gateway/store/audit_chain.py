"""Sealing the audit: new lines get their places in their organizations' chains, by one process at a time; signed heads are kept.
What a digest is over is `domain.audit`."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Row,
    Select,
    Table,
    Text,
    bindparam,
    func,
    insert,
    select,
    text,
    type_coerce,
    update,
)

from gateway.domain.audit import Head, Line, sealed
from gateway.store.audit import AUDIT
from gateway.store.audit_tables import AuditAnchorRow
from gateway.store.db import Db
from gateway.store.scope import OPERATOR_ID, Scope

ANCHOR: Table = AuditAnchorRow.__table__  # type: ignore[attr-defined]
_ALONE = text("SELECT pg_advisory_xact_lock(7311, 1)")
_RAW: Mapping[str, Any] = {"at": BigInteger(), "before": Text(), "after": Text()}
_NAMES = (
    "seq",
    "org_id",
    "at",
    "actor",
    "action",
    "subject",
    "before",
    "after",
    "number",
    "previous",
    "digest",
)
_COLUMNS = [
    type_coerce(AUDIT.c[name], _RAW[name]).label(name) if name in _RAW else AUDIT.c[name] for name in _NAMES
]
_MANY = 500
"""Lines that are read at once."""


def alone(db: Db) -> None:
    """Until the end of the transaction nobody else seals (SQLite has one writer anyway)."""
    if db.dialect.name == "postgresql":
        db.execute(_ALONE)


def seal(db: Db, scope: Scope, *, limit: int) -> int:
    """Give unsealed lines their places, at most so many; how many. Call `alone` first.

    In the order of their numbers as far as they are there: a line whose transaction ended later stands later.
    """
    unsealed = AUDIT.c.number.is_(None)
    query = select(*_COLUMNS).where(unsealed, scope.where(AUDIT)).order_by(AUDIT.c.seq).limit(limit)
    found = [_line(row) for row in db.execute(query)]
    if not found:
        return 0
    made = sealed(found, heads(db, scope, {line.org_id for line in found}))
    place = update(AUDIT).where(AUDIT.c.seq == bindparam("its_seq"), unsealed)
    db.execute(
        place.values({name: bindparam(f"its_{name}") for name in ("number", "previous", "digest")}),
        [
            {f"its_{name}": getattr(line, name) for name in ("seq", "number", "previous", "digest")}
            for line in made
        ],
    )
    return len(made)


def heads(db: Db, scope: Scope, org_ids: Iterable[str] | None = None) -> dict[str, Head]:
    """Organization → the last line of its chain; those that have none are not there."""
    wanted = [scope.where(AUDIT), AUDIT.c.number.is_not(None)]
    if org_ids is not None:
        wanted.append(AUDIT.c.org_id.in_(sorted(org_ids)))
    last = (
        select(AUDIT.c.org_id, func.max(AUDIT.c.number).label("number"))
        .where(*wanted)
        .group_by(AUDIT.c.org_id)
    )
    ends = last.subquery()
    query = select(AUDIT.c.org_id, AUDIT.c.number, AUDIT.c.digest).join(
        ends, (AUDIT.c.org_id == ends.c.org_id) & (AUDIT.c.number == ends.c.number)
    )
    return {row.org_id: Head(number=row.number, digest=row.digest) for row in db.execute(query)}


def lines(db: Db, scope: Scope) -> Iterator[Line]:
    """Every sealed line, organization by organization in the order of their places."""
    query = select(*_COLUMNS).where(scope.where(AUDIT), AUDIT.c.number.is_not(None))
    return _streamed(db, query.order_by(AUDIT.c.org_id, AUDIT.c.number, AUDIT.c.seq))


def unsealed(db: Db, scope: Scope) -> int:
    """How many lines have no place yet."""
    query = select(func.count()).select_from(AUDIT).where(AUDIT.c.number.is_(None), scope.where(AUDIT))
    return int(db.execute(query).scalar_one())


def _streamed(db: Db, query: Select[tuple[object, ...]]) -> Iterator[Line]:
    for part in db.execute(query, execution_options={"yield_per": _MANY}).partitions():
        yield from map(_line, part)


def _line(row: Row[tuple[object, ...]]) -> Line:
    return Line(**dict(zip(_NAMES, row, strict=True)))  # type: ignore[arg-type]


def anchored(db: Db, day: str) -> bool:
    """Whether the heads of that day are signed."""
    return db.execute(select(ANCHOR.c.day).where(ANCHOR.c.day == day)).first() is not None


def anchor(db: Db, day: str, document: str, signature: str, *, at: datetime) -> None:
    """Keep a day's signed heads; they are the operator's."""
    values = {"day": day, "at": at, "document": document, "signature": signature}
    db.execute(insert(ANCHOR).values(**values, org_id=OPERATOR_ID))


def anchors(db: Db, scope: Scope, *, since: str = "") -> dict[str, tuple[str, str]]:
    """Day → document and signature, the oldest first."""
    query = select(ANCHOR).where(scope.where(ANCHOR), ANCHOR.c.day >= since).order_by(ANCHOR.c.day)
    return {row.day: (row.document, row.signature) for row in db.execute(query)}
