"""Where agreements stand, and what happened to them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_WAITING = sa.text("look_at IS NOT NULL")


def upgrade() -> None:
    """To this revision. Every agreement there is will be looked at once."""
    op.create_table(
        "agreement_state",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("id", "org_id", "code", "state")),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("look_at", sa.BigInteger(), nullable=True),
        sa.Column("reminded", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "agreement_look",
        "agreement_state",
        ["look_at"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    op.create_table(
        "agreement_event",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("id", "org_id", "code")),
        sa.Column("at", sa.BigInteger(), nullable=False),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("on_day", "what", "before", "after", "actor")
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("agreement_event_of", "agreement_event", ["org_id", "code", "at", "id"])
    op.execute(
        "INSERT INTO agreement_state (id, org_id, code, state, look_at, reminded)"
        " SELECT id, org_id, code, '', 0, '' FROM directory WHERE kind = 'agreement'"
    )
