"""What a party's callers do at its API desk: open tickets, change them, read them. A ticket that its party names is opened
once; whatever is written makes the gateway look at it as at any desk's."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gateway.blobs import BlobStore, BlobTooLarge
from gateway.domain import api_desk as rules
from gateway.domain.api_desk import PUSHED, State, Wanted, state_of
from gateway.domain.in_house import DeskTicket, Face, Part, PartKind, Stamp, Written, person
from gateway.domain.model import Blob, Desk
from gateway.domain.model.change import replace
from gateway.domain.tmf621 import listing, patching, reading, telling, wishes
from gateway.domain.tmf621.versions import V5, Dialect
from gateway.errors import ConfigError, Invalid, NotFound, Refused
from gateway.flows.api_desk import hubs
from gateway.flows.api_desk.caller import Caller, desk_of
from gateway.flows.api_desk.front import PREFIX, number
from gateway.flows.api_desk.promises import promises
from gateway.flows.context import OPERATOR, Context
from gateway.flows.in_house.documents import blob_of
from gateway.flows.in_house.front import Change
from gateway.store import cases, looks
from gateway.store import in_house as store
from gateway.store.db import Db, beyond
from gateway.store.in_house import At
from gateway.store.looks import Wish

MOST_SEARCHED = 5_000
"""Tickets that a filter is held against; a list of more is to be narrowed by `creationDate`."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where files go; None: nowhere."""

    blobs: BlobStore | None
    largest: int = 0


@dataclass(frozen=True, kw_only=True)
class Errand:
    """Something that a caller wants done now."""

    context: Context
    caller: Caller
    place: Place
    now: datetime

    def stamp(self) -> Stamp:
        """Whose parts are added."""
        ids = iter(lambda: self.context.new_id("prt"), "")
        return Stamp(who=person(self.caller.name), now=self.now, ids=ids)


@dataclass(frozen=True, kw_only=True)
class Told:
    """A ticket as its party reads it. `repeated`: it had been opened before, nothing was done now."""

    ticket: DeskTicket
    document: Mapping[str, Any]
    repeated: bool = False


def opened(errand: Errand, document: Mapping[str, Any], dialect: Dialect = V5) -> Told:
    """Open a ticket. Asked again under the same external identifier, the same ticket is told; a different document under
    it is refused (Refused). Raises Invalid."""
    context, caller, now = errand.context, errand.caller, errand.now
    lacking = [name for name in dialect.required if not document.get(name)]
    if lacking:
        problems = tuple(f"{name}: is missing" for name in lacking)
        raise Invalid("the trouble ticket is not whole", problems=problems)
    wanted = wishes.opening(document)
    digest = hashlib.sha256(json.dumps(document, sort_keys=True, default=str).encode()).hexdigest()
    kept = _with_blobs(wanted, errand.place)
    with context.database.write() as db:
        desk = desk_of(context, db, caller)
        at = store.next_place(db, Face.API, desk.id)
        external = reading.external(document)
        known = store.named(db, caller.scope, _at(desk), external) if external else None
        if known is not None:
            return _again(context, db, caller, (known, digest))
        ticket = _new(context, desk, (at, external, digest), now)
        store.create(db, ticket, place=at)
        made = _as_made(rules.done(ticket, kept, errand.stamp()), kept)
        store.write(db, made)
        _look(db, made.ticket, now)
        hubs.tell(context, db, Change(before=None, after=made, by_party=True), now=now)
        return _told(context, db, caller, made.ticket)


def _again(context: Context, db: Db, caller: Caller, which: tuple[DeskTicket, str]) -> Told:
    known, digest = which
    if known.digest != digest:
        raise Refused(
            f"there is a ticket of that external identifier: {known.id}",
            why="it was opened with another document",
            cure=f"change it by PATCH, or name the new one otherwise ({known.number})",
        )
    told = _told(context, db, caller, known)
    return Told(ticket=told.ticket, document=told.document, repeated=True)


def _new(context: Context, desk: Desk, named: tuple[int, str, str], now: datetime) -> DeskTicket:
    place, external, digest = named
    ticket_id = context.new_id(PREFIX)
    return DeskTicket(
        id=ticket_id,
        org_id=desk.org_id,
        desk_id=desk.id,
        face=Face.API,
        number=number(place),
        marker=f"{PUSHED}{ticket_id}",
        external=external,
        digest=digest,
        fields={},
        created_at=now,
        changed_at=now,
    )


def _as_made(written: Written, wanted: Wanted) -> Written:
    """A new ticket's first values are no changes: they have no history."""
    said = tuple(part for part in written.parts if part.kind is not PartKind.ENTRY)
    placed = tuple(replace(part, place=place) for place, part in enumerate(said, start=1))
    ticket = replace(written.ticket, fields=dict(wanted.fields), parts=len(placed))
    return Written(ticket=ticket, parts=placed)


