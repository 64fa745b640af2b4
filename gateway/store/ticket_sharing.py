"""Sharing agreements and shared tickets in and out of the store. A row is locked before it changes."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Table, delete, insert, select, update

from gateway.domain.model import Actor, ActorKind, Blob
from gateway.domain.ticket_sharing import Agreement, End, Part, PartKind, Shared, Standing, Written
from gateway.store import rows
from gateway.store.db import Db
from gateway.store.scope import Scope
from gateway.store.ticket_sharing_tables import (
    SharedFileRow,
    SharedPartRow,
    SharedTicketRow,
    SharingAgreementRow,
)
from gateway.vault import Place

AGREEMENT: Table = SharingAgreementRow.__table__  # type: ignore[attr-defined]
TICKET: Table = SharedTicketRow.__table__  # type: ignore[attr-defined]
PART: Table = SharedPartRow.__table__  # type: ignore[attr-defined]
FILE: Table = SharedFileRow.__table__  # type: ignore[attr-defined]
_AGREEMENT = tuple(field.name for field in fields(Agreement))
_TICKET = tuple(field.name for field in fields(Shared))
_PART = ("id", "org_id", "ticket_id", "place", "name", "at", "data", "request")


@dataclass(frozen=True, kw_only=True)
class Keyed:
    """An agreement with its token as it is kept."""

    agreement: Agreement
    sealed_token: str
    token_hash: str


@dataclass(frozen=True, kw_only=True)
class Lent:
    """A file that a partner may fetch until it expires."""

    id: str
    org_id: str
    desk_id: str
    blob: Blob
    filename: str
    media_type: str
    expires_at: datetime


def token_place(agreement: Agreement) -> Place:
    """Where an agreement's token is sealed for."""
    return Place(
        org_id=agreement.org_id, table="sharing_agreement", row_id=agreement.id, column="sealed_token"
    )


def add_agreement(db: Db, keyed: Keyed) -> None:
    """Keep a new agreement."""
    db.execute(insert(AGREEMENT).values(**_agreement_values(keyed)))


def change_agreement(db: Db, keyed: Keyed, *, rekeyed: bool = False) -> None:
    """An agreement as it is now; its token only where it was `rekeyed`, which may be sealed anew since it was read."""
    values = _agreement_values(keyed)
    if not rekeyed:
        values = {name: value for name, value in values.items() if name not in ("sealed_token", "token_hash")}
    db.execute(update(AGREEMENT).where(AGREEMENT.c.id == keyed.agreement.id).values(values))


def reseal_agreement(db: Db, keyed: Keyed, sealed: str) -> bool:
    """Its token is sealed so from now on; False if it has another one since it was read."""
    same = (AGREEMENT.c.id == keyed.agreement.id) & (AGREEMENT.c.sealed_token == keyed.sealed_token)
    return db.execute(update(AGREEMENT).where(same).values(sealed_token=sealed)).rowcount == 1


def forget_agreement(db: Db, scope: Scope, agreement_id: str) -> None:
    """Drop an invitation that nobody answered."""
    db.execute(delete(AGREEMENT).where(AGREEMENT.c.id == agreement_id, scope.where(AGREEMENT)))


def _agreement_values(keyed: Keyed) -> dict[str, Any]:
    told = {name: getattr(keyed.agreement, name) for name in _AGREEMENT}
    told |= {"ours": keyed.agreement.ours.value, "standing": keyed.agreement.standing.value}
    return {**told, "sealed_token": keyed.sealed_token, "token_hash": keyed.token_hash}


def agreement(db: Db, scope: Scope, desk_id: str, uuid: str, *, lock: bool = False) -> Keyed | None:
    """One agreement of a desk."""
    here = select(AGREEMENT).where(
        AGREEMENT.c.desk_id == desk_id, AGREEMENT.c.uuid == uuid, scope.where(AGREEMENT)
    )
    row = db.execute(here.with_for_update() if lock else here).mappings().first()
    return _keyed(row) if row is not None else None


def agreements(db: Db, scope: Scope, desk_id: str | None = None) -> list[Keyed]:
    """All agreements (of a desk), the newest first."""
    query = select(AGREEMENT).where(scope.where(AGREEMENT))
    if desk_id is not None:
        query = query.where(AGREEMENT.c.desk_id == desk_id)
    found = db.execute(query.order_by(AGREEMENT.c.created_at.desc(), AGREEMENT.c.id.desc())).mappings()
    return [_keyed(row) for row in found]


def known_as(db: Db, uuid: str) -> list[Keyed]:
    """The agreements of that uuid, whosever. Has no scope: this is where a caller's scope comes from."""
    found = db.execute(select(AGREEMENT).where(AGREEMENT.c.uuid == uuid).limit(20)).mappings()
    return [_keyed(row) for row in found]


def in_force(db: Db, scope: Scope, desk_id: str) -> Keyed | None:
    """The agreement that tickets travel under."""
    held = [one for one in agreements(db, scope, desk_id) if one.agreement.standing is Standing.ACCEPTED]
    return held[0] if held else None


