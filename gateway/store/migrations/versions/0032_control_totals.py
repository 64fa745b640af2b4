"""Daily control totals of links."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "control_total",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("id", "org_id", "link_id", "day")),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("differs", sa.Boolean(), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
        sa.Column("restated", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
