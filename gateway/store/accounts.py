"""Accounts of people, invitations, their sessions and tries to sign in. What is looked up by an address, a token or a cookie has no
scope: that is where a visitor's scope comes from."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.store.account_tables import (
    AccountInvitationRow,
    AccountRow,
    SignInStateRow,
    SignInTryRow,
    WebSessionRow,
)
from gateway.store.db import Db
from gateway.store.scope import OPERATOR_ID, Scope

ACCOUNT: Table = AccountRow.__table__  # type: ignore[attr-defined]
INVITATION: Table = AccountInvitationRow.__table__  # type: ignore[attr-defined]
SESSION: Table = WebSessionRow.__table__  # type: ignore[attr-defined]
TRY: Table = SignInTryRow.__table__  # type: ignore[attr-defined]
STATE: Table = SignInStateRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Account:
    """Who may sign in, in which role (`domain.permissions.Role`), for which organization. `password` is a PHC string."""

    id: str
    org_id: str
    email: str
    role: str
    created_at: datetime
    customers: tuple[str, ...] = ()
    password: str | None = None
    issuer: str | None = None
    subject: str | None = None
    disabled_at: datetime | None = None
    used_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """To have an account like this, once."""

    id: str
    org_id: str
    email: str
    role: str
    sha256: str
    created_at: datetime
    created_by: str
    expires_at: datetime
    customers: tuple[str, ...] = ()
    used_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Neither used nor expired."""
        return self.used_at is None and now < self.expires_at


@dataclass(frozen=True, kw_only=True)
class Session:
    """A browser that somebody signed in with."""

    id: str
    org_id: str
    account_id: str
    sha256: str
    browser: str
    address: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


def put(db: Db, account: Account) -> bool:
    """Keep a new account; False if the address, or the person at the provider, has one."""
    try:
        with db.begin_nested():
            db.execute(insert(ACCOUNT).values(**_row(account)))
    except IntegrityError:
        return False
    return True


def listed(db: Db, scope: Scope) -> list[Account]:
    """Accounts within the scope, by address."""
    query = select(ACCOUNT).where(scope.where(ACCOUNT)).order_by(ACCOUNT.c.email)
    return [_account(row) for row in db.execute(query).mappings()]


def by_email(db: Db, scope: Scope, email: str) -> Account | None:
    """The account of that address (as it is kept: in small letters)."""
    return _one(db, (ACCOUNT.c.email == email) & scope.where(ACCOUNT))


def by_subject(db: Db, issuer: str, subject: str) -> Account | None:
    """The account of that person at that identity provider."""
    return _one(db, (ACCOUNT.c.issuer == issuer) & (ACCOUNT.c.subject == subject))


def get(db: Db, scope: Scope, account_id: str) -> Account | None:
    """One account by its id."""
    return _one(db, (ACCOUNT.c.id == account_id) & scope.where(ACCOUNT))


def stands(db: Db, account: Account) -> bool:
    """Whether it may still be used with the password it was read with (salted: the same words kept again are another); locked,
    so that nothing changes it before the transaction ends."""
    query = select(ACCOUNT.c.password, ACCOUNT.c.disabled_at).where(ACCOUNT.c.id == account.id)
    row = db.execute(query.with_for_update()).first()
    return row is not None and row.disabled_at is None and row.password == account.password


def _one(db: Db, condition: Any) -> Account | None:
    row = db.execute(select(ACCOUNT).where(condition)).mappings().first()
    return _account(row) if row else None


def change(db: Db, scope: Scope, account_id: str, **values: Any) -> None:
    """Set columns of one account."""
    mine = (ACCOUNT.c.id == account_id) & scope.where(ACCOUNT)
    db.execute(update(ACCOUNT).where(mine).values(**values))


def put_invitation(db: Db, invitation: Invitation) -> None:
    """Keep a new invitation."""
    db.execute(insert(INVITATION).values(**_row(invitation)))


def invitation(db: Db, sha256: str) -> Invitation | None:
    """The invitation whose token has that digest."""
    row = db.execute(select(INVITATION).where(INVITATION.c.sha256 == sha256)).mappings().first()
    return Invitation(**_lists(row)) if row else None


def invitations(db: Db, scope: Scope, *, now: datetime) -> list[Invitation]:
    """Those within the scope that are open, by address, the oldest first."""
    stands = INVITATION.c.used_at.is_(None) & (INVITATION.c.expires_at > now)
    query = select(INVITATION).where(scope.where(INVITATION), stands)
    rows = db.execute(query.order_by(INVITATION.c.email, INVITATION.c.created_at, INVITATION.c.id)).mappings()
    return [Invitation(**_lists(row)) for row in rows]


