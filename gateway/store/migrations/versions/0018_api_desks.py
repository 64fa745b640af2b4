"""API desks: tickets, and what was added to them."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "api_ticket",
        *_words("id", "org_id", "desk_id"),
        sa.Column("place", sa.Integer(), nullable=False),
        *_words("number", "marker"),
        sa.Column("external", sa.Text(), nullable=False),
        *_words("digest"),
        sa.Column("fields", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        *_moments("created_at", "changed_at"),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("revision", "parts")),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("api_ticket_number", "api_ticket", ["desk_id", "place"], unique=True)
    op.create_index("api_ticket_marker", "api_ticket", ["desk_id", "marker"], unique=True)
    op.create_index("api_ticket_external", "api_ticket", ["desk_id", "external"])
    op.create_index("api_ticket_changed", "api_ticket", ["desk_id", "changed_at"])
    op.create_table(
        "api_part",
        *_words("id", "org_id", "ticket_id"),
        sa.Column("place", sa.Integer(), nullable=False),
        *_words("kind"),
        *_moments("at"),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("actor_id", "actor_name")),
        *_words("actor_kind"),
        sa.Column("data", sa.Text(), nullable=True),
        *_words("request"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("api_part_place", "api_part", ["ticket_id", "place"], unique=True)


def _words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _moments(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]
