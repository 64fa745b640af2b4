"""An erasure is worked on by one process at a time."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.add_column("erasure", sa.Column("lease_until", sa.BigInteger(), nullable=True))
    op.add_column("erasure", sa.Column("fence", sa.Integer(), nullable=False, server_default="0"))
