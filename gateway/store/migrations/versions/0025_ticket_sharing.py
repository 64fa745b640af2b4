"""Ticket sharing (Networked Help Desk): agreements, shared tickets, what was added to them, files that are lent."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    _agreements()
    _tickets()
    _parts()
    op.create_table(
        "shared_file",
        *_words("id", "org_id", "desk_id", "sha256"),
        sa.Column("blob", sa.Text(), nullable=True),
        *_texts("filename", "media_type"),
        *_moments("expires_at"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sha256"),
    )


def _agreements() -> None:
    op.create_table(
        "sharing_agreement",
        *_words("id", "org_id", "desk_id", "uuid", "ours"),
        *_texts("name", "sender_url", "receiver_url"),
        *_words("standing"),
        *_flags("agreed"),
        *_words("deactivated_by"),
        *_flags("sync_tags", "sync_custom_fields", "public_comments"),
        *_moments("created_at", "changed_at"),
        *_texts("sealed_token"),
        *_words("token_hash"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("sharing_agreement_uuid", "sharing_agreement", ["desk_id", "uuid"], unique=True)


def _tickets() -> None:
    op.create_table(
        "shared_ticket",
        *_words("id", "org_id", "desk_id", "uuid", "marker"),
        sa.Column("fields", sa.Text(), nullable=True),
        *_moments("created_at", "changed_at"),
        *_texts("number"),
        *_words("first"),
        *_flags("shared", "tried"),
        sa.Column("gone_at", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("revision", "parts")),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("shared_ticket_uuid", "shared_ticket", ["desk_id", "uuid"], unique=True)
    op.create_index("shared_ticket_marker", "shared_ticket", ["desk_id", "marker"])
    op.create_index("shared_ticket_changed", "shared_ticket", ["desk_id", "changed_at"])


def _parts() -> None:
    op.create_table(
        "shared_part",
        *_words("id", "org_id", "ticket_id"),
        sa.Column("place", sa.Integer(), nullable=False),
        *_words("kind", "name"),
        *_moments("at"),
        *_texts("actor_id", "actor_name"),
        *_words("actor_kind"),
        sa.Column("data", sa.Text(), nullable=True),
        *_words("request"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("shared_part_place", "shared_part", ["ticket_id", "place"], unique=True)
    op.create_index("shared_part_name", "shared_part", ["ticket_id", "name"])


def _words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _flags(*names: str) -> list[sa.Column[bool]]:
    return [sa.Column(name, sa.Boolean(), nullable=False) for name in names]


def _moments(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]
