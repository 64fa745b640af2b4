"""What a partner's desk is known to have, told to its connector in this process (`gateway.desk_client.in_house`): the partner
pushes and cannot be asked, so its last word and ours that it took are kept here. Nothing here goes to the partner.

GET  /agreement                        how things stand with the partner
GET  /tickets/{uuid}?since=<place>     one ticket whole; history after that place
GET  /tickets?marker=<text>            the ticket that we shared under this marker
GET  /changes?since=<time>             what changed
POST /tickets/{uuid}/sending           {"marker", "opens", "document", "file"}: what is about to leave; asked again it is the same
POST /tickets/{uuid}/taken             {"marker", "opens", "place", "document"}: the partner has taken it
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from gateway import keys
from gateway.blobs import BlobStore
from gateway.desk_client import Asked, Told
from gateway.domain.model import Blob, Desk
from gateway.domain.model.change import replace
from gateway.domain.ticket_sharing import US, Agreement, Part, PartKind, Shared, Written, folding, wire
from gateway.errors import InterdeskError, Invalid, NotFound
from gateway.flows.context import OPERATOR, Context
from gateway.flows.in_house.answers import PAGE, body, changes, reply, since
from gateway.flows.ticket_sharing import NotAgreed, address_of, plain
from gateway.flows.ticket_sharing.receiving import new_ticket
from gateway.store import ticket_sharing as store
from gateway.store.db import Db
from gateway.store.ticket_sharing import Lent

LENT_FOR = timedelta(days=30)
"""For so long a partner may fetch a file: products fetch within minutes, but nobody says when."""


@dataclass(frozen=True, kw_only=True)
class SharingDoor:
    """All desks of partners that share tickets. `address` is that of our doors, `now` our own clock."""

    context: Context
    blobs: BlobStore
    now: Callable[[], datetime]
    address: str

    def __call__(self, asked: Asked) -> Told:
        """The whole answer; a refusal is one too."""
        try:
            return self._routed(asked)
        except NotFound as error:
            return reply(404, {"error": str(error)})
        except NotAgreed as error:
            return reply(403, {"error": str(error)})
        except (InterdeskError, wire.NotTaken) as error:
            return reply(422, {"error": str(error)})

    def _routed(self, asked: Asked) -> Told:
        match asked.method, asked.path.strip("/").split("/"):
            case "GET", ["agreement"]:
                return self._standing(asked)
            case "GET", ["tickets"]:
                return self._marked(asked)
            case "GET", ["changes"]:
                return self._changes(asked)
            case "GET", ["tickets", uuid]:
                return self._read(asked, uuid)
            case "POST", ["tickets", uuid, "sending"]:
                return self._sending(asked, uuid)
            case "POST", ["tickets", uuid, "taken"]:
                return self._taken(asked, uuid)
        raise NotFound(f"nothing at {asked.method} {asked.path}")

    def _desk(self, db: Db, asked: Asked) -> Desk:
        desk = self.context.directory(db).desks.get(asked.desk_id)
        if desk is None:
            raise NotFound("there is no such desk")
        return desk

    def _standing(self, asked: Asked) -> Told:
        with self.context.database.read() as db:
            desk = self._desk(db, asked)
            held = store.in_force(db, OPERATOR, desk.id)
        name = held.agreement.name if held else ""
        told = {"in_force": held is not None, "name": name, "clock": self.now().isoformat()}
        return reply(200, {"agreement": {**told, "our_url": address_of(self.address, desk)}})

    def _marked(self, asked: Asked) -> Told:
        with self.context.database.read() as db:
            found = store.marked(db, OPERATOR, asked.desk_id, asked.query.get("marker", ""))
            listed = [found] if found and found.marker and found.shared and found.gone_at is None else []
            return reply(200, {"tickets": [_whole(db, one) for one in listed]})

    def _changes(self, asked: Asked) -> Told:
        now = self.now()
        with self.context.database.read() as db:
            found = store.changed_since(db, OPERATOR, asked.desk_id, since(asked, now), limit=PAGE)
        return changes(asked, [(one.uuid, one) for one in found], now)

    def _read(self, asked: Asked, uuid: str) -> Told:
        with self.context.database.read() as db:
            ticket = _there(store.ticket(db, OPERATOR, asked.desk_id, uuid))
            if not ticket.shared:
                raise NotFound("the partner does not have it yet")
            return reply(200, {"ticket": _whole(db, ticket, since=int(asked.query.get("since") or 0))})

    def _sending(self, asked: Asked, uuid: str) -> Told:
        """Under which terms it may leave; a ticket that is new is kept from now on, for its partner may be quick."""
        told, now = body(asked), self.now()
        with self.context.database.write() as db:
            desk = self._desk(db, asked)
            held = store.in_force(db, OPERATOR, desk.id)
            if held is None:
                raise NotAgreed(
                    f"no sharing agreement with desk {desk.code} is in force",
                    cure=f"interdesk sharing invite {desk.code}, or accept its invitation",
                )
            if told["opens"]:
                store.lock_desk(db, desk.id)
            ticket = store.ticket(db, OPERATOR, desk.id, uuid, lock=True)
            tried = ticket is not None and ticket.tried
            if ticket is None and told["opens"]:
                ticket = self._begun(db, (desk, held.agreement), uuid, told)
            ticket = _there(ticket)
            answer = {
                "place": ticket.parts,
                "tried": tried,
                "public_comments": held.agreement.public_comments,
                "sync_tags": held.agreement.sync_tags,
                "sync_custom_fields": held.agreement.sync_custom_fields,
                "clock": wire.written(now),
                "file_url": self._lent(db, desk, told["file"], now) if told.get("file") else "",
            }
        return reply(200, {"sending": answer})

    def _begun(self, db: Db, terms: tuple[Desk, Agreement], uuid: str, told: Mapping[str, Any]) -> Shared:
        """A ticket that is about to be shared, as it will stand there."""
        desk, agreement = terms
        begun = new_ticket(self.context, desk, uuid, now=self.now(), marker=told["marker"])
        store.add_ticket(db, begun)
        document = wire.ticket_told(told["document"], uuid)
        written = folding.folded(replace(begun, tried=True), document, agreement, self._hand(db, begun, told))
        store.write(db, written)
        return written.ticket

    def _hand(
        self, db: Db, ticket: Shared, told: Mapping[str, Any], theirs: Sequence[Part] = ()
    ) -> folding.Hand:
        return folding.Hand(
            at=self.now(),
            new_id=partial(self.context.new_id, "shp"),
            plain=plain,
            known=store.comment_names(db, OPERATOR, ticket.id),
            us=US,
            marker=told["marker"],
            theirs=frozenset(part.data["field"] for part in theirs),
        )

    def _lent(self, db: Db, desk: Desk, file: Mapping[str, Any], now: datetime) -> str:
        if not self.blobs.has(file["blob"]["key"]):
            raise Invalid("the file is not in the store")
        token = keys.new_link()
        lent = Lent(
            id=self.context.new_id("shf"),
            org_id=desk.org_id,
            desk_id=desk.id,
            blob=Blob(**file["blob"]),
            filename=file["filename"],
            media_type=file["media_type"],
            expires_at=now + LENT_FOR,
        )
        store.lend(db, lent, sha256=keys.digest(token))
        return f"{address_of(self.address, desk)}/files/{token}"

    def _taken(self, asked: Asked, uuid: str) -> Told:
        """Our document is what stands there now, but where the partner has spoken since it left."""
        told = body(asked)
        with self.context.database.write() as db:
            ticket = _there(store.ticket(db, OPERATOR, asked.desk_id, uuid, lock=True))
            held = store.in_force(db, OPERATOR, asked.desk_id)
            if held is None:
                raise NotAgreed("the sharing agreement ended meanwhile")
            written = Written(ticket=replace(ticket, shared=True))
            if not told[
                "opens"
            ]:  # what opened it was kept before it left, and the partner may have gone on since
                later = store.entries_after(db, OPERATOR, ticket.id, int(told["place"]))
                document = wire.ticket_told(told["document"], uuid)
                hand = self._hand(db, ticket, told, later)
                written = folding.folded(written.ticket, document, held.agreement, hand)
            store.write(db, written)
            whole = _whole(db, written.ticket)
        names = [part.name for part in written.parts]
        return reply(200, {"ticket": whole, "added": names})


def _there(ticket: Shared | None) -> Shared:
    if ticket is None or ticket.gone_at is not None:
        raise NotFound("there is no such ticket, or it is no longer shared")
    return ticket


def _whole(db: Db, ticket: Shared, *, since: int = 0) -> dict[str, Any]:
    return document(ticket, store.parts(db, OPERATOR, ticket.id), since=since)


def document(ticket: Shared, parts: Sequence[Part], *, since: int = 0) -> dict[str, Any]:
    """A ticket as the connector reads it; of its history what came after the place `since`."""
    shown = [one for one in parts if one.kind is PartKind.COMMENT and one.data["shown"]]
    entries = [one for one in parts if one.kind is PartKind.ENTRY and one.place > since]
    return {
        "uuid": ticket.uuid,
        "number": ticket.number,
        "marker": ticket.marker,
        "revision": ticket.revision,
        "position": ticket.parts,
        "created_at": ticket.created_at.isoformat(),
        "changed_at": ticket.changed_at.isoformat(),
        "fields": dict(ticket.fields),
        "comments": [_told(one) for one in shown],
        "files": [_told(one) for one in parts if one.kind is PartKind.FILE],
        "history": [_told(one) for one in entries],
    }


def _told(part: Part) -> dict[str, Any]:
    who = {"id": part.actor.id, "name": part.actor.name, "kind": part.actor.kind.value}
    known = {"id": part.name, "at": part.at.isoformat(), "actor": who, "request": part.request}
    return {**known, **part.data}