def _look(db: Db, ticket: DeskTicket, now: datetime) -> None:
    wish = Wish(
        org_id=ticket.org_id, desk_id=ticket.desk_id, remote_id=ticket.id, due_at=now, why="somebody called"
    )
    looks.want(db, [wish])


@dataclass(frozen=True, kw_only=True)
class Patch:
    """A change as it was sent: `media_type` says which of the standard's ways it is written in."""

    media_type: str
    body: Any
    dialect: Dialect = V5


def patched(errand: Errand, ticket_id: str, patch: Patch) -> Told:
    """Change a ticket. Raises NotFound, Invalid, Refused."""
    with errand.context.database.write() as db:
        ticket, parts = _found(errand.context, db, errand.caller, ticket_id, lock=True)
        before = telling.document(ticket, parts)
        after, touched = _after(before, patch)
        wanted = wishes.changing(ticket, parts, before, after, touched)
        if wanted.edits and not patch.dialect.mends:
            raise Invalid("notes are not changed", problems=("note: notes may be added only",))
        return _written(errand, db, (ticket, parts), _with_blobs(wanted, errand.place))


class Command(StrEnum):
    """What MEF 124 asks for by an address of its own."""

    CANCEL = "cancel"
    CLOSE = "close"
    REOPEN = "reopen"


_LEADS_TO = {
    Command.CANCEL: State.CANCELLED,
    Command.CLOSE: State.CLOSED,
    Command.REOPEN: State.IN_PROGRESS,
}


def commanded(errand: Errand, ticket_id: str, command: Command, reason: str) -> Told:
    """Cancel a ticket, or say of what is resolved whether it is. Raises NotFound, Invalid, Refused."""
    found = one(errand.context, errand.caller, ticket_id)
    if command is not Command.CANCEL and state_of(found.ticket) is not State.RESOLVED:
        raise Refused(
            f"a ticket that is {found.document['status']} cannot be {command}d",
            why="only what is resolved is closed or reopened",
        )
    if command is Command.REOPEN and not reason.strip():
        raise Invalid("the command is not whole", problems=("reason: reopening needs its reason",))
    body = {"status": _LEADS_TO[command].value} | ({"statusChangeReason": reason} if reason else {})
    return patched(errand, ticket_id, Patch(media_type=patching.MERGE[1], body=body))


def chain_of(context: Context, ticket: DeskTicket) -> str | None:
    """The id of the case that a ticket is in; None as long as it is in none."""
    with context.database.read() as db:
        found = cases.hops_at(db, OPERATOR, [(ticket.desk_id, ticket.id)])
    return next((chain for chain, _ in found.values()), None)


def _after(before: Mapping[str, Any], patch: Patch) -> tuple[dict[str, Any], frozenset[str]]:
    """The v5 document after the patch, and the attributes that it speaks of; of all others nothing changes, whatever the
    patch's dialect makes of them."""
    dialect, named = patch.dialect, patching.touched(patch.body)
    if named & dialect.unmoved:
        problems = tuple(f"{name}: is not patchable" for name in sorted(named & dialect.unmoved))
        raise Invalid("a patch does not change this", problems=problems)
    theirs = dialect.to(before)
    if patch.media_type in patching.OPERATIONS:
        changed = patching.operated(theirs, patch.body)
    else:
        changed = patching.merged(theirs, reading.checked_patch(patch.body))
    read, touched = dialect.of(changed), dialect.touched(named)
    rest = {name: value for name, value in before.items() if name not in touched}
    return rest | {name: read[name] for name in touched if name in read}, touched


def _written(errand: Errand, db: Db, which: tuple[DeskTicket, Sequence[Part]], wanted: Wanted) -> Told:
    ticket, parts = which
    written = rules.done(ticket, wanted, errand.stamp(), parts)
    if written.ticket != ticket:
        store.write(db, written, known=frozenset(part.id for part in parts))
        _look(db, ticket, errand.now)
        hubs.tell(errand.context, db, Change(before=which, after=written, by_party=True), now=errand.now)
    return _told(errand.context, db, errand.caller, written.ticket)


def _with_blobs(wanted: Wanted, place: Place) -> Wanted:
    """Files that came with their bytes are put in the store. Raises Invalid for bytes that are none."""
    files = [_kept(file, place) if file.get("content") is not None else file for file in wanted.files]
    return replace(wanted, files=files)


