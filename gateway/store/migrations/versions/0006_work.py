"""Work logged, closed months of a link, booked visits, stops to decide; an index of the questions that wait."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_UNDECIDED = sa.text("state IN ('logged', 'told')")
_UNBILLED = sa.text("statement = ''")
_LAPSING = sa.text("state = 'told'")
_UNTOLD = sa.text("state = 'logged'")
_FROM_VISIT = sa.text("visit_event IS NOT NULL")
_AHEAD = sa.text("state IN ('booked', 'under_way')")


def upgrade() -> None:
    """To this revision."""
    _lines()
    _statements()
    _visits()
    _stops()
    op.create_index(
        "hop_asked", "hop", ["id"], sqlite_where=sa.text("asked = 1"), postgresql_where=sa.text("asked")
    )


def _lines() -> None:
    op.create_table(
        "work_line",
        *_words("id", "org_id", "consumer", "ticket_id", "hop_id", "link_id", "kind", "amount", "unit"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        *_words("month"),
        sa.Column("logged_at", sa.BigInteger(), nullable=False),
        sa.Column("logged_by", sa.Text(), nullable=False),
        *_words("state"),
        sa.Column("price", sa.String(), nullable=True),
        *_words("currency"),
        *_names("content_id", "event_id", "delivery_id"),
        *(
            sa.Column(name, sa.BigInteger(), nullable=True)
            for name in ("told_at", "review_until", "decided_at")
        ),
        sa.Column("decided_by", sa.Text(), nullable=False),
        *_names("reason_id", "passed_from", "visit_event"),
        *_words("statement"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("work_line_ticket", "work_line", ["ticket_id"])
    op.create_index("work_line_link", "work_line", ["link_id", "month"])
    op.create_index("work_line_passed", "work_line", ["passed_from"])
    _partial("work_line_unbilled", "work_line", ["link_id", "month"], _UNBILLED)
    _partial("work_line_undecided", "work_line", ["logged_at", "id"], _UNDECIDED)
    _partial("work_line_lapsing", "work_line", ["review_until"], _LAPSING)
    _partial("work_line_untold", "work_line", ["delivery_id"], _UNTOLD)
    op.create_index(
        "work_line_visit",
        "work_line",
        ["visit_event"],
        unique=True,
        sqlite_where=_FROM_VISIT,
        postgresql_where=_FROM_VISIT,
    )


def _statements() -> None:
    op.create_table(
        "work_statement",
        *_words("id", "org_id", "consumer", "link_id", "month"),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=False),
        *_words("sha256"),
        sa.Column("document", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("work_statement_month", "work_statement", ["link_id", "month"], unique=True)


def _visits() -> None:
    op.create_table(
        "booked_visit",
        *_words("id", "org_id", "ticket_id"),
        sa.Column("opens_at", sa.BigInteger(), nullable=True),
        sa.Column("closes_at", sa.BigInteger(), nullable=True),
        *_words("state", "event_id"),
        sa.PrimaryKeyConstraint("id"),
    )
    _partial("booked_visit_ahead", "booked_visit", ["opens_at", "id"], _AHEAD)


def _stops() -> None:
    op.create_table(
        "stop_to_decide",
        *_words("id", "org_id", "ticket_id", "hop_id", "request_id", "agreement", "code"),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("review_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("stop_to_decide_ticket", "stop_to_decide", ["ticket_id"])
    op.create_index("stop_to_decide_org", "stop_to_decide", ["org_id", "asked_at", "id"])
    op.create_index("stop_to_decide_asked", "stop_to_decide", ["asked_at", "id"])


def _words(*names: str) -> Iterator[sa.Column[str]]:
    return (sa.Column(name, sa.String(), nullable=False) for name in names)


def _names(*names: str) -> Iterator[sa.Column[str]]:
    return (sa.Column(name, sa.String(), nullable=True) for name in names)


def _partial(name: str, table: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
