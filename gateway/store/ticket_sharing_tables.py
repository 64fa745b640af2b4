"""The tables of ticket sharing: agreements with partners that push, their tickets as both have told each other, and the
files that a partner may fetch."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Text
from sqlmodel import Field, SQLModel

from gateway.store import fields as column


class SharingAgreementRow(SQLModel, table=True):
    """Consent of two desks. The token (uuid and access key) is sealed for calling, and hashed for telling who calls."""

    __tablename__ = "sharing_agreement"
    __table_args__ = (Index("sharing_agreement_uuid", "desk_id", "uuid", unique=True),)
    id: str = Field(primary_key=True)
    org_id: str
    desk_id: str
    uuid: str
    ours: str
    name: str = column.words()
    sender_url: str = column.words()
    receiver_url: str = column.words()
    standing: str
    agreed: bool = False
    deactivated_by: str = ""
    sync_tags: bool = True
    sync_custom_fields: bool = True
    public_comments: bool = True
    created_at: datetime = column.moment(nullable=False)
    changed_at: datetime = column.moment(nullable=False)
    sealed_token: str = Field(sa_type=Text)
    token_hash: str


class SharedTicketRow(SQLModel, table=True):
    """A ticket at a partner's desk, by the uuid that both know it by."""

    __tablename__ = "shared_ticket"
    __table_args__ = (
        Index("shared_ticket_uuid", "desk_id", "uuid", unique=True),
        Index("shared_ticket_marker", "desk_id", "marker"),
        Index("shared_ticket_changed", "desk_id", "changed_at"),
    )
    id: str = Field(primary_key=True)
    org_id: str
    desk_id: str
    uuid: str
    marker: str
    fields: Any = column.document()
    created_at: datetime = column.moment(nullable=False)
    changed_at: datetime = column.moment(nullable=False)
    number: str = column.words()
    first: str = ""
    shared: bool = False
    tried: bool = False
    gone_at: datetime | None = column.moment()
    revision: int = 0
    parts: int = 0


class SharedPartRow(SQLModel, table=True):
    """A comment, a file or a change of a field: added once, never changed."""

    __tablename__ = "shared_part"
    __table_args__ = (
        Index("shared_part_place", "ticket_id", "place", unique=True),
        Index("shared_part_name", "ticket_id", "name"),
    )
    id: str = Field(primary_key=True)
    org_id: str
    ticket_id: str
    place: int
    kind: str
    name: str
    at: datetime = column.moment(nullable=False)
    actor_id: str = column.words()
    actor_name: str = column.words()
    actor_kind: str
    data: Any = column.document()
    request: str = ""


class SharedFileRow(SQLModel, table=True):
    """A file that whoever holds its address may fetch for a while; only the address's hash is kept."""

    __tablename__ = "shared_file"
    id: str = Field(primary_key=True)
    org_id: str
    desk_id: str
    sha256: str = Field(unique=True)
    blob: Any = column.document()
    filename: str = column.words()
    media_type: str = column.words()
    expires_at: datetime = column.moment(nullable=False)
