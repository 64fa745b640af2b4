"""Files of ours that partners fetch: each by an address that only they were told, for a while."""

from datetime import datetime

from gateway import keys
from gateway.flows.context import Context
from gateway.store import ticket_sharing as store
from gateway.store.ticket_sharing import Lent


def lent(context: Context, desk: str, token: str, *, now: datetime) -> Lent | None:
    """The file under a token at a desk's address; None for one that is none, another desk's or over."""
    with context.database.read() as db:
        found = store.lent(db, keys.digest(token))
        known = context.directory(db).desk_by_code(desk)
    if found is None or known is None or found.desk_id != known.id or now >= found.expires_at:
        return None
    return found
