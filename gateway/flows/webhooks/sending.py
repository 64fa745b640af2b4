"""Messages to webhooks as they leave: claimed under a lease, put into words as their subscriber may read them at that moment,
signed, and what became of them written down with the health of the endpoint."""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from gateway import webhook_signatures as signatures
from gateway.domain import letters
from gateway.domain.case import Case
from gateway.domain.escalation import MAIL, reached_at
from gateway.domain.letters import Letter
from gateway.domain.model import Contact, Event
from gateway.domain.webhooks import envelope, eyes, sending
from gateway.domain.webhooks.model import Answer, Endpoint, Message, Secret, Standing, State, Webhook
from gateway.errors import ConfigError
from gateway.flows.context import OPERATOR, Context
from gateway.flows.outcomes import UNREADABLE
from gateway.store import alarms, audit, cases, history, webhook_endpoints, webhooks
from gateway.store.db import Db

log = logging.getLogger(__name__)

LIMIT = 200
GATEWAY = "gateway"
Content = tuple[bytes, Mapping[str, str]]
"""A body and its headers."""


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """A claimed message with where it goes and what it says; `document` None: there is nothing to be told any more.
    `trouble`: why nothing can be sent, as it would be if the subscriber had not taken it."""

    message: Message
    webhook: Webhook
    document: Mapping[str, object] | None
    secrets: Sequence[str] = field(default=(), repr=False)
    trouble: Answer | None = None

    def signed(self, *, now: datetime) -> Content:
        """The bytes and headers of an attempt at `now`."""
        if self.document is None:
            raise ValueError("nothing to send")
        body = envelope.body(self.document)
        headers = signatures.headers(self.message.id, body, self.secrets, now=now)
        return body, {"content-type": envelope.MEDIA_TYPE, **headers}


def claim(context: Context, *, source: str, now: datetime, busy: Mapping[str, int]) -> list[Parcel]:
    """Take what is to leave now. `source`: the installation's address; `busy`: what is under way, by webhook id."""
    with context.database.read() as db:
        known = {one.id: one for group in context.directory(db).webhooks.values() for one in group}
        due = webhooks.waiting(db, OPERATOR, now=now) if known else []
        endpoints = webhook_endpoints.every(db, OPERATOR) if due else {}
    gone = [webhook_id for webhook_id in due if webhook_id not in known]
    rooms = _rooms(endpoints, [one for one in due if one in known], busy, now=now)
    if not gone and not rooms:
        return []
    with context.database.write() as db:
        if gone:
            webhooks.drop_of(db, OPERATOR, gone, now=now)
            webhook_endpoints.remove(db, OPERATOR, gone)
        found = [
            message
            for webhook_id, room in rooms.items()
            for message in webhooks.claim(
                db, OPERATOR, webhook_id, until=now + sending.LEASE, at=(now, min(room, LIMIT))
            )
        ]
    return _worded(context, found, (known, endpoints), source=source, now=now)


def _rooms(
    endpoints: Mapping[str, Endpoint], due: Iterable[str], busy: Mapping[str, int], *, now: datetime
) -> dict[str, int]:
    rooms = {one: sending.room(endpoints[one], now=now) - busy.get(one, 0) for one in due if one in endpoints}
    return {webhook_id: room for webhook_id, room in rooms.items() if room > 0}


def claim_one(context: Context, message: Message, *, source: str, now: datetime) -> Parcel:
    """A message that was queued as claimed already (a trial)."""
    with context.database.read() as db:
        known = {one.id: one for group in context.directory(db).webhooks.values() for one in group}
        endpoints = webhook_endpoints.every(db, OPERATOR)
    [parcel] = _worded(context, [message], (known, endpoints), source=source, now=now)
    return parcel


Known = tuple[Mapping[str, Webhook], Mapping[str, Endpoint]]


def _worded(
    context: Context, found: Sequence[Message], known: Known, *, source: str, now: datetime
) -> list[Parcel]:
    """The messages put into words, as of this moment."""
    if not found:
        return []
    with context.database.read() as db:
        occasion = context.occasion(db, now)
        tickets = {one.ticket_id for one in found if one.ticket_id}
        loaded = cases.load(db, OPERATOR, tickets, occasion, lock=False)
        events = history.by_ids(db, OPERATOR, [one.event_id for one in found if one.ticket_id])
        told = (loaded, events, source)
        return [_parcel(context, message, known, told, now=now) for message in found]


Told = tuple[Mapping[str, Case], Mapping[str, Event], str]
"""Cases and events by id, and the installation's address."""


def _parcel(context: Context, message: Message, known: Known, told: Told, *, now: datetime) -> Parcel:
    """One that cannot be put into words, or whose secret does not open, is written down as such and holds up no other."""
    webhook = known[0][message.webhook_id]
    try:
        secrets = _secrets(context, known[1][webhook.id], now=now)
        document = _document(message, webhook, told)
    except ConfigError as error:
        trouble = Answer(error=str(error), reached=False)
    except UNREADABLE as error:
        log.exception("message %s cannot be put into words", message.id)
        trouble = Answer(error=f"it cannot be put into words: {error!r}", reached=False, refused=True)
    else:
        return Parcel(message=message, webhook=webhook, document=document, secrets=secrets)
    return Parcel(message=message, webhook=webhook, document=None, trouble=trouble)


