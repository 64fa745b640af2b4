"""When there is next something to do, and how much was done: lets somebody jump to the right moment instead of asking
again and again, and count afterwards. Nothing here claims or changes anything; it is the operator's view."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from gateway.store.db import Db
from gateway.store.prepared import execute

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_DUE = """
    SELECT 'messages', min(received_at) FROM message WHERE state = 'received'
    UNION ALL SELECT 'deliveries', min(next_at) FROM delivery WHERE state = 'pending' AND head
    UNION ALL SELECT 'sweep', min(lease_until) + 1 FROM delivery WHERE state IN ('inflight', 'ambiguous') AND state = 'inflight'
    UNION ALL SELECT 'doubts', min(CASE WHEN lease_until > next_at THEN lease_until ELSE next_at END)
        FROM delivery WHERE state IN ('inflight', 'ambiguous') AND state = 'ambiguous'
    UNION ALL SELECT 'looks', min(CASE WHEN lease_until > due_at THEN lease_until ELSE due_at END) FROM look
    UNION ALL SELECT 'polls', min(CASE WHEN poll_lease_until > coalesce(poll_at, 0) THEN poll_lease_until
        ELSE coalesce(poll_at, 0) END) FROM desk WHERE held = ''
    UNION ALL SELECT 'sweep', min(answer_by) FROM hop WHERE answer_by IS NOT NULL
    UNION ALL SELECT 'sweep', min(confirm_by) FROM hop WHERE confirm_by IS NOT NULL
    UNION ALL SELECT 'sweep', min(refetch_at) FROM hop WHERE refetch_at IS NOT NULL
    UNION ALL SELECT 'sweep', min(fold_at) FROM ticket WHERE fold_at IS NOT NULL
    UNION ALL SELECT 'sweep', min(look_at) FROM agreement_state WHERE look_at IS NOT NULL
    UNION ALL SELECT 'sweep', min(review_until) FROM work_line WHERE state = 'told'
    UNION ALL SELECT 'sweep', min(delivery.done_at) FROM work_line JOIN delivery ON delivery.id = work_line.delivery_id
        WHERE work_line.state = 'logged' AND delivery.state = 'done'
"""


def due(db: Db) -> dict[str, datetime]:
    """Kind of work → the moment from which there is some: messages, deliveries, doubts, looks, polls, sweep. What a held
    desk or a full lane keeps from being done is due all the same. A lease has run out only after its last microsecond."""
    found: dict[str, datetime] = {}
    for kind, micros in execute(db, _DUE, ()):
        if micros is not None:
            moment = _EPOCH + timedelta(microseconds=micros)
            found[kind] = min(moment, found.get(kind, moment))
    return found


def tally(db: Db) -> dict[tuple[str, str], int]:
    """(event type, kind of actor) → how many there are."""
    counted = db.execute(text("SELECT type, actor_kind, count(*) FROM event GROUP BY type, actor_kind"))
    return {(row[0], row[1]): row[2] for row in counted}


_UNDONE = """
    SELECT 'delivery ' || state, id, error FROM delivery WHERE state NOT IN ('done', 'superseded', 'cancelled')
    UNION ALL SELECT 'message ' || state, id, error FROM message WHERE state NOT IN ('processed', 'superseded')
    UNION ALL SELECT 'look', id, error FROM look
    UNION ALL SELECT 'desk held', code, held FROM desk WHERE held <> ''
"""


def undone(db: Db) -> list[tuple[str, str, str]]:
    """(what, id, why) of everything that is not finished: deliveries, messages, looks, held desks."""
    return [(row[0], row[1], row[2]) for row in execute(db, _UNDONE, ())]
