"""Where a person may stand: the columns of every table that hold what people or desks wrote, read and rewritten in batches.
What is looked for and what is left of a row is the caller's."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Select,
    Table,
    Text,
    and_,
    not_,
    or_,
    select,
    true,
    tuple_,
    update,
)

from gateway.store import rows, schema
from gateway.store.account_tables import AccountRow, WebSessionRow
from gateway.store.clock_tables import LetterRow
from gateway.store.columns import Document
from gateway.store.db import Database, Db
from gateway.store.erasure_tables import TicketHoldRow

_ACCOUNT: Table = AccountRow.__table__  # type: ignore[attr-defined]
_SESSION: Table = WebSessionRow.__table__  # type: ignore[attr-defined]
LETTER: Table = LetterRow.__table__  # type: ignore[attr-defined]
HOLD: Table = TicketHoldRow.__table__  # type: ignore[attr-defined]
Row = Mapping[str, Any]
Rows = Table
Where = ColumnElement[bool]
"""The rows of a table, and which of them: what callers hand from one function here to the next."""

KEPT: Mapping[str, str] = {
    "event": "facts by ids: the figures rest on them",
    "audit": "who changed what: evidence, sealed in a chain",
    "audit_anchor": "signed heads of the chain",
    "publication": "published reports, sealed",
    "closing": "periods that are closed with a customer",
    "work_statement": "months that are closed on a link",
    "sheet": "terms that clocks are folded by",
    "agreement_event": "what happened to agreements",
    "organization": "configured: take it out of the configuration and apply",
    "directory": "configured: take it out of the configuration and apply",
    "desk": "configured: take it out of the configuration and apply",
    "link": "configured: take it out of the configuration and apply",
    "mapping_version": "rules in force, as they stood",
    "import_run": "which file was read",
    "stored_answer": "sealed, and gone within 48 hours",
    "errand": "gone within minutes",
    "erasure": "what was erased, without who it was",
    "ticket_hold": "why a ticket is held",
    "meta": "the installation's own words",
}
"""Tables that erasure does not change, and why; what of them speaks of the person is counted and told."""

_MORE: Mapping[str, frozenset[str]] = {
    "account": frozenset({"email", "subject"}),
    "account_invitation": frozenset({"email"}),
    "letter": frozenset({"address", "contact"}),
    "warning": frozenset({"acknowledged_by"}),
    "api_key": frozenset({"label"}),
    "oauth_client": frozenset({"label"}),
    "portal_link": frozenset({"contact"}),
    "portal_browser": frozenset({"contact"}),
    "audit": frozenset({"actor", "subject"}),
    "agreement_event": frozenset({"actor"}),
    "import_run": frozenset({"actor", "name"}),
    "publication": frozenset(),
}
"""Short columns that hold people's words too."""
_CASE = frozenset(
    ("ticket", "hop", "former_number", "content", "copy", "delivery", "discrepancy", "warning", "letter")
) | {"work_line", "booked_visit", "stop_to_decide", "imported_case", "reconciled", "clock", "outcome"}
"""Tables whose `ticket_id` (`id` of a ticket) is that of a case; elsewhere it names a ticket of a desk of ours."""
_OURS: Mapping[str, tuple[str, str]] = {
    "desk_ticket": ("desk_id", "id"),
    "shared_ticket": ("desk_id", "uuid"),
}
_PARTS: Mapping[str, tuple[str, str]] = {
    "desk_part": ("desk_ticket", "ticket_id"),
    "portal_link": ("desk_ticket", "job_id"),
    "tmf_notice": ("desk_ticket", "ticket_id"),
    "shared_part": ("shared_ticket", "ticket_id"),
}


ABOUT: Mapping[str, str] = {
    **dict.fromkeys(("content", "hop", "delivery", "letter"), "ticket_id"),
    "desk_ticket": "id",
}
"""Where words of whoever asked for a ticket may stand that do not name them → the column that says for which ticket."""


def tables() -> list[Table]:
    """All that may be looked at, contents and letters first: whose a ticket is, is told by hops and desks of ours, which are changed
    later."""
    first = ("letter", "content")
    named = sorted(
        schema.every_table(),
        key=lambda table: (-first.index(table.name) if table.name in first else 1, table.name),
    )
    return [table for table in named if columns(table)]


def columns(table: Table) -> list[str]:
    """Those that hold words of people or desks."""
    more = _MORE.get(table.name, frozenset())
    return [
        column.name
        for column in table.c
        if isinstance(column.type, Text | Document | LargeBinary) or column.name in more
    ]


def unfinished() -> Select[Any]:
    """Tickets, whoever's, that are not at their end, or are held."""
    held = rows.ticket.c.id.in_(select(HOLD.c.ticket_id))
    return select(rows.ticket.c.id).where(or_(rows.ticket.c.closed_at.is_(None), held))


def held_desks() -> Select[Any]:
    """Desks that know a held ticket: what came from them as it was may speak of it."""
    return select(rows.hop.c.desk_id).where(rows.hop.c.ticket_id.in_(select(HOLD.c.ticket_id)))


