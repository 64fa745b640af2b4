"""Clocks as last folded, warnings and letters; the tickets whose clocks are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_THERE = sa.text("fold_at IS NOT NULL")
_RUNNING = sa.text("state = 'running'")
_FINISHED = sa.text("ended_at IS NOT NULL")
_OPEN = sa.text("over_at IS NULL")
_LEAVING = sa.text("state IN ('pending', 'sending')")


def upgrade() -> None:
    """To this revision. Tickets that are bound to an agreement have their clocks folded at the first opportunity."""
    op.add_column("ticket", sa.Column("watched", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("ticket", sa.Column("fold_at", sa.BigInteger(), nullable=True))
    op.create_index("ticket_fold", "ticket", ["fold_at"], sqlite_where=_THERE, postgresql_where=_THERE)
    op.execute(
        "UPDATE ticket SET watched = true, fold_at = opened_at"
        " WHERE id IN (SELECT ticket_id FROM event WHERE type = 'agreement.bound')"
    )
    _clocks()
    _warnings()
    _letters()


def _clocks() -> None:
    op.create_table(
        "clock",
        *_words("id", "org_id", "ticket_id", "hop_id", "agreement", "sheet", "target_kind"),
        sa.Column("place", sa.Integer(), nullable=False),
        *_words("key", "state"),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        *_numbers("target", "started_at", "due_at", "ended_at", "breached_at"),
        sa.Column("elapsed", sa.BigInteger(), nullable=False),
        sa.Column("stopped_time", sa.BigInteger(), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=True),
        *_numbers("due_told_at", "needed_by"),
        sa.Column("warned", sa.Text(), nullable=True),
        sa.Column("folded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    which = ["ticket_id", "agreement", "hop_id", "target_kind", "place"]
    op.create_index("clock_which", "clock", which, unique=True)
    op.create_index("clock_due", "clock", ["due_at"], sqlite_where=_RUNNING, postgresql_where=_RUNNING)
    past = ["agreement", "target_kind", "ended_at"]
    op.create_index("clock_past", "clock", past, sqlite_where=_FINISHED, postgresql_where=_FINISHED)


def _warnings() -> None:
    op.create_table(
        "warning",
        *_words("id", "org_id", "ticket_id", "hop_id", "kind", "about", "mark"),
        sa.Column("step", sa.Integer(), nullable=False),
        *_words("event_id"),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        *_numbers("climbs_at", "acknowledged_at"),
        *_words("acknowledged_by"),
        *_numbers("over_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("warning_ticket", "warning", ["ticket_id"])
    op.create_index("warning_open", "warning", ["raised_at"], sqlite_where=_OPEN, postgresql_where=_OPEN)


def _letters() -> None:
    op.create_table(
        "letter",
        *_words("id", "org_id", "ticket_id", "warning_id", "message_id", "contact", "address"),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        *_words("state"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        *_numbers("lease_until", "sent_at"),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("letter_leaving", "letter", ["next_at"], sqlite_where=_LEAVING, postgresql_where=_LEAVING)
    op.create_index("letter_warning", "letter", ["warning_id"])
    op.create_index("letter_message", "letter", ["message_id"], unique=True)


def _words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=True) for name in names]