def _document(message: Message, webhook: Webhook, told: Told) -> dict[str, object] | None:
    case, event, source = told[0].get(message.ticket_id), told[1].get(message.event_id), told[2]
    if not message.ticket_id:
        return envelope.event(
            message.kind,
            message.document or {},
            event_id=message.event_id,
            subject=message.subject,
            origin=(source, message.created_at),
        )
    data = eyes.told(case, event, message.kind, webhook) if case is not None and event is not None else None
    if data is None or event is None:
        return None
    return envelope.event(
        message.kind,
        data,
        event_id=message.event_id,
        subject=message.ticket_id,
        origin=(source, event.observed_at),
    )


def _secrets(context: Context, endpoint: Endpoint, *, now: datetime) -> list[str]:
    """Those that sign now: the newest, and older ones until their time is over. Raises ConfigError."""
    if context.open_secret is None:
        raise ConfigError("nothing here can open the secrets of webhooks")
    place = webhook_endpoints.place(endpoint.org_id, endpoint.id)
    texts: list[str] = json.loads(context.open_secret(endpoint.sealed_secrets, place))
    return [text for text, known in zip(texts, endpoint.secrets, strict=True) if signs(known, now)]


def signs(secret: Secret, now: datetime) -> bool:
    """Whether a secret signs at that moment."""
    return secret.until is None or now < datetime.fromisoformat(secret.until)


# -- what became of it --------------------------------------------------------------------------------------------------------


def settle(context: Context, parcel: Parcel, answer: Answer, *, now: datetime) -> bool:
    """Write down one attempt; False if somebody else has the message by now."""
    with context.database.write() as db:
        after = sending.after(parcel.message, answer, now=now, jitter=context.jitter())
        if not webhooks.settle(db, after):
            return False
        webhooks.record(db, after, answer, at=now)
        before = webhook_endpoints.get(db, OPERATOR, parcel.webhook.id, lock=True)
        if before is not None:
            endpoint = sending.health(before, answer, now=now)
            webhook_endpoints.change(db, endpoint)
            if endpoint.standing is not before.standing:
                _ended(context, db, parcel.webhook, endpoint, now=now)
    if not sending.is_taken(answer):
        _log(after, answer)
    return True


def drop(context: Context, parcel: Parcel, *, now: datetime) -> None:
    """There is nothing (any more) that this subscriber may be told: nothing leaves, and the lane goes on."""
    why = "there is nothing of it that this subscriber may read any more"
    dropped = replace(parcel.message, state=State.DROPPED, done_at=now, lease_until=None, error=why)
    with context.database.write() as db:
        webhooks.settle(db, dropped)


def _log(message: Message, answer: Answer) -> None:
    told = {"webhook": message.webhook_id, "message_id": message.id, "ticket": message.ticket_id}
    log.warning(
        "a webhook was not taken", extra={**told, "status": answer.status, "state": message.state.value}
    )


def _ended(context: Context, db: Db, webhook: Webhook, endpoint: Endpoint, *, now: datetime) -> None:
    """Nothing is sent there any more until somebody says so: its owner is told."""
    log.warning("a webhook is disabled", extra={"webhook": webhook.code, "why": endpoint.why})
    audit.record(
        db,
        now=now,
        org_id=webhook.org_id,
        actor=GATEWAY,
        action="webhook disabled",
        subject=webhook.id,
        before={"standing": Standing.ACTIVE.value},
        after={"standing": endpoint.standing.value, "why": endpoint.why},
    )
    everybody = context.directory(db).contacts.get(webhook.org_id, ())
    people: list[Contact | None] = [one for one in everybody if one.level == 1 and one.channel == MAIL]
    written = [_letter(context, contact, webhook, endpoint, now=now) for contact in people or [None]]
    alarms.keep(db, new=[], changed=[], letters=written)


def _letter(
    context: Context, contact: Contact | None, webhook: Webhook, endpoint: Endpoint, *, now: datetime
) -> Letter:
    language, about = contact.language if contact is not None else "en", context.new_id("wrn")
    return Letter(
        id=context.new_id("ltr"),
        org_id=webhook.org_id,
        ticket_id="",
        warning_id=about,
        message_id=letters.message_id(about, contact),
        contact=contact.code if contact is not None else letters.ADMIN,
        address=contact.address if contact is not None else letters.ADMIN,
        subject=letters.subject("webhook_ended", language, webhook=webhook.code),
        body=letters.body("webhook_ended", language, webhook=webhook.code, url=webhook.url, why=endpoint.why),
        created_at=now,
        next_at=reached_at(contact, now, any_hour=False) if contact is not None else now,
    )
