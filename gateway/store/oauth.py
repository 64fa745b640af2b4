"""OAuth 2.0 clients, their secrets and tokens: rows by digest, never a secret or token. What is looked up by a secret, a token or
a client's own id has no scope: that is where a caller's scope comes from."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Table, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from gateway.store.db import Db
from gateway.store.oauth_tables import OAuthAssertionRow, OAuthClientRow, OAuthSecretRow, OAuthTokenRow
from gateway.store.scope import Scope

CLIENT: Table = OAuthClientRow.__table__  # type: ignore[attr-defined]
SECRET: Table = OAuthSecretRow.__table__  # type: ignore[attr-defined]
TOKEN: Table = OAuthTokenRow.__table__  # type: ignore[attr-defined]
ASSERTION: Table = OAuthAssertionRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Client:
    """`permissions`: the most that its tokens may have. `jwks`: a JWK Set of public keys (RFC 7517), None: it has secrets."""

    id: str
    org_id: str
    label: str
    permissions: tuple[str, ...]
    networks: tuple[str, ...]
    created_at: datetime
    jwks: Mapping[str, Any] | None = None
    revoked_at: datetime | None = None
    used_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Secret:
    """`shown`: enough for its owner to tell it from others."""

    id: str
    org_id: str
    client_id: str
    shown: str
    sha256: str
    created_at: datetime
    expires_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Not expired."""
        return self.expires_at is None or now < self.expires_at


@dataclass(frozen=True, kw_only=True)
class Token:
    """What a client was given, for so long."""

    id: str
    org_id: str
    client_id: str
    sha256: str
    permissions: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and now < self.expires_at


def put_client(db: Db, client: Client) -> None:
    """Keep a new client."""
    lists = {"permissions": list(client.permissions), "networks": list(client.networks)}
    jwks = None if client.jwks is None else dict(client.jwks)
    db.execute(insert(CLIENT).values(**asdict(client) | lists | {"jwks": jwks}))


def clients(db: Db, scope: Scope) -> list[Client]:
    """Clients within the scope, the newest first."""
    query = select(CLIENT).where(scope.where(CLIENT)).order_by(CLIENT.c.created_at.desc(), CLIENT.c.id)
    return [_client(row) for row in db.execute(query).mappings()]


def client(db: Db, scope: Scope, client_id: str) -> Client | None:
    """One client by its id."""
    query = select(CLIENT).where(CLIENT.c.id == client_id, scope.where(CLIENT))
    row = db.execute(query).mappings().first()
    return _client(row) if row else None


def revoke_client(db: Db, scope: Scope, client_id: str, *, now: datetime) -> None:
    """From now on it gets no token, and those it has are refused."""
    mine = (CLIENT.c.id == client_id) & CLIENT.c.revoked_at.is_(None)
    db.execute(update(CLIENT).where(mine, scope.where(CLIENT)).values(revoked_at=now))


def used(db: Db, client_id: str, *, now: datetime, since: datetime) -> None:
    """Remember that it was given a token, unless that is known since `since`."""
    column = CLIENT.c.used_at
    stale = (CLIENT.c.id == client_id) & or_(column.is_(None), column < since)
    db.execute(update(CLIENT).where(stale).values(used_at=now))


def put_secret(db: Db, secret: Secret) -> None:
    """Keep a new secret."""
    db.execute(insert(SECRET).values(**asdict(secret)))


def secrets(db: Db, client_id: str) -> list[Secret]:
    """All of a client, the newest first."""
    query = select(SECRET).where(SECRET.c.client_id == client_id)
    rows = db.execute(query.order_by(SECRET.c.created_at.desc(), SECRET.c.id.desc())).mappings()
    return [Secret(**row) for row in rows]


def end_secrets(db: Db, scope: Scope, client_id: str, *, at: datetime) -> None:
    """They work no longer than until then; those that end earlier keep their end."""
    ends = SECRET.c.expires_at
    longer = (SECRET.c.client_id == client_id) & or_(ends.is_(None), ends > at)
    db.execute(update(SECRET).where(longer, scope.where(SECRET)).values(expires_at=at))


def put_token(db: Db, token: Token, *, forget: datetime) -> None:
    """Keep a new token; those that ended before `forget` are forgotten."""
    db.execute(delete(TOKEN).where(TOKEN.c.expires_at < forget))
    db.execute(insert(TOKEN).values(**asdict(token) | {"permissions": list(token.permissions)}))


def token(db: Db, sha256: str) -> Token | None:
    """The token with that digest."""
    row = db.execute(select(TOKEN).where(TOKEN.c.sha256 == sha256)).mappings().first()
    return Token(**{**row, "permissions": tuple(row["permissions"] or ())}) if row else None


def revoke_token(db: Db, token_id: str, *, now: datetime) -> None:
    """From now on it is refused."""
    mine = (TOKEN.c.id == token_id) & TOKEN.c.revoked_at.is_(None)
    db.execute(update(TOKEN).where(mine).values(revoked_at=now))


def claim_assertion(db: Db, client: Client, digest: str, *, now: datetime, expires_at: datetime) -> bool:
    """Whether this assertion is used for the first time. Those that have ended are forgotten."""
    db.execute(delete(ASSERTION).where(ASSERTION.c.expires_at < now))
    row = {"id": digest, "org_id": client.org_id, "client_id": client.id, "expires_at": expires_at}
    try:
        with db.begin_nested():
            db.execute(insert(ASSERTION).values(**row))
    except IntegrityError:
        return False
    return True


def _client(row: RowMapping) -> Client:
    lists = {name: tuple(row[name] or ()) for name in ("permissions", "networks")}
    return Client(**{**row, **lists})
