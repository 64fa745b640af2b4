"""What clocks and tickets came to, and their sums by day and by month."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_COUNTS = ("met", "breached", "excluded", "cancelled", "provisional", "unmeasured")
_LENGTHS = ("elapsed", "overrun", "stopped")
_COVERAGES = ("history", "difference", "person", "unlinked", "link_down")
_DAY = ("customer", "day", "target_kind", "priority", "agreement", "service", "provider", "org_id")
_MONTH = ("customer", "month", "target_kind", "priority", "agreement", "service", "provider", "org_id")
_YEAR = ("customer", "year", "priority", "target_kind", "agreement", "provider", "org_id")
_SITE = ("customer", "month", "site", "target_kind", "agreement", "provider", "org_id")
_MINUTES = ("customer", "day", "target_kind", "agreement", "provider", "measure", "name", "org_id")
_ROLLED = {"outcome_day": _DAY, "outcome_month": _MONTH, "outcome_year": _YEAR, "outcome_site": _SITE}


def upgrade() -> None:
    """To this revision. Tickets whose clocks are kept are folded once more, so that what they came to is kept too."""
    op.execute("UPDATE ticket SET fold_at = opened_at WHERE watched AND fold_at IS NULL")
    _outcomes()
    _cases()
    for name, key in _ROLLED.items():
        sums = [*_numbers(_COUNTS), *_numbers(_LENGTHS, sa.BigInteger()), *_numbers(_COVERAGES)]
        op.create_table(name, *_texts(key), *sums, sa.PrimaryKeyConstraint(*key), sqlite_with_rowid=False)
    op.create_index("outcome_month_all", "outcome_month", ["month"])
    op.create_table(
        "outcome_minutes",
        *_texts(_MINUTES),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*_MINUTES),
        sqlite_with_rowid=False,
    )


def _outcomes() -> None:
    parties = ("id", "org_id", "ticket_id", "hop_id", "number", "customer", "provider", "consumer")
    terms = (
        "agreement",
        "agreement_kind",
        "sheet",
        "target_kind",
        "key",
        "priority",
        "service",
        "site",
        "asset",
    )
    moments = ("started_at", "due_at", "ended_at", "breached_at", "counted_at", "target")
    op.create_table(
        "outcome",
        *_texts((*parties, *terms, "verdict", "coverage")),
        sa.Column("place", sa.Integer(), nullable=False),
        *_numbers(("opened_at", "elapsed", "net_elapsed", "stopped_time"), sa.BigInteger()),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in moments),
        sa.Column("counted_on", sa.String(), nullable=True),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("provisional", "unmeasured")),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("time", "stopped", "parts")),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("outcome_ticket", "outcome", ["ticket_id"])
    op.create_index("outcome_customer", "outcome", ["customer", "counted_on"])
    op.create_index("outcome_agreement", "outcome", ["agreement", "counted_on"])


def _cases() -> None:
    texts = ("ticket_id", "org_id", "number", "customer", "priority", "service", "site", "asset", "coverage")
    counts = ("reopened", "returned", "hops", "visits", "abortive", "discrepancies")
    op.create_table(
        "case_outcome",
        *_texts(texts),
        *_numbers(("opened_at", "silence"), sa.BigInteger()),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in ("resolved_at", "closed_at")),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("cancelled", "no_fault_found")),
        *_numbers(counts),
        sa.Column("fixed_first_time", sa.Boolean(), nullable=True),
        sa.Column("rating", sa.Integer(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("parties", "time")),
        sa.PrimaryKeyConstraint("ticket_id"),
    )
    op.create_index("case_outcome_opened", "case_outcome", ["customer", "opened_at"])
    op.create_index("case_outcome_closed", "case_outcome", ["customer", "closed_at"])


def _texts(names: tuple[str, ...]) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _numbers(names: tuple[str, ...], kind: sa.types.TypeEngine[int] | None = None) -> list[sa.Column[int]]:
    return [sa.Column(name, kind or sa.Integer(), nullable=False) for name in names]
