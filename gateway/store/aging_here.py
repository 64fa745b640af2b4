"""What has reached its age at desks of ours: a ticket there ages with the cases that it stands for. What is blanked says so itself
(the ticket's title, the name of whoever added a part), so that it is not found again."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, Text, and_, cast, func, or_, select, update

from gateway.domain.erasing import ERASED, part_left, ticket_left
from gateway.store import rows, schema
from gateway.store.db import Db
from gateway.store.portal_tables import PortalLinkRow
from gateway.store.traces import HOLD, here_of

_LINK: Table = PortalLinkRow.__table__  # type: ignore[attr-defined]
_PAIRS = (("desk_ticket", "desk_part"), ("shared_ticket", "shared_part"))
_TITLED = f'%"title":"{ERASED}"%'
_A_FILE = f'%"key":"{"_" * 64}"%'


def count(db: Db, org_id: str, before: datetime, *, files_only: bool) -> int:
    """How many rows have reached their age."""
    wanted = _wanted(org_id, before, files_only=files_only)
    return sum(
        int(db.execute(select(func.count()).select_from(table).where(old)).scalar_one())
        for table, old in wanted
    )


def take(db: Db, org_id: str, before: datetime, *, files_only: bool, limit: int) -> tuple[int, list[str]]:
    """Take some of it away: how many rows, and the files they spoke of."""
    taken, files = 0, list[str]()
    for table, old in _wanted(org_id, before, files_only=files_only):
        found = db.execute(select(table).where(old).limit(limit).with_for_update(of=table)).mappings().all()
        for row in found:
            if "data" in table.c:
                files += [key] if (key := (row["data"] or {}).get("key")) else []
                left = _file_left(row) if files_only else _part_left(row)
            else:
                left = _ticket_left(table, row)
            db.execute(update(table).where(table.c.id == row["id"]).values(**left))
        if table.name == "desk_ticket":
            _blank_links(db, [row["id"] for row in found])
        taken += len(found)
    return taken, files


def _wanted(org_id: str, before: datetime, *, files_only: bool) -> list[tuple[Table, ColumnElement[bool]]]:
    tables = {table.name: table for table in schema.every_table()}
    found = []
    for whole, part in _PAIRS:
        ticket, added = tables[whole], tables[part]
        over = and_(
            ticket.c.id.in_(here_of(whole, _ended(before))),
            ticket.c.id.not_in(here_of(whole, _others(before))),
        )
        mine = select(ticket.c.id).where(ticket.c.org_id == org_id, over)
        data = cast(added.c.data, Text)
        left = data.like(_A_FILE) if files_only else added.c.actor_name != ERASED
        found.append((added, and_(added.c.ticket_id.in_(mine), left)))
        if not files_only:
            titled = and_(ticket.c.fields.is_not(None), cast(ticket.c.fields, Text).like(_TITLED))
            found.append((ticket, and_(ticket.c.org_id == org_id, over, ~titled)))
    return found


def _ended(before: datetime) -> Select[Any]:
    return select(rows.ticket.c.id).where(rows.ticket.c.closed_at < before)


def _others(before: datetime) -> Select[Any]:
    """Cases that go on, ended later or are held."""
    ticket = rows.ticket.c
    later = or_(ticket.closed_at.is_(None), ticket.closed_at >= before)
    return select(ticket.id).where(or_(later, ticket.id.in_(select(HOLD.c.ticket_id))))


def _file_left(row: Any) -> dict[str, Any]:
    kept = {name: value for name, value in row["data"].items() if name != "raw"}
    return {"data": kept | {"key": "", "sha256": ""}}


def _part_left(row: Any) -> dict[str, Any]:
    who = {"actor_name": ERASED} | ({} if row["actor_kind"] == "gateway" else {"actor_id": ERASED})
    return {"data": part_left(row["data"] or {}), **who}


_WORDS = ("description", "requester", "assignee")


def _ticket_left(table: Table, row: Any) -> dict[str, Any]:
    fields = row["fields"] or {}
    blank = {"title": ERASED} | {name: ERASED for name in _WORDS if fields.get(name)}
    left: dict[str, Any] = {"fields": {**fields, **blank}}
    if "document" in table.c and row["document"]:
        left["document"] = ticket_left(row["document"])
    return left


def _blank_links(db: Db, jobs: list[str]) -> None:
    """Who was sent a link to act on these."""
    db.execute(update(_LINK).where(_LINK.c.job_id.in_(jobs), _LINK.c.person != "").values(person=ERASED))
