"""Files that nothing speaks of: stored, and then the row that was to name them was never written, or a process ended before it took
them away. They go after a time of grace, in which whoever stored one may still write its row."""

import logging
from datetime import datetime, timedelta

from gateway.blobs import BlobStore
from gateway.flows.context import Context
from gateway.store import audit, files
from gateway.store.scope import OPERATOR_ID

log = logging.getLogger(__name__)

GRACE = timedelta(days=1)
EVERY = timedelta(days=1)
STRANGE = 100
"""So many files of which the database knows none are another database's, or it was put back empty: they stay."""


def remove(context: Context, blobs: BlobStore, *, now: datetime) -> int:
    """Take away what has been spoken of by nobody since the grace ended, and what writers that died left; how many files. Looked at
    first while others work, and again alone: uploads and backups wait only for what is really taken."""
    before = (now - GRACE).timestamp()
    blobs.sweep(before=before)
    old = blobs.older(before)
    with context.database.read() as db:
        unnamed = old - files.spoken_of(db, old)
    if not unnamed:
        return 0
    if unnamed == old and len(old) >= STRANGE:
        log.error(
            "no file of the store is known to the database; none is taken away", extra={"files": len(old)}
        )
        return 0
    return _take(context, blobs, unnamed, now)


def _take(context: Context, blobs: BlobStore, unnamed: set[str], now: datetime) -> int:
    before = (now - GRACE).timestamp()
    with blobs.still(alone=True):
        with context.database.read() as db:
            unnamed -= files.spoken_of(db, unnamed)
        taken = sum(blobs.remove_older(key, before) for key in sorted(unnamed))
    if taken:
        with context.database.write() as db:
            audit.record(
                db, now=now, org_id=OPERATOR_ID, actor="worker", action="files of nobody removed",
                subject="", before=None, after={"files": taken},
            )  # fmt: skip
    return taken
