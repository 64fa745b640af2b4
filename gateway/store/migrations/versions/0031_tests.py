"""Tickets of test desks, which nothing counts."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.add_column("ticket", sa.Column("test", sa.Boolean(), nullable=False, server_default=sa.false()))