def _keyed(row: RowMapping) -> Keyed:
    told = {name: row[name] for name in _AGREEMENT}
    told |= {"ours": End(row["ours"]), "standing": Standing(row["standing"])}
    return Keyed(agreement=Agreement(**told), sealed_token=row["sealed_token"], token_hash=row["token_hash"])


def lock_desk(db: Db, desk_id: str) -> None:
    """Whoever makes something new at a desk is alone in it."""
    db.execute(select(rows.desk.c.id).where(rows.desk.c.id == desk_id).with_for_update())


def add_ticket(db: Db, ticket: Shared) -> None:
    """Keep a new ticket."""
    db.execute(insert(TICKET).values(**{name: getattr(ticket, name) for name in _TICKET}))


def ticket(db: Db, scope: Scope, desk_id: str, uuid: str, *, lock: bool = False) -> Shared | None:
    """One ticket of a desk."""
    return _ticket(db, scope, TICKET.c.desk_id == desk_id, TICKET.c.uuid == uuid, lock=lock)


def marked(db: Db, scope: Scope, desk_id: str, marker: str) -> Shared | None:
    """The ticket that we shared under this marker."""
    return _ticket(db, scope, TICKET.c.desk_id == desk_id, TICKET.c.marker == marker)


def _ticket(db: Db, scope: Scope, *conditions: Any, lock: bool = False) -> Shared | None:
    query = select(*(TICKET.c[name] for name in _TICKET)).where(*conditions, scope.where(TICKET))
    row = db.execute(query.with_for_update() if lock else query).mappings().first()
    return Shared(**row) if row is not None else None


def changed_since(db: Db, scope: Scope, desk_id: str, since: datetime, *, limit: int) -> list[Shared]:
    """The tickets of a desk that changed then or later, the oldest change first."""
    query = select(*(TICKET.c[name] for name in _TICKET)).where(
        TICKET.c.desk_id == desk_id, TICKET.c.changed_at >= since, TICKET.c.shared, scope.where(TICKET)
    )
    found = db.execute(query.order_by(TICKET.c.changed_at, TICKET.c.id).limit(limit)).mappings()
    return [Shared(**row) for row in found]


def write(db: Db, written: Written) -> None:
    """A ticket as it is now, with what was added."""
    told = {name: getattr(written.ticket, name) for name in _TICKET}
    db.execute(update(TICKET).where(TICKET.c.id == written.ticket.id).values(told))
    if written.parts:
        db.execute(insert(PART), [_row(part) for part in written.parts])


def _row(part: Part) -> dict[str, Any]:
    who = {"actor_id": part.actor.id, "actor_name": part.actor.name, "actor_kind": part.actor.kind.value}
    return {**{name: getattr(part, name) for name in _PART}, **who, "kind": part.kind.value}


def parts(db: Db, scope: Scope, ticket_id: str) -> Sequence[Part]:
    """What was added to a ticket, in order."""
    query = select(PART).where(PART.c.ticket_id == ticket_id, scope.where(PART)).order_by(PART.c.place)
    return [_part(row) for row in db.execute(query).mappings()]


def _part(row: RowMapping) -> Part:
    who = Actor(id=row["actor_id"], name=row["actor_name"], kind=ActorKind(row["actor_kind"]))
    return Part(**{name: row[name] for name in _PART}, kind=PartKind(row["kind"]), actor=who)


def comment_names(db: Db, scope: Scope, ticket_id: str) -> frozenset[str]:
    """The uuids of the comments that are there."""
    query = select(PART.c.name).where(
        PART.c.ticket_id == ticket_id, PART.c.kind == PartKind.COMMENT.value, scope.where(PART)
    )
    return frozenset(db.execute(query).scalars())


def entries_after(db: Db, scope: Scope, ticket_id: str, place: int) -> list[Part]:
    """The partner's own changes of fields after a place."""
    return [
        part
        for part in parts(db, scope, ticket_id)
        if part.kind is PartKind.ENTRY and part.place > place and not part.request
    ]


def lend(db: Db, lent: Lent, *, sha256: str) -> None:
    """Let a file be fetched under an address with that digest."""
    blob = {"key": lent.blob.key, "size": lent.blob.size, "sha256": lent.blob.sha256}
    values = {field.name: getattr(lent, field.name) for field in fields(Lent)} | {"blob": blob}
    db.execute(insert(FILE).values(**values, sha256=sha256))


def lent(db: Db, sha256: str) -> Lent | None:
    """The file under that digest. Has no scope: whoever holds the address may fetch it."""
    row = db.execute(select(FILE).where(FILE.c.sha256 == sha256)).mappings().first()
    if row is None:
        return None
    values = {field.name: row[field.name] for field in fields(Lent)}
    return Lent(**{**values, "blob": Blob(**row["blob"])})


def drop_lent(db: Db, scope: Scope, *, now: datetime) -> int:
    """Forget addresses that have expired; how many."""
    return int(db.execute(delete(FILE).where(FILE.c.expires_at < now, scope.where(FILE))).rowcount)
