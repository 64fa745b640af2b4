"""Desks that live in this gateway have one set of tables: what was at portal and API desks moves there."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_MOVES = (
    (
        "INSERT INTO desk_ticket (id, org_id, desk_id, face, place, number, marker, external, digest, fields, document,"
        " created_at, changed_at, revision, parts) SELECT id, org_id, desk_id, 'portal', place, number, marker, '', '', fields,"
        " '{}', created_at, changed_at, revision, parts FROM portal_job"
    ),
    (
        "INSERT INTO desk_ticket (id, org_id, desk_id, face, place, number, marker, external, digest, fields, document,"
        " created_at, changed_at, revision, parts) SELECT id, org_id, desk_id, 'api', place, number, marker, external, digest,"
        " fields, document, created_at, changed_at, revision, parts FROM api_ticket"
    ),
    (
        "INSERT INTO desk_part (id, org_id, ticket_id, place, kind, at, actor_id, actor_name, actor_kind, data, request)"
        " SELECT id, org_id, job_id, place, kind, at, actor_id, actor_name, actor_kind, data, request FROM portal_part"
    ),
    (
        "INSERT INTO desk_part (id, org_id, ticket_id, place, kind, at, actor_id, actor_name, actor_kind, data, request)"
        " SELECT id, org_id, ticket_id, place, kind, at, actor_id, actor_name, actor_kind, data, request FROM api_part"
    ),
)


def upgrade() -> None:
    """To this revision."""
    _tickets()
    _parts()
    for statement in _MOVES:
        op.execute(statement)
    for table in ("portal_part", "portal_job", "api_part", "api_ticket"):
        op.drop_table(table)


def _tickets() -> None:
    op.create_table(
        "desk_ticket",
        *_words("id", "org_id", "desk_id", "face"),
        sa.Column("place", sa.Integer(), nullable=False),
        *_words("number", "marker"),
        sa.Column("external", sa.Text(), nullable=False),
        *_words("digest"),
        sa.Column("fields", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        *_moments("created_at", "changed_at"),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("revision", "parts")),
        sa.PrimaryKeyConstraint("id"),
    )
    for name, columns, unique in (
        ("number", ["desk_id", "face", "place"], True),
        ("marker", ["desk_id", "face", "marker"], True),
        ("external", ["desk_id", "external"], False),
        ("changed", ["desk_id", "changed_at"], False),
    ):
        op.create_index(f"desk_ticket_{name}", "desk_ticket", columns, unique=unique)


def _parts() -> None:
    op.create_table(
        "desk_part",
        *_words("id", "org_id", "ticket_id"),
        sa.Column("place", sa.Integer(), nullable=False),
        *_words("kind"),
        *_moments("at"),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("actor_id", "actor_name")),
        *_words("actor_kind"),
        sa.Column("data", sa.Text(), nullable=True),
        *_words("request"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("desk_part_place", "desk_part", ["ticket_id", "place"], unique=True)


def _words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _moments(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]
