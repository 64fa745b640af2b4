"""Desks compared with what we know and with what the chain says, a run at a time. An assignment is fetched fresh, its drift
judged and, unless the run is dry, set right, in one transaction; between its two transactions lies the network. What is done
of a run is written down with it, so a run that was killed goes on where it was."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from gateway.connector import Connector
from gateway.domain import delivery as rules
from gateway.domain import drift, healing
from gateway.domain.case import Case
from gateway.domain.drift import Drift, Evidence
from gateway.domain.model import Desk, Hop, Snapshot
from gateway.domain.problem import suggestion
from gateway.errors import DeskGone, InterdeskError, NotFound, Refused
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.flows.evidence import Evidence as Shown
from gateway.store import audit, cases, desks, offsets, reconciliations, views
from gateway.store.claiming import Claim
from gateway.store.db import Db
from gateway.store.reconciliations import Ending, Item, Run

LEASE = timedelta(seconds=90)
LOOKED_BACK = timedelta(days=30)
"""A ticket that ended longer ago is left out, unless somebody asks for it."""
MOST_TRIES = 3
BATCH = 50

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a run takes in: one of link and desk (codes) and ticket (an id, or its number at a desk), or everything. `since`:
    also tickets that ended after it."""

    link: str | None = None
    desk: str | None = None
    ticket: str | None = None
    since: datetime | None = None
    is_dry: bool = False
    per_minute: int | None = None
    kind: str = "person"


@dataclass(frozen=True, kw_only=True)
class Errand:
    """An assignment to fetch: `connector.fetch(remote_id, desk, since=since)`."""

    item: Item
    desk: Desk
    connector: Connector
    remote_id: str
    since: str | None
    hop_version: int


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """How a fetch ended: a snapshot, or the error the wire raised."""

    errand: Errand
    started_at: datetime
    snapshot: Snapshot | None = None
    error: InterdeskError | None = None


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A run and how many assignments it takes in."""

    run: Run
    count: int


def begin(context: Context, wanted: Wanted, order: Order, *, due_at: datetime | None = None) -> Begun:
    """Make a run. Nothing is compared before `due_at`. Raises NotFound for what the selection names and is not there."""
    with context.database.write() as db:
        return begin_in(context, db, wanted, order, due_at=due_at)


def begin_in(
    context: Context, db: Db, wanted: Wanted, order: Order, *, due_at: datetime | None = None
) -> Begun:
    """The same, in a transaction of the caller's."""
    selection = _selection(context, db, wanted)
    run = Run(
        id=context.new_id("rec"),
        org_id="operator",
        kind=wanted.kind,
        since=wanted.since or order.now - LOOKED_BACK,
        started_at=order.now,
        is_dry=wanted.is_dry,
        selection=selection,
        desk_id=selection.get("desk") if wanted.kind != "person" else None,
        per_minute=wanted.per_minute,
        actor=order.actor,
        reason=order.reason,
    )
    count = reconciliations.begin(db, OPERATOR, run, due_at=due_at or order.now)
    told = {"selection": dict(selection), "dry": run.is_dry, "assignments": count, "reason": order.reason}
    audit.record(
        db,
        org_id="operator",
        actor=order.actor,
        action="reconcile",
        subject=run.id,
        before=None,
        after=told,
        now=order.now,
    )
    return Begun(run=run, count=count)


def _selection(context: Context, db: Db, wanted: Wanted) -> dict[str, str]:
    if wanted.link is not None:
        links = {link.code: link.id for link in context.directory(db).links.values()}
        if wanted.link not in links:
            raise NotFound(f"there is no link {wanted.link}", cure=suggestion(wanted.link, links))
        return {"link": links[wanted.link]}
    if wanted.desk is not None:
        desk = context.directory(db).desk_by_code(wanted.desk)
        if desk is None:
            raise NotFound(f"no desk {wanted.desk}", cure="interdesk desks list names them")
        return {"desk": desk.id}
    if wanted.ticket is not None:
        return {"ticket": ticket_named(db, wanted.ticket)}
    return {}