def _kept(file: Mapping[str, Any], place: Place) -> dict[str, Any]:
    if place.blobs is None:
        raise ConfigError("this gateway has no place for files")
    name = str(file.get("name") or file.get("id") or "")[:80]
    try:
        data = base64.b64decode(file["content"], validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise Invalid(
            "the file is not valid", problems=(f"attachment.content of {name!r}: not base64",)
        ) from error
    try:
        with place.blobs.writer(limit=place.largest) as writer:
            writer.write(data)
            blob = writer.commit()
    except BlobTooLarge as error:
        raise Invalid("the file is too large", problems=(f"attachment.content of {name!r}",)) from error
    return {**file, "blob": {"key": blob.key, "size": blob.size, "sha256": blob.sha256}}


def _found(
    context: Context, db: Db, caller: Caller, ticket_id: str, *, lock: bool = False
) -> tuple[DeskTicket, list[Part]]:
    desk = desk_of(context, db, caller)
    ticket = store.get(db, caller.scope, _at(desk), ticket_id, lock=lock)
    if ticket is None:
        raise NotFound("there is no such trouble ticket")
    return ticket, store.parts_of(db, caller.scope, ticket)


def _at(desk: Desk) -> At:
    return At(Face.API, desk.id)


def _told(context: Context, db: Db, caller: Caller, ticket: DeskTicket) -> Told:
    [document] = _documents(context, db, caller, [ticket])
    return Told(ticket=ticket, document=document)


def one(context: Context, caller: Caller, ticket_id: str, dialect: Dialect = V5) -> Told:
    """One ticket, its document in a dialect. Raises NotFound."""
    with context.database.read(caller.scope) as db:
        ticket, _ = _found(context, db, caller, ticket_id)
        [document] = _documents(context, db, caller, [ticket], dialect)
        return Told(ticket=ticket, document=document)


def file(context: Context, caller: Caller, ticket_id: str, place: str) -> tuple[Part, Blob]:
    """A file of a ticket. Raises NotFound."""
    with context.database.read(caller.scope) as db:
        _, parts = _found(context, db, caller, ticket_id)
    found = [one for one in parts if str(one.place) == place and one.kind is PartKind.FILE]
    if not found:
        raise NotFound("there is no such file")
    return found[0], blob_of(found[0])


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A list as it is asked for; `filters` are names and values as they came."""

    filters: Sequence[tuple[str, str]] = ()
    sort: str | None = None
    page: store.Page = field(default_factory=store.Page)


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One page, and how many there are in all."""

    documents: Sequence[Mapping[str, Any]]
    total: int


_ORDERS = {"": store.Order.NEWEST, "lastUpdate": store.Order.CHANGED, "-lastUpdate": store.Order.CHANGED_LAST}
"""Orders that are a column's: whoever polls for changes reads any number of them."""


def _is_by_column(asked: Asked) -> bool:
    """Whether a column answers every filter, so that no document is looked into."""
    names = [name for name, _ in asked.filters]
    return not names or (names == ["lastUpdate.gte"] and asked.page.changed_from is not None)


def listed(context: Context, caller: Caller, asked: Asked, dialect: Dialect = V5) -> Listed:
    """Tickets of the caller's desk in a dialect, the newest first. Raises Invalid."""
    wanted = listing.tests(asked.filters)
    with context.database.read(caller.scope) as db:
        desk = desk_of(context, db, caller)
        in_order = _ORDERS.get(asked.sort or "")
        if in_order is not None and _is_by_column(asked):
            page = replace(asked.page, order=in_order)
            found = store.listed(db, caller.scope, _at(desk), page)
            total = store.count(db, caller.scope, _at(desk), asked.page)
            return Listed(documents=_documents(context, db, caller, found, dialect), total=total)
        every = replace(asked.page, offset=0, limit=MOST_SEARCHED + 1)
        found = store.listed(db, caller.scope, _at(desk), every)
        documents = _documents(context, db, caller, found, dialect)
    if len(found) > MOST_SEARCHED:
        raise Invalid(
            f"a filter looks through at most {MOST_SEARCHED} tickets",
            cure="narrow it: creationDate.gt=…, or ask by lastUpdate.gte alone",
        )
    fitting = listing.sorted_by([one for one in documents if listing.fits(one, wanted)], asked.sort)
    first = asked.page.offset
    return Listed(documents=fitting[first : first + asked.page.limit], total=len(fitting))


def _documents(
    context: Context, db: Db, caller: Caller, found: Sequence[DeskTicket], dialect: Dialect = V5
) -> list[Mapping[str, Any]]:
    parts = store.parts(db, caller.scope, [ticket.id for ticket in found])
    with beyond(db):  # by when is the whole chain's
        due = promises(db, context.directory(db), found)
    return [dialect.tell(ticket, parts[ticket.id], due[ticket.id], reader=caller.name) for ticket in found]
