"""Imported histories in the store: runs, their desks, which cases are there already, and many tickets at once as plain columns
(a noun for each of millions of rows would cost more than the database does)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, Table, bindparam, exists, insert, select, update

from gateway.domain.binding import BOUND
from gateway.store import bulk, rows
from gateway.store.db import Db
from gateway.store.directory import ORGANIZATION
from gateway.store.import_rows import EVENT, HOP, IMPORTED, TICKET, Chunk
from gateway.store.import_tables import ImportedCaseRow, ImportRunRow
from gateway.store.imported_desks import IMPORTED_DESK
from gateway.store.prepared import Statement, among, copy_in, execute_many, within
from gateway.store.scope import Scope

RUN: Table = ImportRunRow.__table__  # type: ignore[attr-defined]
CASE: Table = ImportedCaseRow.__table__  # type: ignore[attr-defined]
RUNNING, PARTIAL, DONE = "running", "partial", "done"


@dataclass(frozen=True, kw_only=True)
class Run:
    """One file, known by its digest, and how far it came."""

    id: str
    org_id: str
    source: str
    name: str
    sha256: str
    state: str
    actor: str
    started_at: datetime
    counted: bool = True
    finished_at: datetime | None = None
    counts: Mapping[str, int] = field(default_factory=dict)


_NAMES = tuple(one.name for one in fields(Run))


def run_of(db: Db, scope: Scope, sha256: str) -> Run | None:
    """The run of a file with this digest."""
    query = select(RUN).where(RUN.c.sha256 == sha256, scope.where(RUN))
    return _run(db.execute(query).mappings().first())


def runs(db: Db, scope: Scope) -> list[Run]:
    """Every run, the newest first."""
    found = db.execute(select(RUN).where(scope.where(RUN)).order_by(RUN.c.started_at.desc(), RUN.c.id))
    return [run for row in found.mappings() if (run := _run(row)) is not None]


def _run(row: RowMapping | None) -> Run | None:
    return Run(**{name: row[name] for name in _NAMES}) if row is not None else None


def get(db: Db, scope: Scope, run_id: str) -> Run | None:
    """One run."""
    query = select(RUN).where(RUN.c.id == run_id, scope.where(RUN))
    return _run(db.execute(query).mappings().first())


def count(db: Db, run: Run, *, counted: bool) -> None:
    """Whether its tickets stand in reports."""
    db.execute(update(RUN).where(RUN.c.id == run.id).values(counted=counted))


def uncounted(db: Db, scope: Scope) -> frozenset[str]:
    """The tickets that reports leave out."""
    runs_of = select(RUN.c.id).where(~RUN.c.counted)
    query = select(CASE.c.ticket_id).where(CASE.c.run_id.in_(runs_of), scope.where(CASE))
    return frozenset(db.execute(query).scalars())


def begin(db: Db, run: Run) -> None:
    """Keep a new run."""
    db.execute(insert(RUN).values(**asdict(run)))


def advance(
    db: Db, run: Run, *, state: str, counts: Mapping[str, int], finished_at: datetime | None = None
) -> None:
    """How far it has come."""
    mine = update(RUN).where(RUN.c.id == run.id)
    db.execute(mine.values(state=state, counts=dict(counts), finished_at=finished_at))


# -- desks --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ImportedDesk:
    """A desk known from a history only; `native` is what that calls it."""

    id: str
    org_id: str
    code: str
    source: str
    native: str
    created_at: datetime


def desks(db: Db, scope: Scope, *, source: str) -> list[ImportedDesk]:
    """The desks of one history."""
    query = select(IMPORTED_DESK).where(IMPORTED_DESK.c.source == source, scope.where(IMPORTED_DESK))
    return [ImportedDesk(**row) for row in db.execute(query).mappings()]


def add_desks(db: Db, new: Sequence[ImportedDesk]) -> None:
    """Keep desks that were not known."""
    if new:
        db.execute(insert(IMPORTED_DESK), [asdict(desk) for desk in new])


def add_organization(db: Db, *, org_id: str, code: str, name: str) -> None:
    """An organization that is known from a history only, until configuration says more of it."""
    document = {"name": name} if name else {}
    db.execute(insert(ORGANIZATION).values(id=org_id, org_id=org_id, code=code, document=document))


def parties(db: Db) -> frozenset[str]:
    """The organizations that imported histories speak of: as those who worked, or as those they worked for."""
    worked = db.execute(select(IMPORTED_DESK.c.org_id).distinct()).scalars()
    served = db.execute(select(CASE.c.customer).distinct()).scalars()
    return frozenset([*worked, *served])


# -- tickets ------------------------------------------------------------------------------------------------------------------


def known_cases(db: Db, scope: Scope, source: str, keys: Iterable[str]) -> dict[str, str]:
    """Case → the run it came with, for those that are there already."""
    found = _KNOWN.raw(db, source=source, keys=list(keys), **scope.parameters)
    return {row[0]: row[1] for row in found}


def _known(dialect: str) -> Select[Any]:
    here = (CASE.c.source == bindparam("source"), among(dialect, CASE.c.case_key, "keys"))
    return select(CASE.c.case_key, CASE.c.run_id).where(*here, within(dialect, CASE))


_KNOWN = Statement(_known)


def bound_tickets(db: Db, scope: Scope, run_id: str, *, after: str, limit: int) -> list[str]:
    """The tickets of a run that an agreement holds for, by id, those behind `after`."""
    event = rows.event.c
    is_bound = exists().where(event.ticket_id == CASE.c.ticket_id, event.type == BOUND)
    mine = (CASE.c.run_id == run_id, CASE.c.ticket_id > after, is_bound, scope.where(CASE))
    return list(
        db.execute(select(CASE.c.ticket_id).where(*mine).order_by(CASE.c.ticket_id).limit(limit)).scalars()
    )


def put(db: Db, chunk: Chunk) -> None:
    """Keep all of these."""
    bulk.add_new(db, rows.sheet, chunk.sheets)
    for table, names, given in (
        (rows.ticket, TICKET, chunk.tickets),
        (rows.hop, HOP, chunk.hops),
        (rows.event, EVENT, chunk.events),
        (CASE, IMPORTED, chunk.cases),
    ):
        _add(db, table, names, given)


def _add(db: Db, table: Table, names: Sequence[str], given: Sequence[tuple[Any, ...]]) -> None:
    if not given:
        return
    if db.dialect.name == "sqlite":
        execute_many(db, _insert(table, names), given)
    else:
        copy_in(db, f"COPY {table.name} ({', '.join(names)}) FROM STDIN", given)


def _insert(table: Table, names: Sequence[str]) -> str:
    """The columns in our own order, which SQLAlchemy's INSERT does not keep."""
    places = ", ".join("?" * len(names))
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({places})"  # noqa: S608 - our own names
