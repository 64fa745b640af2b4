"""From the mails about a ticket to the ticket as this desk has it. The mailbox is the memory: what we sent is known by its
seal, what the party answered is read in the order in which it arrived, and the same mails always give the same ticket.

Bounded whatever comes: MOST_AT_ONCE mails of a person in ten minutes and MOST_NOTICES of other kinds are read; that there
were more is told once.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from connectors.mail_desk import addresses, automatic, letter, trust
from connectors.mail_desk.letter import Letter
from connectors.mail_desk.orders import Does, Order, orders_in
from connectors.mail_desk.replies import reply_in
from connectors.mail_desk.writing import RECORD, SEAL, Thread
from gateway.domain.model import (
    Actor,
    ActorKind,
    Desk,
    Field,
    HistoryEntry,
    NativeAttachment,
    NativeComment,
    NativeWork,
    Snapshot,
    Visibility,
)
from gateway.errors import Unreadable

MOST_AT_ONCE, WITHIN = 20, timedelta(minutes=10)
MOST_NOTICES = 10
UNDELIVERABLE = "undeliverable"
_SEARCHED = re.compile(r"[A-Za-z0-9@._+=$-]{1,200}")
_GATEWAY = Actor(id="gateway", name="gateway", kind=ActorKind.GATEWAY)
_SERVER = Actor(id="mail server", name="mail server")
_RULE = Actor(id="mail desk", name="mail desk", kind=ActorKind.AUTOMATION)
_OVER = frozenset({"declined", "cancelled", "closed", UNDELIVERABLE})
_MEANS = {
    Does.ACCEPT: "accepted",
    Does.DECLINE: "declined",
    Does.ON_SITE: "on site",
    Does.DONE: "done",
    Does.QUESTION: "question",
}


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail of the mailbox as the carrier hands it over; `raw` None: too large to be read here, only its `head`."""

    uid: int
    size: int
    at: datetime
    raw: bytes | None
    head: bytes = b""


@dataclass(kw_only=True)
class Fold:
    """The ticket as it grows, mail by mail."""

    ticket: str
    desk: Desk
    fields: dict[str, str | None] = field(default_factory=dict)
    history: list[HistoryEntry] = field(default_factory=list)
    comments: list[NativeComment] = field(default_factory=list)
    files: list[NativeAttachment] = field(default_factory=list)
    work: list[NativeWork] = field(default_factory=list)
    sent: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    times: list[datetime] = field(default_factory=list)
    notices: int = 0
    bounces: int = 0
    created_at: datetime | None = None
    changed_at: datetime | None = None


def mail_from(document: Mapping[str, Any]) -> Mail:
    """From the carrier's JSON. Raises KeyError, TypeError or ValueError."""
    raw = document["raw"]
    at = datetime.fromisoformat(document["at"])
    if at.tzinfo is None:
        raise ValueError("a moment without its offset")
    return Mail(
        uid=int(document["uid"]),
        size=int(document["size"]),
        at=at,
        raw=None if raw is None else base64.b64decode(raw, validate=True),
        head=base64.b64decode(document.get("head") or "", validate=True),
    )


def ticket_from(
    mails: Sequence[Mail], ticket: str, desk: Desk, *, since: str | None = None
) -> Snapshot | None:
    """The ticket, its history after the entry `since`; None if we never sent anything about it."""
    fold = Fold(ticket=ticket, desk=desk)
    for mail in sorted(mails, key=lambda one: (one.at, one.uid)):
        _add(fold, mail)
    if not fold.sent:
        return None
    ids = [entry.id for entry in fold.history]
    after = ids.index(since) + 1 if since in ids else 0
    return Snapshot(
        remote_id=ticket,
        number=ticket,
        fields=fold.fields,
        comments=tuple(fold.comments),
        attachments=tuple(fold.files),
        work=tuple(fold.work),
        history=tuple(fold.history[after:]),
        has_history=True,
        position=ids[-1] if ids else None,
        created_at=fold.created_at,
        changed_at=fold.changed_at,
    )


