"""The tables of OAuth 2.0: clients, their secrets, the tokens they were given, and assertions that were used."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from gateway.store import fields


class OAuthClientRow(SQLModel, table=True):
    """A program of an organization (or of the operator) that asks for tokens. `jwks`: public keys it signs assertions with;
    without them it has secrets."""

    __tablename__ = "oauth_client"
    id: str = Field(primary_key=True)
    org_id: str
    label: str = ""
    permissions: Any = fields.document()
    networks: Any = fields.document()
    jwks: Any = fields.document()
    created_at: datetime = fields.moment(nullable=False)
    revoked_at: datetime | None = fields.moment()
    used_at: datetime | None = fields.moment()


class OAuthSecretRow(SQLModel, table=True):
    """A client's secret; only its hash is kept. Two are good at once while one replaces the other."""

    __tablename__ = "oauth_secret"
    __table_args__ = (Index("oauth_secret_client", "client_id"),)
    id: str = Field(primary_key=True)
    org_id: str
    client_id: str
    shown: str = ""
    sha256: str
    created_at: datetime = fields.moment(nullable=False)
    expires_at: datetime | None = fields.moment()


class OAuthTokenRow(SQLModel, table=True):
    """An access token; only its hash is kept."""

    __tablename__ = "oauth_token"
    __table_args__ = (Index("oauth_token_end", "expires_at"),)
    id: str = Field(primary_key=True)
    org_id: str
    client_id: str
    sha256: str = Field(unique=True)
    permissions: Any = fields.document()
    issued_at: datetime = fields.moment(nullable=False)
    expires_at: datetime = fields.moment(nullable=False)
    revoked_at: datetime | None = fields.moment()


class OAuthAssertionRow(SQLModel, table=True):
    """An assertion that was used (RFC 7523, `jti`), until it would be refused anyway. `id` is a digest of client and jti."""

    __tablename__ = "oauth_assertion"
    __table_args__ = (Index("oauth_assertion_end", "expires_at"),)
    id: str = Field(primary_key=True)
    org_id: str
    client_id: str
    expires_at: datetime = fields.moment(nullable=False)
