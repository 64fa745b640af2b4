"""Imported histories: runs, desks that are known from them only, and which case became which ticket."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "import_run",
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("id", "org_id", "source", "name", "sha256", "state")
        ),
        sa.Column("counts", sa.Text(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sha256"),
    )
    op.create_table(
        "imported_desk",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("id", "org_id", "code", "source")),
        sa.Column("native", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_index("imported_desk_native", "imported_desk", ["source", "org_id", "native"], unique=True)
    op.create_table(
        "imported_case",
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("ticket_id", "org_id", "run_id", "source", "case_key", "customer")
        ),
        sa.PrimaryKeyConstraint("ticket_id"),
    )
    op.create_index("imported_case_key", "imported_case", ["source", "case_key"], unique=True)
