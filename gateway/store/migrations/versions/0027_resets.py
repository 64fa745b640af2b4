"""Wishes to choose a new password."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "account_reset",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("id", "org_id", "account_id")),
        sa.Column("sha256", sa.String(), nullable=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("asked_by", "code", "language")),
        sa.Column("tries", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("created_at", "expires_at")),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sha256"),
    )
    op.create_index("account_reset_account", "account_reset", ["account_id"])
    op.create_index("account_reset_end", "account_reset", ["expires_at"])
