"""What a partner pushes to us, taken within one transaction each: its tickets' documents, and its word on agreements. After
each the gateway looks at the ticket, as after any hint. Nothing of a document is believed beyond the partner's own desk."""

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from gateway.domain.model import Desk
from gateway.domain.model.change import replace
from gateway.domain.ticket_sharing import (
    Agreement,
    End,
    Shared,
    Standing,
    Written,
    agreements,
    folding,
    wire,
)
from gateway.domain.ticket_sharing.wire import NotTaken
from gateway.errors import ConfigError, NotFound
from gateway.flows.context import OPERATOR, Context
from gateway.flows.ticket_sharing import (
    Gone,
    NotAgreed,
    NoToken,
    digest,
    plain,
    shares,
    token_hash,
)
from gateway.store import audit, directory, looks
from gateway.store import ticket_sharing as store
from gateway.store.db import Db
from gateway.store.looks import Wish
from gateway.store.ticket_sharing import Keyed

MOST_OPEN = 20
"""Invitations of one desk that wait for an answer; a further one takes the place of the oldest."""


@dataclass(frozen=True, kw_only=True)
class Knock:
    """One request of a partner's. `desk` is the code in the address, "" if it names none; `uuid` the last part of it."""

    uuid: str
    now: datetime
    desk: str = ""
    token: str | None = field(default=None, repr=False)
    document: Any = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Guest:
    """Who knocks, once the token has been looked at."""

    desk: Desk
    keyed: Keyed

    @property
    def agreement(self) -> Agreement:
        """Under which agreement."""
        return self.keyed.agreement


def invite(context: Context, knock: Knock) -> bool:
    """A partner proposes an agreement; False if it is known already, word for word. Raises NotFound, NotTaken."""
    document = knock.document
    told = wire.agreement_told(document, knock.uuid)
    with context.database.write() as db:
        desk = _invited(context, db, knock, told)
        agreements.invited(told, desk.base_url)
        token = f"{knock.uuid}:{told.access_key}"
        if knock.token is not None and not hmac.compare_digest(knock.token.encode(), token.encode()):
            raise NotAgreed("the token is not the one that the document names")
        store.lock_desk(db, desk.id)
        known = store.agreement(db, OPERATOR, desk.id, knock.uuid)
        if known is not None:
            if known.token_hash == token_hash(token):
                return False
            raise NotTaken("there is an agreement of that uuid already")
        made = _made(context, desk, told, knock)
        store.add_agreement(db, sealed(context, made, token))
        _make_room(db, desk)
        _audit(db, made, "sharing invited", knock.now)
    return True


def _invited(context: Context, db: Db, knock: Knock, told: wire.AgreementTold) -> Desk:
    """The desk that is meant: by the address, else the only one known under the sender's."""
    every = [desk for desk in context.directory(db).desks.values() if shares(desk)]
    if knock.desk:
        found = [desk for desk in every if desk.code == knock.desk]
    else:
        found = [desk for desk in every if wire.same_place(desk.base_url, told.sender_url or "")]
    if len(found) != 1:
        raise NotFound("there is no such desk here")
    return found[0]


def _made(context: Context, desk: Desk, told: wire.AgreementTold, knock: Knock) -> Agreement:
    return Agreement(
        id=context.new_id("sha"),
        org_id=desk.org_id,
        desk_id=desk.id,
        uuid=knock.uuid,
        ours=End.RECEIVER,
        name=told.name or "",
        sender_url=told.sender_url or "",
        receiver_url=told.receiver_url or "",
        standing=Standing.PENDING,
        sync_tags=told.sync_tags is not False,
        sync_custom_fields=told.sync_custom_fields is not False,
        public_comments=told.public_comments is not False,
        created_at=knock.now,
        changed_at=knock.now,
    )


def sealed(context: Context, agreement: Agreement, token: str) -> Keyed:
    """The agreement with its token as it is kept. Raises ConfigError where nothing seals."""
    if context.seal_secret is None:
        raise ConfigError("nothing here seals the access key of an agreement")
    kept = context.seal_secret(token, store.token_place(agreement))
    return Keyed(agreement=agreement, sealed_token=kept, token_hash=token_hash(token))


def _make_room(db: Db, desk: Desk) -> None:
    listed = [one.agreement for one in store.agreements(db, OPERATOR, desk.id)]
    waiting = [one for one in listed if one.standing is Standing.PENDING and one.ours is End.RECEIVER]
    for old in waiting[MOST_OPEN:]:
        store.forget_agreement(db, OPERATOR, old.id)


def amend(context: Context, knock: Knock) -> Agreement:
    """The partner's PUT on an agreement. Raises NoToken, NotAgreed, NotTaken."""
    told = wire.agreement_told(knock.document, knock.uuid)
    with context.database.write() as db:
        guest = _guest(context, db, knock)
        if guest.agreement.uuid != knock.uuid:
            raise NotAgreed("the token is another agreement's")
        keyed, token = guest.keyed, f"{knock.uuid}:{told.access_key}"
        rekeyed = told.access_key is not None and token_hash(token) != keyed.token_hash
        told = told if rekeyed else replace(told, access_key=None)
        after = agreements.changed_by_partner(keyed.agreement, told, guest.desk.base_url, knock.now)
        if rekeyed:
            agreements.check_key(told.access_key)
            after = replace(after, changed_at=knock.now)
        if after != keyed.agreement:
            changed = sealed(context, after, token) if rekeyed else replace(keyed, agreement=after)
            store.change_agreement(db, changed, rekeyed=rekeyed)
            directory.bump(db)
            _audit(db, after, f"sharing {after.standing}", knock.now)
        return after


