"""What the times of desks are worth: samples of their clocks, the last look that still showed the state before."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.add_column("hop", sa.Column("fetched_at", sa.BigInteger(), nullable=True))
    op.add_column("event", sa.Column("contrary_seen_at", sa.BigInteger(), nullable=True))
    op.add_column(
        "event", sa.Column("observed_only", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "offset_sample",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("desk_id", sa.String(), nullable=False),
        sa.Column("measured_at", sa.BigInteger(), nullable=False),
        sa.Column("ahead", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("offset_series", "offset_sample", ["desk_id", "measured_at"])
