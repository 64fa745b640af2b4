"""Comparisons of desks with what we know."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "reconciliation",
        *_words("id", "org_id", "kind"),
        sa.Column("desk_id", sa.String(), nullable=True),
        sa.Column("selection", sa.Text(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("is_dry", sa.Boolean(), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=True),
        *_texts("actor", "reason"),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("reconciliation_desk", "reconciliation", ["desk_id", "started_at"])
    op.create_table(
        "reconciled",
        *_words("id", "org_id", "run_id", "ticket_id", "hop_id", "desk_id", "state"),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("drift", sa.Text(), nullable=True),
        *_texts("error"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("reconciled_run", "reconciled", ["run_id", "state"])
    op.create_index(
        "reconciled_due", "reconciled", ["due_at"], sqlite_where=_WAITING, postgresql_where=_WAITING
    )


def _words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]
