"""After a backup was put back: unfinished deliveries become doubtful, open hops become due."""

from datetime import datetime

from sqlalchemy import select, update

from gateway.domain.case import OPEN
from gateway.domain.model import DeliveryState
from gateway.store import rows
from gateway.store.db import Db

_UNFINISHED = (DeliveryState.PENDING.value, DeliveryState.INFLIGHT.value)


def doubt_deliveries(db: Db, *, now: datetime) -> int:
    """Every delivery that was to be sent is to be asked about first; how many. What waits for a person goes on waiting, and
    is asked about when that person lets it go: it may have arrived after the backup (D9)."""
    table = rows.delivery
    parked = (table.c.state == DeliveryState.PARKED.value) & (table.c.probes == 0)
    db.execute(update(table).where(parked).values(probes=1))
    doubtful = {"state": DeliveryState.AMBIGUOUS.value, "probes": 1, "next_at": now, "lease_until": None}
    return db.execute(update(table).where(table.c.state.in_(_UNFINISHED)).values(doubtful)).rowcount


def newest(db: Db) -> datetime | None:
    """When the last thing happened that we know of: the moment of the backup, as near as the database tells."""
    table = rows.event
    found: datetime | None = db.execute(
        select(table.c.observed_at).order_by(table.c.seq.desc()).limit(1)
    ).scalar()
    return found


def want_looks(db: Db, *, now: datetime) -> int:
    """Every open hop is refetched now; how many."""
    table = rows.hop
    is_open = table.c.status.in_([status.value for status in OPEN])
    done = db.execute(update(table).where(is_open, table.c.remote_id.is_not(None)).values(refetch_at=now))
    return done.rowcount
