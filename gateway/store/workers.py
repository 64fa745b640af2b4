"""Which processes work: a heartbeat each. Limits of a desk are shared among those that are alive."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.store import rows
from gateway.store.columns import Moment
from gateway.store.db import Db
from gateway.store.prepared import Statement

ALIVE_FOR = timedelta(seconds=15)
FORGOTTEN_AFTER = timedelta(days=1)


def beat(db: Db, worker_id: str, *, host: str, now: datetime) -> None:
    """This process works."""
    dialect = sqlite if db.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(rows.worker).values(
        id=worker_id, org_id="operator", kind="worker", host=host, started_at=now, seen_at=now, version=""
    )
    db.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"seen_at": now}))
    db.execute(delete(rows.worker).where(rows.worker.c.seen_at < now - FORGOTTEN_AFTER))


def leave(db: Db, worker_id: str) -> None:
    """This process stops."""
    db.execute(delete(rows.worker).where(rows.worker.c.id == worker_id))


def alive(db: Db, *, now: datetime) -> int:
    """How many processes work now; at least one, for whoever asks does."""
    [[count]] = _ALIVE.raw(db, since=now - ALIVE_FOR)
    return max(1, int(count))


_ALIVE = Statement(
    lambda _dialect: select(func.count()).where(rows.worker.c.seen_at > bindparam("since", type_=Moment()))
)