def _tickets(org_id: str) -> Select[Any]:
    """Tickets that an organization began, or that came to a desk of its own."""
    here = select(rows.hop.c.ticket_id).where(rows.hop.c.org_id == org_id)
    return select(rows.ticket.c.id).where(or_(rows.ticket.c.org_id == org_id, rows.ticket.c.id.in_(here)))


def reached(table: Table, org_id: str) -> ColumnElement[bool]:
    """Rows in which a person of that organization may stand and may be erased: of its tickets at their end, wherever they went;
    else of those whom its tickets reached."""
    return and_(_near(table, org_id), _finished(table))


def waiting(table: Table, org_id: str) -> ColumnElement[bool]:
    """Rows in which such a person may stand and that are not touched yet."""
    return and_(_near(table, org_id), not_(_finished(table)))


def _near(table: Table, org_id: str) -> ColumnElement[bool]:
    case = _of_ticket(table).in_(_tickets(org_id)) if table.name in _CASE else None
    if case is not None and table.name != "letter":
        return case
    owner = table.c.org_id.in_(select(rows.hop.c.org_id).where(rows.hop.c.ticket_id.in_(_tickets(org_id))))
    here = or_(table.c.org_id == org_id, owner)
    return here if case is None else or_(case, and_(here, not_(_of_case(table))))


def _of_case(letter: Table) -> ColumnElement[bool]:
    """Other letters are about an account, a job at a desk of ours, a report, or nothing that has an id."""
    return letter.c.ticket_id.in_(select(rows.ticket.c.id))


def _of_ticket(table: Table) -> ColumnElement[Any]:
    return table.c.id if table.name == "ticket" else table.c.ticket_id


def _finished(table: Table) -> ColumnElement[bool]:
    """Not of a ticket, whoever's, that goes on or is held, also not at a desk of ours; no message that is still to be read, and
    none of a desk that knows a held ticket, nor the names of its people."""
    if table.name in _CASE:
        ended = _of_ticket(table).not_in(unfinished())
        return and_(ended, _has_left(table)) if table.name == "letter" else ended
    if table.name == "attempt":
        tried = select(rows.delivery.c.id).where(rows.delivery.c.ticket_id.in_(unfinished()))
        return table.c.delivery_id.not_in(tried)
    if table.name in ("message", "person"):
        read = table.c.state != "received" if table.name == "message" else true()
        return and_(read, table.c.desk_id.not_in(held_desks()))
    name, key = _PARTS.get(table.name, (table.name, "id"))
    if name not in _OURS:
        return true()
    column: ColumnElement[Any] = table.c[key]
    return column.not_in(here_of(name, unfinished()))


def here_of(name: str, cases: Select[Any]) -> Select[Any]:
    """Ids of tickets at desks of ours (`name`: their table) that stand for these cases."""
    whole = next(one for one in schema.every_table() if one.name == name)
    desk, remote = _OURS[name]
    same = and_(rows.hop.c.desk_id == whole.c[desk], rows.hop.c.remote_id == whole.c[remote])
    return select(whole.c.id).join(rows.hop, same).where(rows.hop.c.ticket_id.in_(cases))


def _has_left(letter: Table) -> ColumnElement[bool]:
    """It waits for nothing, and is not about a job that goes on or is held."""
    jobs = here_of("desk_ticket", unfinished())
    return and_(letter.c.state.not_in(("pending", "sending")), letter.c.ticket_id.not_in(jobs))


def old_letters(org_id: str, before: datetime) -> ColumnElement[bool]:
    """Letters of an organization that were written before and left, but those about what is held."""
    held = select(HOLD.c.ticket_id)
    free = and_(LETTER.c.ticket_id.not_in(held), LETTER.c.ticket_id.not_in(here_of("desk_ticket", held)))
    gone = LETTER.c.state.not_in(("pending", "sending"))
    return and_(LETTER.c.org_id == org_id, LETTER.c.created_at < before, gone, free)


def batch(
    db: Db, table: Table, wanted: ColumnElement[bool] | None, *, after: Sequence[Any] | None, limit: int
) -> list[Row]:
    """The next rows in the order of their keys, with their keys, tickets and words."""
    keys = list(table.primary_key.columns)
    query = _words_of(table).order_by(*keys).limit(limit)
    if wanted is not None:
        query = query.where(wanted)
    if after is not None:
        query = query.where(tuple_(*keys) > tuple_(*after) if len(keys) > 1 else keys[0] > after[0])
    return [dict(row) for row in db.execute(query).mappings()]


def again(db: Db, table: Table, wanted: ColumnElement[bool], seen: Sequence[Row]) -> list[Row]:
    """Of rows that were read before those that are still wanted, as they stand now; nobody changes them, or begins a hold of
    their tickets, before the end of the transaction."""
    if table.name in _CASE:
        lock(db, [row[_of_ticket(table).name] for row in seen])
    keys = list(table.primary_key.columns)
    places = [tuple(key_of(table, row)) for row in seen]
    same = tuple_(*keys).in_(places) if len(keys) > 1 else keys[0].in_([place[0] for place in places])
    query = _words_of(table).where(wanted, same).order_by(*keys).with_for_update(of=table)
    return [dict(row) for row in db.execute(query).mappings()]


