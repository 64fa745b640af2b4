"""Search by any number: an index on what desks call tickets, and what they called them before."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_index("hop_number", "hop", ["number"])
    op.create_table(
        "former_number",
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("id", "org_id", "ticket_id", "hop_id", "number")
        ),
        sa.Column("left_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("former_number_number", "former_number", ["number"])
