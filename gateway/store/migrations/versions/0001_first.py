"""The first schema: the SQL files in ../first, one for each database, written from tables.py."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_STATEMENTS = Path(__file__).resolve().parent.parent / "first"


def upgrade() -> None:
    """To this revision."""
    database = op.get_bind()
    statements = (_STATEMENTS / f"{database.dialect.name}.sql").read_text(encoding="utf-8")
    for statement in statements.split(";\n"):
        if statement.strip():
            database.exec_driver_sql(statement)
