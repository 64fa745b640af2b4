"""Lines of work logged, and the months of a link that were closed. Both ends of a link read its lines; nobody else does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Table,
    and_,
    bindparam,
    literal_column,
    or_,
    select,
    true,
    update,
)

from gateway.domain import worklog
from gateway.domain.bookings import Booking, bookings
from gateway.domain.case import Case
from gateway.domain.worklog import OWN, Unit, WorkKind, WorkLine, WorkState
from gateway.store import bulk, rows
from gateway.store.columns import Moment
from gateway.store.db import Db
from gateway.store.prepared import Statement
from gateway.store.scope import Scope
from gateway.store.worklog_tables import (
    LAPSING,
    UNBILLED,
    UNDECIDED,
    BookedVisitRow,
    WorkLineRow,
    WorkStatementRow,
)

WORK_LINE: Table = WorkLineRow.__table__  # type: ignore[attr-defined]
STATEMENT: Table = WorkStatementRow.__table__  # type: ignore[attr-defined]
VISIT: Table = BookedVisitRow.__table__  # type: ignore[attr-defined]
_NAMES = tuple(field.name for field in fields(WorkLine))
_COLUMNS = tuple(WORK_LINE.c[name] for name in _NAMES)


def within(scope: Scope) -> ColumnElement[bool]:
    """The lines that somebody may read: those its side logged, and those told to it one link up."""
    if scope.org_ids is None:
        return true()
    line, mine = WORK_LINE.c, sorted(scope.org_ids)
    told = and_(line.consumer.in_(mine), line.state.not_in(sorted(OWN)))
    return or_(line.org_id.in_(mine), told)


def keep(db: Db, *, new: Iterable[WorkLine] = (), changed: Iterable[WorkLine] = ()) -> None:
    """Write lines as they are now."""
    bulk.add(db, WORK_LINE, [_row(line) for line in new])
    bulk.change(db, WORK_LINE, [_row(line) for line in changed])


def _row(line: WorkLine) -> dict[str, Any]:
    plain = {
        "kind": line.kind.value,
        "unit": line.unit.value,
        "state": line.state.value,
        "amount": str(line.amount),
    }
    return {**vars(line), **plain, "price": None if line.price is None else str(line.price)}


def read(row: Any) -> WorkLine:
    """The line of a row that has its columns in their order."""
    told: dict[str, Any] = dict(zip(_NAMES, row, strict=False))
    told |= {"kind": WorkKind(told["kind"]), "unit": Unit(told["unit"]), "state": WorkState(told["state"])}
    price = told["price"]
    return WorkLine(
        **{**told, "amount": Decimal(told["amount"]), "price": None if price is None else Decimal(price)}
    )


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which lines somebody wants, and how many: each part that is given narrows it. `before`: go on after this id."""

    line_id: str | None = None
    ticket_id: str | None = None
    hop_id: str | None = None
    link_id: str | None = None
    month: str | None = None
    states: Sequence[str] = ()
    limit: int = 50
    before: str | None = None


def listed(db: Db, scope: Scope, asked: Asked) -> list[WorkLine]:
    """The newest first (ids grow with time)."""
    line = WORK_LINE.c
    wanted = [within(scope)]
    wanted += [line[name] == value for name in _GIVEN if (value := getattr(asked, name)) is not None]
    wanted += [line.state.in_(sorted(asked.states))] if asked.states else []
    wanted += [line.id == asked.line_id] if asked.line_id is not None else []
    wanted += [line.id < asked.before] if asked.before is not None else []
    query = select(*_COLUMNS).where(*wanted).order_by(line.id.desc()).limit(asked.limit)
    return [read(row) for row in db.execute(query)]


_GIVEN = ("ticket_id", "hop_id", "link_id", "month")


def get(db: Db, scope: Scope, line_id: str, *, lock: bool = False) -> WorkLine | None:
    """One line within the scope. `lock`: nobody else changes it meanwhile, nor closes the month it goes into."""
    query = select(*_COLUMNS).where(WORK_LINE.c.id == line_id, within(scope))
    row = db.execute(query.with_for_update() if lock else query).first()
    return read(row) if row is not None else None


def passed_on(db: Db, line_id: str) -> str | None:
    """The line that hands this one on, if there is one."""
    return db.execute(select(WORK_LINE.c.id).where(WORK_LINE.c.passed_from == line_id)).scalar()


