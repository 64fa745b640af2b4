"""Polling: one page of what changed at a desk becomes wishes to look. The net under webhooks, and all there is for desks
that have none. Of tickets that are not ours nothing is kept but the cursor (rule 10)."""

import hashlib
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway import failpoints
from gateway.connector import Connector
from gateway.domain import delivery as rules
from gateway.domain import opening
from gateway.domain.directory import Directory
from gateway.domain.model import Desk, Field, Message, Page, Sighting
from gateway.errors import DeskThrottled, InterdeskError
from gateway.flows.context import OPERATOR, Context
from gateway.store import cases, desks, inbox, looks
from gateway.store.db import Db

LEASE = timedelta(seconds=90)

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Poll:
    """The right to poll one desk: `connector.changed(cursor, desk)`."""

    claim: desks.PollClaim
    desk: Desk
    connector: Connector


def claim(context: Context, *, now: datetime, resting: Collection[str] = (), limit: int = 20) -> list[Poll]:
    """Desks whose time has come, but for those (ids) that are to be left alone now."""
    terms = desks.PollTerms(now=now, lease=LEASE, limit=limit, resting=resting)
    with context.database.write() as db:
        claims = desks.claim_poll(db, OPERATOR, terms)
        directory = context.directory(db)  # after them: a desk applied in between is known
    polls = []
    for one in claims:
        desk = directory.desks[one.desk_id]
        polls.append(Poll(claim=one, desk=desk, connector=context.connector(desk)))
    return polls


def store(context: Context, poll: Poll, page: Page, *, now: datetime) -> None:
    """Keep the wishes to look and the cursor, in one transaction."""
    failpoints.step("poll.fetched")
    with context.database.write() as db:
        directory = context.directory(db)
        wanted = _ours(db, directory, poll.desk, page.sightings)
        looks.want(
            db,
            [
                looks.Wish(
                    org_id=poll.desk.org_id,
                    desk_id=poll.desk.id,
                    remote_id=remote_id,
                    due_at=now,
                    why="poll",
                )
                for remote_id in wanted
            ],
        )
        _keep_unread(db, poll.desk, page, now)
        next_at = now if page.more else now + poll.desk.poll_every
        desks.polled(db, poll.claim, cursor=page.cursor, next_at=next_at, now=now)
        failpoints.step("poll.before_commit")
    failpoints.step("poll.committed")


def _keep_unread(db: Db, desk: Desk, page: Page, now: datetime) -> None:
    """What a person should see before it counts is quarantined under a name that the desk's own makes, so that a page read
    twice keeps it once."""
    made = {_unread_id(desk, one.id): one for one in page.unread}
    new = [key for key in made if inbox.get(db, OPERATOR, key) is None]
    messages = [Message(id=key, desk_id=desk.id, received_at=now, body=made[key].body) for key in new]
    if messages:
        inbox.put(db, [(message, desk.org_id) for message in messages])
        inbox.end(db, [(key, "quarantined", made[key].why) for key in new], now=now)
        log.warning(
            "%d messages wait for a person", len(new), extra={"desk": desk.code, "state": "quarantined"}
        )


def _unread_id(desk: Desk, name: str) -> str:
    return f"msg_{hashlib.sha256(f'{desk.id} {name}'.encode()).hexdigest()[:24]}"


def failed(context: Context, poll: Poll, error: InterdeskError, *, now: datetime) -> None:
    """The desk could not be polled: again after the usual pause, or the longer one it asked for; what only a person can
    mend holds the desk."""
    pause = max(poll.desk.poll_every, rules.retry_in(1, jitter=context.jitter()))
    if isinstance(error, DeskThrottled) and error.retry_after:
        pause = max(pause, error.retry_after)
    with context.database.write() as db:
        desks.hold_if_hopeless(db, poll.desk.id, error, now=now)
        desks.polled(db, poll.claim, cursor=None, next_at=now + pause, now=now)
    log.warning("a desk could not be polled", extra={"desk": poll.desk.code, "error": error.kind})


def _ours(db: Db, directory: Directory, desk: Desk, sightings: Sequence[Sighting]) -> list[str]:
    """The remote ids worth a look: hops of ours that changed, and strangers that a rule may let pass."""
    known = cases.revisions(db, OPERATOR, desk.id, [sighting.remote_id for sighting in sightings])
    wanted = []
    for sighting in sightings:
        snapshot = sighting.snapshot
        if sighting.remote_id in known:
            revision = known[sighting.remote_id]
            if snapshot is None or snapshot.revision is None or snapshot.revision != revision:
                wanted.append(sighting.remote_id)
        elif snapshot is None or _may_be_ours(directory, desk, sighting):
            wanted.append(sighting.remote_id)
    return list(dict.fromkeys(wanted))


def _may_be_ours(directory: Directory, desk: Desk, sighting: Sighting) -> bool:
    snapshot = sighting.snapshot
    if snapshot is None:
        return True
    if sighting.marker or snapshot.fields.get(Field.MARKER):
        return True
    return opening.is_ours(directory, desk, snapshot)
