"""TM Forum's API: a party's own descriptions of kinds of tickets."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "tmf_specification",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("id", "org_id", "desk_id")),
        sa.Column("document", sa.Text(), nullable=True),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("created_at", "changed_at")),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("tmf_specification_desk", "tmf_specification", ["desk_id", "id"])
