"""Waiting messages by organization, so that none waits for another's flood."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    waiting = sa.text("state = 'received'")
    op.create_index(
        "message_of_org",
        "message",
        ["org_id", "received_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
