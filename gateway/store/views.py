"""Reading for the doors: what a person or a page asks for, within a scope. Nothing here changes anything."""

from sqlalchemy import select

from gateway.store import rows
from gateway.store.db import Db
from gateway.store.scope import Scope


def hook_tokens(db: Db, scope: Scope) -> dict[str, str]:
    """Desk id → SHA-256 in hex of the token in its hook's address, for desks that have one."""
    table = rows.desk
    query = select(table.c.id, table.c.hook_token_hash).where(
        table.c.hook_token_hash.is_not(None), scope.where(table)
    )
    return {row[0]: row[1] for row in db.execute(query)}
