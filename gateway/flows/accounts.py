"""People who may sign in: invited by the operator, with a role; accepted with a password or at an identity provider; disabled."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway import keys, passwords
from gateway.domain import permissions
from gateway.domain.permissions import Role
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows.context import OPERATOR, Context
from gateway.flows.keys import owner_id
from gateway.flows.principal import Principal
from gateway.passwords import Cost
from gateway.store import accounts as store
from gateway.store import audit
from gateway.store.accounts import Account, Invitation
from gateway.store.db import Db
from gateway.store.scope import OPERATOR_ID, Scope

_EMAIL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+")
_LONGEST = 254
LASTS = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Whom to invite, in which role. `organization` and `customers` are codes; an operator has neither, an account manager has
    customers and whoever else an organization."""

    email: str
    role: Role
    organization: str | None = None
    customers: tuple[str, ...] = ()
    lasts: timedelta = LASTS


def written(email: str) -> str:
    """An address as it is kept: in small letters, and no further folded, for `straße.example` is not `strasse.example`. Raises
    Invalid for what is none."""
    told = email.strip().lower()
    if len(told) > _LONGEST or not _EMAIL.fullmatch(told):
        raise Invalid("this is no mail address", cure="write name@example.org")
    return told


def invite(context: Context, wanted: Wanted, *, actor: str, now: datetime) -> tuple[Invitation, str]:
    """An invitation and its token, which is kept nowhere and shown this once. Raises NotFound for an unknown organization;
    Invalid for a role that lacks one, or has one too many; Refused for somebody who has an account."""
    email, token = written(wanted.email), keys.new_welcome()
    _check(wanted)
    with context.database.write() as db:
        if store.by_email(db, OPERATOR, email) is not None:
            raise Refused(f"{email} has an account", cure="interdesk people list shows it")
        org_id, customers = _places(context, db, wanted)
        invitation = Invitation(
            id=context.new_id("inv"),
            org_id=org_id,
            email=email,
            role=wanted.role.value,
            customers=customers,
            sha256=keys.digest(token),
            created_at=now,
            created_by=actor,
            expires_at=now + wanted.lasts,
        )
        store.put_invitation(db, invitation)
        told = {"email": email, "role": invitation.role, "customers": list(wanted.customers)}
        _audit(db, invitation.org_id, ("person invited", invitation.id, told), actor=actor, now=now)
    return invitation, token


def _places(context: Context, db: Db, wanted: Wanted) -> tuple[str, tuple[str, ...]]:
    customers = tuple(owner_id(context, db, code) for code in wanted.customers)
    return (customers[0] if customers else owner_id(context, db, wanted.organization)), customers


def _check(wanted: Wanted) -> None:
    if (wanted.role is Role.ACCOUNT_MANAGER) != bool(wanted.customers):
        raise Invalid(
            "an account manager, and nobody else, has customers", cure="--customer CODE, once for each"
        )
    belongs = wanted.role not in {Role.OPERATOR, Role.ACCOUNT_MANAGER}
    if belongs != (wanted.organization is not None):
        raise Invalid(
            f"{wanted.role.value}: " + ("of which organization?" if belongs else "has no organization"),
            cure="--organization CODE, for integration_admin, partner_agent and customer_viewer",
        )


def opened(context: Context, token: str, *, now: datetime) -> Invitation | None:
    """The invitation of that token, if it still stands."""
    if not keys.is_welcome(token):
        return None
    with context.database.read() as db:
        found = store.invitation(db, keys.digest(token))
    return found if found is not None and found.is_open(now) else None


def invitations(context: Context, *, now: datetime) -> list[Invitation]:
    """Those that open an account yet, by address."""
    with context.database.read() as db:
        return store.invitations(db, OPERATOR, now=now)


def take_back(context: Context, name: str, *, actor: str, now: datetime) -> list[Invitation]:
    """An invitation (by its id), or all of an address, open nothing any more. Those that were taken back. Raises NotFound where
    there is none: it was used, has ended, or never was; Invalid for what is neither an id nor an address."""
    email = "" if keys.is_id(name, "inv") else written(name)
    with context.database.write() as db:
        found = [
            one for one in store.invitations(db, OPERATOR, now=now) if name == one.id or email == one.email
        ]
        gone = [one for one in found if store.forget_invitation(db, one.id)]
        for one in gone:
            told = {"email": one.email, "role": one.role}
            _audit(db, one.org_id, ("invitation taken back", one.id, told), actor=actor, now=now)
    if not gone:
        raise NotFound(f"nobody is invited as {name}", cure="interdesk people invitations lists them")
    return gone


def accept(
    context: Context, invitation: Invitation, password: str, cost: Cost, *, now: datetime
) -> Account | None:
    """An account with that password; None if the invitation was used meanwhile, or the address has an account. Raises
    Invalid for a password that is too short."""
    refuse_weak(password, invitation.email)
    return _welcomed(
        context,
        _account(context, invitation, now=now),
        invitation,
        now=now,
        phc=passwords.kept(password, cost),
    )


