"""Looks: what a desk now says of one remote ticket is fetched and judged (the shadow's flow). Two transactions, the
network between them and none open during it."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway import failpoints
from gateway.connector import Connector
from gateway.domain import delivery as rules
from gateway.domain import judge, opening, relinking, settling
from gateway.domain.case import Case, Occasion
from gateway.domain.marks import is_marker_of
from gateway.domain.model import ContentKind, Delivery, Desk, Field, Snapshot
from gateway.errors import DeskGone, DeskThrottled, InterdeskError
from gateway.flows.context import OPERATOR, Context
from gateway.flows.evidence import Evidence
from gateway.store import cases, copies, desks, locks, looks, outbox
from gateway.store.claiming import Claim
from gateway.store.db import Db
from gateway.store.health import will_pass

LEASE = timedelta(seconds=90)
DEFER, DEFER_MOST = timedelta(seconds=3), timedelta(minutes=2)
"""A look that waits for something else to be settled is made again after so long, each time after twice as long, up to so long."""
GONE_TWICE = timedelta(seconds=30)
"""So long after a look that found nothing another one must find nothing either."""
POISONED = timedelta(hours=1)

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Look:
    """A claimed look, ready for the wire: `connector.fetch(remote_id, desk, since=since)`."""

    claim: looks.Look
    desk: Desk
    connector: Connector
    since: str | None
    hop_version: int | None


@dataclass(frozen=True, kw_only=True)
class Looked:
    """How a look ended: a snapshot, or the error the wire raised."""

    look: Look
    snapshot: Snapshot | None = None
    error: InterdeskError | None = None
    started_at: datetime

    @property
    def key(self) -> tuple[str, str]:
        """(desk id, remote id): which ticket at which desk."""
        return self.look.desk.id, self.look.claim.remote_id


def claim(context: Context, *, now: datetime, capacity: Mapping[str, int], limit: int = 50) -> list[Look]:
    """Take due looks; each notes the hop's version before the first byte of its fetch (rule 2)."""
    terms = Claim(now=now, lease=LEASE, capacity=capacity, limit=limit)
    with context.database.read() as db:
        if not looks.any_due(db, OPERATOR, now=now):
            return []  # asked after every batch of messages and answers; for that alone no writer should wait
    with context.database.write() as db:
        taken = looks.claim(db, OPERATOR, terms)
        occasion = context.occasion(db, now)  # after them: a desk applied in between is known
        places = cases.hops_at(db, OPERATOR, [(look.desk_id, look.remote_id) for look in taken])
        loaded = cases.load(db, OPERATOR, [place[0] for place in places.values()], occasion, lock=False)
    if taken:
        failpoints.step("look.claimed")
    prepared = []
    for look in taken:
        place = places.get((look.desk_id, look.remote_id))
        hop = loaded[place[0]].hops[place[1]] if place else None
        desk = occasion.directory.desks[look.desk_id]
        prepared.append(
            Look(
                claim=look,
                desk=desk,
                connector=context.connector(desk),
                since=hop.position if hop else None,
                hop_version=hop.version if hop else None,
            )
        )
    return prepared


def judge_looks(context: Context, looked: Sequence[Looked], *, now: datetime) -> None:
    """Judge fetched snapshots, all in one transaction."""
    failpoints.step("look.fetched")
    with context.database.write() as db:
        occasion = context.occasion(db, now)
        places = locks.find_or_lock(db, {one.key for one in looked if one.snapshot})
        places |= cases.hops_at(db, OPERATOR, [one.key for one in looked if isinstance(one.error, DeskGone)])
        tickets = {ticket_id for ticket_id, _ in places.values()} | _behind(db, looked, places)
        loaded = cases.load(db, OPERATOR, tickets, occasion)
        mine = looks.still_mine(db, [one.look.claim for one in looked])
        good = [one for one in looked if (one.look.claim.id, one.look.claim.fence) in mine]
        shown = [
            (loaded[places[one.key][0]].hops[places[one.key][1]], one.snapshot)
            for one in good
            if one.snapshot is not None and one.key in places
        ]
        evidence = Evidence(context, db, shown)
        batch = _Batch(context=context, db=db, occasion=occasion, evidence=evidence, loaded=loaded)
        for one in good:
            place = places.get(one.key)
            batch.judge(one, loaded[place[0]] if place else None, place[1] if place else None)
        cases.save(db, [*loaded.values(), *batch.opened])
        failpoints.step("look.before_commit")
    failpoints.step("look.committed")


