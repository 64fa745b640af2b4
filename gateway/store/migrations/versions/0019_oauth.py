"""OAuth 2.0: clients, their secrets and tokens, and assertions that were used."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "oauth_client",
        *_words("id", "org_id", "label"),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("permissions", "networks", "jwks")),
        *_moments(created_at=False, revoked_at=True, used_at=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "oauth_secret",
        *_words("id", "org_id", "client_id", "shown", "sha256"),
        *_moments(created_at=False, expires_at=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("oauth_secret_client", "oauth_secret", ["client_id"])
    op.create_table(
        "oauth_token",
        *_words("id", "org_id", "client_id", "sha256"),
        sa.Column("permissions", sa.Text(), nullable=True),
        *_moments(issued_at=False, expires_at=False, revoked_at=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sha256"),
    )
    op.create_index("oauth_token_end", "oauth_token", ["expires_at"])
    op.create_table(
        "oauth_assertion",
        *_words("id", "org_id", "client_id"),
        *_moments(expires_at=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("oauth_assertion_end", "oauth_assertion", ["expires_at"])


def _words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _moments(**names: bool) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=optional) for name, optional in names.items()]
