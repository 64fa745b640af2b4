"""API keys: what they may be used for, from where, and when they last were."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    with op.batch_alter_table("api_key") as table:
        table.add_column(sa.Column("permissions", sa.Text(), nullable=True))
        table.add_column(sa.Column("networks", sa.Text(), nullable=True))
        table.add_column(sa.Column("used_at", sa.BigInteger(), nullable=True))
