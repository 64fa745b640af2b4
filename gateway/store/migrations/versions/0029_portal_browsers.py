"""Browsers that act at portal desks, and the digits that let new ones in."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.add_column("portal_link", sa.Column("contact", sa.String(), nullable=True))
    op.create_table(
        "portal_browser",
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("id", "org_id", "desk_id", "contact", "sha256")
        ),
        sa.Column("agent", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("created_at", "seen_at")),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sha256"),
    )
    op.create_index("portal_browser_reader", "portal_browser", ["desk_id", "contact"])
    op.create_table(
        "portal_code",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("id", "org_id", "link_id")),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("created_at", "expires_at")),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("portal_code_link", "portal_code", ["link_id"])
    op.create_index("portal_code_end", "portal_code", ["expires_at"])
