"""Giving API keys to the operator's people and to organizations, renewing them, taking them back, and telling who calls."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway import keys
from gateway.domain import permissions
from gateway.domain.permissions import Permission
from gateway.domain.problem import suggestion
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows.context import OPERATOR, Context
from gateway.flows.principal import Principal
from gateway.store import audit
from gateway.store import keys as key_store
from gateway.store.db import Db
from gateway.store.keys import ApiKey
from gateway.store.scope import OPERATOR_ID, Scope

REMEMBER = timedelta(minutes=1)
"""How exact the time of last use is: a key that is used all the time writes no more often."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A key to be made. `organization` is a code; None is the operator. `permissions` empty: all that its owner may;
    `networks` (CIDR) empty: from anywhere."""

    label: str
    organization: str | None = None
    expires_at: datetime | None = None
    permissions: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()


def create(context: Context, wanted: Wanted, *, actor: str, now: datetime) -> tuple[ApiKey, str]:
    """A new key and its text, which is kept nowhere and shown this once. Raises NotFound for an unknown organization,
    Invalid for a permission or network that is none."""
    text = keys.new()
    allowed, networks = checked_permissions(wanted.permissions), checked_networks(wanted.networks)
    with context.database.write() as db:
        key = ApiKey(
            id=context.new_id("key"),
            org_id=owner_id(context, db, wanted.organization),
            label=wanted.label,
            shown=keys.shown(text),
            created_at=now,
            expires_at=wanted.expires_at,
            permissions=allowed or None,
            networks=networks,
        )
        key_store.put(db, key, sha256=keys.digest(text))
        _audit(db, key, "key created", actor=actor, now=now)
    return key, text


def checked_permissions(names: Iterable[str]) -> tuple[str, ...]:
    """In one order. Raises Invalid for one that there is not."""
    given, unknown = permissions.named(names)
    if unknown:
        raise Invalid(
            f"there is no permission {unknown[0]!r}",
            cure=suggestion(unknown[0], [one.value for one in Permission]),
        )
    return permissions.spelled(given)


def checked_networks(texts: Iterable[str]) -> tuple[str, ...]:
    """Raises Invalid for one that is no network."""
    try:
        return tuple(str(ipaddress.ip_network(text)) for text in texts)
    except ValueError as error:
        raise Invalid(f"{error}", cure="write networks like 10.20.0.0/16 or 2001:db8::/32") from error


def owner_id(context: Context, db: Db, code: str | None) -> str:
    """The id of the organization of that code, the operator's for None. Raises NotFound."""
    if code is None:
        return OPERATOR_ID
    known = {one.code: one.id for one in context.directory(db).organizations.values()}
    if code not in known:
        raise NotFound(f"there is no organization {code!r}", cure=suggestion(code, known))
    return known[code]


def listed(context: Context, scope: Scope) -> list[ApiKey]:
    """The keys within the scope, revoked and expired ones too, the newest first."""
    with context.database.read(scope) as db:
        return key_store.listed(db, scope)


def renew(
    context: Context, key_id: str, overlap: timedelta, *, actor: str, now: datetime
) -> tuple[ApiKey, str]:
    """Another key for the same, and its text; the old one works for so long still. It ends when the old one would have.
    Raises NotFound; Refused for one that works no more."""
    text = keys.new()
    with context.database.write() as db:
        old = _found(db, OPERATOR, key_id)
        if not old.is_valid(now):
            raise Refused(f"the key {key_id} works no more", cure="interdesk keys create makes another")
        fresh = replace(old, id=context.new_id("key"), shown=keys.shown(text), created_at=now, used_at=None)
        key_store.put(db, fresh, sha256=keys.digest(text))
        key_store.end(db, OPERATOR, key_id, at=now + overlap)
        _audit(db, old, "key renewed", actor=actor, now=now)
        _audit(db, fresh, "key created", actor=actor, now=now)
    return fresh, text


def revoke(context: Context, key_id: str, *, scope: Scope = OPERATOR, actor: str, now: datetime) -> ApiKey:
    """Take a key back, at once. Raises NotFound within the scope; a second time nothing happens."""
    with context.database.write(scope) as db:
        key = _found(db, scope, key_id)
        if key.revoked_at is None:
            key_store.revoke(db, scope, key_id, now=now)
            _audit(db, key, "key revoked", actor=actor, now=now)
        return key_store.get(db, scope, key_id) or key


def _found(db: Db, scope: Scope, key_id: str) -> ApiKey:
    key = key_store.get(db, scope, key_id)
    if key is None:
        raise NotFound(f"there is no API key {key_id}", cure="interdesk keys list shows them")
    return key


def _audit(db: Db, key: ApiKey, action: str, *, actor: str, now: datetime) -> None:
    after = {"label": key.label, "shown": key.shown}
    narrowed = {"permissions": list(key.permissions or ()), "networks": list(key.networks)}
    audit.record(
        db,
        now=now,
        org_id=key.org_id,
        actor=actor,
        action=action,
        subject=key.id,
        before=None,
        after=after | {name: value for name, value in narrowed.items() if value},
    )


def verify(context: Context, text: str, *, now: datetime, address: str | None = None) -> ApiKey | None:
    """Whose key it is; None if it is none, revoked, expired, or used from where it may not be. `address`: where the caller
    is (numeric); a key that is bound to networks is good from nowhere else, and so not from an address that nobody knows.

    Found by its digest: how long that takes says nothing about any other key. Nothing is remembered between two calls,
    so a key that is taken back stops with its next request.
    """
    if not keys.is_well_formed(text):
        return None
    with context.database.read() as db:
        key = key_store.by_digest(db, keys.digest(text))
    if key is None or not key.is_valid(now) or not is_within(address, key.networks):
        return None
    if key.used_at is None or key.used_at < now - REMEMBER:
        with context.database.write() as db:
            key_store.used(db, key.id, now=now, since=now - REMEMBER)
    return key


def is_within(address: str | None, networks: tuple[str, ...]) -> bool:
    """Whether a numeric address is in one of the networks; no networks hold every address."""
    if not networks:
        return True
    try:
        place = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    mapped = place.ipv4_mapped if isinstance(place, ipaddress.IPv6Address) else None
    return any((mapped or place) in ipaddress.ip_network(one) for one in networks)


def principal(key: ApiKey) -> Principal:
    """What doors are told of the holder of a key."""
    given = permissions.ALL if key.permissions is None else permissions.named(key.permissions)[0]
    return Principal(
        id=key.id,
        org_id=key.org_id,
        label=key.label,
        scope=key.scope,
        permissions=permissions.with_what_follows(given),
    )