def forget_invitation(db: Db, invitation_id: str) -> bool:
    """Whether it was not used yet; it is gone then."""
    mine = (INVITATION.c.id == invitation_id) & INVITATION.c.used_at.is_(None)
    return db.execute(delete(INVITATION).where(mine)).rowcount == 1


def use_invitation(db: Db, invitation_id: str, *, now: datetime) -> bool:
    """Whether it was open until now; it is used then."""
    mine = (INVITATION.c.id == invitation_id) & INVITATION.c.used_at.is_(None)
    return db.execute(update(INVITATION).where(mine).values(used_at=now)).rowcount == 1


def put_session(db: Db, session: Session, *, forget: datetime) -> None:
    """Keep a new session; those that ended before `forget` are forgotten."""
    db.execute(delete(SESSION).where(SESSION.c.expires_at < forget))
    db.execute(insert(SESSION).values(**asdict(session)))


def session(db: Db, sha256: str) -> Session | None:
    """The session whose cookie has that digest."""
    row = db.execute(select(SESSION).where(SESSION.c.sha256 == sha256)).mappings().first()
    return Session(**row) if row else None


def sessions(db: Db, account_id: str) -> list[Session]:
    """All of an account, the newest first."""
    query = select(SESSION).where(SESSION.c.account_id == account_id)
    rows = db.execute(query.order_by(SESSION.c.created_at.desc(), SESSION.c.id.desc())).mappings()
    return [Session(**row) for row in rows]


def seen(db: Db, session_id: str, *, now: datetime) -> None:
    """Remember that it was used."""
    db.execute(update(SESSION).where(SESSION.c.id == session_id).values(seen_at=now))


def end_sessions(db: Db, account_id: str, *, now: datetime, only: str | None = None, but: str = "") -> int:
    """Those of an account (or one of them, or all but one) open nothing any more; how many that were."""
    mine = (SESSION.c.account_id == account_id) & SESSION.c.revoked_at.is_(None)
    if only is not None:
        mine &= SESSION.c.id == only
    if but:
        mine &= SESSION.c.id != but
    return db.execute(update(SESSION).where(mine).values(revoked_at=now)).rowcount


def count_try(db: Db, digest: str, *, now: datetime, since: datetime) -> int:
    """One try more; how many there were since then, this one among them. Older ones are forgotten."""
    db.execute(delete(TRY).where(TRY.c.since < since))
    counted = update(TRY).where(TRY.c.id == digest).values(count=TRY.c.count + 1)
    if db.execute(counted).rowcount == 0:
        try:
            with db.begin_nested():
                db.execute(insert(TRY).values(id=digest, org_id=OPERATOR_ID, count=1, since=now))
        except IntegrityError:
            db.execute(counted)
    return int(db.execute(select(TRY.c.count).where(TRY.c.id == digest)).scalar_one())


def take_try_back(db: Db, digest: str) -> None:
    """One of them was right after all; those of others stay."""
    counted = (TRY.c.id == digest) & (TRY.c.count > 0)
    db.execute(update(TRY).where(counted).values(count=TRY.c.count - 1))


def forget_tries(db: Db, digest: str) -> None:
    """They were the right person's."""
    db.execute(delete(TRY).where(TRY.c.id == digest))


def put_state(db: Db, digest: str, provider: str, *, invitation: str | None, expires_at: datetime) -> None:
    """Somebody is on the way to an identity provider. `invitation`: the id of the one that was opened."""
    row = {"org_id": OPERATOR_ID, "provider": provider, "invitation": invitation}
    db.execute(insert(STATE).values(id=digest, expires_at=expires_at, **row))


def take_state(db: Db, digest: str, *, now: datetime) -> tuple[str, str | None] | None:
    """Provider and invitation of whoever comes back; None for a state that there is not, or no more. It works once."""
    row = db.execute(select(STATE).where(STATE.c.id == digest)).mappings().first()
    gone = db.execute(delete(STATE).where(STATE.c.id == digest)).rowcount
    db.execute(delete(STATE).where(STATE.c.expires_at < now))
    if row is None or gone != 1 or row["expires_at"] <= now:
        return None
    return str(row["provider"]), row["invitation"]


def _row(thing: Account | Invitation) -> dict[str, Any]:
    return asdict(thing) | {"customers": list(thing.customers)}


def _lists(row: Mapping[str, Any] | RowMapping) -> dict[str, Any]:
    return {**row, "customers": tuple(row["customers"] or ())}


def _account(row: RowMapping) -> Account:
    return Account(**_lists(row))
