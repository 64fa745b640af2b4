"""The portal desk: jobs, what was added to them, and the links to act on one."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "portal_job",
        *_words("id", "org_id", "desk_id"),
        sa.Column("place", sa.Integer(), nullable=False),
        *_words("number", "marker"),
        sa.Column("fields", sa.Text(), nullable=True),
        *_moments("created_at", "changed_at"),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("revision", "parts")),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("portal_job_number", "portal_job", ["desk_id", "place"], unique=True)
    op.create_index("portal_job_marker", "portal_job", ["desk_id", "marker"], unique=True)
    op.create_index("portal_job_changed", "portal_job", ["desk_id", "changed_at"])
    op.create_table(
        "portal_part",
        *_words("id", "org_id", "job_id"),
        sa.Column("place", sa.Integer(), nullable=False),
        *_words("kind"),
        *_moments("at"),
        *_texts("actor_id", "actor_name"),
        *_words("actor_kind"),
        sa.Column("data", sa.Text(), nullable=True),
        *_words("request"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("portal_part_place", "portal_part", ["job_id", "place"], unique=True)
    op.create_index("portal_part_request", "portal_part", ["job_id", "request"])
    op.create_table(
        "portal_link",
        *_words("id", "org_id", "job_id", "doing"),
        *_texts("person"),
        *_words("language", "sha256"),
        *_moments("created_at", "expires_at"),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sha256"),
    )
    op.create_index("portal_link_job", "portal_link", ["job_id"])


def _words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _moments(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]
