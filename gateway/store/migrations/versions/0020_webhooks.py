"""Outgoing webhooks: their addresses, messages on their way, tries."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WAITS = sa.text("state IN ('pending', 'sending')")


def upgrade() -> None:
    """To this revision."""
    _endpoints()
    _messages()
    _attempts()


def _endpoints() -> None:
    op.create_table(
        "webhook_endpoint",
        *_names("id", "org_id"),
        *_words("sealed_secrets"),
        sa.Column("secrets", sa.Text(), nullable=True),
        *_names("standing"),
        *_words("why"),
        _maybe("changed_at"),
        sa.Column("breaker", sa.Text(), nullable=True),
        _maybe("failing_since"),
        sa.Column("delivered", sa.Integer(), nullable=False),
        _maybe("last_at"),
        sa.Column("last_status", sa.Integer(), nullable=True),
        *_words("last_error"),
        sa.PrimaryKeyConstraint("id"),
    )


def _messages() -> None:
    op.create_table(
        "webhook_message",
        sa.Column("seq", _SEQUENCE, nullable=False),
        *_names("id", "org_id", "webhook_id", "lane", "kind"),
        *_moments("created_at", "next_at"),
        *_names("event_id", "ticket_id", "subject"),
        sa.Column("document", sa.Text(), nullable=True),
        *_names("state"),
        *_numbers("attempts", "fence"),
        _maybe("lease_until"),
        _maybe("done_at"),
        *_words("error"),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    due = ["webhook_id", "next_at"]
    op.create_index(
        "webhook_message_due", "webhook_message", due, sqlite_where=_WAITS, postgresql_where=_WAITS
    )
    op.create_index("webhook_message_lane", "webhook_message", ["webhook_id", "lane", "seq"])
    op.create_index("webhook_message_made", "webhook_message", ["created_at"])


def _attempts() -> None:
    op.create_table(
        "webhook_attempt",
        sa.Column("seq", _SEQUENCE, nullable=False),
        *_names("org_id", "message_id"),
        *_moments("at"),
        *_numbers("took_ms"),
        sa.Column("status", sa.Integer(), nullable=True),
        *_words("error"),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("webhook_attempt_message", "webhook_attempt", ["message_id"])


def _names(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _moments(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def _maybe(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=True)
