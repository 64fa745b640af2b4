"""Which browsers act by links from mails (T18). The first one of a reader is believed and remembered by a cookie; another one has to type six
digits, which go to the reader by a mail of their own. So a link that was forwarded or found opens nothing."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway import keys
from gateway.domain import portal
from gateway.domain.letters import Letter
from gateway.domain.model.change import replace
from gateway.errors import NotFound
from gateway.flows.context import OPERATOR, Context
from gateway.flows.portal.acting import Shown
from gateway.store import alarms, audit
from gateway.store import portal_browsers as store
from gateway.store.db import Db
from gateway.store.portal_browsers import Browser, Code, Reader
from gateway.words import Words

COOKIE = "__Host-interdesk-portal"
LASTS = timedelta(days=180)
"""Without use: each act lets the cookie last as long again."""
READERS = 20
"""So many readers may share one browser; one more takes the place of who came first."""
_BETWEEN = "."
CODE_LASTS, CODES, TRIES = timedelta(minutes=15), 3, 5
"""So many mails with digits for one link in all, and so many tries at each."""
LETTER = "plc_"
"""Begins what a letter encloses where it brings such digits."""


class Coming(StrEnum):
    """Who comes with a link."""

    KNOWN = "known"
    FIRST = "first"
    NEW = "new"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A browser that acts from now on: its cookie, and what it says that it is. `first`: only if the reader had none."""

    cookie: str
    agent: str
    first: bool


def coming(context: Context, seen: Shown, cookie: str, *, now: datetime) -> Coming:
    """Who that is. A link from before browsers were remembered knows everybody."""
    reader = reader_of(seen)
    if reader is None:
        return Coming.KNOWN
    with context.database.write() as db:
        mine = [one for one in store.of_reader(db, reader, since=now - LASTS) if _is(cookie, one)]
        for one in mine:
            store.seen(db, one.id, now=now)
        first = not mine and not store.had_any(db, reader, since=now - LASTS)
    return Coming.KNOWN if mine else Coming.FIRST if first else Coming.NEW


def _is(cookie: str, browser: Browser) -> bool:
    return any(hmac.compare_digest(keys.digest(one), browser.sha256) for one in _held(cookie))


def _held(cookie: str) -> list[str]:
    """What the readers who share a browser hold, who came last at the end."""
    return [one for one in cookie.split(_BETWEEN)[-READERS:] if keys.is_session(one)]


def kept(cookie: str, wanted: Wanted | None) -> str:
    """What a browser keeps from now on: what it brought, and what is new; "" for nothing."""
    held = [*_held(cookie), *([wanted.cookie] if wanted else [])]
    return _BETWEEN.join(held[-READERS:])


def reader_of(seen: Shown) -> Reader | None:
    """To whom the link was sent."""
    link, job = seen.link, seen.job
    return Reader(org_id=link.org_id, desk_id=job.desk_id, contact=link.contact) if link.contact else None


def remember(context: Context, db: Db, seen: Shown, wanted: Wanted, *, now: datetime) -> bool:
    """In the transaction of what it does first; False if somebody else was the first meanwhile."""
    reader = reader_of(seen)
    if reader is None:
        return True
    if wanted.first:
        store.lock(db, reader)
        if store.had_any(db, reader, since=now - LASTS):
            return False
    made = Browser(
        id=context.new_id("pbr"),
        **vars(reader),
        sha256=keys.digest(wanted.cookie),
        agent=wanted.agent[:200],
        created_at=now,
        seen_at=now,
    )
    store.put(db, made)
    _audit(db, made, "portal browser let in", actor="portal", now=now)
    return True


def send_code(context: Context, seen: Shown, *, now: datetime) -> bool:
    """Mail six digits to whom the link was sent; False if that was done too often, or there is nowhere to send them."""
    link = seen.link
    with context.database.write() as db:
        sent = store.codes(db, link.id)
        known = context.directory(db).contacts.get(link.org_id, ())
        reader = next((one for one in known if one.code == link.contact and one.address), None)
        if reader is None or len(sent) >= CODES:
            return False
        code = Code(
            id=context.new_id("plc"),
            org_id=link.org_id,
            link_id=link.id,
            created_at=now,
            expires_at=now + CODE_LASTS,
        )
        store.put_code(db, code, forget=now - portal.LINK_LASTS)
        letter = Letter(
            id=context.new_id("ltr"),
            org_id=link.org_id,
            ticket_id=seen.job.id,
            warning_id="",
            message_id=f"<{code.id}@interdesk>",
            contact=link.contact or "",
            address=reader.address,
            subject=Words(reader.language)("portal.mail.code", number=seen.job.number),
            body="",
            created_at=now,
            next_at=now,
            enclosure=code.id,
        )
        alarms.keep(db, new=(), changed=(), letters=[letter])
    return True


def mailed(context: Context, letter: Letter, now: datetime) -> Letter:
    """The letter with its digits, which are made as it leaves. Raises NotFound where nobody waits for them."""
    digits = keys.code()
    with context.database.write() as db:
        code = store.code(db, letter.enclosure)
        known = context.directory(db).contacts.get(letter.org_id, ())
        reader = next((one for one in known if one.code == letter.contact), None)
        if code is None or now >= code.expires_at or reader is None:
            raise NotFound("nobody waits for these digits")
        store.name(db, code.id, _digest(code.id, digits))
    minutes = CODE_LASTS.seconds // 60
    body = Words(reader.language)("portal.mail.code.body", code=f"{digits[:3]} {digits[3:]}", minutes=minutes)
    return replace(letter, body=body + "\n", enclosure="")


def is_right(context: Context, seen: Shown, digits: str, *, now: datetime) -> bool:
    """Whether these are the digits that were mailed last. Counted before they are compared."""
    with context.database.write() as db:
        sent = [one for one in store.codes(db, seen.link.id) if now < one.expires_at][:1]
        tried = [store.count_try(db, one.id) for one in sent]
    if not sent or sent[0].code is None or tried[0] > TRIES:
        return False
    return hmac.compare_digest(_digest(sent[0].id, digits.replace(" ", "")), sent[0].code)


def _digest(code_id: str, digits: str) -> str:
    return keys.digest(f"{code_id} {digits}")


def listed(context: Context) -> list[Browser]:
    """All that may act, the last used first."""
    with context.database.read() as db:
        return list(store.listed(db, OPERATOR))


def end(context: Context, browser_id: str, *, actor: str, now: datetime) -> Browser:
    """It is asked for digits again. Raises NotFound."""
    with context.database.write() as db:
        ended = store.end(db, OPERATOR, browser_id, now=now)
        if ended is None:
            raise NotFound(f"there is no browser {browser_id}", cure="interdesk portal browsers lists them")
        _audit(db, ended, "portal browser ended", actor=actor, now=now)
    return ended


def _audit(db: Db, browser: Browser, action: str, *, actor: str, now: datetime) -> None:
    told = {"org_id": browser.org_id, "actor": actor, "action": action, "subject": browser.id}
    audit.record(
        db, now=now, before=None, after={"desk": browser.desk_id, "contact": browser.contact}, **told
    )
