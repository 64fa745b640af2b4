"""Published reports, those that are published by themselves, and letters that enclose them."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_STANDS = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """To this revision."""
    _publications()
    _schedules()
    op.add_column("letter", sa.Column("enclosure", sa.String(), nullable=False, server_default=""))


def _publications() -> None:
    op.create_table(
        "publication",
        *_words("id", "org_id", "kind", "subject", "period", "view"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
        *_words("sha256", "previous", "seal"),
        sa.PrimaryKeyConstraint("id"),
    )
    line = ["kind", "subject", "period", "view", "version"]
    op.create_index("publication_version", "publication", line, unique=True)
    op.create_index("publication_org", "publication", ["org_id", "made_at"])


def _schedules() -> None:
    op.create_table(
        "report_schedule",
        *_words("id", "org_id", "customer", "partner", "view", "every"),
        sa.Column("after_days", sa.Integer(), nullable=False),
        *_words("zone"),
        sa.Column("recipients", sa.Text(), nullable=True),
        *_words("format", "language"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        *_words("next_period"),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "report_schedule_due",
        "report_schedule",
        ["due_at"],
        sqlite_where=_STANDS,
        postgresql_where=_STANDS,
    )


def _words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]
