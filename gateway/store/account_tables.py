"""The tables of people who sign in: accounts, invitations to one, sessions, and tries that are counted."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from gateway.store import fields


class AccountRow(SQLModel, table=True):
    """Somebody who may sign in, by password or (`issuer`, `subject`) at an identity provider. `customers`: ids of organizations."""

    __tablename__ = "account"
    __table_args__ = (Index("account_subject", "issuer", "subject", unique=True),)
    id: str = Field(primary_key=True)
    org_id: str
    email: str = Field(unique=True)
    role: str
    customers: Any = fields.document()
    password: str | None = None
    issuer: str | None = None
    subject: str | None = None
    created_at: datetime = fields.moment(nullable=False)
    disabled_at: datetime | None = fields.moment()
    used_at: datetime | None = fields.moment()


class AccountInvitationRow(SQLModel, table=True):
    """An invitation to have an account; only its token's hash is kept."""

    __tablename__ = "account_invitation"
    id: str = Field(primary_key=True)
    org_id: str
    email: str
    role: str
    customers: Any = fields.document()
    sha256: str = Field(unique=True)
    created_at: datetime = fields.moment(nullable=False)
    created_by: str = fields.words()
    expires_at: datetime = fields.moment(nullable=False)
    used_at: datetime | None = fields.moment()


class WebSessionRow(SQLModel, table=True):
    """A browser that somebody signed in with; only the hash of its cookie is kept."""

    __tablename__ = "web_session"
    __table_args__ = (Index("web_session_account", "account_id"),)
    id: str = Field(primary_key=True)
    org_id: str
    account_id: str
    sha256: str = Field(unique=True)
    browser: str = fields.words()
    address: str = fields.words()
    created_at: datetime = fields.moment(nullable=False)
    seen_at: datetime = fields.moment(nullable=False)
    expires_at: datetime = fields.moment(nullable=False)
    revoked_at: datetime | None = fields.moment()


class AccountResetRow(SQLModel, table=True):
    """A wish to choose a new password. `account_id` is empty where nobody has that address, so that both take as long. `sha256`
    is of the link, which is made as the mail leaves; `asked_by` of the cookie of the browser that asked, `code` of the digits."""

    __tablename__ = "account_reset"
    __table_args__ = (Index("account_reset_account", "account_id"), Index("account_reset_end", "expires_at"))
    id: str = Field(primary_key=True)
    org_id: str
    account_id: str
    sha256: str | None = Field(default=None, unique=True)
    asked_by: str
    code: str
    language: str
    tries: int = 0
    created_at: datetime = fields.moment(nullable=False)
    expires_at: datetime = fields.moment(nullable=False)
    used_at: datetime | None = fields.moment()


class SignInTryRow(SQLModel, table=True):
    """Tries to sign in, counted; `id` is a digest of the account and address they were for."""

    __tablename__ = "sign_in_try"
    __table_args__ = (Index("sign_in_try_since", "since"),)
    id: str = Field(primary_key=True)
    org_id: str
    count: int
    since: datetime = fields.moment(nullable=False)


class SignInStateRow(SQLModel, table=True):
    """A way to an identity provider that nobody came back from yet; `id` is a digest of its state."""

    __tablename__ = "sign_in_state"
    __table_args__ = (Index("sign_in_state_end", "expires_at"),)
    id: str = Field(primary_key=True)
    org_id: str
    provider: str
    invitation: str | None = None
    expires_at: datetime = fields.moment(nullable=False)