def thread_in(mails: Sequence[Mail], ticket: str, desk: Desk) -> Thread:
    """Where the conversation stands: the last title we gave, and the last mail of a person there."""
    title, subject, last = "", "", ""
    for mail in mails:
        try:
            one = letter.read(mail.raw if mail.raw is not None else mail.head, mail.at)
        except Unreadable:
            continue
        own = addresses.opened(one.first(RECORD.lower()), one.first(SEAL.lower()), f"<{one.id}>", desk)
        if own is not None:
            title = str(dict(own.get("fields", {})).get("title") or title)
        elif ticket in addresses.tickets_named(one.every(*ADDRESSED), desk) and _is_a_person_s(one, desk):
            subject, last = one.subject, one.id
    return Thread(title=title, subject=subject, last=last)


def _is_a_person_s(one: Letter, desk: Desk) -> bool:
    return not trust.why_not_theirs(one, desk) and not automatic.is_automatic(one)


def _add(fold: Fold, mail: Mail) -> None:
    if mail.raw is None:
        _notice(
            fold,
            f"uid-{mail.uid}-{mail.size}",
            mail.at,
            f"A mail of {mail.size} bytes is too large to be read.",
        )
        return
    try:
        one = letter.read(mail.raw, mail.at)
    except Unreadable as error:
        _notice(
            fold,
            hashlib.sha256(mail.raw).hexdigest()[:32],
            mail.at,
            f"A mail could not be read: {error.what}.",
        )
        return
    if one.id in fold.seen:  # the same mail twice: two ways, two folders, a mailbox built anew
        return
    fold.seen.add(one.id)
    own = addresses.opened(one.first(RECORD.lower()), one.first(SEAL.lower()), f"<{one.id}>", fold.desk)
    if own is not None:
        if own.get("ticket") == fold.ticket:
            _ours(fold, one, own)
    elif fold.ticket in addresses.tickets_named(one.every(*ADDRESSED), fold.desk):
        _theirs(fold, one)


ADDRESSED = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "from")
"""The headers that show whom a mail was for; `from` is ours on what we sent."""


def _ours(fold: Fold, one: Letter, own: Mapping[str, Any]) -> None:
    fold.sent[one.id] = own
    if own.get("kind") == "create":
        fold.created_at = fold.created_at or one.at
        fold.fields["marker"] = str(own["marker"])
        _set(fold, one, "status", "offered", _GATEWAY)
    for name, value in dict(own.get("fields", {})).items():
        _set(fold, one, str(name), None if value is None else str(value), _GATEWAY)
    fold.changed_at = one.at


def _set(fold: Fold, one: Letter, name: str, value: str | None, actor: Actor) -> None:
    old = fold.fields.get(name)
    if name in fold.fields and old == value:
        return
    fold.fields[name] = value
    key = addresses.key_of(one.id)
    number = sum(entry.id.startswith(key) for entry in fold.history)
    entry = HistoryEntry(id=f"{key}.{number}", field=name, old=old, new=value, at=one.at, actor=actor)
    fold.history.append(entry)
    fold.changed_at = one.at


def _theirs(fold: Fold, one: Letter) -> None:
    if automatic.is_bounce(one):
        _bounced(fold, one)
    elif refused := trust.why_not_theirs(one, fold.desk):
        _notice(fold, one.id, one.at, f"A mail was held and not passed on: {refused}.")
    elif automatic.is_automatic(one):
        _notice(fold, one.id, one.at, f"Automatic reply: {one.subject}\n\n{reply_in(one.text)[:2000]}")
    elif _too_many(fold, one):
        _notice(
            fold,
            one.id,
            one.at,
            f"More than {MOST_AT_ONCE} mails in ten minutes; this one was not passed on.",
        )
    else:
        _person(fold, one)


def _too_many(fold: Fold, one: Letter) -> bool:
    fold.times = [at for at in fold.times if one.at - at < WITHIN]
    fold.times.append(one.at)
    return len(fold.times) > MOST_AT_ONCE


