"""OAuth 2.0 clients: registered, given new secrets with an overlap, taken back; tokens given to them, looked up, taken back.
How a request for a token looks on the wire is `gateway.api.oauth`."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway import jwts, keys
from gateway.domain import permissions
from gateway.errors import NotFound, Refused
from gateway.flows.context import OPERATOR, Context
from gateway.flows.keys import REMEMBER, checked_networks, checked_permissions, is_within, owner_id
from gateway.flows.principal import Principal
from gateway.store import audit, oauth
from gateway.store.db import Db
from gateway.store.oauth import Client, Secret, Token
from gateway.store.scope import OPERATOR_ID, Scope

LASTS = timedelta(minutes=15)
"""Of an access token: so long a client that was forgotten about can go on at most; asking again costs it one request."""
_FORGET = timedelta(days=1)
LONGEST_ASSERTION = timedelta(hours=1)
"""How far ahead an assertion's end may be (Authlib's own clients say an hour): so long its jti is remembered."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A client to be registered. `organization` is a code, None the operator; `permissions` the most its tokens may have;
    `jwks` a JWK Set of public keys: then it signs assertions and has no secret."""

    label: str
    permissions: tuple[str, ...]
    organization: str | None = None
    networks: tuple[str, ...] = ()
    jwks: object = None


def register(context: Context, wanted: Wanted, *, actor: str, now: datetime) -> tuple[Client, str | None]:
    """A new client, and its secret, which is kept nowhere and shown this once. Raises NotFound for an unknown organization,
    Invalid for permissions, networks or keys that are none."""
    allowed, networks = checked_permissions(wanted.permissions), checked_networks(wanted.networks)
    jwks = None if wanted.jwks is None else jwts.key_set(wanted.jwks)
    with context.database.write() as db:
        client = Client(
            id=context.new_id("cli"),
            org_id=owner_id(context, db, wanted.organization),
            label=wanted.label,
            permissions=allowed,
            networks=networks,
            jwks=jwks,
            created_at=now,
        )
        oauth.put_client(db, client)
        _audit(db, client, "client registered", actor=actor, now=now)
        return client, _new_secret(context, db, client, now=now) if jwks is None else None


def _new_secret(context: Context, db: Db, client: Client, *, now: datetime) -> str:
    text = keys.new_client_secret()
    secret = Secret(
        id=context.new_id("sec"),
        org_id=client.org_id,
        client_id=client.id,
        shown=keys.shown(text),
        sha256=keys.digest(text),
        created_at=now,
    )
    oauth.put_secret(db, secret)
    return text


def listed(context: Context, scope: Scope = OPERATOR) -> list[Client]:
    """The clients within the scope, revoked ones too, the newest first."""
    with context.database.read(scope) as db:
        return oauth.clients(db, scope)


def rotate(
    context: Context, client_id: str, overlap: timedelta, *, actor: str, now: datetime
) -> tuple[Client, str]:
    """A new secret; those before work for so long still. Raises NotFound; Refused for a client that signs, or is revoked."""
    with context.database.write() as db:
        client = _found(db, OPERATOR, client_id)
        if client.revoked_at is not None:
            raise Refused(
                f"the client {client_id} is revoked", cure="interdesk clients add registers another"
            )
        if client.jwks is not None:
            raise Refused(
                f"the client {client_id} has no secret",
                why="it signs with its own keys",
                cure="register another with its new keys, then revoke this one",
            )
        oauth.end_secrets(db, OPERATOR, client_id, at=now + overlap)
        text = _new_secret(context, db, client, now=now)
        _audit(db, client, "client secret rotated", actor=actor, now=now)
    return client, text


def revoke(context: Context, client_id: str, *, scope: Scope = OPERATOR, actor: str, now: datetime) -> Client:
    """Take a client back with all its tokens, at once. Raises NotFound within the scope; a second time nothing happens."""
    with context.database.write(scope) as db:
        client = _found(db, scope, client_id)
        if client.revoked_at is None:
            oauth.revoke_client(db, scope, client_id, now=now)
            _audit(db, client, "client revoked", actor=actor, now=now)
        return oauth.client(db, scope, client_id) or client


def _found(db: Db, scope: Scope, client_id: str) -> Client:
    client = oauth.client(db, scope, client_id)
    if client is None:
        raise NotFound(f"there is no client {client_id}", cure="interdesk clients list shows them")
    return client


def _audit(db: Db, client: Client, action: str, *, actor: str, now: datetime) -> None:
    after = {
        "label": client.label,
        "permissions": list(client.permissions),
        "networks": list(client.networks),
    }
    told = {"org_id": client.org_id, "actor": actor, "action": action, "subject": client.id}
    audit.record(db, now=now, before=None, after=after, **told)


def known(context: Context, client_id: str, address: str | None) -> Client | None:
    """A client that may ask now, from there; None for every other."""
    if not keys.is_id(client_id, "cli"):
        return None
    with context.database.read() as db:
        client = oauth.client(db, OPERATOR, client_id)
    good = client is not None and client.revoked_at is None and is_within(address, client.networks)
    return client if good else None


def has_secret(context: Context, client: Client, text: str, *, now: datetime) -> bool:
    """Whether this is one of its secrets. Compared by digest."""
    if client.jwks is not None or not keys.is_client_secret(text):
        return False
    given = keys.digest(text)
    with context.database.read() as db:
        return any(one.sha256 == given and one.is_valid(now) for one in oauth.secrets(db, client.id))


def claim_assertion(
    context: Context, client: Client, jti: str, *, now: datetime, expires_at: datetime
) -> bool:
    """Whether the client uses this assertion for the first time; it is used then."""
    digest = hashlib.sha256(f"{client.id}\n{jti}".encode("utf-8", "surrogatepass")).hexdigest()
    with context.database.write() as db:
        return oauth.claim_assertion(db, client, digest, now=now, expires_at=expires_at)


def granted(client: Client, scope: Iterable[str]) -> tuple[str, ...] | None:
    """What a token may have: all that the client may, or what it asked for; None if that is more than it may."""
    most = permissions.with_what_follows(permissions.named(client.permissions)[0])
    asked, unknown = permissions.named(scope)
    if unknown or not asked <= most:
        return None
    return permissions.spelled(asked) if asked else client.permissions


def give(context: Context, client: Client, allowed: tuple[str, ...], *, now: datetime) -> str:
    """A new access token, kept by its digest. What was given to whom stands in the rows, not in the audit: it changes
    nothing that people know of."""
    text = keys.new_token()
    token = Token(
        id=context.new_id("tok"),
        org_id=client.org_id,
        client_id=client.id,
        sha256=keys.digest(text),
        permissions=allowed,
        issued_at=now,
        expires_at=now + LASTS,
    )
    with context.database.write() as db:
        oauth.put_token(db, token, forget=now - _FORGET)
        oauth.used(db, client.id, now=now, since=now - REMEMBER)
    return text


def token_of(context: Context, text: str) -> Token | None:
    """The token, whether it is still good or not."""
    if not keys.is_token(text):
        return None
    with context.database.read() as db:
        return oauth.token(db, keys.digest(text))


def take_back(context: Context, token: Token, *, now: datetime) -> None:
    """A token is refused from now on."""
    with context.database.write() as db:
        oauth.revoke_token(db, token.id, now=now)


def is_good(context: Context, token: Token, *, now: datetime) -> bool:
    """Whether the token, and the client that has it, still are."""
    with context.database.read() as db:
        client = oauth.client(db, OPERATOR, token.client_id)
    return token.is_valid(now) and client is not None and client.revoked_at is None


def principal(context: Context, text: str, *, now: datetime, address: str | None) -> Principal | None:
    """Who calls with this access token; None for nobody."""
    if not keys.is_token(text):
        return None
    with context.database.read() as db:
        token = oauth.token(db, keys.digest(text))
        client = oauth.client(db, OPERATOR, token.client_id) if token else None
    if token is None or client is None or client.revoked_at is not None:
        return None
    if not token.is_valid(now) or not is_within(address, client.networks):
        return None
    allowed = permissions.named(token.permissions)[0]
    return Principal(
        id=client.id,
        org_id=client.org_id,
        label=client.label,
        scope=Scope.operator() if client.org_id == OPERATOR_ID else Scope.of(client.org_id),
        permissions=permissions.with_what_follows(allowed),
    )


def described(token: Token) -> Mapping[str, Any]:
    """What is told of a token that is good (RFC 7662, 2.2)."""
    return {
        "active": True,
        "client_id": token.client_id,
        "sub": token.client_id,
        "scope": " ".join(token.permissions),
        "token_type": "Bearer",
        "exp": int(token.expires_at.timestamp()),
        "iat": int(token.issued_at.timestamp()),
    }
