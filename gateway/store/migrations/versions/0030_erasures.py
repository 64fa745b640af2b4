"""Persons who are forgotten, and tickets that are held."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "erasure",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("id", "org_id")),
        sa.Column("sealed_terms", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("asked_by", "reason")),
        sa.Column("state", sa.String(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("place", "counts", "tickets", "files")),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "ticket_hold",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("ticket_id", "org_id")),
        sa.Column("at", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("by", "reason")),
        sa.PrimaryKeyConstraint("ticket_id"),
    )