def agreement(context: Context, knock: Knock) -> Agreement:
    """An agreement, for its partner to read."""
    with context.database.read() as db:
        guest = _guest(context, db, knock)
    if guest.agreement.uuid != knock.uuid:
        raise NotAgreed("the token is another agreement's")
    return guest.agreement


def _guest(context: Context, db: Db, knock: Knock) -> Guest:
    """Who knocks. Raises NoToken, NotAgreed: alike for what is not there and for what is another's."""
    if not knock.token:
        raise NoToken("the header X-Ticket-Sharing-Token is missing")
    wanted = token_hash(knock.token).encode()
    desks = context.directory(db).desks
    for keyed in store.known_as(db, knock.token.partition(":")[0][:64]):
        desk = desks.get(keyed.agreement.desk_id)
        fits = hmac.compare_digest(keyed.token_hash.encode(), wanted)
        if fits and desk is not None and shares(desk) and knock.desk in ("", desk.code):
            return Guest(desk=desk, keyed=keyed)
    raise NotAgreed("the token opens nothing here")


def _sharing(context: Context, db: Db, knock: Knock) -> Guest:
    guest = _guest(context, db, knock)
    if guest.agreement.standing is not Standing.ACCEPTED:
        raise NotAgreed(f"the agreement is {guest.agreement.standing}")
    return guest


def share(context: Context, knock: Knock) -> bool:
    """A partner shares a ticket; False if this very document was taken before. Raises NoToken, NotAgreed, NotTaken."""
    with context.database.write() as db:
        guest = _sharing(context, db, knock)
        document = knock.document
        told, first = wire.ticket_told(document, knock.uuid), digest(document)
        if told.subject is None or not told.subject.strip():
            raise NotTaken("subject is missing")
        store.lock_desk(db, guest.desk.id)
        ticket = store.ticket(db, OPERATOR, guest.desk.id, knock.uuid, lock=True)
        if ticket is None:
            ticket = new_ticket(context, guest.desk, knock.uuid, now=knock.now)
            ticket = replace(ticket, first=first, shared=True)
            store.add_ticket(db, ticket)
        elif ticket.first == first and ticket.gone_at is None:
            return False
        elif ticket.gone_at is None:
            raise NotTaken("there is a ticket of that uuid already")
        else:
            ticket = replace(ticket, first=first, gone_at=None, shared=True)
        _take(context, db, (guest, ticket), told, now=knock.now)
    return True


def new_ticket(context: Context, desk: Desk, uuid: str, *, now: datetime, marker: str = "") -> Shared:
    """A ticket of which nothing was told yet."""
    return Shared(
        id=context.new_id("shr"),
        org_id=desk.org_id,
        desk_id=desk.id,
        uuid=uuid,
        marker=marker,
        fields={},
        created_at=now,
        changed_at=now,
    )


def update(context: Context, knock: Knock) -> None:
    """A partner changes a shared ticket or adds to it. Raises NoToken, NotAgreed, NotFound, Gone, NotTaken."""
    with context.database.write() as db:
        guest = _sharing(context, db, knock)
        told = wire.ticket_told(knock.document, knock.uuid)
        ticket = _there(store.ticket(db, OPERATOR, guest.desk.id, knock.uuid, lock=True))
        _take(context, db, (guest, replace(ticket, shared=True)), told, now=knock.now)


def _take(
    context: Context, db: Db, whose: tuple[Guest, Shared], told: wire.TicketTold, *, now: datetime
) -> None:
    guest, ticket = whose
    hand = folding.Hand(
        at=now,
        new_id=partial(context.new_id, "shp"),
        plain=plain,
        known=store.comment_names(db, OPERATOR, ticket.id),
    )
    written = folding.folded(ticket, told, guest.agreement, hand)
    if not written.parts:
        written = replace(written, ticket=replace(written.ticket, changed_at=now))
    store.write(db, written)
    _look(db, written.ticket, now, "the partner pushed it")


def _look(db: Db, ticket: Shared, now: datetime, why: str) -> None:
    wish = Wish(org_id=ticket.org_id, desk_id=ticket.desk_id, remote_id=ticket.uuid, due_at=now, why=why)
    looks.want(db, [wish])


def _there(ticket: Shared | None) -> Shared:
    if ticket is None:
        raise NotFound("there is no such ticket here")
    if ticket.gone_at is not None:
        raise Gone("this ticket is no longer shared", cure="share it again: POST")
    return ticket


def unshare(context: Context, knock: Knock) -> None:
    """A partner takes a ticket back; a second time nothing happens. Raises NoToken, NotAgreed, NotFound."""
    with context.database.write() as db:
        guest = _sharing(context, db, knock)
        ticket = store.ticket(db, OPERATOR, guest.desk.id, knock.uuid, lock=True)
        if ticket is None:
            raise NotFound("there is no such ticket here")
        if ticket.gone_at is None:
            gone = replace(ticket, gone_at=knock.now, changed_at=knock.now, revision=ticket.revision + 1)
            store.write(db, Written(ticket=gone))
            _look(db, gone, knock.now, "the partner no longer shares it")


def ticket(context: Context, knock: Knock) -> Shared:
    """A shared ticket, for the partner to read. Raises NoToken, NotAgreed, NotFound, Gone."""
    with context.database.read() as db:
        guest = _sharing(context, db, knock)
        return _there(store.ticket(db, OPERATOR, guest.desk.id, knock.uuid))


def _audit(db: Db, agreement: Agreement, action: str, now: datetime) -> None:
    audit.record(
        db,
        now=now,
        org_id=agreement.org_id,
        actor="partner",
        action=action,
        subject=agreement.id,
        before=None,
        after={"uuid": agreement.uuid, "status": agreement.standing.value, "name": agreement.name},
    )
