"""A new password: of somebody who knows the old one, or of somebody who holds a link to choose one. The link comes by mail and works in
the browser that asked for it; elsewhere it wants six digits that only that browser shows (T18). Nobody learns by
asking which accounts there are (T25)."""

import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from gateway import keys, passwords
from gateway.domain.letters import Letter
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows import signing_in
from gateway.flows.accounts import named, refuse_weak, written
from gateway.flows.context import OPERATOR, Context
from gateway.flows.sessions import Visit
from gateway.flows.signing_in import TooMany
from gateway.passwords import Cost
from gateway.store import accounts as store
from gateway.store import alarms, audit, resets
from gateway.store.accounts import Account
from gateway.store.db import Db
from gateway.store.resets import Reset
from gateway.store.scope import OPERATOR_ID
from gateway.words import Words

LASTS, BY_HAND = timedelta(minutes=15), timedelta(hours=1)
"""A link that comes by mail; one that the operator hands over."""
CODES = 5
"""So many codes may be tried at one link."""
LETTER = "rst_"
"""Begins what a letter encloses where it brings such a link."""
_AT_PLACE, _OF_PLACE, _OF_ACCOUNT = 3, 20, 6
"""How often one may ask within `signing_in.WITHIN`: for one account from one address, from one address in all; and how many
mails an account gets, whoever asks. Whoever asks after that uses a link that has been mailed: strangers fill the count, too."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the browser that asked is given: a cookie, and the digits to type elsewhere. Both mean nothing where nobody has
    that address."""

    cookie: str
    code: str


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What comes with a link: the browser's cookie, the digits, the password."""

    cookie: str
    code: str
    password: str


class Outcome(StrEnum):
    """What became of it."""

    DONE = "done"
    CODE = "code"
    """The digits are wrong."""
    ENDED = "ended"


def ask(context: Context, email: str, place: tuple[str, str], *, now: datetime) -> Asked:
    """A link goes to that address by mail, if somebody has an account there with a password. `place`: the address that is asked from and
    the language. Raises TooMany."""
    try:
        email = written(email)
    except Invalid:
        email = ""
    address, language = place
    where = signing_in.network(address)
    most = {f"new\n{email}\n{where}": _AT_PLACE, f"new\n\n{where}": _OF_PLACE}
    if signing_in.count(context, most, now=now):
        raise TooMany("asked too often from there", cure="try again in a quarter of an hour")
    mailed_enough = bool(signing_in.count(context, {f"new\n{email}": _OF_ACCOUNT}, now=now))
    asked = Asked(cookie=keys.new_reset(), code=keys.code())
    with context.database.write() as db:
        account = store.by_email(db, OPERATOR, email)
        told = account if account is not None and _has_password(account) else None
        reset = _reset(context, told, asked, "" if mailed_enough else language, now=now)
        resets.put(db, reset)
        if told is not None and not mailed_enough:
            subject = Words(language)("reset.mail.subject")
            _write(context, db, told, (subject, "", reset.id), now=now)
    return asked


def _has_password(account: Account) -> bool:
    return account.disabled_at is None and account.password is not None


def _reset(context: Context, account: Account | None, asked: Asked, language: str, *, now: datetime) -> Reset:
    reset_id = context.new_id("rst")
    return Reset(
        id=reset_id,
        org_id=account.org_id if account else OPERATOR_ID,
        account_id=account.id if account else "",
        asked_by=keys.digest(asked.cookie),
        code=_of_code(reset_id, asked.code),
        language=language,
        created_at=now,
        expires_at=now + LASTS,
    )


def _of_code(reset_id: str, code: str) -> str:
    return keys.digest(f"{reset_id} {code}")


def by_hand(context: Context, email: str, *, actor: str, now: datetime) -> tuple[str, str]:
    """A link and its digits, for the operator to hand over by two ways. Raises NotFound; Refused for somebody who may not sign in, or
    does so elsewhere."""
    asked, token = Asked(cookie=keys.new_reset(), code=keys.code()), keys.new_reset()
    with context.database.write() as db:
        account = named(db, email)
        if not _has_password(account):
            why = "it is disabled" if account.disabled_at else f"its owner signs in at {account.issuer}"
            raise Refused(f"{account.email} has no password here", why=why)
        made = replace(
            _reset(context, account, asked, "", now=now),
            sha256=keys.digest(token),
            expires_at=now + BY_HAND,
        )
        resets.put(db, made)
        _audit(db, account, "new password offered", actor=actor, now=now)
    return token, asked.code


