"""Published reports: appended, never changed, read by line and version."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, RowMapping, Table, and_, insert, or_, select

from gateway.domain.reports.publication import Line, Publication
from gateway.store.db import Db
from gateway.store.publication_tables import PublicationRow
from gateway.store.scope import Scope

PUBLICATION: Table = PublicationRow.__table__  # type: ignore[attr-defined]
_HEAVY = frozenset({"document", "evidence"})
_PLAIN = ("id", "org_id", "version", "made_at", "made_by", "reason", "sha256", "previous", "seal")
_LIGHT = [column for column in PUBLICATION.c if column.name not in _HEAVY]


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A version as it stands in a list."""

    id: str
    org_id: str
    line: Line
    version: int
    title: str
    made_at: datetime
    made_by: str
    reason: str
    sha256: str
    previous: str
    seal: str


def append(db: Db, made: Publication) -> None:
    """Keep a version. Raises IntegrityError where its line has one of that number already."""
    line = made.line
    row = {"kind": line.kind, "subject": line.subject, "period": line.period, "view": line.view}
    row |= {name: getattr(made, name) for name in _PLAIN}
    packed = {"document": _packed(made.document), "evidence": _packed(made.evidence)}
    db.execute(insert(PUBLICATION).values(**row, **packed, title=str(made.document.get("title", ""))))


def get(db: Db, scope: Scope, name: str) -> Publication | None:
    """One version, whole."""
    return _first(db, PUBLICATION.c.id == name, scope)


def version(db: Db, scope: Scope, line: Line, number: int | None = None) -> Publication | None:
    """The version of that number of a line, whole; without a number the last."""
    wanted = _of_line(line)
    return _first(db, wanted if number is None else and_(wanted, PUBLICATION.c.version == number), scope)


def _first(db: Db, wanted: ColumnElement[bool], scope: Scope) -> Publication | None:
    query = select(PUBLICATION).where(wanted, scope.where(PUBLICATION))
    row = db.execute(query.order_by(PUBLICATION.c.version.desc()).limit(1)).mappings().first()
    return _publication(row) if row else None


def versions(db: Db, scope: Scope, line: Line) -> list[Listed]:
    """All versions of a line, the oldest first."""
    query = select(*_LIGHT).where(_of_line(line), scope.where(PUBLICATION)).order_by(PUBLICATION.c.version)
    return [_listed(row) for row in db.execute(query).mappings()]


def listed(
    db: Db, scope: Scope, *, subject: str = "", limit: int = 50, before: tuple[datetime, str] | None = None
) -> list[Listed]:
    """The newest versions of whatever line; of one subject if it is named; from (made_at, id) on."""
    query = select(*_LIGHT).where(scope.where(PUBLICATION))
    if subject:
        query = query.where(PUBLICATION.c.subject == subject)
    if before is not None:
        at, name = PUBLICATION.c.made_at, PUBLICATION.c.id
        query = query.where(or_(at < before[0], and_(at == before[0], name < before[1])))
    newest = query.order_by(PUBLICATION.c.made_at.desc(), PUBLICATION.c.id.desc()).limit(limit)
    return [_listed(row) for row in db.execute(newest).mappings()]


def _of_line(line: Line) -> ColumnElement[bool]:
    columns = PUBLICATION.c
    return and_(
        columns.kind == line.kind,
        columns.subject == line.subject,
        columns.period == line.period,
        columns.view == line.view,
    )


def _line(row: RowMapping) -> Line:
    return Line(kind=row["kind"], subject=row["subject"], period=row["period"], view=row["view"])


def _listed(row: RowMapping) -> Listed:
    values: dict[str, Any] = {name: row[name] for name in _PLAIN}
    return Listed(line=_line(row), title=row["title"], **values)


def _publication(row: RowMapping) -> Publication:
    values: dict[str, Any] = {name: row[name] for name in _PLAIN}
    return Publication(
        line=_line(row), document=_opened(row["document"]), evidence=_opened(row["evidence"]), **values
    )


def _packed(told: Mapping[str, Any]) -> bytes:
    return zlib.compress(orjson.dumps(told), 6)


def _opened(packed: bytes) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(zlib.decompress(packed))
    return found
