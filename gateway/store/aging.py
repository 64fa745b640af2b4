"""What has reached its age: found and taken away a few rows at a time. Held tickets are left alone."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update

from gateway.domain.erasing import ERASED
from gateway.store import aging_here, rows
from gateway.store.db import Db
from gateway.store.traces import HOLD, LETTER, held_desks, lock, old_letters

CONTENT, ATTACHMENTS, RAW = "content", "attachments", "raw"
_GONE = {"blob_key": None, "blob_size": None, "blob_sha256": None}


def count(db: Db, org_id: str, kind: str, before: datetime) -> int:
    """How many rows have reached their age."""
    if kind == RAW:
        letters = _how_many(db, LETTER, _unblanked(org_id, before))
        return letters + sum(_how_many(db, table, wanted) for table, wanted in _raw(org_id, before))
    here = aging_here.count(db, org_id, before, files_only=kind == ATTACHMENTS)
    return here + _how_many(db, rows.content, _old(org_id, kind, before))


def _how_many(db: Db, table: Any, wanted: ColumnElement[bool]) -> int:
    return int(db.execute(select(func.count()).select_from(table).where(wanted)).scalar_one())


def _old(org_id: str, kind: str, before: datetime) -> ColumnElement[bool]:
    """Of tickets that ended before, what its own people wrote."""
    content, ticket = rows.content.c, rows.ticket.c
    held = select(HOLD.c.ticket_id)
    ended = select(ticket.id).where(ticket.closed_at < before, ticket.id.not_in(held))
    left = content.text != ERASED if kind == CONTENT else content.blob_key.is_not(None)
    return and_(content.org_id == org_id, content.ticket_id.in_(ended), left)


def _raw(org_id: str, before: datetime) -> list[tuple[Any, ColumnElement[bool]]]:
    """Messages that were read, but those of a desk that knows a held ticket, which may speak of it; tries, but those of held tickets."""
    message, attempt, delivery = rows.message.c, rows.attempt.c, rows.delivery.c
    read = and_(message.org_id == org_id, message.received_at < before, message.state != "received")
    held = select(delivery.id).where(delivery.ticket_id.in_(select(HOLD.c.ticket_id)))
    tried = and_(attempt.org_id == org_id, attempt.at < before, attempt.delivery_id.not_in(held))
    return [(rows.message, and_(read, message.desk_id.not_in(held_desks()))), (rows.attempt, tried)]


def _unblanked(org_id: str, before: datetime) -> ColumnElement[bool]:
    return and_(old_letters(org_id, before), LETTER.c.address != ERASED)


def _blank_letters(db: Db, wanted: ColumnElement[bool], limit: int) -> int:
    """To whom a letter went and what stood in it; that one left, and when, stays with what it warned of."""
    some = db.execute(select(LETTER.c.id).where(wanted).limit(limit)).scalars().all()
    words = {"address": ERASED, "contact": "", "subject": ERASED, "body": ERASED, "error": ""}
    return db.execute(update(LETTER).where(LETTER.c.id.in_(some)).values(**words)).rowcount if some else 0


def take(db: Db, org_id: str, kind: str, before: datetime, *, limit: int) -> tuple[int, list[str]]:
    """Take some of it away: how many rows, and the files they spoke of."""
    if kind == RAW:
        taken = sum(_deleted(db, table, wanted, limit) for table, wanted in _raw(org_id, before))
        return taken + _blank_letters(db, _unblanked(org_id, before), limit), []
    content, old = rows.content.c, _old(org_id, kind, before)
    seen = db.execute(select(content.id, content.ticket_id).where(old).limit(limit)).all()
    lock(db, [row.ticket_id for row in seen])
    query = select(content.id, content.blob_key).where(old, content.id.in_([row.id for row in seen]))
    found = db.execute(query).all()
    ids = [row.id for row in found]
    values: dict[str, Any] = dict(_GONE)
    if kind == CONTENT:
        values |= {"text": ERASED, "author": ERASED, "salt": "", "source": {}}
        db.execute(
            update(rows.content)
            .where(content.id.in_(ids), content.filename.is_not(None))
            .values(filename=ERASED)
        )
        _blank_shadows(db, org_id, ids)
    db.execute(update(rows.content).where(content.id.in_(ids)).values(**values))
    here, files = aging_here.take(db, org_id, before, files_only=kind == ATTACHMENTS, limit=limit)
    return here + len(found), [*files, *(row.blob_key for row in found if row.blob_key)]


def _blank_shadows(db: Db, org_id: str, ids: list[str]) -> None:
    """What the organization's own desks showed of these tickets: native values, title and requester among them."""
    tickets = select(rows.content.c.ticket_id).where(rows.content.c.id.in_(ids))
    mine = and_(rows.hop.c.org_id == org_id, rows.hop.c.ticket_id.in_(tickets))
    for row in db.execute(select(rows.hop.c.id, rows.hop.c.shadow, rows.hop.c.facts).where(mine)).all():
        shadow, facts = _blanked(row.shadow), _blanked(row.facts)
        db.execute(update(rows.hop).where(rows.hop.c.id == row.id).values(shadow=shadow, facts=facts))


_WORDS = ("title", "description", "requester", "assignee")


def _blanked(document: Any) -> Any:
    blank = {name: ERASED for name in _WORDS if (document or {}).get(name)}
    return {**document, **blank} if blank else document


def _deleted(db: Db, table: Any, wanted: ColumnElement[bool], limit: int) -> int:
    [key] = table.primary_key.columns
    some = db.execute(select(key).where(wanted).limit(limit)).scalars().all()
    return db.execute(delete(table).where(or_(key.in_(some)))).rowcount if some else 0