def refuse_weak(password: str, email: str) -> None:
    """Raises Invalid for what is no password."""
    fits = passwords.SHORTEST <= len(password) <= passwords.LONGEST
    if not fits or password.lower() == email:
        raise Invalid(f"a password has at least {passwords.SHORTEST} signs, and is not the mail address")


def accept_at(
    context: Context, invitation: Invitation, subject: tuple[str, str], *, now: datetime
) -> Account | None:
    """An account of whoever an identity provider says came: (issuer, subject). None as with a password."""
    made = replace(_account(context, invitation, now=now), issuer=subject[0], subject=subject[1])
    return _welcomed(context, made, invitation, now=now, phc=None)


def _account(context: Context, invitation: Invitation, *, now: datetime) -> Account:
    return Account(
        id=context.new_id("acc"),
        org_id=invitation.org_id,
        email=invitation.email,
        role=invitation.role,
        customers=invitation.customers,
        created_at=now,
    )


def _welcomed(
    context: Context, account: Account, invitation: Invitation, *, now: datetime, phc: str | None
) -> Account | None:
    made = replace(account, password=phc)
    with context.database.write() as db:
        fresh = store.put(db, made) and store.use_invitation(db, invitation.id, now=now)
        if not fresh:
            db.rollback()
            return None
        told = {"email": made.email, "role": made.role, "issuer": made.issuer}
        _audit(db, made.org_id, ("account opened", made.id, told), actor=made.email, now=now)
    return made


def listed(context: Context, scope: Scope = OPERATOR) -> list[Account]:
    """The accounts within the scope, disabled ones too, by address."""
    with context.database.read(scope) as db:
        return store.listed(db, scope)


def disable(context: Context, email: str, *, actor: str, now: datetime) -> Account:
    """Somebody may not sign in any more, and is signed out, at once. Raises NotFound; a second time nothing happens."""
    with context.database.write() as db:
        account = named(db, email)
        if account.disabled_at is None:
            store.change(db, OPERATOR, account.id, disabled_at=now)
            store.end_sessions(db, account.id, now=now)
            _audit(
                db,
                account.org_id,
                ("account disabled", account.id, {"email": account.email}),
                actor=actor,
                now=now,
            )
        return store.get(db, OPERATOR, account.id) or account


def change_role(context: Context, wanted: Wanted, *, actor: str, now: datetime) -> tuple[Account, bool]:
    """Somebody has another role from now on (`wanted.email` names who), and is signed out at once; False if it is what it was.
    Raises as `invite`, and NotFound for somebody without an account."""
    _check(wanted)
    with context.database.write() as db:
        before = named(db, wanted.email)
        org_id, customers = _places(context, db, wanted)
        after = replace(before, org_id=org_id, role=wanted.role.value, customers=customers)
        if after != before:
            values = {"org_id": org_id, "role": after.role, "customers": list(customers)}
            store.change(db, OPERATOR, before.id, **values)
            store.end_sessions(db, before.id, now=now)
            _audit_role(db, before, after, actor=actor, now=now)
    return after, after != before


def _audit_role(db: Db, before: Account, after: Account, *, actor: str, now: datetime) -> None:
    """Where it was taken from and where it was given both read of it."""
    told = [
        {"organization": one.org_id, "role": one.role, "customers": list(one.customers)}
        for one in (before, after)
    ]
    for org_id in {before.org_id, after.org_id}:
        line = {"org_id": org_id, "actor": actor, "action": "role changed", "subject": before.id}
        audit.record(db, now=now, before=told[0], after=told[1], **line)


def named(db: Db, email: str) -> Account:
    """The account of that address. Raises NotFound."""
    account = store.by_email(db, OPERATOR, written(email))
    if account is None:
        raise NotFound(f"nobody has an account as {email}", cure="interdesk people list shows them")
    return account


def _audit(
    db: Db, org_id: str, done: tuple[str, str, Mapping[str, object]], *, actor: str, now: datetime
) -> None:
    action, subject, after = done
    told = {"org_id": org_id, "actor": actor, "action": action, "subject": subject}
    audit.record(db, now=now, before=None, after=after, **told)


def principal(account: Account, customer: str = "") -> Principal | None:
    """What doors are told of somebody who signed in. An account manager acts for one customer at a time (`customer`: its id;
    without it the first) and sees only what that customer sees; None for a customer that is not on the list."""
    role, org_id = Role(account.role), account.org_id
    if role is Role.ACCOUNT_MANAGER:
        org_id = customer or account.customers[0]
        if org_id not in account.customers:
            return None
    elif customer and customer != org_id:
        return None
    return Principal(
        id=account.id,
        org_id=org_id,
        label=account.email,
        scope=Scope.operator() if org_id == OPERATOR_ID else Scope.of(org_id),
        permissions=permissions.of_role(role),
        customers=account.customers,
    )


def codes(context: Context, ids: Iterable[str]) -> list[str]:
    """The codes of organizations; an id that there is not (any more) as it stands."""
    with context.database.read() as db:
        known = {one.id: one.code for one in context.directory(db).organizations.values()}
    return [known.get(one, one) for one in ids]
