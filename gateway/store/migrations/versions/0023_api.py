"""The API: answers to repeat, and how many requests callers made."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "stored_answer",
        *_words("id", "org_id", "digest"),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("stored_answer_begun", "stored_answer", ["begun_at"])
    op.create_table(
        "api_quota",
        *_words("id", "org_id"),
        sa.Column("window", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]
