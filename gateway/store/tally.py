"""How many of what there is, and what failed how often: figures without a word of anybody."""

from typing import Any

from sqlalchemy import func, select

from gateway.store import rows, schema
from gateway.store.db import Db
from gateway.store.scope import Scope


def rows_by_table(db: Db, scope: Scope) -> dict[str, int]:
    """Table → rows within the scope."""
    return {
        str(table.name): int(
            db.execute(select(func.count()).select_from(table).where(scope.where(table))).scalar_one()
        )
        for table in schema.every_table()
        if "org_id" in table.c
    }


def failures(db: Db, scope: Scope) -> list[dict[str, Any]]:
    """Tries by what came of them, deliveries and messages by where they stand."""
    attempt, delivery, message = rows.attempt, rows.delivery, rows.message
    asked = (
        ("tries", attempt, (attempt.c.kind, attempt.c.outcome, attempt.c.http_status)),
        ("deliveries", delivery, (delivery.c.kind, delivery.c.state, delivery.c.outcome)),
        ("messages", message, (message.c.state,)),
    )
    found = []
    for name, table, columns in asked:
        query = select(*columns, func.count().label("count")).where(scope.where(table)).group_by(*columns)
        found += [{"of": name, **row} for row in db.execute(query.order_by(*columns)).mappings()]
    return found
