"""Giving API keys to the operator's people and to organizations, taking them back, and telling who calls."""

from dataclasses import dataclass
from datetime import datetime

from gateway import keys
from gateway.domain.problem import suggestion
from gateway.errors import NotFound
from gateway.flows.context import OPERATOR, Context
from gateway.store import audit
from gateway.store import keys as key_store
from gateway.store.db import Db
from gateway.store.keys import ApiKey
from gateway.store.scope import OPERATOR_ID, Scope


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A key to be made. `organization` is a code; None is the operator."""

    label: str
    organization: str | None = None
    expires_at: datetime | None = None


def create(context: Context, wanted: Wanted, *, actor: str, now: datetime) -> tuple[ApiKey, str]:
    """A new key and its text, which is kept nowhere and shown this once. Raises NotFound for an unknown organization."""
    text = keys.new()
    with context.database.write() as db:
        key = ApiKey(
            id=context.new_id("key"),
            org_id=_org_id(context, db, wanted.organization),
            label=wanted.label,
            shown=keys.shown(text),
            created_at=now,
            expires_at=wanted.expires_at,
        )
        key_store.put(db, key, sha256=keys.digest(text))
        _audit(db, key, "key created", actor=actor, now=now)
    return key, text


def _org_id(context: Context, db: Db, code: str | None) -> str:
    if code is None:
        return OPERATOR_ID
    known = {one.code: one.id for one in context.directory(db).organizations.values()}
    if code not in known:
        raise NotFound(f"there is no organization {code!r}", cure=suggestion(code, known))
    return known[code]


def listed(context: Context, scope: Scope) -> list[ApiKey]:
    """The keys within the scope, revoked and expired ones too, the newest first."""
    with context.database.read() as db:
        return key_store.listed(db, scope)


def revoke(context: Context, key_id: str, *, scope: Scope = OPERATOR, actor: str, now: datetime) -> ApiKey:
    """Take a key back, at once. Raises NotFound within the scope; a second time nothing happens."""
    with context.database.write() as db:
        key = key_store.get(db, scope, key_id)
        if key is None:
            raise NotFound(f"there is no API key {key_id}", cure="interdesk keys list shows them")
        if key.revoked_at is None:
            key_store.revoke(db, scope, key_id, now=now)
            _audit(db, key, "key revoked", actor=actor, now=now)
        return key_store.get(db, scope, key_id) or key


def _audit(db: Db, key: ApiKey, action: str, *, actor: str, now: datetime) -> None:
    audit.record(
        db,
        now=now,
        org_id=key.org_id,
        actor=actor,
        action=action,
        subject=key.id,
        before=None,
        after={"label": key.label, "shown": key.shown},
    )


def verify(context: Context, text: str, *, now: datetime) -> ApiKey | None:
    """Whose key it is, None if it is none, revoked or expired.

    Found by its digest: how long that takes says nothing about any other key.
    """
    if not keys.is_well_formed(text):
        return None
    with context.database.read() as db:
        key = key_store.by_digest(db, keys.digest(text))
    return key if key is not None and key.is_valid(now) else None
