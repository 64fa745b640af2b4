"""Periods that are closed with a customer."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "closing",
        *_words("id", "org_id", "customer", "period", "zone"),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("review_until", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        *_words("sha256"),
        sa.Column("issued_at", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("closing_period", "closing", ["org_id", "period"], unique=True)


def _words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]
