"""Invitations to link two desks, the lives of links, and brakes."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this revision."""
    _invitations()
    _lives()
    _brakes()


def _invitations() -> None:
    op.create_table(
        "invitation",
        *_names("id", "org_id", "desk_id", "role"),
        sa.Column("to_org_id", sa.String(), nullable=True),
        *_words("contact", "agreement", "link_code"),
        sa.Column("terms", sa.Text(), nullable=True),
        sa.Column("activate", sa.Boolean(), nullable=False),
        *_names("sha256"),
        *_moments("created_at"),
        *_words("created_by"),
        *_moments("expires_at"),
        *_names("state"),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        *_words("answered_by"),
        sa.Column("answered_org_id", sa.String(), nullable=True),
        *_words("reason"),
        sa.Column("link_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sha256"),
    )
    op.create_index("invitation_org", "invitation", ["org_id"])
    op.create_index("invitation_to", "invitation", ["to_org_id"])
    op.create_table(
        "guess",
        *_names("org_id"),
        *_moments("since"),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("org_id"),
    )


def _lives() -> None:
    op.create_table(
        "link_life",
        *_names("link_id", "org_id"),
        *_words("agreement"),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("ready", "paused_by", "checks")),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in ("checked_at", "check_at", "ended_at")),
        sa.PrimaryKeyConstraint("link_id"),
    )
    due = sa.text("check_at IS NOT NULL")
    op.create_index("link_life_due", "link_life", ["check_at"], sqlite_where=due, postgresql_where=due)
    op.create_table(
        "link_step",
        sa.Column("seq", _SEQUENCE, nullable=False),
        *_names("org_id", "subject"),
        *_words("side_one", "side_two"),
        *_moments("at"),
        *_words("actor"),
        *_names("act"),
        *_words("before", "after", "reason"),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("link_step_of", "link_step", ["subject"])


def _brakes() -> None:
    op.create_table(
        "brake",
        *_names("id", "org_id", "kind", "target"),
        *_moments("on_at"),
        *_words("on_by", "reason"),
        sa.Column("off_at", sa.BigInteger(), nullable=True),
        *_words("off_by"),
        sa.PrimaryKeyConstraint("id"),
    )
    on = sa.text("off_at IS NULL")
    op.create_index("brake_standing", "brake", ["kind", "target"], sqlite_where=on, postgresql_where=on)


def _names(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _moments(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]
