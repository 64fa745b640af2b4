"""Browsers that people signed in with: a random cookie each, of which only the digest is kept; ended by time, by its owner, by
the operator."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway import keys
from gateway.errors import Refused
from gateway.flows import accounts
from gateway.flows.context import OPERATOR, Context
from gateway.flows.principal import Principal
from gateway.store import accounts as store
from gateway.store import audit
from gateway.store.accounts import Account, Session

COOKIE = "__Host-interdesk"
"""The prefix keeps it to this host, all its paths, and TLS (RFC 6265bis, 4.1.3.2)."""
LASTS = timedelta(hours=12)
"""A working day: then one signs in again."""
IDLE = timedelta(hours=2)
_REMEMBER = timedelta(minutes=1)
_FORGET = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Seat:
    """Where somebody signs in from: what the browser says it is, and the address."""

    browser: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Who came, and by which session."""

    account: Account
    session: Session


def begin(context: Context, account: Account, seat: Seat, *, now: datetime) -> str:
    """The cookie of a new session. Always a fresh one: what a browser had before signing in is worth nothing after. Raises
    Refused if the account's password was changed, or it was shut, since `account` was read: comparing takes its time."""
    cookie = keys.new_session()
    session = Session(
        id=context.new_id("ses"),
        org_id=account.org_id,
        account_id=account.id,
        sha256=keys.digest(cookie),
        browser=seat.browser[:200],
        address=seat.address[:64],
        created_at=now,
        seen_at=now,
        expires_at=now + LASTS,
    )
    with context.database.write() as db:
        if not store.stands(db, account):
            raise Refused("the account was changed meanwhile", cure="sign in again")
        store.put_session(db, session, forget=now - _FORGET)
        store.change(db, OPERATOR, account.id, used_at=now)
        told = {
            "org_id": account.org_id,
            "actor": account.email,
            "action": "signed in",
            "subject": account.id,
        }
        audit.record(db, now=now, before=None, after={"session": session.id}, **told)
    return cookie


def visit(context: Context, cookie: str, *, now: datetime) -> Visit | None:
    """Who comes with that cookie; None for nobody."""
    if not keys.is_session(cookie):
        return None
    with context.database.read() as db:
        session = store.session(db, keys.digest(cookie))
        account = store.get(db, OPERATOR, session.account_id) if session else None
    if session is None or account is None or account.disabled_at is not None or not is_open(session, now):
        return None
    if session.seen_at < now - _REMEMBER:
        with context.database.write() as db:
            store.seen(db, session.id, now=now)
    return Visit(account=account, session=session)


def is_open(session: Session, now: datetime) -> bool:
    """Neither ended, nor too old, nor unused for too long."""
    return session.revoked_at is None and now < min(session.expires_at, session.seen_at + IDLE)


def principal(context: Context, cookie: str, customer: str = "", *, now: datetime) -> Principal | None:
    """What doors are told of whoever comes with that cookie; `customer` as `accounts.principal` has it."""
    found = visit(context, cookie, now=now)
    return accounts.principal(found.account, customer) if found else None


def listed(context: Context, account: Account, *, now: datetime) -> list[Session]:
    """Those of an account that still open something, the newest first."""
    with context.database.read() as db:
        return [one for one in store.sessions(db, account.id) if is_open(one, now)]


def end(
    context: Context, account: Account, *, now: datetime, only: str | None = None, actor: str = ""
) -> int:
    """Those of an account, or one of them, end at once; how many that were."""
    with context.database.write() as db:
        ended = store.end_sessions(db, account.id, now=now, only=only)
        if ended:
            told = {"org_id": account.org_id, "actor": actor or account.email, "action": "signed out"}
            after = {"sessions": only or ended}
            audit.record(db, now=now, before=None, after=after, subject=account.id, **told)
    return ended