def _bounced(fold: Fold, one: Letter) -> None:
    """The mail system's word, and no person's; an offer that nobody got is back with whoever made it."""
    named = addresses.letters_named(one.report + one.every("references", "in-reply-to") + one.text)
    lost = [told for letter_id, told in fold.sent.items() if letter_id.partition("@")[0] in named]
    who, said = automatic.bounce_says(one)
    fold.bounces += 1
    if fold.bounces > MOST_NOTICES:
        _notice(fold, one.id, one.at, f"Not delivered to {who or 'the party'} again.")
        return
    _say(fold, one.id, one.at, f"Not delivered to {who or 'the party'}: {said or one.subject}", _SERVER)
    offer = any(told.get("kind") == "create" for told in lost)
    if offer and fold.fields.get("status") == "offered":
        _set(fold, one, "status", UNDELIVERABLE, _SERVER)


def _person(fold: Fold, one: Letter) -> None:
    orders, rest = orders_in(reply_in(one.text))
    actor = Actor(id=one.sender, name=one.name or one.sender, kind=ActorKind.PERSON)
    if fold.fields.get("status") in _OVER or not _all_clear(orders):
        orders, rest = [], reply_in(one.text)
    said = [order.text for order in orders if order.text]
    text = "\n\n".join(part for part in (*said, rest) if part)
    if text:
        _say(fold, one.id, one.at, text, actor)
    _enclosed(fold, one, actor, addresses.key_of(one.id) if text else None)
    for order in orders:
        if order.does is Does.WORKED:
            name = f"{addresses.key_of(one.id)}.{len(fold.work)}"
            fold.work.append(
                NativeWork(remote_id=name, minutes=order.minutes, at=one.at, author=actor, text=order.text)
            )
        if order.does is Does.PASS_ON:
            _set(fold, one, Field.DELEGATE, order.to, actor)
        if order.does in _MEANS:
            _set(fold, one, "status", _next(fold.fields.get("status"), order), actor)


def _all_clear(orders: Sequence[Order]) -> bool:
    """Orders that contradict each other in one mail are none; a question without words is none either."""
    does = [order.does for order in orders]
    blank = any(order.does is Does.QUESTION and not order.text for order in orders)
    return not blank and not (Does.DECLINE in does and len(does) > 1) and does.count(Does.PASS_ON) < 2


def _next(status: str | None, order: Order) -> str:
    """Accepting what is under way changes nothing."""
    if order.does is Does.ACCEPT and status not in ("offered", None):
        return status or "accepted"
    return _MEANS[order.does]


def _enclosed(fold: Fold, one: Letter, actor: Actor, comment_id: str | None) -> None:
    for file in one.files:
        found_by = {} if _can_be_found(one) else {"to": fold.ticket}
        query = urlencode({"id": one.id, "part": file.part, "sha256": file.sha256, **found_by})
        fold.files.append(
            NativeAttachment(
                remote_id=f"{addresses.key_of(one.id)}.{file.part}",
                filename=file.name,
                media_type=file.media_type,
                size=file.size,
                url=f"file?{query}",
                visibility=Visibility.PUBLIC,
                author=actor,
                at=one.at,
                comment_id=comment_id,
                sha256=file.sha256,
            )
        )


def _can_be_found(one: Letter) -> bool:
    """By its Message-ID: it has one, of signs that may stand in a search."""
    return _SEARCHED.fullmatch(one.id) is not None and bool(one.first("message-id").strip())


def _say(fold: Fold, letter_id: str, at: datetime, text: str, actor: Actor) -> None:
    private = actor.kind is ActorKind.AUTOMATION
    fold.comments.append(
        NativeComment(
            remote_id=addresses.key_of(letter_id),
            text=text,
            visibility=Visibility.PRIVATE if private else Visibility.PUBLIC,
            author=actor,
            at=at,
        )
    )
    fold.changed_at = at


def _notice(fold: Fold, letter_id: str, at: datetime, text: str) -> None:
    """What is not passed on is told at the ticket, privately, and a flood only ten times."""
    fold.notices += 1
    if fold.notices < MOST_NOTICES:
        _say(fold, letter_id, at, text, _RULE)
    elif fold.notices == MOST_NOTICES:
        _say(fold, letter_id, at, "There are more such mails; they are in the mailbox.", _RULE)