def numbers(db: Db, hop_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Hop id → what its ticket is called at its own desk and at the one above."""
    hop, parent = rows.hop, rows.hop.alias("parent")
    query = (
        select(hop.c.id, hop.c.number, parent.c.number)
        .outerjoin(parent, parent.c.id == hop.c.parent_id)
        .where(hop.c.id.in_(sorted(set(hop_ids))))
    )
    return {row[0]: (row[1] or "", row[2] or "") for row in db.execute(query)}


def undecided(db: Db, scope: Scope, *, after: tuple[datetime, str] | None, limit: int) -> list[WorkLine]:
    """What waits to be accepted, the oldest first; by `work_line_undecided`. An organization is asked only for what others
    logged."""
    line = WORK_LINE.c
    mine = true() if scope.org_ids is None else line.consumer.in_(sorted(scope.org_ids))
    wanted: list[Any] = [UNDECIDED, mine, rows.live(line.ticket_id)]
    if after is not None:
        at, name = after
        wanted.append(or_(line.logged_at > at, and_(line.logged_at == at, line.id > name)))
    query = select(*_COLUMNS).where(*wanted).order_by(line.logged_at, line.id).limit(limit)
    return [read(row) for row in db.execute(query)]


# -- what happens by itself ---------------------------------------------------------------------------------------------------


def arrived(db: Db, *, limit: int) -> list[tuple[WorkLine, datetime]]:
    """Lines whose note has reached the desk above since, and when; by `work_line_untold`."""
    return [(read(row), row[-1]) for row in _ARRIVED.rows(db, most=limit)]


_ARRIVED = Statement(
    lambda _dialect: (
        select(*_COLUMNS, rows.delivery.c.done_at)
        .join(rows.delivery, rows.delivery.c.id == WORK_LINE.c.delivery_id)
        .where(WORK_LINE.c.state == literal_column("'logged'"), rows.delivery.c.state == "done")
        .limit(bindparam("most", type_=Integer()))
    )
)


def lapsing(db: Db, *, now: datetime, limit: int) -> list[WorkLine]:
    """Told lines that nobody answered in time; by `work_line_lapsing`."""
    return [read(row) for row in _LAPSING.rows(db, now=now, most=limit)]


_LAPSING = Statement(
    lambda _dialect: (
        select(*_COLUMNS)
        .where(LAPSING, WORK_LINE.c.review_until <= bindparam("now", type_=Moment()))
        .order_by(WORK_LINE.c.review_until)
        .limit(bindparam("most", type_=Integer()))
    )
)


def follow(db: Db, judged: Iterable[Case]) -> None:
    """What the events of judged cases say of visits: where each hop's stands, and the lines that those in vain propose; and
    the lines that desks' own time entries made."""
    cases = list(judged)
    spoken_of = [case for case in cases if any(event.type.startswith("visit.") for event in case.events)]
    visits = [booking for case in spoken_of for booking in bookings(case)]
    if visits:
        known = windows(db, [one.id for one in visits])
        told = [_visit(one, known.get(one.id, (None, None))) for one in visits]
        bulk.add_new(db, VISIT, told)
        bulk.change(db, VISIT, told)
    proposed = [line for case in spoken_of for line in worklog.proposals(case)]
    keep(db, new=[*proposed, *(line for case in cases for line in case.lines)])


def windows(db: Db, hop_ids: Sequence[str]) -> dict[str, tuple[datetime | None, datetime | None]]:
    """Hop id → the window of its visit as known so far."""
    visit = VISIT.c
    query = select(visit.id, visit.opens_at, visit.closes_at).where(visit.id.in_(hop_ids))
    return {row[0]: (row[1], row[2]) for row in db.execute(query)}


def _visit(one: Booking, known: tuple[datetime | None, datetime | None]) -> dict[str, Any]:
    opens, closes = (one.opens_at, one.closes_at) if one.opens_at is not None else known
    return {**vars(one), "state": one.state.value, "opens_at": opens, "closes_at": closes}


# -- statements ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Closed:
    """A closed month of a link: `document` holds the ids and figures of its lines."""

    id: str
    org_id: str
    consumer: str
    link_id: str
    month: str
    closed_at: datetime
    closed_by: str
    sha256: str
    document: Any


_CLOSED = tuple(field.name for field in fields(Closed))


def unbilled(db: Db, scope: Scope, link_id: str, *, until: str, lock: bool = False) -> list[WorkLine]:
    """The lines of a link up to and including that month that stand in no closed statement, by their time; by
    `work_line_unbilled`."""
    line = WORK_LINE.c
    here = (line.link_id == link_id, line.month <= until, UNBILLED, line.state.not_in(sorted(OWN)))
    query = select(*_COLUMNS).where(*here, within(scope)).order_by(line.at, line.id)
    return [read(row) for row in db.execute(query.with_for_update() if lock else query)]


def close(db: Db, closed: Closed, line_ids: Sequence[str]) -> None:
    """Keep a closed month; its lines stand in it from now on."""
    db.execute(STATEMENT.insert().values(**vars(closed)))
    if line_ids:
        mine = WORK_LINE.c.id.in_(line_ids)
        db.execute(update(WORK_LINE).where(mine).values(statement=closed.month))


def closed_months(db: Db, scope: Scope, link_id: str) -> list[Closed]:
    """The closed months of a link, in order."""
    ends: ColumnElement[bool] = true()
    if scope.org_ids is not None:
        mine = sorted(scope.org_ids)
        ends = or_(STATEMENT.c.org_id.in_(mine), STATEMENT.c.consumer.in_(mine))
    query = select(*(STATEMENT.c[name] for name in _CLOSED)).where(STATEMENT.c.link_id == link_id, ends)
    return [Closed(**row) for row in db.execute(query.order_by(STATEMENT.c.month)).mappings()]
