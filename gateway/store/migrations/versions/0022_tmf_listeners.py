"""TM Forum's API: listeners, and events on their way to them."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "tmf_listener",
        *_words("id", "org_id", "desk_id", "dialect"),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("callback", "query")),
        *_moments("created_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("tmf_listener_desk", "tmf_listener", ["desk_id"])
    op.create_table(
        "tmf_notice",
        *_words("id", "org_id", "listener_id", "ticket_id", "kind"),
        sa.Column("document", sa.Text(), nullable=True),
        *_moments("created_at", "next_at"),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        *_words("state"),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("tmf_notice_due", "tmf_notice", ["state", "next_at"])
    op.create_index("tmf_notice_lane", "tmf_notice", ["listener_id", "ticket_id", "id"])


def _words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _moments(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]
