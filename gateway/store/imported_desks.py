"""Desks that are known from an imported history only, as the directory shows them: nothing polls, asks or writes there."""

from sqlalchemy import Table, select

from gateway.domain.imported import CONNECTOR
from gateway.domain.model import Desk
from gateway.store.db import Db
from gateway.store.import_tables import ImportedDeskRow
from gateway.store.scope import Scope

IMPORTED_DESK: Table = ImportedDeskRow.__table__  # type: ignore[attr-defined]


def as_desks(db: Db, scope: Scope) -> dict[str, Desk]:
    """All of them by id."""
    query = select(IMPORTED_DESK).where(scope.where(IMPORTED_DESK)).order_by(IMPORTED_DESK.c.code)
    return {
        row.id: Desk(id=row.id, code=row.code, org_id=row.org_id, connector=CONNECTOR)
        for row in db.execute(query)
    }