def mailed(context: Context, address: str, letter: Letter, now: datetime) -> Letter:
    """The letter with its link, which is made as it leaves and kept nowhere; one that leaves twice brings another. `address` is where
    browsers find the pages. Raises NotFound where the wish is over."""
    token = keys.new_reset()
    with context.database.write() as db:
        reset = resets.get(db, letter.enclosure)
        if reset is None or is_over(reset, now):
            raise NotFound("the wish for a new password is over")
        resets.name(db, reset.id, keys.digest(token))
    words = Words(reset.language)
    body = words("reset.mail.body", url=f"{address}/reset/{token}", minutes=LASTS.seconds // 60)
    return replace(letter, body=body + "\n", enclosure="")


def opened(context: Context, token: str) -> Reset | None:
    """What a link is for; None for one that is none of ours. Changes nothing, however often it is asked."""
    if not keys.is_reset(token):
        return None
    with context.database.read() as db:
        return resets.by_link(db, keys.digest(token))


def is_over(reset: Reset, now: datetime) -> bool:
    """Whether it was used, ended, or was guessed at."""
    return reset.used_at is not None or now >= reset.expires_at or reset.tries >= CODES


def is_of(context: Context, reset: Reset, cookie: str, *, now: datetime) -> bool:
    """Whether that browser asked for it, or for one that got no mail of its own; another one needs the digits."""
    if not keys.is_reset(cookie):
        return False
    digest = keys.digest(cookie)
    return any(hmac.compare_digest(digest, one.asked_by) for one in _opened_by(context, reset, now))


def _opened_by(context: Context, reset: Reset, now: datetime) -> list[Reset]:
    """The wishes whose browser and digits a link fits: its own, and, if it came by mail, those of its account that had mails
    enough: whoever gets hold of such mails could as well ask first."""
    if not reset.language:
        return [reset]
    with context.database.read() as db:
        return [reset, *resets.unmailed(db, reset.account_id, now=now)]


def finish(
    context: Context, reset: Reset, filled: Filled, place: tuple[str, Cost], *, now: datetime
) -> Outcome:
    """The new password stands, every session of its owner ends, and the owner is told by mail. `place`: the address this comes from,
    and what a password costs. Raises Invalid for one that is too short; then nothing is counted or used."""
    with context.database.read() as db:
        account = store.get(db, OPERATOR, reset.account_id)
    if account is None or is_over(reset, now) or not _has_password(account):
        return Outcome.ENDED
    refuse_weak(filled.password, account.email)
    if not is_of(context, reset, filled.cookie, now=now):
        wrong = _wrong_code(context, reset, filled.code, now=now)
        if wrong is not None:
            return wrong
    phc = passwords.kept(filled.password, place[1])
    with context.database.write() as db:
        if not resets.use(db, reset, now=now):
            return Outcome.ENDED
        signing_in.forget(db, account.email, place[0])
        _stands(context, db, (replace(account, password=phc), reset.language), now=now)
    return Outcome.DONE


def _wrong_code(context: Context, reset: Reset, code: str, *, now: datetime) -> Outcome | None:
    """Counted before it is compared, so that a thousand at once are five."""
    with context.database.write() as db:
        tried = resets.count_try(db, reset.id)
    if tried > CODES:
        return Outcome.ENDED
    typed = code.replace(" ", "")
    if any(hmac.compare_digest(_of_code(one.id, typed), one.code) for one in _opened_by(context, reset, now)):
        return None
    return Outcome.CODE if tried < CODES else Outcome.ENDED


def change(
    context: Context, visit: Visit, given: tuple[str, str], place: tuple[str, str, Cost], *, now: datetime
) -> bool:
    """(old, new) by somebody who is signed in; False if the old one is wrong. Every other session ends. `place`: the address, the
    language, what a password costs. Raises TooMany, and Invalid for a new one that is too short."""
    old, new = given
    address, language, cost = place
    refuse_weak(new, visit.account.email)
    account = signing_in.by_password(context, (visit.account.email, old), address, cost, now=now)
    if account is None or account.id != visit.account.id:
        return False
    phc = passwords.kept(new, cost)
    with context.database.write() as db:
        if not store.stands(
            db, account
        ):  # changed while the old one was compared: that was not the old one any more
            return False
        _stands(context, db, (replace(account, password=phc), language), now=now, but=visit.session.id)
    return True


def _stands(context: Context, db: Db, of: tuple[Account, str], *, now: datetime, but: str = "") -> None:
    """(the account with its new password, the language its owner reads)"""
    account, language = of
    store.change(db, OPERATOR, account.id, password=account.password)
    store.end_sessions(db, account.id, now=now, but=but)
    resets.end_all(db, account.id, now=now)
    _audit(db, account, "password changed", actor=account.email, now=now)
    words = Words(language)
    text = words("reset.mail.changed_body", email=account.email) + "\n"
    _write(context, db, account, (words("reset.mail.changed"), text, ""), now=now)


def _audit(db: Db, account: Account, action: str, *, actor: str, now: datetime) -> None:
    told = {"org_id": account.org_id, "actor": actor, "action": action, "subject": account.id}
    audit.record(db, now=now, before=None, after={"email": account.email}, **told)


def _write(context: Context, db: Db, account: Account, what: tuple[str, str, str], *, now: datetime) -> None:
    """(subject, body, enclosure)"""
    letter_id = context.new_id("ltr")
    letter = Letter(
        id=letter_id,
        org_id=account.org_id,
        ticket_id=account.id,
        warning_id="",
        message_id=f"<{letter_id}@interdesk>",
        contact="",
        address=account.email,
        subject=what[0],
        body=what[1],
        created_at=now,
        next_at=now,
        enclosure=what[2],
    )
    alarms.keep(db, new=(), changed=(), letters=[letter])