def ticket_named(db: Db, name: str) -> str:
    """The ticket's id, from it or from the number that it has at a desk. Raises NotFound and Refused."""
    if views.ticket(db, OPERATOR, name) is not None:
        return name
    found: list[str] = sorted({hop["ticket_id"] for hop in views.find_by_number(db, OPERATOR, name)})
    if not found:
        raise NotFound(f"there is no ticket {name}", cure="interdesk tickets list shows them")
    if len(found) > 1:
        raise Refused(f"several tickets have the number {name}", cure=f"say which: {', '.join(found)}")
    return found[0]


BY_ITSELF = ("schedule", "outage", "restored")
"""Kinds of runs that the workers carry out; those of a person are driven by the command."""
EARLIER = timedelta(hours=1)
"""So much before an outage or a backup a run begins to look back."""
APART = timedelta(minutes=10)
"""Two runs of one desk on its schedule, or after an outage, are at least so far apart."""


def begin_due(context: Context, returned: Mapping[str, datetime], *, now: datetime) -> list[Begun]:
    """Begin the runs that nobody has to ask for: of desks whose time has come by their `reconcile_every`, and of those that
    `returned` after an outage (desk id → since when it was out)."""
    known = context.directory_now.desks
    timed = {key for key, desk in known.items() if desk.reconcile_every is not None}
    if not timed and not returned:
        return []
    with context.database.write() as db:
        known = context.directory(db).desks
        reconciliations.lock_desks(db, sorted({*timed, *returned}))  # several workers come to this at once
        last = reconciliations.last_of_desks(db, OPERATOR)
        outages = reconciliations.last_of_desks(db, OPERATOR, kind="outage")
        begun = []
        for desk in sorted(known.values(), key=lambda one: one.id):
            wanted = _after_outage(desk, outages.get(desk.id), returned.get(desk.id), now) or _scheduled(
                desk, last.get(desk.id), now
            )
            if wanted is not None:
                why = Order(actor="interdesk", now=now, reason=wanted.kind)
                begun.append(begin_in(context, db, wanted, why))
    return begun


def _after_outage(
    desk: Desk, last: datetime | None, out_since: datetime | None, now: datetime
) -> Wanted | None:
    """An outage is told once, so no other kind of run holds its comparison back; only what another worker began of it (`last`)."""
    if out_since is None or (last is not None and now - last < APART):
        return None
    return Wanted(desk=desk.code, since=out_since - EARLIER, kind="outage")


def _scheduled(desk: Desk, last: datetime | None, now: datetime) -> Wanted | None:
    every = desk.reconcile_every
    if every is None or (last is not None and now - last < max(every, APART)):
        return None
    return Wanted(desk=desk.code, kind="schedule")


def unfinished(context: Context, kinds: Collection[str]) -> list[Run]:
    """The runs of these kinds that are not over, the oldest first."""
    with context.database.read() as db:
        found = reconciliations.listed(db, OPERATOR, unfinished=True)
    return [run for run in reversed(found) if run.kind in kinds]


def take(
    context: Context,
    run_ids: Collection[str],
    *,
    now: datetime,
    capacity: Mapping[str, int],
    limit: int = BATCH,
) -> list[Errand]:
    """Take assignments to compare; each notes its hop's version before the first byte of its fetch (rule 2)."""
    terms = Claim(now=now, lease=LEASE, capacity=capacity, limit=limit)
    with context.database.write() as db:
        taken = reconciliations.take(db, OPERATOR, terms, run_ids)
        if not taken:
            return []
        occasion = context.occasion(db, now)
        loaded = cases.load(db, OPERATOR, [item.ticket_id for item in taken], occasion, lock=False)
    return [_errand(context, item, loaded[item.ticket_id].hops[item.hop_id]) for item in taken]


def _errand(context: Context, item: Item, hop: Hop) -> Errand:
    desk = context.directory_now.desks[item.desk_id]
    return Errand(
        item=item,
        desk=desk,
        connector=context.connector(desk),
        remote_id=hop.remote_id or "",
        since=hop.position,
        hop_version=hop.version,
    )