def lock(db: Db, ticket_ids: Iterable[str]) -> None:
    """Nobody looks at these tickets or folds them before the end of the transaction."""
    ticket = rows.ticket.c.id
    db.execute(select(ticket).where(ticket.in_(sorted(set(ticket_ids)))).order_by(ticket).with_for_update())


def _words_of(table: Table) -> Select[Any]:
    keys = list(table.primary_key.columns)
    more = [
        name
        for name in ("ticket_id", "org_id", "kind", "salt", "blob_key", "blob_size", "media_type")
        if name in table.c
    ]
    names = list(dict.fromkeys([*(key.name for key in keys), *more, *columns(table)]))
    return select(*(table.c[name] for name in names))


def key_of(table: Table, row: Row) -> list[Any]:
    """A row's place in the order."""
    return [row[column.name] for column in table.primary_key.columns]


def change(db: Db, table: Table, row: Row, values: Row) -> None:
    """Write what is left of a row. A value that must be the only one of its kind gets the row's key behind it."""
    unique = {column.name for column in table.c if column.unique}
    told = {
        name: f"{value} {row['id']}" if name in unique and value is not None else value
        for name, value in values.items()
    }
    same = and_(*(column == row[column.name] for column in table.primary_key.columns))
    db.execute(update(table).where(same).values(**told))


def requested(db: Db, ticket_ids: Iterable[str], is_theirs: Callable[[Any], bool]) -> set[str]:
    """Of these tickets those that the person asked for, as any of their desks shows it."""
    hop = rows.hop.c
    query = select(hop.ticket_id, hop.shadow, hop.facts).where(hop.ticket_id.in_(sorted(set(ticket_ids))))
    return {
        row.ticket_id
        for row in db.execute(query)
        if any(is_theirs((part or {}).get("requester")) for part in (row.shadow, row.facts))
    }


def asked_by(db: Db, table: Table, found: Sequence[Row], is_theirs: Callable[[Any], bool]) -> set[str]:
    """Of the tickets that these rows are about (`ABOUT`) those that the person asked for."""
    names = {row[ABOUT[table.name]] for row in found} if table.name in ABOUT else set()
    of = requested_here if table.name in ("letter", "desk_ticket") else requested
    return of(db, names, is_theirs) if names else set()


def requested_here(db: Db, names: Set[str], is_theirs: Callable[[Any], bool]) -> set[str]:
    """Of these tickets at desks of ours those whose case the person asked for."""
    found = _cases_of(db, "desk_ticket", names)
    theirs = requested(db, {case for cases in found.values() for case in cases}, is_theirs)
    return {here for here, cases in found.items() if cases & theirs}


def cases_of(db: Db, table: Table, parts: Sequence[Row]) -> dict[str, set[str]]:
    """Of parts at desks of ours: the ticket there → the cases that it stands for."""
    if table.name not in _PARTS:
        return {}
    name, key = _PARTS[table.name]
    return _cases_of(db, name, {part[key] for part in parts})


def _cases_of(db: Db, name: str, names: Set[str]) -> dict[str, set[str]]:
    whole = next(one for one in schema.every_table() if one.name == name)
    desk, remote = _OURS[name]
    same = and_(rows.hop.c.desk_id == whole.c[desk], rows.hop.c.remote_id == whole.c[remote])
    query = select(whole.c.id, rows.hop.c.ticket_id).join(rows.hop, same)
    found: dict[str, set[str]] = {}
    for there, case in db.execute(query.where(whole.c.id.in_(sorted(names)))):
        found.setdefault(there, set()).add(case)
    return found


def shut(db: Db, account_id: str, *, now: datetime) -> None:
    """Nobody signs in as this account any more, and nothing tells where from somebody did."""
    db.execute(update(_ACCOUNT).where(_ACCOUNT.c.id == account_id).values(disabled_at=now))
    session = update(_SESSION).where(_SESSION.c.account_id == account_id)
    db.execute(session.values(revoked_at=now, browser="", address=""))


def who_else(db: Db, ticket_ids: Sequence[str]) -> list[Row]:
    """At which desks these tickets are known, whoever's: organization, desk, number, address, one row for each."""
    hop, desk = rows.hop.c, rows.desk.c
    found: list[Row] = []
    for start in range(0, len(ticket_ids), _MANY):
        query = select(hop.ticket_id, hop.org_id, desk.code.label("desk"), hop.remote_id, hop.number)
        query = query.join(rows.desk, desk.id == hop.desk_id)
        query = query.where(
            hop.ticket_id.in_(list(ticket_ids[start : start + _MANY])), hop.remote_id.is_not(None)
        )
        found += [dict(row) for row in db.execute(query.order_by(hop.ticket_id, hop.id)).mappings()]
    return found


_MANY = 500


def settle(database: Database) -> None:
    """The write-ahead log, which holds pages as they were, is emptied (SQLite; PostgreSQL's vacuum does as much by itself)."""
    if database.is_sqlite:
        connection = database.engine.raw_connection()
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()
