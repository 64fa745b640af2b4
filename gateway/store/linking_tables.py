"""The tables of invitations to link two desks, of the lives of links, and of brakes."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, text
from sqlmodel import Field, SQLModel

from gateway.store import fields


class InvitationRow(SQLModel, table=True):
    """A single-use code that makes a link, as its hash. `org_id` invites; `answered_org_id` has answered."""

    __tablename__ = "invitation"
    __table_args__ = (Index("invitation_org", "org_id"), Index("invitation_to", "to_org_id"))
    id: str = Field(primary_key=True)
    org_id: str
    desk_id: str
    role: str
    to_org_id: str | None = None
    contact: str = fields.words()
    agreement: str = fields.words()
    link_code: str = fields.words()
    terms: Any = fields.document()
    activate: bool
    sha256: str = Field(unique=True)
    created_at: datetime = fields.moment(nullable=False)
    created_by: str = fields.words()
    expires_at: datetime = fields.moment(nullable=False)
    state: str
    answered_at: datetime | None = fields.moment()
    answered_by: str = fields.words()
    answered_org_id: str | None = None
    reason: str = fields.words()
    link_id: str | None = None


class LinkLifeRow(SQLModel, table=True):
    """What is known of a link beyond its document. `org_id` is the upstream's, as the link's own."""

    __tablename__ = "link_life"
    __table_args__ = (
        Index(
            "link_life_due",
            "check_at",
            sqlite_where=text("check_at IS NOT NULL"),
            postgresql_where=text("check_at IS NOT NULL"),
        ),
    )
    link_id: str = Field(primary_key=True)
    org_id: str
    agreement: str = fields.words()
    ready: Any = fields.document()
    paused_by: Any = fields.document()
    checks: Any = fields.document()
    checked_at: datetime | None = fields.moment()
    check_at: datetime | None = fields.moment()
    ended_at: datetime | None = fields.moment()


class LinkStepRow(SQLModel, table=True):
    """What happened to a link or an invitation, for both sides to read. `org_id` is whoever did it (or `operator`);
    `side_one` and `side_two` may read it; the other side of an invitation is unknown at first."""

    __tablename__ = "link_step"
    __table_args__ = (Index("link_step_of", "subject"),)
    seq: int | None = Field(
        default=None, sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    )
    org_id: str
    subject: str
    side_one: str = fields.words()
    side_two: str = fields.words()
    at: datetime = fields.moment(nullable=False)
    actor: str = fields.words()
    act: str
    before: str = fields.words()
    after: str = fields.words()
    reason: str = fields.words()


class GuessRow(SQLModel, table=True):
    """How many codes or names that are none an organization has tried since a moment."""

    __tablename__ = "guess"
    org_id: str = Field(primary_key=True)
    since: datetime = fields.moment(nullable=False)
    count: int


class BrakeRow(SQLModel, table=True):
    """Deliveries stopped by a person: over a link, of a group of organizations, or all. `org_id` put it on."""

    __tablename__ = "brake"
    __table_args__ = (
        Index(
            "brake_standing",
            "kind",
            "target",
            sqlite_where=text("off_at IS NULL"),
            postgresql_where=text("off_at IS NULL"),
        ),
    )
    id: str = Field(primary_key=True)
    org_id: str
    kind: str
    target: str
    on_at: datetime = fields.moment(nullable=False)
    on_by: str = fields.words()
    reason: str = fields.words()
    off_at: datetime | None = fields.moment()
    off_by: str = fields.words()