def _behind(db: Db, looked: Sequence[Looked], places: Mapping[tuple[str, str], tuple[str, str]]) -> set[str]:
    """The tickets of ours of which somebody found a copy that we do not know. They are locked with all others, in one
    order: locked later, two workers could wait for each other."""
    unknown = [one.snapshot for one in looked if one.snapshot and one.key not in places]
    markers = {snapshot.fields.get(Field.MARKER) for snapshot in unknown}
    ours = [outbox.by_marker(db, OPERATOR, marker) for marker in markers if marker]
    return {delivery.ticket_id for delivery in ours if delivery is not None}


def judge_alone(context: Context, one: Looked, *, now: datetime) -> None:
    """One look of a batch that failed. If it fails again it is put off, for a long time, with the reason."""
    try:
        judge_looks(context, [one], now=now)
    except Exception as error:
        if will_pass(error):
            raise
        log.exception(
            "the look at %s of desk %s cannot be judged", one.look.claim.remote_id, one.look.desk.code
        )
        with context.database.write() as db:
            looks.later(db, one.look.claim, at=now + POISONED, error=f"it could not be judged: {error!r}")


@dataclass(kw_only=True)
class _Batch:
    """One transaction's worth of judged looks."""

    context: Context
    db: Db
    occasion: Occasion
    evidence: Evidence
    loaded: Mapping[str, Case]
    opened: list[Case] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.occasion.now

    def judge(self, one: Looked, case: Case | None, hop_id: str | None) -> None:
        if isinstance(one.error, DeskGone):
            self._gone(one, case, hop_id)
        elif one.error is not None:
            self._failed(one, one.error)
        elif one.snapshot is not None and case is not None and hop_id is not None:
            self._known_ticket(one, case, hop_id, one.snapshot)
        elif one.snapshot is not None:
            self._unknown_ticket(one, one.snapshot)

    def _failed(self, one: Looked, error: InterdeskError) -> None:
        claim = one.look.claim
        pause = rules.retry_in(claim.attempts + 1, jitter=self.context.jitter())
        if isinstance(error, DeskThrottled) and error.retry_after:
            pause = max(pause, error.retry_after)
        desks.hold_if_hopeless(self.db, one.look.desk.id, error, now=self.now)
        looks.later(self.db, claim, at=self.now + pause, error=str(error))

    def _gone(self, one: Looked, case: Case | None, hop_id: str | None) -> None:
        """Rule 7: a deletion is believed when a second look, some time later, agrees."""
        claim = one.look.claim
        first = claim.gone_at or self.now
        if self.now - first < GONE_TWICE:  # the first look, or one that a hint brought forward
            at = first + GONE_TWICE
            looks.later(self.db, claim, at=at, error="the desk has no such ticket", gone_at=first)
            return
        if case is not None and hop_id is not None:
            relinking.deleted(case, case.hops[hop_id])
        looks.done(self.db, claim, now=self.now)

    def _known_ticket(self, one: Looked, case: Case, hop_id: str, snapshot: Snapshot) -> None:
        hop = case.hops[hop_id]
        if one.look.hop_version != hop.version:  # rule 2: taken before something we know by now
            looks.later(self.db, one.look.claim, at=self.now, error="taken too early")
            return
        known = self.evidence.known(case, hop_id)
        at = one.started_at
        sight = judge.Sight(snapshot=snapshot, known=known, looked_at=at, fetched_at=at)
        judge.observe(case, hop_id, sight)
        looks.done(self.db, one.look.claim, now=self.now)

    def _unknown_ticket(self, one: Looked, snapshot: Snapshot) -> None:
        """Not a hop of ours: a copy we made and lost sight of, a new ticket, or none of our business (rule 10)."""
        claim, desk = one.look.claim, one.look.desk
        if snapshot.remote_id != claim.remote_id:
            self._another_ticket(one, snapshot)
            return
        marker = snapshot.fields.get(Field.MARKER)
        ours = outbox.by_marker(self.db, OPERATOR, marker) if marker else None
        if ours is not None:
            self._copy_of_ours(one, ours)
            return
        if not opening.is_ours(self.occasion.directory, desk, snapshot):
            looks.done(self.db, claim, now=self.now)
        elif marker and is_marker_of(self.occasion.directory.salt, marker):
            self._forgotten_copy(one, marker)
        elif Field.MARKER not in snapshot.fields and outbox.creating_at(self.db, [desk.id]):
            self._defer(claim, looks.MAY_BE_OURS)
        else:
            at = one.started_at
            self.opened.append(opening.open_case(self.occasion, desk, snapshot, fetched_at=at))
            looks.done(self.db, claim, now=self.now)

    def _defer(self, claim: looks.Look, why: str) -> None:
        """Later: what it waits for may take seconds, or days until a person has decided."""
        pause = min(DEFER * 2 ** min(claim.attempts, 10), DEFER_MOST)
        looks.later(self.db, claim, at=self.now + pause, error=why)

    def _forgotten_copy(self, one: Looked, marker: str) -> None:
        """Our marker, and nothing that we know of bears it: a copy made after the backup that was put back. Found again,
        its source makes the same marker and adopts it; until then it waits, and it never opens a case."""
        claim, desk = one.look.claim, one.look.desk
        why = f"it carries {marker}, which this installation made and does not remember"
        if claim.attempts >= rules.MOST_ATTEMPTS:
            log.error("ticket %s of desk %s is left alone: %s", claim.remote_id, desk.code, why)
            looks.done(self.db, claim, now=self.now)
            return
        if not claim.attempts:  # once, and not at each of its hundred looks
            log.warning("ticket %s of desk %s waits for its source: %s", claim.remote_id, desk.code, why)
        pause = rules.retry_in(claim.attempts + 1, jitter=self.context.jitter())
        looks.later(self.db, claim, at=self.now + pause, error=why)

    def _another_ticket(self, one: Looked, snapshot: Snapshot) -> None:
        """Asked about one unknown ticket, the desk shows another: once is a mistake, the same one twice a merge; it is looked
        at under its own number."""
        claim = one.look.claim
        mistaken = f"the desk showed another ticket, {snapshot.remote_id}"[: looks.MOST_WORDS]
        if claim.error != mistaken:
            self._defer(claim, mistaken)
            return
        wish = looks.Wish(
            org_id=one.look.desk.org_id,
            desk_id=one.look.desk.id,
            remote_id=snapshot.remote_id,
            due_at=self.now,
            why="merged",
        )
        looks.want(self.db, [wish])
        looks.done(self.db, claim, now=self.now)

    def _copy_of_ours(self, one: Looked, delivery: Delivery) -> None:
        """Our marker on a ticket we do not know: its delivery is in doubt and will adopt it, or a late write made it:
        flagged once, never a new ticket."""
        case = self.loaded.get(delivery.ticket_id)
        if delivery.state not in rules.FINAL or case is None:
            self._defer(one.look.claim, looks.NOT_SETTLED)
            return
        if case.hops[delivery.hop_id].remote_id == one.look.claim.remote_id:
            # It was settled while we waited for the lock: this is the ticket itself, and no copy of it.
            looks.later(self.db, one.look.claim, at=self.now + DEFER, error="it became ours meanwhile")
            return
        looks.done(self.db, one.look.claim, now=self.now)
        mark = (delivery.hop_id, ContentKind.DESCRIPTION, one.look.claim.remote_id)
        if relinking.UNLINKED in case.hops[delivery.hop_id].unmapped or copies.by_remote(self.db, [mark]):
            return
        if one.snapshot is not None and settling.is_split(delivery, one.snapshot):
            settling.split_off(case, delivery, one.snapshot)
        else:
            settling.made_late(case, delivery, one.look.claim.remote_id)