def store(context: Context, fetched: Sequence[Fetched], *, now: datetime) -> list[Ending]:
    """Judge what was fetched, set it right where the run says so, and write down that it is done; all in one transaction."""
    if not fetched:
        return []
    with context.database.write() as db:
        endings = _Comparison(context, db, fetched, now).endings()
        reconciliations.end(db, endings)
    return endings


def finish(context: Context, run_id: str, *, now: datetime) -> bool:
    """Close a run of which nothing waits; whether it is over."""
    with context.database.read() as db:
        if reconciliations.progress(db, OPERATOR, run_id).get("waiting"):
            return False
    with context.database.write() as db:
        return reconciliations.finish(db, run_id, now=now)


class _Comparison:
    """One transaction's worth of fetched assignments."""

    def __init__(self, context: Context, db: Db, fetched: Sequence[Fetched], now: datetime) -> None:
        self.context, self.db, self.now = context, db, now
        items = [one.errand.item for one in fetched]
        runs = {item.run_id: reconciliations.get(db, OPERATOR, item.run_id) for item in items}
        self.dry = {key for key, run in runs.items() if run is None or run.is_dry}
        tickets = [item.ticket_id for item in items]
        self.cases = cases.load(db, OPERATOR, tickets, context.occasion(db, now))
        mine = reconciliations.still_mine(db, items)
        self.fetched = [one for one in fetched if one.errand.item.id in mine]
        shown = [(self._hop(one), one.snapshot) for one in self.fetched if one.snapshot is not None]
        self.shown = Shown(context, db, shown)
        self.writes = reconciliations.writes(db, [hop.id for hop, _ in shown])
        self.clocks = offsets.latest(db, OPERATOR)

    def _case(self, one: Fetched) -> Case:
        return self.cases[one.errand.item.ticket_id]

    def _hop(self, one: Fetched) -> Hop:
        return self._case(one).hops[one.errand.item.hop_id]

    def endings(self) -> list[Ending]:
        """How each ended. Of a ticket that several runs or hops take in, each is judged after the one before."""
        endings = [self._ending(one) for one in self.fetched]
        cases.save(self.db, self.cases.values())
        return endings

    def _ending(self, one: Fetched) -> Ending:
        item, hop = one.errand.item, self._hop(one)
        if isinstance(one.error, DeskGone):
            if item.run_id not in self.dry:
                self._case(one).want_look(
                    hop, "reconcile"
                )  # a second look tells whether it is believed (rule 7)
            return self._done(one, [drift.gone(hop)])
        if one.snapshot is None:
            return self._failed(one)
        if hop.version != one.errand.hop_version or hop.remote_id != one.errand.remote_id:
            return Ending(item=item, state="waiting", due_at=self.now, error="taken too early")
        return self._done(one, self._compared(one, hop, one.snapshot))

    def _compared(self, one: Fetched, hop: Hop, snapshot: Snapshot) -> list[Drift]:
        case, sample = self._case(one), self.clocks.get(hop.desk_id)
        evidence = Evidence(
            snapshot=snapshot,
            known=self.shown.known(case, hop.id),
            writes=self.writes.get(hop.id, {}),
            ahead=sample.offset if sample is not None else timedelta(),
        )
        found = drift.compare(case, hop, evidence)
        if one.errand.item.run_id not in self.dry:
            healing.heal(case, hop.id, evidence, found, at=one.started_at)
        return found

    def _done(self, one: Fetched, found: Sequence[Drift]) -> Ending:
        told = [{name: value for name, value in asdict(each).items() if value} for each in found]
        return Ending(item=one.errand.item, state="done", due_at=self.now, drift=told)

    def _failed(self, one: Fetched) -> Ending:
        error, item = one.error or InterdeskError("no answer came"), one.errand.item
        desks.hold_if_hopeless(self.db, item.desk_id, error, now=self.now)
        if item.attempts + 1 >= MOST_TRIES:
            return Ending(item=item, state="failed", due_at=self.now, error=str(error))
        pause = rules.retry_in(item.attempts + 1, jitter=self.context.jitter())
        return Ending(item=item, state="waiting", due_at=self.now + pause, error=str(error))
