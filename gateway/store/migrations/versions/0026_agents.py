"""Requests that wait for desks' agents, and when each agent came last."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "errand",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("id", "org_id", "desk_id")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("posted_at", "begin_by", "done_by")),
        sa.Column("request", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in ("taken_at", "brought_at")),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answer_body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("errand_waiting", "errand", ["desk_id", "taken_at", "posted_at"])
    op.create_index("errand_done_by", "errand", ["done_by"])
    op.create_table(
        "agent_sight",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("desk_id", "org_id")),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("desk_id"),
    )
