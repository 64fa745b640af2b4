"""People who sign in: accounts, invitations, sessions, counted tries, ways to an identity provider."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    _accounts()
    op.create_table(
        "web_session",
        *_words("id", "org_id", "account_id", "sha256"),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("browser", "address")),
        *_moments(created_at=False, seen_at=False, expires_at=False, revoked_at=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sha256"),
    )
    op.create_index("web_session_account", "web_session", ["account_id"])
    op.create_table(
        "sign_in_try",
        *_words("id", "org_id"),
        sa.Column("count", sa.Integer(), nullable=False),
        *_moments(since=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("sign_in_try_since", "sign_in_try", ["since"])
    op.create_table(
        "sign_in_state",
        *_words("id", "org_id", "provider"),
        sa.Column("invitation", sa.String(), nullable=True),
        *_moments(expires_at=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("sign_in_state_end", "sign_in_state", ["expires_at"])


def _accounts() -> None:
    op.create_table(
        "account",
        *_words("id", "org_id", "email", "role"),
        sa.Column("customers", sa.Text(), nullable=True),
        *(sa.Column(name, sa.String(), nullable=True) for name in ("password", "issuer", "subject")),
        *_moments(created_at=False, disabled_at=True, used_at=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email"),
    )
    op.create_index("account_subject", "account", ["issuer", "subject"], unique=True)
    op.create_table(
        "account_invitation",
        *_words("id", "org_id", "email", "role"),
        sa.Column("customers", sa.Text(), nullable=True),
        *_words("sha256"),
        sa.Column("created_by", sa.Text(), nullable=False),
        *_moments(created_at=False, expires_at=False, used_at=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sha256"),
    )


def _words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _moments(**names: bool) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=optional) for name, optional in names.items()]
