<%!
def cleaned(body):
    """Alembic's own remarks left out."""
    return "\n".join(line for line in (body or "pass").splitlines() if "# ###" not in line).strip()
%>\
"""${message}."""

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    """To this revision."""
    ${cleaned(upgrades)}
